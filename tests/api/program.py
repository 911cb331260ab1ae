"""A program that calls the API, and holds every answer against the schema that is served."""

import json
import re
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from allauth.usersessions.models import UserSession
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpResponse
from django.test import Client
from jsonschema import Draft202012Validator, FormatChecker

from accounts.models import User
from accounts.sessions import SessionStore
from api import tokens
from api.urls import ROUTES
from api.views.pages import schema
from core import clock

FORMATS = FormatChecker(["uuid", "date"])


@FORMATS.checks("date-time", raises=ValueError)
def _has_offset(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


class Program:
    """A program with the token or key of one person, or of nobody. `last` is the answer to its last call."""

    def __init__(self, token: str = "") -> None:
        self.client = Client(raise_request_exception=True)
        self.token = token

    def __getattr__(self, verb: str) -> Any:
        if verb not in {"get", "post", "put", "patch", "delete", "head", "options"}:
            raise AttributeError(verb)
        return lambda path, body=None, **headers: self.call(verb, path, body, **headers)

    def call(self, verb: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """The answer at `path`, which must be one that the schema promises there. `body` is sent as JSON; bytes as they
        are. Headers are named as arguments: `if_match`."""
        sent: dict[str, Any] = {"headers": {name.replace("_", "-"): value for name, value in headers.items()}}
        if self.token:
            sent["headers"].setdefault("Authorization", f"Bearer {self.token}")
        if body is None and verb not in {"get", "head", "options"}:
            sent["content_type"] = "application/json"
        elif body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body)
            sent |= {"data": data, "content_type": "application/json"}
        elif verb not in {"get", "head"}:
            sent["content_type"] = "application/json"
        if verb == "get" and isinstance(body, dict):
            sent = {"headers": sent["headers"], "data": body}
        response = getattr(self.client, verb)(path, **sent)
        check(verb, path, response)
        return response


def signed_in(person: User) -> Program:
    """A program with a token of `person`, without the way through the password."""
    return Program(start_session(person).access)


def start_session(person: User) -> tokens.Pair:
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "accounts.sessions.AuthenticationBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    pair = tokens.start(session, person=person, now=clock.now())
    UserSession.objects.create(user=person, session_key=session.session_key, ip="127.0.0.1", user_agent="Till")
    return pair


def check(verb: str, path: str, response: HttpResponse) -> None:
    """Refuse an answer that the schema does not promise for this verb and path."""
    if verb in {"head", "options"} or response.status_code in {204, 304, 405}:
        return
    operation = _operation(verb, path)
    if operation is None:
        assert response.status_code == 404, (path, response.status_code)
        return
    promised = operation["responses"].get(str(response.status_code))
    assert promised, f"{verb} {path}: {response.status_code} is not in the schema: {response.content[:300]!r}"
    kind = response.headers["Content-Type"].partition(";")[0]
    assert kind in promised["content"], (kind, list(promised["content"]))
    content = json.loads(response.content) if kind.endswith("json") else response.content.decode()
    _validator(json.dumps(promised["content"][kind]["schema"])).validate(content)


def _operation(verb: str, path: str) -> dict[str, Any] | None:
    bare = urlsplit(path).path.strip("/")
    for pattern, written in _patterns():
        if pattern.fullmatch(bare) and verb in schema()["paths"].get(written, {}):
            return schema()["paths"][written][verb]
    return None


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    paths = sorted({route.path for route in ROUTES}, key=lambda path: path.count("<"))
    return [
        (
            re.compile(re.sub(r"<[^>]+>", "[^/]+", path.strip("/"))),
            re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path),
        )
        for path in paths
    ]


@cache
def _validator(written: str) -> Draft202012Validator:
    root = {"$defs": {}, **json.loads(written), "components": schema()["components"]}
    return Draft202012Validator(root, format_checker=FORMATS)
