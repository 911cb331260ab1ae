"""Who on a waitlist is offered a time that is free, and until when. Decided from facts in hand."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Container, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from appointments.rules.parts import part_of
from appointments.rules.slots import Facts, Shape, day_is_full, is_full, open_slots, with_appointment, without_one
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

# A range of dates, both included.
Dates = tuple[date, date]
# A part of a date: 0 morning, 1 afternoon, 2 evening.
PartOfDay = tuple[date, int]


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

    def may_meet(self, other: "Want") -> bool:
        """Whether one time could fit both. Where they are meant in different zones, dates count as near as a day, and
        weekdays and parts of the day may always meet."""
        same = self.zone == other.zone
        near = timedelta() if same else ONE_DAY
        first, last = max(self.first_on, other.first_on - near), min(self.last_on, other.last_on + near)
        for before in filter(None, (self.before, other.before)):
            last = min(last, clock.local(before, self.zone).date())
        if not same:
            return first <= last
        days = range(min((last - first).days + 1, 7))
        weekdays = {(first + timedelta(days=number)).weekday() for number in days}
        both = self.weekdays & other.weekdays
        return any(both >> day & 1 for day in weekdays) and bool(self.parts & other.parts)


def number_in_line(key: int, line: Sequence[tuple[int, Want]]) -> tuple[int, int]:
    """How many come before the place with this key, and how many wait in all, among those of the line, the place itself
    with them, that one time could fit as well as that place."""
    mine = next(want for each, want in line if each == key)
    rivals = [each for each, want in line if each == key or mine.may_meet(want)]
    return sum(each < key for each in rivals), len(rivals)


def without_openings(days: Sequence[date], *, opens: Container[date], full: Container[date]) -> list[Dates]:
    """The ranges of these successive days on which nothing is open and of which one at least is booked up."""
    ranges = []
    for has_opening, of_range in groupby(days, key=lambda day: day in opens):
        found = list(of_range)
        if not has_opening and any(day in full for day in found):
            ranges.append((found[0], found[-1]))
    return ranges


def suggested(ranges: Sequence[Dates], near: date | None) -> Dates | None:
    """The one of these ranges of dates to wait for: the one with the day `near`, else the last before that, sooner,
    else the first; None where there is none."""
    if near:
        with_it = next((each for each in ranges if each[0] <= near <= each[1]), None)
        sooner = next((each for each in reversed(ranges) if each[1] < near), None)
        if found := with_it or sooner:
            return found
    return next(iter(ranges), None)


def suggested_parts(
    days: Sequence[date],
    parts: Collection[int],
    near: date | None,
    *,
    opens: Collection[PartOfDay],
    full: Collection[PartOfDay],
) -> tuple[Dates, Collection[int]] | None:
    """The dates and the parts of the day to wait for, of these successive days and these parts; None where no part of
    a day is booked up.

    They are all the parts where a day is booked up in all of them. Else they are those that are booked up on one day,
    the one that `suggested` prefers, and the dates around it on which nothing is open in them either.
    """
    if found := _dates_without(days, parts, near, opens=opens, full=full):
        return found, parts
    booked = {part for part in full if part[1] in parts and part not in opens}
    booked_on = suggested([(day, day) for day in days if any(day == each for each, _ in booked)], near)
    if booked_on is None:
        return None
    some = {part for day, part in booked if day == booked_on[0]}
    found = _dates_without(days, some, booked_on[0], opens=opens, full=full)
    return (found, some) if found else None


def _dates_without(
    days: Sequence[date],
    parts: Collection[int],
    near: date | None,
    *,
    opens: Collection[PartOfDay],
    full: Collection[PartOfDay],
) -> Dates | None:
    """The dates to wait for in all of these parts of the day."""
    open_days, full_days = ({day for day, part in cells if part in parts} for cells in (opens, full))
    return suggested(without_openings(days, opens=open_days, full=full_days), near)


def _anything(start: datetime, chosen: Sequence[datetime]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Waiting:
    """A place in the order of a list, by its key, with what decides whether it may be offered a time.

    `sort` is the key of its `shape`: places of one service have the same. Its customer, by the key `person`, on whose
    wall clock it is night in `home`, is `busy` elsewhere and was `asked` about some times before. `may_take` says of a
    start whether the customer may book it besides the starts that were chosen for them just now, and `until` is the
    last moment at which they may.
    """

    key: int
    sort: Hashable
    shape: Shape
    want: Want
    home: ZoneInfo
    person: int = 0
    busy: Sequence[Interval] = ()
    asked: Sequence[Interval] = ()
    may_take: Callable[[datetime, Sequence[datetime]], bool] = _anything
    until: datetime | None = None

    def takes(self, start: datetime, chosen: Sequence[datetime] = ()) -> bool:
        """Whether the time, which it wants, may be offered to this place, besides those `chosen` for its customer.

        Who let one go, or took it in vain, is not asked about a time that meets it.
        """
        span = (start, start + self.shape.duration)
        return not any(overlaps(span, other) for other in (*self.busy, *self.asked)) and self.may_take(start, chosen)


@dataclass(frozen=True, slots=True)
class Offering:
    """A start that is to be offered to a place, the moment when its customer is asked, and the deadline."""

    key: int
    start: datetime
    asked_at: datetime
    expires_at: datetime


# A time that is taken shuts only starts this near to it: its day is full, or the two would meet.
NEAR = timedelta(days=2)


@dataclass(slots=True)
class Openings:
    """The open starts of each shape, walked once, and those of them that each wish fits.

    What is taken shuts starts and opens none, so that only those near to it are looked at again.
    """

    facts: Facts
    span: Interval
    now: datetime
    found: dict[Hashable, list[datetime]] = field(default_factory=dict)
    shapes: dict[Hashable, Shape] = field(default_factory=dict)
    shut: dict[Hashable, set[datetime]] = field(default_factory=dict)
    wanted: dict[tuple[Hashable, Want], list[datetime]] = field(default_factory=dict)
    # Of a start in a zone: its date, weekday and part of the day, the latter two as bits.
    on_the_wall: dict[ZoneInfo, dict[datetime, tuple[date, int, int]]] = field(default_factory=dict)

    def fitting(self, waiting: Waiting) -> Iterator[datetime]:
        """The open starts that the place wants, in order.

        Who waits for a time before their appointment frees its place under the provider's caps by moving.
        """
        before = waiting.want.before
        if before is not None and (is_full(self.facts) or day_is_full(self.facts, before)):
            starts = open_slots(without_one(self.facts, before), waiting.shape, *self.span, now=self.now)
            return (start for start in starts if waiting.want.fits(start))
        key = (waiting.sort, waiting.want)
        if key not in self.wanted:
            self.wanted[key] = self._fitting(waiting)
        if is_full(self.facts):
            return iter(())
        shut = self.shut[waiting.sort]
        return (start for start in self.wanted[key] if start not in shut)

    def take(self, waiting: Waiting, start: datetime) -> None:
        self.facts = with_appointment(self.facts, waiting.shape, start)
        near = max(start - NEAR, self.span[0]), min(start + NEAR, self.span[1])
        for sort, starts in self.found.items():
            before = starts[bisect_left(starts, near[0]) : bisect_left(starts, near[1])]
            self.shut[sort].update(
                set(before).difference(open_slots(self.facts, self.shapes[sort], *near, now=self.now))
            )

    def _fitting(self, waiting: Waiting) -> list[datetime]:
        sort, want = waiting.sort, waiting.want
        if sort not in self.found:
            self.found[sort] = open_slots(self.facts, waiting.shape, *self.span, now=self.now)
            self.shapes[sort], self.shut[sort] = waiting.shape, set()
        starts = self.found[sort]
        first, last = clock.day_bounds(want.first_on, want.zone)[0], clock.day_bounds(want.last_on, want.zone)[1]
        until = last if want.before is None else min(last, want.before)
        wall = self.on_the_wall.setdefault(want.zone, {})
        found = []
        for start in starts[bisect_left(starts, first) : bisect_left(starts, until)]:
            if (seen := wall.get(start)) is None:
                there = start.astimezone(want.zone)
                seen = wall[start] = there.date(), 1 << there.weekday(), 1 << part_of(there.hour)
            if want.weekdays & seen[1] and want.parts & seen[2] and want.first_on <= seen[0] <= want.last_on:
                found.append(start)
        return found


def choose(openings: Openings, line: Iterable[Waiting], asking: Asking) -> list[Offering]:
    """What is offered to whom: each place of the line in turn gets the first of the openings that it takes.

    None meets another one. A start that leaves too little time to answer is offered to nobody.
    """
    chosen, of_person = list[Offering](), defaultdict[int, list[datetime]](list)
    for one in line:
        for start in openings.fitting(one):
            offering = offer_until(one, start, asking, now=openings.now)
            if offering and one.takes(start, of_person[one.person]):
                openings.take(one, start)
                of_person[one.person].append(start)
                chosen.append(offering)
                break
    return chosen


def who_wants(openings: Openings, line: Iterable[Waiting]) -> set[int]:
    """The keys of the places that want one of the openings, whoever else does."""
    return {one.key for one in line if next(openings.fitting(one), None)}


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
