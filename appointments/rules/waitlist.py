"""Who on a waitlist is offered a time that is free, and until when. Decided from facts in hand."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from appointments.rules.parts import part_of
from appointments.rules.slots import Facts, Shape, open_slots, with_appointment
from core import clock
from core.intervals import Interval, overlaps

# The least time to answer; with less left before the notice begins, a time is offered to nobody and open to all.
LEAST_TO_ANSWER = timedelta(minutes=5)
# Near the start an offer takes no more than this part of the time that is left, so that others can still be asked.
PART_OF_WHAT_IS_LEFT = 3
# Nobody is asked in between, on the customer's own wall clock, in minutes after midnight.
NIGHT_BEGINS, NIGHT_ENDS = 22 * 60, 7 * 60
# The most places that one person has at a time, and the furthest that their dates may lie ahead.
MOST_PLACES = 10
FURTHEST = timedelta(days=180)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asking:
    """How a provider asks people on the waitlist: for how long a time is kept, and the notice that ends each offer.

    `at_night` says that people are asked at any hour.
    """

    kept: timedelta
    notice: timedelta
    at_night: bool = False


@dataclass(frozen=True, slots=True)
class Want:
    """What a place waits for: starts on these dates, weekdays and in these parts of the day, as bits, in `zone`.

    With `before` only starts before that.
    """

    first_on: date
    last_on: date
    weekdays: int
    parts: int
    zone: ZoneInfo
    before: datetime | None = None

    def fits(self, start: datetime) -> bool:
        """Whether a time with this start is wanted."""
        if self.before is not None and start >= self.before:
            return False
        there = start.astimezone(self.zone)
        return (
            self.first_on <= there.date() <= self.last_on
            and bool(self.weekdays >> there.weekday() & 1)
            and bool(self.parts >> part_of(there.hour) & 1)
        )


def _anything(start: datetime) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Waiting:
    """A place in the order of a list, by its key, with what decides whether it may be offered a time.

    `sort` is the key of its `shape`: places of one service have the same. Its customer, on whose wall clock it is night
    in `home`, is `busy` elsewhere and was `asked` about some times before. `may_take` says of a start whether the
    customer may book it, and `until` is the last moment at which they may.
    """

    key: int
    sort: Hashable
    shape: Shape
    want: Want
    home: ZoneInfo
    busy: Sequence[Interval] = ()
    asked: Sequence[Interval] = ()
    may_take: Callable[[datetime], bool] = _anything
    until: datetime | None = None

    def takes(self, start: datetime) -> bool:
        """Whether the time may be offered to this place. Who let one go is not asked about a time that meets it."""
        span = (start, start + self.shape.duration)
        return (
            self.want.fits(start)
            and not any(overlaps(span, other) for other in (*self.busy, *self.asked))
            and self.may_take(start)
        )


@dataclass(frozen=True, slots=True)
class Offering:
    """A start that is to be offered to a place, the moment when its customer is asked, and the deadline."""

    key: int
    start: datetime
    asked_at: datetime
    expires_at: datetime


@dataclass(slots=True)
class _Openings:
    """The open starts of each shape, looked up once until something is offered."""

    facts: Facts
    span: Interval
    now: datetime
    found: dict[Hashable, list[datetime]] = field(default_factory=dict)

    def of(self, waiting: Waiting) -> list[datetime]:
        if waiting.sort not in self.found:
            self.found[waiting.sort] = open_slots(self.facts, waiting.shape, *self.span, now=self.now)
        return self.found[waiting.sort]

    def take(self, waiting: Waiting, start: datetime) -> None:
        self.facts = with_appointment(self.facts, waiting.shape, start)
        self.found.clear()


def choose(facts: Facts, line: Iterable[Waiting], span: Interval, asking: Asking, *, now: datetime) -> list[Offering]:
    """What is offered to whom: each place of the line in turn gets the first open start in `span` that it takes.

    None meets another one. A start that leaves too little time to answer is offered to nobody.
    """
    openings, chosen = _Openings(facts, span, now), list[Offering]()
    for one in line:
        for start in openings.of(one):
            if one.takes(start) and (offering := offer_until(one, start, asking, now=now)):
                openings.take(one, start)
                chosen.append(offering)
                break
    return chosen


def who_wants(facts: Facts, line: Iterable[Waiting], span: Interval, *, now: datetime) -> set[int]:
    """The keys of the places that want an open start in `span`, whoever else does."""
    openings = _Openings(facts, span, now)
    return {one.key for one in line if any(map(one.want.fits, openings.of(one)))}


def offer_until(one: Waiting, start: datetime, asking: Asking, *, now: datetime) -> Offering | None:
    """The offer of this start to the place; None where too little time would be left to answer."""
    last = start - asking.notice
    if one.until is not None:
        last = min(last, one.until)
    asked_at = asked_on(now, last=last, asking=asking, home=one.home)
    left = last - asked_at
    if left < LEAST_TO_ANSWER:
        return None
    kept = max(min(asking.kept, left / PART_OF_WHAT_IS_LEFT), LEAST_TO_ANSWER)
    return Offering(one.key, start, asked_at, asked_at + timedelta(minutes=kept // timedelta(minutes=1)))


def asked_on(now: datetime, *, last: datetime, asking: Asking, home: ZoneInfo) -> datetime:
    """The moment when somebody is asked: now, or at night the morning, unless that leaves no time before `last`."""
    morning = None if asking.at_night else morning_after(now, home)
    return morning if morning is not None and last - morning >= LEAST_TO_ANSWER * PART_OF_WHAT_IS_LEFT else now


def morning_after(now: datetime, home: ZoneInfo) -> datetime | None:
    """The end of the night in which `now` lies on this wall clock; None by day."""
    there = clock.local(now, home)
    minute = there.hour * 60 + there.minute
    if NIGHT_ENDS <= minute < NIGHT_BEGINS:
        return None
    day = there.date() + ONE_DAY if minute >= NIGHT_BEGINS else there.date()
    return clock.wall_minute_to_instant(day, NIGHT_ENDS, home)
