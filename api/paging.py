"""Lists in pages, by a cursor over a fixed order: a row that comes or goes moves no other to another page."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet

from accounts import url_secrets
from api.calls import Call
from api.errors import FieldError, Problem

MOST = 100


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list; `next` and `previous` are cursors, empty at the ends."""

    rows: Sequence[Any]
    next: str = ""
    previous: str = ""


def page(call: Call, rows: QuerySet[Any], *, by: Sequence[str] = ("start", "pk"), newest_first: bool = False) -> Page:
    """The page of `rows` at the call's cursor, ordered by the fields `by`, the last of which is unique. One query."""
    cursor = _read(call.cursor, len(by)) if call.cursor else None
    backwards = cursor is not None and cursor["back"]
    descending = newest_first != backwards
    if cursor is not None:
        rows = rows.filter(_beyond(by, cursor["at"], descending=descending))
    rows = rows.order_by(*(f"-{name}" if descending else name for name in by))
    found = list(rows[: call.limit + 1])
    more, found = len(found) > call.limit, found[: call.limit]
    if backwards:
        found.reverse()
    has_next = more if not backwards else True
    has_previous = cursor is not None if not backwards else more
    return Page(
        found,
        next=_write(found[-1], by, back=False) if found and has_next else "",
        previous=_write(found[0], by, back=True) if found and has_previous else "",
    )


def _beyond(by: Sequence[str], at: Sequence[Any], *, descending: bool) -> Q:
    """The condition that a row comes after the values `at` in this order."""
    beyond, equal = Q(), Q()
    for name, value in zip(by, at, strict=True):
        beyond |= equal & Q(**{f"{name}__{'lt' if descending else 'gt'}": value})
        equal &= Q(**{name: value})
    return beyond


def _write(row: Model, by: Sequence[str], *, back: bool) -> str:
    values = [getattr(row, name) for name in by]
    told = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return url_secrets.seal(json.dumps({"at": told, "back": back}))


def _read(cursor: str, length: int) -> dict[str, Any]:
    try:
        found = json.loads(url_secrets.unseal(cursor))
    except (url_secrets.CannotDecrypt, ValueError):
        found = None
    if not isinstance(found, dict) or len(found["at"]) != length:
        detail = "Take the address from next or previous as it is."
        raise Problem("invalid", detail, errors=[FieldError("cursor", "invalid", detail)])
    return found
