"""Requests to a row's address as every role, by every verb and way, compared with the row's answers."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.test import Client

from tests.access.table import ROLES, Answers, Row
from tests.access.world import World

Asking = Callable[[Answers], Collection[str]]


def every_role(answers: Answers) -> Collection[str]:
    return ROLES


def a_role_for_each_answer(answers: Answers) -> Collection[str]:
    return {answer: role for role, answer in reversed(answers.items())}.values()


def wrong_answers(
    row: Row, world: World, address: str, *, asking: Asking = every_role
) -> dict[tuple[str, str, str], str]:
    """The answers to the roles `asking` that differ from the row, by role, verb and way."""
    wrong = {}
    data = row.data(world)
    for role in ROLES:
        world.client(role)  # sign in before the first rollback
    for role in ROLES:
        for verb in (verb for verb in row.taken if role in asking(row.answers[verb])):
            for way in row.ways:
                with undone():
                    got = answer(ask(row, coming(row, world, role, way), verb, address, data))
                expected = expected_answer(row, row.answers[verb], role, way)
                if got != expected:
                    wrong[role, verb, way] = f"{got}, not {expected}"
    return wrong


def expected_answer(row: Row, answers: Answers, role: str, way: str) -> str:
    """The row's answer to a role by this way. The key of somebody banned has ended: it makes nobody more than a
    visitor."""
    expected = answers["V" if (role, way) == ("B", "key") else role]
    is_refused = way == "key" and row.closed_to_keys and expected not in {"401", "405"}
    return "403" if is_refused else expected


def coming(row: Row, world: World, role: str, way: str = "cookie") -> Client:
    client = world.client(role, way)
    if row.first is not None:
        row.first(world, role, client)
    return client


def ask(row: Row, client: Client, verb: str, address: str, data: dict) -> HttpResponse:
    if verb == "get":
        return client.get(address)
    if row.sends == "json":
        return getattr(client, verb)(address, data, content_type="application/json")
    return getattr(client, verb)(address, data)


@contextmanager
def undone() -> Iterator[None]:
    """Roll back everything inside, so that the request of one role doesn't change the answer to the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def answer(response: HttpResponse) -> str:
    """The answer as the table writes it: the status, or "login" or "go" for a redirect."""
    if response.status_code not in {301, 302, 303, 307, 308}:
        return str(response.status_code)
    path = urlsplit(response["Location"]).path
    sign_in = {resolve_url(settings.LOGIN_URL), "/admin/login/"}
    return "login" if path in sign_in else "go"
