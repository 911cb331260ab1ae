"""Rate limits by account and by network address, for requests that cost other people something.

They are counted in the shared cache in windows of fixed length. Without the cache nothing is refused: the limits save
work and patience, the database alone keeps times from being booked twice. Signing in has limits of its own
(`sign_in_limits`).
"""

from collections.abc import Callable
from functools import wraps
from time import time
from typing import Any

import structlog
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from accounts.client_ip import network
from accounts.models import User
from core import errors, unsaved_forms

log = structlog.get_logger("limits")
View = Callable[..., HttpResponse]
# An office or a phone network has many people at one address: its accounts together may do ten times as much as one.
PEOPLE_AT_AN_ADDRESS = 10


def limited(
    action: str, *, methods: tuple[str, ...] = ("POST",), person: Callable[..., User] | None = None
) -> Callable[[View], View]:
    """A decorator that answers 429, with the time to wait, once `settings.LIMITS[action]` is used up.

    The limit is a count and the seconds it is counted over; only requests with one of `methods` count. They count for
    the account signed in, or for that of `person`, called with the view's arguments, where these name who acts.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            account = person(*args, **kwargs) if person else _signed_in(request)
            if request.method in methods and (wait := _wait(request, action, account)):
                return too_many(request, wait)
            return view(request, *args, **kwargs)

        return run

    return decorate


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """The 429 answer; text that was typed into the form is kept for its owner."""
    if request.method == "POST":
        unsaved_forms.keep(request, unsaved_forms.REFUSED)
    return errors.too_many(request, seconds=seconds)


def _signed_in(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None


def _wait(request: HttpRequest, action: str, account: User | None) -> int:
    """Count this request; return the seconds until the present window ends, 0 while it has room.

    At one network address visitors have a count of their own, apart from accounts.
    """
    count, seconds = settings.LIMITS[action]
    if account is None:
        return _over(f"{action}:visitors:{network(request)}", count, seconds)
    own = _over(f"{action}:account:{account.pk}", count, seconds)
    return own or _over(f"{action}:accounts:{network(request)}", count * PEOPLE_AT_AN_ADDRESS, seconds)


def _over(key: str, count: int, seconds: int) -> int:
    now = int(time())
    key = f"limit:{key}:{now // seconds}"
    used = _from_cache(lambda: _one_more(key, seconds)) or 0
    return seconds - now % seconds if used > count else 0


def _one_more(key: str, seconds: int) -> int:
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key)
    except ValueError:
        return 0  # it lapsed between the two: a new window


def _from_cache(ask: Callable[[], Any]) -> Any:
    """The answer of the cache, or None while it can't be reached."""
    try:
        return ask()
    except Exception as error:
        log.warning("limits.cache_unreachable", error=type(error).__name__)
        return None
