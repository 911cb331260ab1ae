"""A request as a handler reads it, and the answer it gives."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from calendar_sync.pretend_google.moments import instant, zone_of
from calendar_sync.pretend_google.refusals import Refusal, invalid

LARGEST_BODY = 1_000_000


@dataclass(frozen=True)
class Answer:
    body: Any = None  # bytes as they are, None for no body, anything else as JSON
    status: int = 200
    content_type: str = "application/json; charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    def data(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Query:
    """The parameters of an address, read as the kinds of values they are."""

    values: Mapping[str, list[str]]

    def text(self, name: str) -> str:
        return self.values.get(name, [""])[-1]

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(self.values.get(name, ()))

    def flag(self, name: str) -> bool | None:
        """None where the parameter is not there."""
        text = self.text(name)
        if text not in {"", "true", "false"}:
            raise invalid(f"Invalid boolean value: '{text}'.", name)
        return {"true": True, "false": False}.get(text)

    def number(self, name: str, default: int, *, low: int, high: int) -> int:
        """A number from `low` on; one above `high` counts as that."""
        text = self.text(name)
        if text and (not text.isascii() or not text.isdigit() or int(text) < low):
            raise invalid(f"Invalid integer value: '{text}'.", name)
        return min(int(text), high) if text else default

    def moment(self, name: str) -> datetime | None:
        return instant(self.text(name), name) if self.text(name) else None

    def zone(self, name: str = "timeZone") -> str:
        return zone_of(self.text(name)).key if self.text(name) else ""

    def one_of(self, name: str, *choices: str) -> str:
        if self.text(name) and self.text(name) not in choices:
            raise invalid(f"Invalid value: {name}", name)
        return self.text(name)


@dataclass(frozen=True)
class Request:
    verb: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    query_text: str = ""
    data: bytes = b""
    places: Mapping[str, str] = field(default_factory=dict)  # what stood in the path: {calendarId: ...}

    @cached_property
    def query(self) -> Query:
        return Query(parse_qs(self.query_text, keep_blank_values=True))

    @cached_property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.data.decode("utf-8", "replace"), keep_blank_values=True))

    @cached_property
    def form_lists(self) -> dict[str, list[str]]:
        return parse_qs(self.data.decode("utf-8", "replace"), keep_blank_values=True)

    @cached_property
    def json(self) -> dict[str, Any]:
        if "json" not in self.headers.get("content-type", ""):
            raise Refusal(415, "unsupportedMediaType", "The body has to be JSON.")
        try:
            body = json.loads(self.data or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Refusal(400, "parseError", "This API does not support parsing this form of input.")
        return body

    @property
    def json_or_none(self) -> dict[str, Any] | None:
        try:
            return self.json if self.data else None
        except Refusal:
            return None

    @property
    def bearer(self) -> str:
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token if kind.lower() == "bearer" else ""
