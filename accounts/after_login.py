"""The page shown after signing in: the one the person was going to, else their start page.

The `next` of an address or form comes first, if it names a page of ours. Not every step of signing in can carry it (a
second step, a reset, a look into the mail), so the session keeps it too: for an hour at most, and until somebody signs
in, so that an old plan leads nobody away for ever.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url

from accounts.models import User
from core import clock
from core.hooks import Question

WAY_BACK = "way_back"
LASTS = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class ChosenTime:
    """A time that a visitor chose before they signed in. `kept_until` is None where it is not kept for them.

    `zone` is the zone to show it in, `chosen_in` the one in which the visitor read the times. `aside` is the time in a
    second zone, empty where one is enough.
    """

    provider: str
    service: str
    start: datetime
    kept_until: datetime | None
    zone: str
    chosen_in: str
    aside: str = ""


start_page = Question[[User], str | None]("What is the name of the page where this person starts?")
chosen_time = Question[[HttpRequest, str], ChosenTime | None]("Which time does the page at this address book?")


def way_back(request: HttpRequest) -> str:
    """The address of the page this visitor was going to, empty where none is known."""
    return get_next_redirect_url(request) or _remembered(request)


def _remembered(request: HttpRequest) -> str:
    kept = request.session.get(WAY_BACK)
    if kept and clock.now() < datetime.fromisoformat(kept["until"]):
        return kept["address"]
    return ""


def remember(request: HttpRequest, address: str) -> None:
    """Keep the way back in the session. `address` must be ours: built by the caller, or checked by `way_back`."""
    request.session[WAY_BACK] = {"address": address, "until": (clock.now() + LASTS).isoformat()}


def has_session(request: HttpRequest) -> bool:
    """Whether the browser's session cookie names a session that exists."""
    request.session.get(WAY_BACK)  # a made-up name is dropped when the session is loaded
    return request.session.session_key is not None


def forget(request: HttpRequest) -> None:
    request.session.pop(WAY_BACK, None)


def start_page_of(user: User) -> str:
    """The address of the person's start page, for a sign-in without a way back."""
    return resolve_url(start_page.first(user) or settings.LOGIN_REDIRECT_URL)


def chosen_time_of(request: HttpRequest) -> ChosenTime | None:
    """The time that this visitor is about to book, read from the address they come back to; None for other pages."""
    back = way_back(request)
    return chosen_time.first(request, back) if back else None
