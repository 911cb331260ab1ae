"""Google, answered in the test itself: a visitor goes there, and comes back as whoever the test says."""

import json
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from django.test import Client

from core import clock

CLIENT = "pretend-client.apps.googleusercontent.com"  # that of tests/settings.py
SUBJECT = "100000000000000000042"
EMAIL = "amara@gmail.com"


Answer = tuple[int, bytes]


def response(status: int, body: bytes) -> requests.Response:
    made = requests.Response()
    made.status_code, made.raw = status, BytesIO(body)
    return made


@dataclass
class Google:
    """The fake's answer to the next code: `claims` change those of Amara's token, `fails` stands for the whole."""

    claims: dict[str, Any] = field(default_factory=dict)
    fails: Exception | Answer | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    nonce: str = ""
    more: int = 0  # bytes of the answer that mean nothing

    def go(self, client: Client, path: str = "/accounts/google/login/", **form: str) -> dict[str, str]:
        """Press the button; what the address at Google asks for."""
        there = client.post(path, form)
        assert there.status_code == 302, there
        assert there.url.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
        query = {name: values[0] for name, values in parse_qs(urlsplit(there.url).query).items()}
        self.nonce = query["nonce"]
        return query

    def back(self, client: Client, state: str, **query: str) -> Any:
        return client.get("/accounts/google/login/callback/", {"state": state, "code": "4/x", **query})

    def sign_in(self, client: Client, path: str = "/accounts/google/login/", *, next: str = "", **claims: Any) -> Any:
        """There and back, as the person of these claims."""
        query = self.go(client, path, **({"next": next} if next else {}))
        self.claims = claims
        return self.back(client, query["state"])

    def post(self, url: str, *, data: dict[str, Any], **how: Any) -> requests.Response:
        self.asked.append({"url": url, "data": data, **how})
        if isinstance(self.fails, Exception):
            raise self.fails
        if self.fails is not None:
            return response(*self.fails)
        told = {"access_token": "ya29.x", "id_token": self.token(), "more": "x" * self.more}
        return response(200, json.dumps(told).encode())

    def token(self) -> str:
        now = int(clock.now().timestamp())
        claims = {
            "iss": "https://accounts.google.com",
            "aud": CLIENT,
            "sub": SUBJECT,
            "email": EMAIL,
            "email_verified": True,
            "name": "Amara Nwosu",
            "nonce": self.nonce,
            "iat": now,
            "exp": now + 3600,
            **self.claims,
        }
        return jwt.encode({name: told for name, told in claims.items() if told is not None}, "x" * 32, "HS256")


@pytest.fixture
def google(monkeypatch) -> Google:
    fake = Google()
    monkeypatch.setattr("accounts.google_oauth.requests.post", fake.post)
    return fake
