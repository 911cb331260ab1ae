"""How often one account or address may do what costs others something. Sign-in has limits of allauth's own.

Counted in the shared cache in windows of fixed length. Without the cache nothing is refused here: nothing is booked
twice for want of it.
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
from core import errors, unsaved_forms

log = structlog.get_logger("limits")
View = Callable[..., HttpResponse]
# Many people share an address (an office, a phone network), so its accounts together may do so many times what one may.
PEOPLE_AT_AN_ADDRESS = 10


def limited(action: str, *, methods: tuple[str, ...] = ("POST",)) -> Callable[[View], View]:
    """Answer 429 with the time to wait once `settings.LIMITS[action]`, a count in so many seconds, is used up."""

    def decorate(view: View) -> View:
        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in methods and (wait := _wait(request, action)):
                return too_many(request, wait)
            return view(request, *args, **kwargs)

        return run

    return decorate


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """The 429 page; text that was typed waits, too."""
    if request.method == "POST":
        unsaved_forms.keep(request, unsaved_forms.REFUSED)
    return errors.too_many(request, seconds=seconds)


def _wait(request: HttpRequest, action: str) -> int:
    """Seconds until the window ends, 0 while there is room in it."""
    count, seconds = settings.LIMITS[action]
    return _used_up(request, action, count, seconds)


def _used_up(request: HttpRequest, action: str, count: int, seconds: int) -> int:
    """Visitors and accounts at an address are counted apart: no account takes from visitors what is theirs."""
    if not request.user.is_authenticated:
        return _over(f"{action}:visitors:{network(request)}", count, seconds)
    own = _over(f"{action}:account:{request.user.pk}", count, seconds)
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
    """None without a cache."""
    try:
        return ask()
    except Exception as error:
        log.warning("limits.cache_unreachable", error=type(error).__name__)
        return None
