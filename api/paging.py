"""Lists in pages, by a cursor over a fixed order: a row that comes or goes moves no other to another page."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import Q, QuerySet

from accounts import url_secrets
from api.calls import Call
from api.errors import FieldError, Problem

MOST = 100
BY_START, BY_NUMBER = ("start", "pk"), ("number", "size")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list; `next` and `previous` are cursors, empty at the ends."""

    rows: Sequence[Any]
    next: str = ""
    previous: str = ""


class Find(Protocol):
    """The first `most` rows of a list in its order, or behind the row that has the values `after` in its fields."""

    def __call__(self, after: Sequence[Any] | None, *, descending: bool, most: int) -> list[Any]: ...


def page(call: Call, rows: QuerySet[Any], *, by: Sequence[str] = BY_START, newest_first: bool = False) -> Page:
    """The page of `rows` at the call's cursor, ordered by the fields `by`, the last of which is unique. One query."""

    def find(after: Sequence[Any] | None, *, descending: bool, most: int) -> list[Any]:
        beyond = Q() if after is None else _beyond(by, after, descending=descending)
        return list(rows.filter(beyond).order_by(*(f"-{name}" if descending else name for name in by))[:most])

    return page_of(call, find, by=by, newest_first=newest_first)


def page_of(call: Call, find: Find, *, by: Sequence[str] = BY_START, newest_first: bool = False) -> Page:
    """The page at the call's cursor of a list whose rows `find` looks up by the fields `by`."""
    cursor = _read(call, by) if call.cursor else None
    backwards = cursor is not None and cursor["back"]
    after = cursor["at"] if cursor is not None else None
    found = find(after, descending=newest_first != backwards, most=call.limit + 1)
    more, found = len(found) > call.limit, found[: call.limit]
    if backwards:
        found.reverse()
    has_next = more if not backwards else True
    has_previous = cursor is not None if not backwards else more
    return Page(
        found,
        next=_write(call, found[-1], by, back=False) if found and has_next else "",
        previous=_write(call, found[0], by, back=True) if found and has_previous else "",
    )


def numbered(call: Call) -> tuple[int, int]:
    """The number of the page to show of a list that is found by pages, and its length."""
    if not call.cursor:
        return 1, call.limit
    number, size = _read(call, BY_NUMBER)["at"]
    return number, size


def at_number(call: Call, rows: Sequence[Any], number: int, size: int, *, has_next: bool) -> Page:
    """The page with this number and length of a list that is found by pages; see `numbered`."""
    return Page(
        rows,
        next=_seal(call, BY_NUMBER, [number + 1, size], back=False) if has_next else "",
        previous=_seal(call, BY_NUMBER, [number - 1, size], back=True) if number > 1 else "",
    )


def _beyond(by: Sequence[str], at: Sequence[Any], *, descending: bool) -> Q:
    """The condition that a row comes after the values `at` in this order."""
    beyond, equal = Q(), Q()
    for name, value in zip(by, at, strict=True):
        beyond |= equal & Q(**{f"{name}__{'lt' if descending else 'gt'}": value})
        equal &= Q(**{name: value})
    return beyond


def _write(call: Call, row: Any, by: Sequence[str], *, back: bool) -> str:
    return _seal(call, by, [row[name] if isinstance(row, dict) else getattr(row, name) for name in by], back=back)


def _seal(call: Call, by: Sequence[str], values: Sequence[Any], *, back: bool) -> str:
    told = [value if isinstance(value, int | str) else str(value) for value in values]
    return url_secrets.seal(json.dumps({"of": _list(call, by), "at": told, "back": back}))


def _list(call: Call, by: Sequence[str]) -> str:
    """The list and its order, to which a cursor belongs: another's can't be read here."""
    return f"{call.path} {','.join(by)}"


def _read(call: Call, by: Sequence[str]) -> dict[str, Any]:
    try:
        found = json.loads(url_secrets.unseal(call.cursor))
    except (url_secrets.CannotDecrypt, ValueError):
        found = None
    if not isinstance(found, dict) or found.get("of") != _list(call, by):
        detail = "Take the address from next or previous as it is."
        raise Problem("invalid", detail, errors=[FieldError("cursor", "invalid", detail)])
    return found
