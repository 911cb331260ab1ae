"""Who may do what: one row for every URL pattern, walked by `test_access.py`.

Rows stand in `rows_<app>.py` beside this file, in a list named ROWS; a URL pattern without one fails the suite.

    Row("my_appointments", get=signed_in("200"), post=signed_in("405"))
    Row("appointment_detail", args=lambda world: {"reference": world.appointment.reference},
        get=signed_in("404", C="200", P="200"))

Every row stands for itself: there are none for all names that begin alike, so that a page of admin's is no exception.

A route for programs says which verbs it takes, that it is sent JSON, and by which ways the roles say who they are. Each
way gets the same answers:

    Row("api_appointment", get=everyone("401", C="200"), patch=everyone("401", C="200"), delete=refused(),
        sends="json", ways=("cookie", "bearer"))

Roles: V visitor, C customer (own), C2 another customer, P provider (own), P2 another provider, SV staff with view
permission only, S staff with every permission, SU superuser, X somebody whose account was closed while signed in, who
is treated like a visitor. `world.py` has one person for each and what belongs to C and P. Each asks the same world:
what one did is undone before the next.

Answers: the status as a number, and for a redirect "login" where it leads to sign-in, else "go". Each role has exactly
one for each verb.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

VERBS = ("get", "post", "put", "patch", "delete")
ROLES = ("V", "C", "C2", "P", "P2", "SV", "S", "SU", "X")
Answers = dict[str, str]


def everyone(answer: str, **others: str) -> Answers:
    """The same for all; `others` by role."""
    answers = {**dict.fromkeys(ROLES, answer), **others}
    return {**answers, "X": others.get("X", answers["V"])}


def signed_in(answer: str, **others: str) -> Answers:
    """A visitor is sent to sign in."""
    return everyone(answer, **{"V": "login", **others})


def staff(answer: str = "200", **others: str) -> Answers:
    """Admin's pages: everybody else is sent to its sign-in, which refuses whoever is signed in."""
    return everyone("login", **{"SV": answer, "S": answer, "SU": answer, **others})


def refused() -> Answers:
    """The route does not take this verb, whoever asks; where it asks for sign-in first, that is `signed_in("405")`."""
    return everyone("405")


def no_args(world: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Row:
    name: str
    get: Answers
    post: Answers = field(default_factory=refused)
    put: Answers = field(default_factory=refused)
    patch: Answers = field(default_factory=refused)
    delete: Answers = field(default_factory=refused)
    args: Callable[[Any], dict[str, Any]] = no_args
    # What is sent with POST, PUT, PATCH and DELETE; empty unless the right to act can only be seen with content.
    data: Callable[[Any], dict[str, Any]] = no_args
    # As what it is sent: a form, or json.
    sends: str = "form"
    # How the roles say who they are; `World.ways` knows how each is done.
    ways: tuple[str, ...] = ("cookie",)
    # What a client does before it comes here: called with world, role and client.
    first: Callable[[Any, str, Client], None] | None = None
    # Where it stands, for a pattern without a name.
    path: str = ""
    # What merely looking writes down, as it appears in the statement.
    notes: str = ""

    @property
    def answers(self) -> dict[str, Answers]:
        return {verb: getattr(self, verb) for verb in VERBS}

    @property
    def taken(self) -> list[str]:
        """The verbs that are tried on this row alone: GET and POST, and those that it names."""
        return [verb for verb, answers in self.answers.items() if verb in {"get", "post"} or answers != refused()]


def all_rows() -> list[Row]:
    package = importlib.import_module("tests.access")
    modules = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return [
        row
        for module in modules
        if module.startswith("rows_")
        for row in importlib.import_module(f"tests.access.{module}").ROWS
    ]


def row_for(name: str, rows: list[Row]) -> Row | None:
    return next((row for row in rows if row.name == name), None)
