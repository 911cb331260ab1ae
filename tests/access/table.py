"""Who may do what: one row for every URL pattern, walked by `test_access.py`.

Rows stand in `rows_<app>.py` beside this file, in a list named ROWS; a URL pattern without one fails the suite.

    Row("my_appointments", get=signed_in("y"), post=refused())
    Row("appointment_detail", args=lambda world: {"reference": world.appointment.reference},
        get=signed_in("404", C="y", P="y"), post=refused())

Every row stands for itself: there are none for all names that begin alike, so that a page of admin's is no exception.

Roles: V visitor, C customer (own), C2 another customer, P provider (own), P2 another provider, SV staff with view
permission only, S staff with every permission, SU superuser, X somebody whose account was closed while signed in, who
is treated like a visitor. `world.py` has one person for each and what belongs to C and P. Each asks the same world:
what one did is undone before the next.

Answers: "y" this person may (also when the form's content is refused: 200, 400, 409, 422, or a redirect that is not to
sign-in), "login" sent to sign in, "go" redirected elsewhere, or a status as a number. "a|b" means either.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ROLES = ("V", "C", "C2", "P", "P2", "SV", "S", "SU", "X")
Answers = dict[str, str]


def everyone(answer: str = "y", **others: str) -> Answers:
    """The same for all; `others` by role."""
    answers = {**dict.fromkeys(ROLES, answer), **others}
    return {**answers, "X": others.get("X", answers["V"])}


def signed_in(answer: str = "y", **others: str) -> Answers:
    """A visitor is sent to sign in."""
    return everyone(answer, **{"V": "login", **others})


def staff(answer: str = "200", **others: str) -> Answers:
    """Admin's pages: everybody else is sent to its sign-in, which refuses whoever is signed in."""
    return everyone("login", **{"SV": answer, "S": answer, "SU": answer, **others})


def refused() -> Answers:
    """The page does not know this verb."""
    return everyone("405", V="405|login")


def no_args(world: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Row:
    name: str
    get: Answers
    post: Answers = field(default_factory=refused)
    args: Callable[[Any], dict[str, Any]] = no_args
    # What is sent with POST; empty unless the right to act can only be seen with content.
    data: Callable[[Any], dict[str, Any]] = no_args
    # Where it stands, for a pattern without a name.
    path: str = ""
    # What merely looking writes down, as it appears in the statement.
    notes: str = ""


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
