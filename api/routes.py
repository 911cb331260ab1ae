"""The table of addresses: a `Route` says all of one verb at one path.

URL patterns, the schema and the tables for developers are made from these rows, and `api.view` answers by them. Access
rows and tests are written by hand, and fail where a route has none.
An `operation` finds what the caller may see and calls one service or query; it is given a `Call`, and the values of
path, query and body by name.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.http import http_date
from rest_framework.serializers import BaseSerializer

from api.models import Scope
from api.serializers.base import Params, Reads

# Who may use a route, where that is no scope of a key: everybody; people and their sessions, but no key.
ANYBODY = ""
NO_KEY = "no key"
JSON = "application/json"
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Retirement:
    """The end of a route: said `since` then, it answers `until` a year later at least; `instead` is its successor.

    Told as RFC 9745 (Deprecation), RFC 8594 (Sunset) and a Link. Raises ValueError where the year is not full.
    """

    since: datetime
    until: datetime
    instead: str

    def __post_init__(self) -> None:
        if self.until - self.since < timedelta(days=365):
            raise ValueError("A route answers for a year after its end was said.")

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Deprecation": f"@{int(self.since.timestamp())}",
            "Sunset": http_date(self.until.timestamp()),
            "Link": f'<{self.instead}>; rel="successor-version"',
        }


@dataclass(frozen=True, kw_only=True)
class Route:
    """One verb at one path. Paths are written as in `docs/api.md`, and answer with and without their last slash.

    `reads` is the body, `params` the query, `writes` the answer's form, empty for none. `pages` says that the operation
    returns a `paging.Page`; with another `media` than JSON it returns an `answers.File`. `state` is the route whose
    ETag an If-Match here is about; path and body have its values. A request sent twice with one Idempotency-Key is
    answered by `again`, which gets the text that `made` drew from the first result; without it the operation is called
    again, and must do a thing once by itself. `limit` counts with the pages' limit of that name. `retires` says that it
    will go. `max_age` is how many seconds a cache may keep a visitor's answer; None where it may not. `problems` are
    those that this route has beside the common ones.
    """

    verb: str
    path: str
    operation: Callable[..., Any]
    scope: str
    reads: type[Reads] | None = None
    params: type[Params] | None = None
    writes: type[BaseSerializer] | None = None
    status: int = 200
    statuses: tuple[int, ...] = ()
    pages: bool = False
    media: str = JSON
    upload: bool = False  # whether the body is multipart/form-data
    state: "Route | None" = None
    made: Callable[[Any], str] | None = None
    again: Callable[..., Any] | None = None
    location: Callable[[Any], str] | None = None
    limit: str = ""
    max_age: int | None = None
    open_to_banned: bool = False
    retires: Retirement | None = None
    problems: tuple[str, ...] = ()

    @property
    def parameters(self) -> list[str]:
        """The names of the values in the path."""
        return _PARAMETER.findall(self.path)

    @property
    def needs_person(self) -> bool:
        return self.scope != ANYBODY

    @property
    def allows_keys(self) -> bool:
        return self.scope in Scope.values

    @property
    def tag(self) -> str:
        """The resource, by which the documentation groups routes."""
        return self.path.strip("/").split("/")[1]

    @property
    def name(self) -> str:
        """The route's unique name, such as `get_appointments_ref`."""
        return f"{self.verb.lower()}_{name_of(self.path)}"

    @property
    def said(self) -> str:
        """The sentence about the route: the first of its operation's docstring."""
        return (self.operation.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")


def name_of(path: str) -> str:
    """The name of a path, such as `appointments_ref`."""
    parts = [part.strip("<>").split(":")[-1] for part in path.strip("/").split("/")[1:]]
    return "_".join(parts).replace("-", "_").replace(".", "_")
