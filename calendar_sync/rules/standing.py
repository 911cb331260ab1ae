"""How a provider's connections stand together, and whether they stop bookings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from calendar_sync.states import State, WhenStale
from providers.models import CalendarState


@dataclass(frozen=True, slots=True)
class Copy:
    """What is known of a connection. `read_at` is how old its oldest copy of a calendar that counts is, None while one
    of them was never read; `known_at` the same, with the moment from which a calendar counts in place of a copy of it.
    Both are None where no calendar counts. `was_read` says that at least one that counts was read."""

    state: State
    has_problem: bool
    when_stale: WhenStale
    read_at: datetime | None
    known_at: datetime | None
    was_read: bool = False

    @property
    def works(self) -> bool:
        """Whether it is what a site means that requires a connection; `Connection.objects.that_work` says it in SQL."""
        return self.state == State.WORKING and self.was_read


@dataclass(frozen=True, slots=True)
class Standing:
    """How connections stand together. `stops` says that nobody may book while they do, `is_missing` that this is so
    because one is required and none works."""

    state: CalendarState
    read_at: datetime | None
    stops: bool
    is_missing: bool = False


def standing_of(copies: Sequence[Copy], *, now: datetime, good_for: timedelta, is_required: bool = False) -> Standing:
    """The worst of the connections' states, their oldest copy, and whether one of them stops bookings.

    A connection stops them where its owner chose so, once Google asks for a sign-in, or once its oldest copy is older
    than `good_for`: what happened in the calendar since then is unknown, and unknown is not free. Where one is
    required, bookings also stop while none works, whatever its owner chose.
    """
    is_missing = is_required and not any(each.works for each in copies)
    if not copies:
        return Standing(CalendarState.NONE, None, is_missing, is_missing)
    if any(each.state == State.SIGN_IN_AGAIN for each in copies):
        state = CalendarState.SIGN_IN_AGAIN
    else:
        state = CalendarState.FAILING if any(each.has_problem for each in copies) else CalendarState.WORKING
    read = [each.read_at for each in copies if each.known_at is not None]
    oldest = None if None in read else min((each for each in read if each is not None), default=None)
    return Standing(state, oldest, is_missing or any(_stops(each, now, good_for) for each in copies), is_missing)


def _stops(copy: Copy, now: datetime, good_for: timedelta) -> bool:
    if copy.when_stale != WhenStale.PAUSE or copy.known_at is None:
        return False
    return copy.state == State.SIGN_IN_AGAIN or copy.known_at < now - good_for
