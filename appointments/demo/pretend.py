"""What the demo's people do at the pretend Google: accounts, entries, and allowing access. All of it by HTTP."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from django.conf import settings

from accounts.models import User
from calendar_sync.google_api import oauth
from calendar_sync.models import Connection
from calendar_sync.rules import scopes
from calendar_sync.services import connecting
from calendar_sync.states import Profile

# Nobody is sent there: the code is read from the address.
BACK, SECONDS = "http://127.0.0.1/", 20


def is_there() -> bool:
    """Whether the settings lead to a pretend Google that answers. Google itself is not asked."""
    if urlsplit(settings.GOOGLE_ISSUER).hostname != "127.0.0.1":
        return False
    try:
        return requests.get(f"{settings.GOOGLE_ISSUER}/pretend/state", timeout=SECONDS).ok
    except requests.RequestException:
        return False


def act(action: str, **how: Any) -> Any:
    """Arrange what somebody, or Google itself, would do; the actions are those of its `web/door.py`."""
    answer = requests.post(f"{settings.GOOGLE_ISSUER}/pretend/{action}", json=how, timeout=SECONDS)
    answer.raise_for_status()
    return answer.json()["done"]


def make_account(user: User) -> None:
    """Let the person have an account with an empty calendar, which allows nobody anything, whatever it was before."""
    told = requests.get(f"{settings.GOOGLE_ISSUER}/pretend/state", timeout=SECONDS).json()
    if user.email not in {each["email"] for each in told["accounts"]}:
        act("add_account", email=user.email, name=user.name, zone=user.time_zone)
        return
    act("revoke", who=user.email)
    for entry in act("entries", who=user.email):
        act("remove", who=user.email, event_id=entry["id"])


def connect(user: User) -> Connection:
    """Connect the person's account as they would on the pages: all is allowed, and calendars are listed."""
    asked = scopes.scopes_of(Profile.FULL)
    away = oauth.departure(asked, redirect_uri=BACK, email=user.known_as)
    address, _, query = away.address.partition("?")
    pressed = [("asked", query), ("account", user.email), ("press", "allow"), *(("scope", scope) for scope in asked)]
    answer = requests.post(address, data=pressed, allow_redirects=False, timeout=SECONDS)
    [code] = parse_qs(urlsplit(answer.headers["Location"]).query)["code"]
    row = connecting.finish(user=user, code=code, verifier=away.verifier, profile=Profile.FULL, redirect_uri=BACK)
    connecting.read_list(row.pk)
    return row
