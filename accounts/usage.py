"""Counts of how often an account, or a network address, has done what `settings.LIMITS` allows only so often.

They are kept in the shared cache in windows of fixed length. Without the cache nothing is refused: the limits save work
and patience, the database alone keeps times from being booked twice. `limits` answers with them on pages.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import time
from typing import Any

import structlog
from django.conf import settings
from django.core.cache import cache

from accounts.models import User

log = structlog.get_logger("limits")
# An office or a phone network has many people at one address: its accounts together may do ten times as much as one.
PEOPLE_AT_AN_ADDRESS = 10


@dataclass(frozen=True, slots=True)
class Usage:
    """What one more use has left of a limit: `left` of `limit` uses until the window ends in `resets_in` seconds.

    `wait` is the seconds until this use would be allowed; 0 where it is allowed now.
    """

    limit: int
    left: int
    resets_in: int
    wait: int


def count(action: str, *, account: User | None, network: str, program: str = "") -> Usage:
    """Count one use of `settings.LIMITS[action]`, a number and the seconds of its window, and return what is left.

    It counts for `account`, and for all accounts at the `network` together; without an account for the visitors at
    the network, who have a count of their own. Each `program` of the account has a count of its own, too.
    """
    limit, seconds = settings.LIMITS[action]
    if account is None:
        return _use(f"{action}:visitors:{network}", limit, seconds)
    own = _use(f"{action}:account:{account.pk}{program}", limit, seconds)
    if own.wait:
        return own
    shared = _use(f"{action}:accounts:{network}", limit * PEOPLE_AT_AN_ADDRESS, seconds)
    return shared if shared.wait or shared.left < own.left else own


def _use(key: str, limit: int, seconds: int) -> Usage:
    now = int(time())
    key = f"limit:{key}:{now // seconds}"
    used = _from_cache(lambda: _one_more(key, seconds)) or 0
    resets_in = seconds - now % seconds
    return Usage(limit, left=max(limit - used, 0), resets_in=resets_in, wait=resets_in if used > limit else 0)


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
