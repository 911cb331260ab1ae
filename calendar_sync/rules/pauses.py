"""When a calendar is read next, or its push channel renewed: polls spread at random, growing pauses after failures."""

from datetime import datetime, timedelta
from random import Random

from calendar_sync.states import Problem

POLL = timedelta(minutes=12)
# A copy older than this is read again when its owner opens a page that shows it.
FRESH = timedelta(minutes=1)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
# Asked to slow down, an account is left alone for a minute at least.
LEAST_PAUSE_WHEN_BUSY = timedelta(minutes=1)
# The limits of a Google account are counted by the day, so that asking again within the hour helps nobody.
LIMIT_PAUSE = timedelta(hours=1)
# A new push channel takes the place of one before it ends, so much earlier that a day without Google costs nothing.
RENEWED_BEFORE = timedelta(days=1)
# Google makes a Meet link within seconds as a rule, and says nothing of one that it will never make.
FIRST_LOOK, LONGEST_LOOK, LINK_PATIENCE = timedelta(seconds=5), timedelta(minutes=30), timedelta(hours=6)
# So long before the start there is still time to say how to join without it; asked for later, it has a minute.
LINK_NEEDED_BEFORE, LEAST_PATIENCE = timedelta(minutes=15), timedelta(minutes=1)


def renewal(now: datetime, ends_at: datetime) -> datetime:
    """When a push channel that ends then is renewed: a day before, or after three quarters of a shorter life."""
    return ends_at - min(RENEWED_BEFORE, max(ends_at - now, timedelta()) / 4)


def until_next_poll(random: Random) -> timedelta:
    """Ten to fourteen minutes, so that the calendars of many people are not read in the same second."""
    return POLL * random.uniform(5 / 6, 7 / 6)


def until_next_try(failures: int, random: Random, *, asked: timedelta | None = None) -> timedelta:
    """The pause after so many failures in a row: doubled each time up to an hour, with a half of it at random.

    `asked` is what Google's Retry-After asks for, which is never undercut.
    """
    pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE) * random.uniform(0.5, 1)
    return max(pause, asked or timedelta())


def until_next_look(waited: timedelta, *, left: timedelta | None = None) -> timedelta | None:
    """The pause until a Meet link is looked for again that was asked for so long ago: as long as that, up to half an
    hour, and no longer than until shortly before a start that is so far off (`left`). None once it is not waited for
    any more."""
    pause = min(max(waited, FIRST_LOOK), LONGEST_LOOK)
    if left is not None:
        pause = min(pause, max(left - LINK_NEEDED_BEFORE, LEAST_PATIENCE - waited))
    return None if waited >= LINK_PATIENCE or pause <= timedelta() else pause


def after_failure(
    failures: int, random: Random, *, problem: Problem, passes: bool, asked: timedelta | None = None
) -> timedelta:
    """The pause after a call that met a problem, the last of so many failures in a row. `passes` says that it may go
    away by itself; what does not is tried again once an hour."""
    if problem == Problem.LIMIT:
        return LIMIT_PAUSE
    if not passes:
        return LONGEST_PAUSE
    least = LEAST_PAUSE_WHEN_BUSY if problem == Problem.BUSY else timedelta()
    return max(least, until_next_try(failures, random, asked=asked))
