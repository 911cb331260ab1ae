"""Where somebody arrives who signs in: where they were going, else where they live.

An address or form that says `next` is believed first, if it names a page of ours. Not every step of signing in can
carry it (a second step, a reset, a look into the mail), so the session knows it too: for an hour, and until somebody
signs in, so that an old plan leads nobody away for ever.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url

from accounts.models import User
from core import clock

WAY_BACK = "way_back"
LASTS = timedelta(hours=1)

_homes: list[tuple[Callable[[User], bool], str]] = []


def way_back(request: HttpRequest) -> str:
    """The page this visitor was going to, empty where nobody knows of one."""
    return get_next_redirect_url(request) or _remembered(request)


def _remembered(request: HttpRequest) -> str:
    kept = request.session.get(WAY_BACK)
    if kept and clock.now() < datetime.fromisoformat(kept["until"]):
        return kept["address"]
    return ""


def remember(request: HttpRequest, address: str) -> None:
    """`address` is one of ours: the caller built it, or `way_back` found it safe."""
    request.session[WAY_BACK] = {"address": address, "until": (clock.now() + LASTS).isoformat()}


def forget(request: HttpRequest) -> None:
    request.session.pop(WAY_BACK, None)


def live_at(name: str, *, when: Callable[[User], bool]) -> None:
    """A higher app's say on who lives at its page: a provider in the studio."""
    _homes.append((when, name))


def home_of(user: User) -> str:
    """Where this person starts who was going nowhere in particular."""
    return resolve_url(next((name for when, name in _homes if when(user)), settings.LOGIN_REDIRECT_URL))
