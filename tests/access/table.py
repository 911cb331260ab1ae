"""The access table: one row for every URL pattern with the answer for each role, checked by `test_access.py`.

Rows stand in `rows_<app>.py` beside this file, in a list named ROWS; a URL pattern without one fails the suite.

    Row("my_appointments", get=signed_in("200"), post=signed_in("405"))
    Row("appointment_detail", args=lambda world: {"reference": world.appointment.reference},
        get=signed_in("404", C="200", P="200"))

Each row is for one pattern: no row covers all names with a common beginning, not even for admin.

A row of an address for programs names its verbs, that it takes JSON, and the ways in which roles authenticate. Each way
gets the same answers:

    Row("api_appointment", get=everyone("401", C="200"), patch=everyone("401", C="200"), delete=refused(),
        sends="json", ways=("cookie", "bearer"))

Roles: V visitor, C customer (own), C2 another customer, P provider (own), P2 another provider, SV staff with view
permission only, S staff with every permission, SU superuser, X somebody whose account was closed while signed in, who
is treated like a visitor, B somebody signed in and banned, who is led from every page to the one that says why.
`world.py` has one person for each and the rows of C and P. Each role meets the same world: changes by one are rolled
back before the next.

Answers: the status as a number; for a redirect "login" where it leads to sign-in, else "go". Each role has exactly one
answer for each verb.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

VERBS = ("get", "post", "put", "patch", "delete")
ROLES = ("V", "C", "C2", "P", "P2", "SV", "S", "SU", "X", "B")
Answers = dict[str, str]
LED_AWAY = "go"


def everyone(answer: str, **others: str) -> Answers:
    """`answer` for every role except `others`, by role; unless named X gets that of V, and B is led away."""
    answers = {**dict.fromkeys(ROLES, answer), **others}
    return {**answers, "X": others.get("X", answers["V"]), "B": others.get("B", LED_AWAY)}


def signed_in(answer: str, **others: str) -> Answers:
    """`answer` for signed-in roles except `others`; visitors are sent to sign in."""
    return everyone(answer, **{"V": "login", **others})


def staff(answer: str = "200", **others: str) -> Answers:
    """`answer` for staff; everybody else is sent to admin's sign-in, which refuses people who are signed in."""
    return everyone("login", **{"SV": answer, "S": answer, "SU": answer, **others})


def refused() -> Answers:
    """405 for every role, for a verb that is not allowed; where sign-in is asked for first, use `signed_in("405")`."""
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
    # Fields sent with POST, PUT, PATCH and DELETE; needed only where an empty request would hide the right to act.
    data: Callable[[Any], dict[str, Any]] = no_args
    # The type of the sent data: form or json.
    sends: str = "form"
    # The ways in which roles authenticate, by their names in `World.ways`.
    ways: tuple[str, ...] = ("cookie",)
    # Whether keys of programs are refused here whatever their person may.
    closed_to_keys: bool = False
    # Prepares a client before its request; called with world, role and client.
    first: Callable[[Any, str, Client], None] | None = None
    # The path of a pattern without a name.
    path: str = ""
    # A part of the SQL statement that a GET may write with.
    notes: str = ""

    @property
    def answers(self) -> dict[str, Answers]:
        return {verb: getattr(self, verb) for verb in VERBS}

    @property
    def taken(self) -> list[str]:
        """The verbs that are checked for this row: GET, POST and the ones it names."""
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
