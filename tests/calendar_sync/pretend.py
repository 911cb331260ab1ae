"""The pretend Google for tests: a server of its own for each, whose answers are held against Google's own description.

    def test_...(pretend_google): ...             the server: `.address`, `.settings()`; its state is `.google`
    def test_...(pretend_google, at_pretend_google): ...    the product's settings lead there, too

A test that only needs tokens takes them with `pretend_google.google.connect("maya@example.com", scopes)`; one that
presses the buttons of the pages uses `consent(address, ...)`. Import the fixtures into a conftest.py.
"""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build

from calendar_sync.pretend_google.accounts import demo_accounts
from calendar_sync.pretend_google.google import Google
from calendar_sync.pretend_google.web.server import PretendGoogle

from .discovery import API, problems

MAYA, ROBIN = "maya@example.com", "robin@example.com"


@pytest.fixture
def pretend_google(monkeypatch):
    """A server with two accounts; at the end of the test every answer of its calendar has to fit the description."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # there is no TLS on this machine
    google = Google()
    for account in demo_accounts():
        google.add_account(**vars(account))
    with _server(google) as server:
        yield server
    found = [problem for call in google.calls if call.path.startswith(API) for problem in problems(call)]
    if found:
        pytest.fail("\n".join(found))


# Where the last one stood. The next one stands there, too, so that the processes of races keep their environment.
_port = 0


def _server(google):
    global _port
    try:
        server = PretendGoogle(google, port=_port)
    except OSError:  # somebody has the port now
        server = PretendGoogle(google)
    _port = urlsplit(server.address).port
    return server


@pytest.fixture
def at_pretend_google(pretend_google, settings, monkeypatch):
    """The same server, with the settings of this process and of those that it starts leading there."""
    for name, value in pretend_google.settings().items():
        setattr(settings, name, value)
        monkeypatch.setenv(name, value)
    return pretend_google


def credentials(server, tokens, **how):
    """Google's own credentials with these tokens, as a product would store them."""
    known = server.settings()
    return Credentials(
        tokens["access_token"],
        refresh_token=tokens.get("refresh_token"),
        token_uri=known["GOOGLE_TOKEN_URI"],
        client_id=known["GOOGLE_CLIENT_ID"],
        client_secret=known["GOOGLE_CLIENT_SECRET"],
        granted_scopes=tokens["scope"].split(),
        **how,
    )


def calendar_api(server, who=MAYA, scopes=("calendar",)):
    """Google's client library, for somebody who has allowed these scopes of the calendar."""
    granted = [f"https://www.googleapis.com/auth/{scope}" for scope in scopes]
    return api_with(server, credentials(server, server.google.connect(who, granted)))


def api_with(server, credentials):
    return build(
        "calendar",
        "v3",
        credentials=credentials,
        static_discovery=True,
        client_options={"api_endpoint": server.settings()["GOOGLE_CALENDAR_ENDPOINT"]},
    )


def consent(address, *, account=MAYA, without=(), press="allow", lasts=""):
    """Choose an account on the pages at this address, untick some boxes, press; returns where that led, as parameters.

    `without` are ends of scopes, `lasts` is for how many days access is allowed. Scripts are not needed, and not there.
    """
    session = requests.Session()
    answer = session.get(address, allow_redirects=False)
    while answer.status_code == 200:
        fields = fields_of(answer.text)
        if press == "cancel":
            sent = [("asked", fields["asked"][0]), ("press", "cancel")]
        elif "press" in fields and "account" in fields and 'value="allow"' in answer.text:
            ticked = [scope for scope in fields.get("scope", []) if not scope.endswith(tuple(without) or ("\n",))]
            sent = [("asked", fields["asked"][0]), ("account", fields["account"][0]), ("press", press)]
            sent += [*(("scope", scope) for scope in ticked), ("lasts", lasts)]
        else:
            sent = [("asked", fields["asked"][0]), ("account", account)]
        answer = session.post(address.partition("?")[0], data=sent, allow_redirects=False)
    if answer.status_code != 303:
        raise AssertionError(f"{answer.status_code}: {re.sub('<[^>]+>', ' ', answer.text)}")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def fields_of(html):
    """The values of a page's inputs and buttons by name."""
    fields = {}
    for element in re.findall(r"<(?:input|button)([^>]*)>", html):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', element))
        if "name" in attributes:
            fields.setdefault(attributes["name"], []).append(unescape(attributes.get("value", "")))
    return fields
