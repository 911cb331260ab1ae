"""When a customer is told of links to join, and of one that does not come."""

from collections.abc import Iterable
from datetime import datetime, timedelta

# Links that come within a while of each other are told in one mail.
SOON = timedelta(minutes=1)
# Where others of the same customer are on their way, they are waited for so long, and looked for again so often.
GATHERED_WITHIN, LOOKED_FOR_EVERY = timedelta(minutes=5), timedelta(seconds=20)
# Whoever is about to join waits for no other link.
IS_NEAR = timedelta(minutes=30)
# A link that waits for the provider, such as for their sign-in at Google, may still come for so long, and so long
# before the start there is time to say how to join without it.
OWNERS_TIME, NEEDED_BEFORE = timedelta(hours=24), timedelta(hours=2)


def given_up_at(paused_since: datetime, *, start: datetime) -> datetime:
    """When a customer is told that no link comes which has waited for the provider since then."""
    return min(paused_since + OWNERS_TIME, start - NEEDED_BEFORE)


def next_gathering(since: Iterable[datetime | None], starts: Iterable[datetime], *, now: datetime) -> datetime | None:
    """When to look again before telling what has come since these moments of appointments with these starts, while
    others are on their way; None where it is told now. The same moment for all who ask within a while."""
    begun = min((at for at in since if at), default=None)
    if begun is None or now >= begun + GATHERED_WITHIN or min(starts) <= now + IS_NEAR:
        return None
    every = LOOKED_FOR_EVERY.total_seconds()
    return datetime.fromtimestamp((now.timestamp() // every + 1) * every, tz=now.tzinfo)
