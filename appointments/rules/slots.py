"""Open starts (slots), worked out from facts already in hand. No database; `now` is an argument.

One walk serves the month on a provider's page, the days on a search card and the check of a single start, so that a
page and the check can't disagree.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from core import clock
from core.intervals import Interval, clip, merge, subtract, with_one

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shape:
    """The lengths of a service that decide where it fits, all in elapsed time; `step` is the grid of its starts."""

    duration: timedelta
    before: timedelta
    after: timedelta
    step: timedelta


@dataclass(frozen=True, slots=True)
class Rules:
    """The parts of a booking policy that decide which starts are open. A cap of None is no cap."""

    notice: timedelta
    window_days: int
    max_per_day: int | None = None
    max_open: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that decide a provider's open time in a range.

    `hours` maps a weekday (Monday 0) to its ranges and `overrides` a date to the ranges that replace them, both in
    minutes after midnight on the wall; `taken` is sorted, disjoint and in UTC; `booked` counts the appointments that
    start on each of the provider's dates, `open_count` those that are open in all; both are read only for a cap.
    """

    zone: ZoneInfo
    rules: Rules
    hours: dict[int, list[tuple[int, int]]]
    overrides: dict[date, list[tuple[int, int]]]
    taken: list[Interval]
    booked: dict[date, int] = field(default_factory=dict)
    open_count: int = 0


def working_ranges(facts: Facts, first: date, last: date) -> list[Interval]:
    """The provider's open ranges on the dates `first` to `last` (both included) as instants, in order of their start.

    A range that a clock change swallows whole is left out.
    """
    ranges = []
    day = first
    while day <= last:
        for start_minute, end_minute in facts.overrides.get(day, facts.hours.get(day.weekday(), ())):
            start = clock.wall_minute_to_instant(day, start_minute, facts.zone)
            end = clock.wall_minute_to_instant(day, end_minute, facts.zone)
            if start < end:
                ranges.append((start, end))
        day += ONE_DAY
    return sorted(ranges)


def last_bookable_date(zone: ZoneInfo, rules: Rules, now: datetime) -> date:
    """The last date of the booking window in the provider's zone."""
    return now.astimezone(zone).date() + timedelta(days=rules.window_days)


def window_end(zone: ZoneInfo, rules: Rules, now: datetime) -> datetime:
    """The instant when the booking window ends: the end of the last bookable date in the provider's zone."""
    return clock.day_bounds(last_bookable_date(zone, rules, now), zone)[1]


def bookable_span(facts: Facts, now: datetime) -> Interval:
    """The bookable range of instants: from the end of the notice to the end of the booking window."""
    return now + facts.rules.notice, window_end(facts.zone, facts.rules, now)


def openings_on(facts: Facts, day: date, now: datetime) -> list[Interval]:
    """The time of a date in the provider's zone that can be booked and is not taken, as a merged list."""
    earliest, latest = bookable_span(facts, now)
    return subtract(clip(merge(working_ranges(facts, day, day)), earliest, latest), facts.taken)


def open_slots(facts: Facts, shape: Shape, start: datetime, end: datetime, *, now: datetime) -> list[datetime]:
    """The open starts in [start, end), sorted, in UTC.

    `facts` must cover a day and the blocked range of `shape` around [start, end).
    """
    if is_full(facts):
        return []
    return _within_daily_cap(facts, sorted(set(_walk(facts, facts.taken, shape, start, end, now))))


def is_full(facts: Facts) -> bool:
    """Whether the provider's cap on open appointments is reached."""
    return facts.rules.max_open is not None and facts.open_count >= facts.rules.max_open


def day_is_full(facts: Facts, start: datetime) -> bool:
    """Whether the provider's daily cap is reached on the date of `start` in their zone."""
    cap = facts.rules.max_per_day
    return cap is not None and facts.booked.get(start.astimezone(facts.zone).date(), 0) >= cap


def would_be_open(facts: Facts, shape: Shape, start: datetime, end: datetime, *, now: datetime) -> bool:
    """Whether [start, end) would have open starts if nobody had booked: without them it is full, else it is closed."""
    return any(True for _ in starts_if_free(facts, shape, start, end, now=now))


def starts_if_free(facts: Facts, shape: Shape, start: datetime, end: datetime, *, now: datetime) -> Iterator[datetime]:
    """The starts in [start, end) that would be open if nobody had booked, in no order, some of them twice."""
    return _walk(facts, (), shape, start, end, now)


def is_open(facts: Facts, shape: Shape, start: datetime, *, now: datetime) -> bool:
    """Whether this exact start may be booked, asked of `open_slots` for this instant alone."""
    return open_slots(facts, shape, start, start + timedelta(microseconds=1), now=now) == [start]


def with_appointment(facts: Facts, shape: Shape, start: datetime) -> Facts:
    """The facts with one more appointment of this shape at `start`, so that the next start is judged after it."""
    day = start.astimezone(facts.zone).date()
    return replace(
        facts,
        taken=with_one(facts.taken, start - shape.before, start + shape.duration + shape.after),
        booked={**facts.booked, day: facts.booked.get(day, 0) + 1},
        open_count=facts.open_count + 1,
    )


def without_one(facts: Facts, start: datetime) -> Facts:
    """The facts with one appointment less under the caps: that at `start`, whose time stays taken."""
    day = start.astimezone(facts.zone).date()
    booked = {**facts.booked, day: max(facts.booked.get(day, 0) - 1, 0)}
    return replace(facts, booked=booked, open_count=facts.open_count - 1)


def _walk(
    facts: Facts, taken: Sequence[Interval], shape: Shape, start: datetime, end: datetime, now: datetime
) -> Iterator[datetime]:
    earliest, latest = bookable_span(facts, now)
    start, end = max(start, earliest), min(end, latest)
    if start >= end:
        return iter(())
    # A day to either side: ranges that reach over midnight, and dates that begin before or after the UTC one.
    ranges = working_ranges(
        facts, start.astimezone(facts.zone).date() - ONE_DAY, end.astimezone(facts.zone).date() + ONE_DAY
    )
    return _starts(ranges, merge(ranges), taken, shape, start, end)


def _starts(
    ranges: Sequence[Interval],
    opening: Sequence[Interval],
    taken: Sequence[Interval],
    shape: Shape,
    start: datetime,
    end: datetime,
) -> Iterator[datetime]:
    """The grid points of every range whose time lies in `opening` and whose blocked range meets nothing in `taken`."""
    tail = shape.duration + shape.after
    closes = [closing for _, closing in opening]
    taken_ends = [taken_end for _, taken_end in taken]
    for first, closing in ranges:
        # Ranges that touch are one opening: the last start of a range may end in the next.
        last_end = closes[bisect_left(closes, closing)]
        last = min(closing - timedelta(microseconds=1), last_end - shape.duration)
        at = _grid_point(first, shape.step, start)
        i = bisect_left(taken_ends, at - shape.before)
        while at <= last and at < end:
            while i < len(taken) and taken_ends[i] <= at - shape.before:
                i += 1
            if i < len(taken) and taken[i][0] < at + tail:
                at = _grid_point(first, shape.step, taken_ends[i] + shape.before)
                continue
            yield at
            at += shape.step


def _grid_point(first: datetime, step: timedelta, not_before: datetime) -> datetime:
    """The first point of the grid from `first` that is not before `not_before`."""
    if not_before <= first:
        return first
    return first + -((first - not_before) // step) * step


def _within_daily_cap(facts: Facts, slots: list[datetime]) -> list[datetime]:
    if facts.rules.max_per_day is None:
        return slots
    return [at for at in slots if not day_is_full(facts, at)]
