"""No secret of a person or program stands in a log, a table or a copy of one's data, plain or under a hash that anybody
could make of it."""

import base64
import hashlib
import io
import re
import zipfile
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client

from accounts import copy_file
from accounts.models import User
from core import clock
from outbox import testing
from tests.accounts import markers
from tests.api.program import Program

pytestmark = pytest.mark.django_db
PASSWORDS = ["two goats in a boat", "three goats afloat", "four goats ashore"]
TOKEN = "/api/token"
# 32 random characters, so that their hash can't be guessed: by it a key is known again.
KEPT = {"api_apikey.digest: key sha256", "api_apikey.digest: ended key sha256"}


class Secrets:
    """The secrets that were told so far, and what stood in the tables at each look."""

    def __init__(self) -> None:
        self.told: dict[str, str] = {}
        self.seen: list[tuple[str, str, str]] = []

    def look(self) -> None:
        self.seen += markers.texts(opened=False)

    def link(self, name: str) -> str:
        """The path of the link in the newest mail, whose last part is a secret from now on."""
        self.look()  # while it waits to be sent
        testing.deliver("notifications.send_account_mail")
        path = urlsplit(re.findall(r"http://testserver/accounts/\S+", mail.outbox[-1].body)[-1]).path
        self.told[name] = path.strip("/").split("/")[-1]
        return path

    def pair(self, name: str, answer) -> dict[str, str]:
        assert answer.status_code == 200, answer.content
        pair = answer.json()
        for use in ("access", "refresh"):
            self.told[f"{name} {use}"] = pair[use]
            self.told[f"{name} {use} signature"] = pair[use].split(".")[-1]
        return pair

    @property
    def forms(self) -> dict[str, str]:
        """Each secret as it is, in base64, and under hashes without a key, by name."""
        found = {}
        for name, secret in self.told.items():
            text = secret.encode()
            found |= {name: secret, f"{name} base64": base64.b64encode(text).decode().rstrip("=")}
            found[f"{name} base64 for addresses"] = base64.urlsafe_b64encode(text).decode().rstrip("=")
            for kind in ("md5", "sha1", "sha256", "sha512"):
                found[f"{name} {kind}"] = hashlib.new(kind, text).hexdigest()
        return found


def open_link(path: str) -> Client:
    client = Client()
    client.get(path)
    client.post(path)
    return client


def test_no_secret_stands_in_logs_tables_or_copies():
    secrets, visitor = Secrets(), Program()
    for number, password in enumerate(PASSWORDS):
        secrets.told[f"password {number}"] = password
    secrets.told["wrong password"] = "a goat too far"
    secrets.told["idempotency key"] = "till 4, Monday, second try"

    with markers.logs(level="DEBUG") as written:
        use_everything(secrets, visitor)
        person = User.objects.get()
        copy = io.BytesIO()
        copy_file.write(copy, person, now=clock.now())
    secrets.look()

    forms = secrets.forms
    in_tables = {
        f"{table}.{column}: {name}"
        for table, column, text in secrets.seen
        for name, form in forms.items()
        if form in text
    }
    assert in_tables == KEPT
    assert markers.found_in_text(forms, written.getvalue()) == []
    with zipfile.ZipFile(copy) as files:
        texts = [files.read(name).decode("latin-1") for name in files.namelist()]
    assert [found for text in texts for found in markers.found_in_text(forms, text)] == []
    assert written.getvalue().count('"event": "request"') > 20 and "Till" in "".join(texts)


def use_everything(secrets: Secrets, visitor: Program) -> None:
    signup = {"email": "maya@example.com", "username": "maya", "password": PASSWORDS[0], "name": "Maya"}
    assert visitor.post("/api/signup", signup).status_code == 201
    open_link(secrets.link("link that confirms"))
    login = {"username": "maya", "password": PASSWORDS[0]}
    assert visitor.post(TOKEN, {**login, "password": "a goat too far"}).status_code == 401
    assert visitor.post(TOKEN, {"username": "nobody", "password": "a goat too far"}).status_code == 401
    first = secrets.pair("first", visitor.post(TOKEN, login))
    second = secrets.pair("second", visitor.post(f"{TOKEN}/refresh", {"refresh": first["refresh"]}))
    program = Program(second["access"])
    use_keys(secrets, program)
    change = {"old_password": "a goat too far", "new_password": PASSWORDS[1]}
    assert program.post("/api/me/password/", change).status_code == 400
    assert program.post("/api/me/email/", {"email": "m@example.com", "password": "a goat too far"}).status_code == 400
    address = {"email": "maya@example.net", "password": PASSWORDS[0]}
    assert program.post("/api/me/email/", address, idempotency_key=secrets.told["idempotency key"]).status_code == 200
    secrets.link("link of a new address")
    assert program.post("/api/me/password/", {**change, "old_password": PASSWORDS[0]}).status_code == 200
    for ended in (first, second):
        assert Program(ended["access"]).get("/api/me/").status_code == 401
        assert visitor.post(f"{TOKEN}/refresh", {"refresh": ended["refresh"]}).status_code == 401
    Client().post("/accounts/password/reset/", {"email": "maya@example.com"})
    path = secrets.link("link of a new password")
    browser = Client()
    browser.get(path)
    answer = browser.post(
        browser.get(path, follow=True).request["PATH_INFO"], {"password1": PASSWORDS[2], "password2": PASSWORDS[2]}
    )
    assert answer.status_code == 302, answer.content
    third = secrets.pair("third", visitor.post(TOKEN, {**login, "password": PASSWORDS[2]}))
    assert visitor.post(f"{TOKEN}/revoke", {"refresh": third["refresh"]}).status_code == 204


def use_keys(secrets: Secrets, program: Program) -> None:
    for name in ("ended key", "key"):
        made = program.post("/api/me/keys/", {"name": "Till", "scopes": ["profile:read"]}, idempotency_key=name).json()
        secrets.told[name] = made["key"]
        secrets.told[f"{name}, its end"] = made["key"][11:]
        assert Program(made["key"]).get("/api/me/").status_code == 200
        secrets.look()
        if name == "ended key":
            assert program.delete(f"/api/me/keys/{made['id']}/").status_code == 204
            assert Program(made["key"]).get("/api/me/").status_code == 401
    secrets.told["mistyped key"] = made["key"][:-1] + "!"
    assert Program(secrets.told["mistyped key"]).get("/api/me/").status_code == 401
