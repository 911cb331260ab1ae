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
from django.shortcuts import render

from accounts.addresses import network

log = structlog.get_logger("limits")
View = Callable[..., HttpResponse]
# Many people share an address (an office, a phone network), so it may do so many times what one account may.
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
    """The page that says how long to wait."""
    answer = render(request, "429.html", {"minutes": -(-seconds // 60)}, status=429)
    answer["Retry-After"] = str(seconds)
    return answer


def _wait(request: HttpRequest, action: str) -> int:
    """Seconds until the window ends, 0 while there is room in it."""
    count, seconds = settings.LIMITS[action]
    if not request.user.is_authenticated:
        return _over(f"{action}:address:{network(request)}", count, seconds)
    own = _over(f"{action}:account:{request.user.pk}", count, seconds)
    return own or _over(f"{action}:address:{network(request)}", count * PEOPLE_AT_AN_ADDRESS, seconds)


def _over(key: str, count: int, seconds: int) -> int:
    now = int(time())
    key = f"limit:{key}:{now // seconds}"
    try:
        cache.add(key, 0, seconds)
        used = cache.incr(key)
    except ValueError:
        # It lapsed between the two: a new window.
        return 0
    except Exception as error:
        log.warning("limits.cache_unreachable", error=type(error).__name__)
        return 0
    return seconds - now % seconds if used > count else 0
