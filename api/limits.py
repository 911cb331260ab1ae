"""Limits on requests by programs, and the headers that tell what is left (RateLimit, IETF draft 10)."""

from django.conf import settings
from django.http import HttpRequest

from accounts import usage
from accounts.client_ip import network
from api.auth import SAFE
from api.calls import Caller
from api.errors import Problem

READ, WRITE, VISIT = "api_read", "api_write", "api_visit"


def count(request: HttpRequest, caller: Caller, headers: dict[str, str]) -> None:
    """Count one request and put what is left into `headers`. Raises Problem `too-many`."""
    action = VISIT if caller.person is None else READ if request.method in SAFE else WRITE
    program = str(caller.key.uuid) if caller.key else ""
    used = usage.count(action, account=caller.person, network=network(request), program=program)
    name = action.removeprefix("api_")
    headers["RateLimit-Policy"] = f'"{name}";q={used.limit};w={settings.LIMITS[action][1]}'
    headers["RateLimit"] = f'"{name}";r={used.left};t={used.resets_in}'
    if used.wait:
        raise too_many(used.wait)


def count_act(request: HttpRequest, caller: Caller, action: str) -> None:
    """Count an act for which pages and programs have one limit together. Raises Problem `too-many`."""
    if wait := usage.count(action, account=caller.person, network=network(request)).wait:
        raise too_many(wait)


def too_many(seconds: int) -> Problem:
    return Problem("too-many", f"Try again in {seconds} seconds.", headers={"Retry-After": str(seconds)})
