"""Why a start is not offered: every rule and every entry that stands in the way, named, for the provider and for staff.

Built on `obstacles`, which is built on the facts that decide: there is a reason exactly when the start is not open.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from appointments.models import Appointment, Offer, OwnEvent
from appointments.rules.obstacles import Asked, Obstacle, obstacles
from appointments.rules.slots import ONE_DAY, last_bookable_date
from appointments.states import HoldKind
from core import clock
from core.intervals import Interval, contains, merge, overlaps
from providers.models import DateOverride


class EntryKind(StrEnum):
    """The kinds of entries that take a provider's time: those of `HoldKind`, and what is no hold."""

    APPOINTMENT = HoldKind.APPOINTMENT.value
    KEPT = HoldKind.KEPT.value
    PROPOSAL = HoldKind.PROPOSAL.value
    OFFER = HoldKind.OFFER.value
    BUSY = "busy"
    TIME_OFF = "time_off"
    OWN_EVENT = "own_event"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that takes time: its own `time`, and what it blocks, which is that with the free time around it."""

    kind: EntryKind
    time: Interval
    blocked: Interval
    appointment: Appointment | None = None
    expires_at: datetime | None = None
    offer: Offer | None = None
    # The name of the connected calendar that makes the provider busy.
    calendar: str = ""
    event: OwnEvent | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """The entries around a start and the date overrides on its dates, which `Facts` has without their names."""

    entries: Sequence[Entry]
    overrides: Mapping[date, DateOverride]


# --- Reasons: one class a kind ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Over:
    """The start has passed."""


@dataclass(frozen=True, slots=True)
class TooSoon:
    """The start lies within the notice, which allows `earliest` and later."""

    earliest: datetime


@dataclass(frozen=True, slots=True)
class TooFarAhead:
    """The start lies beyond the booking window, which ends with `last`."""

    last: date


@dataclass(frozen=True, slots=True)
class Closed:
    """The time does not lie in the hours of `day`, which are those of `override` where the date has its own."""

    day: date
    override: DateOverride | None


@dataclass(frozen=True, slots=True)
class OffTheGrid:
    """No appointment begins at this minute: the nearest starts of the grid are `before` and, in the range, `after`."""

    opens: datetime
    before: datetime
    after: datetime | None


@dataclass(frozen=True, slots=True)
class Full:
    """As many appointments lie ahead as the provider takes."""

    count: int
    most: int


@dataclass(frozen=True, slots=True)
class DayFull:
    """As many appointments lie on `day` as the provider takes."""

    day: date
    count: int
    most: int


class Part(StrEnum):
    """The part of an entry, or of the appointment asked about, that is in the way."""

    TIME = "time"
    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Taken:
    """The entry takes some of the time, by `theirs`; or the free time `ours` of the one asked about meets it."""

    entry: Entry
    theirs: Part
    ours: Part


Reason = Over | TooSoon | TooFarAhead | Closed | OffTheGrid | Full | DayFull | Taken


def reasons(asked: Asked, named: Named) -> list[Reason]:
    """All that stands in the way of the start, in the order of `Obstacle`; none where it is open."""
    return [reason for found in obstacles(asked) for reason in NAMING[found](asked, named)]


def parts_by_date(asked: Asked) -> dict[date, Interval]:
    """The parts of the time asked about, by the dates in the provider's zone on which they lie."""
    zone = asked.facts.zone
    first, last = (moment.astimezone(zone).date() for moment in (asked.start, asked.end))
    parts = {}
    # A day more: where clocks go back over midnight, the second run of the late evening belongs to the next date.
    for n in range((last - first).days + 2):
        opens, closes = clock.day_bounds(first + n * ONE_DAY, zone)
        part = max(opens, asked.start), min(closes, asked.end)
        if part[0] < part[1]:
            parts[first + n * ONE_DAY] = part
    return parts


def _over(asked: Asked, named: Named) -> Iterable[Reason]:
    yield Over()


def _too_soon(asked: Asked, named: Named) -> Iterable[Reason]:
    yield TooSoon(asked.now + asked.facts.rules.notice)


def _too_far_ahead(asked: Asked, named: Named) -> Iterable[Reason]:
    yield TooFarAhead(last_bookable_date(asked.facts.zone, asked.facts.rules, asked.now))


def _closed(asked: Asked, named: Named) -> Iterable[Reason]:
    """A reason for each date whose part of the time does not lie in its hours."""
    opening = merge(asked.ranges)
    for day, part in parts_by_date(asked).items():
        if not contains(opening, *part):
            yield Closed(day, named.overrides.get(day))


def _off_the_grid(asked: Asked, named: Named) -> Iterable[Reason]:
    """One reason, with the range that has the nearest start where several lie over each other."""
    step, found = asked.shape.step, []
    for opens, closes in asked.ranges:
        if opens <= asked.start < closes:
            before = asked.start - (asked.start - opens) % step
            after = before + step
            found.append(OffTheGrid(opens, before, after if after < closes else None))
    yield max(found, key=lambda each: each.before)


def _full(asked: Asked, named: Named) -> Iterable[Reason]:
    most = asked.facts.rules.max_open
    assert most is not None
    yield Full(asked.facts.open_count, most)


def _day_full(asked: Asked, named: Named) -> Iterable[Reason]:
    day, most = asked.day, asked.facts.rules.max_per_day
    assert most is not None
    yield DayFull(day, asked.facts.booked[day], most)


def _taken(asked: Asked, named: Named) -> Iterable[Reason]:
    for entry in named.entries:
        if overlaps(entry.blocked, asked.blocked):
            theirs, ours = _meeting(entry, asked)
            yield Taken(entry, theirs, ours)


def _meeting(entry: Entry, asked: Asked) -> tuple[Part, Part]:
    """The parts of an entry and of the one asked about that meet: their own times sooner than the free time around."""
    theirs = _parts(entry.time, entry.blocked)
    ours = _parts((asked.start, asked.end), asked.blocked)
    return next((a, b) for b in ours for a in theirs if overlaps(theirs[a], ours[b]))


def _parts(time: Interval, blocked: Interval) -> dict[Part, Interval]:
    return {Part.TIME: time, Part.BEFORE: (blocked[0], time[0]), Part.AFTER: (time[1], blocked[1])}


NAMING: dict[Obstacle, Callable[[Asked, Named], Iterable[Reason]]] = {
    Obstacle.OVER: _over,
    Obstacle.NOTICE: _too_soon,
    Obstacle.WINDOW: _too_far_ahead,
    Obstacle.CLOSED: _closed,
    Obstacle.GRID: _off_the_grid,
    Obstacle.FULL: _full,
    Obstacle.DAY_FULL: _day_full,
    Obstacle.TAKEN: _taken,
}
