"""Recurrence: the dates and instants of a series, worked out from its rule. No database.

A series keeps its wall-clock time in one zone. `core.clock` decides what a wall time means that a clock change skips or
repeats; a month without the day (the 31st, a fifth Monday) has no occurrence, and the reader is told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, rrule, weekday

from appointments.exceptions import PolicyRefused
from appointments.states import Frequency
from core import clock

ONE_DAY = timedelta(days=1)
WEEK = 7
MONTHLY_FREQUENCIES = frozenset({Frequency.MONTHLY_DATE, Frequency.MONTHLY_WEEKDAY, Frequency.MONTHLY_LAST})


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule of a series: how often after `first` (UTC), on the wall clock of `zone`, and how far.

    It ends after `count` occurrences or with the date `until`, which is included; one of the two is given.
    """

    frequency: Frequency
    first: datetime
    zone: ZoneInfo
    count: int | None = None
    until: date | None = None

    @property
    def wall(self) -> datetime:
        """The first start on the wall clock, naive."""
        return clock.local(self.first, self.zone).replace(tzinfo=None, fold=0)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An occurrence of a series: its number from 1 on, its date by the rule, and its instant.

    `has_moved` says that clocks skip its wall time on that date, so that it begins right after the gap.
    """

    number: int
    day: date
    start: datetime
    has_moved: bool = False


@dataclass(frozen=True, slots=True)
class Expanded:
    """The occurrences of a rule, and the first days of the months that have no such date between them."""

    occurrences: tuple[Occurrence, ...]
    without: tuple[date, ...] = ()

    @property
    def starts(self) -> list[datetime]:
        return [one.start for one in self.occurrences]


def expand(rule: Rule, *, most: int) -> Expanded:
    """The occurrences of the rule, at most `most`. The first one is the start it was made for."""
    found: list[Occurrence] = []
    for day in islice(_days(rule), most):
        start, has_moved = _start(rule, day)
        # Where the calendar skips a whole date, it would begin when the next one does.
        if not found or start > found[-1].start:
            found.append(Occurrence(len(found) + 1, day, start, has_moved))
    return Expanded(tuple(found), _months_without(rule, [one.day for one in found]))


def expand_after(rule: Rule, number: int, *, now: datetime, most: int) -> Expanded:
    """The dates that come after the one with this number and lie ahead, whatever end the rule has, up to number `most`.

    They keep the numbers that they have in the rule.
    """
    dates = expand(replace(rule, count=None, until=None), most=most).occurrences
    ahead = tuple(one for one in dates if one.number > number and one.start > now)
    before = [one.day for one in dates if one.number <= number]
    return Expanded(ahead, _months_without(rule, [*before[-1:], *(one.day for one in ahead)]))


def first_ones(expanded: Expanded, rule: Rule) -> Expanded:
    """Those of the dates that come before the rule's new end, which is a number or a date, and the months between."""
    kept = tuple(
        one
        for one in expanded.occurrences
        if (rule.count is None or one.number <= rule.count) and (rule.until is None or one.day <= rule.until)
    )
    last = kept[-1].day if kept else date.min
    return Expanded(kept, tuple(month for month in expanded.without if month <= last))


def is_longer_than(rule: Rule, most: int) -> bool:
    """Whether the rule has more than `most` dates."""
    return len(list(islice(_days(rule), most + 1))) > most


def check_rule(rule: Rule, *, most: int) -> None:
    """Raise PolicyRefused for a rule with fewer than two dates or more than `most`, and for one that needs the last
    such weekday of a month but begins on another."""
    if rule.frequency not in choices_for(rule.wall.date()):
        raise PolicyRefused("This does not repeat on the last such weekday of a month: it begins on another one.")
    if not is_longer_than(rule, 1):
        raise PolicyRefused("A series has at least two appointments.")
    if is_longer_than(rule, most):
        raise PolicyRefused(f"{most} appointments are the most for this service.")


def choices_for(first: date) -> list[Frequency]:
    """The frequencies that differ for a series that begins on `first`: 'last' only for a month's last such weekday."""
    is_last = (first + WEEK * ONE_DAY).month != first.month
    return [each for each in Frequency if each is not Frequency.MONTHLY_LAST or is_last]


def nth_weekday(day: date) -> int:
    """Which of its weekday in its month a date is: 3 for a third Thursday."""
    return (day.day - 1) // WEEK + 1


def _days(rule: Rule) -> Iterator[date]:
    """The dates by the rule, in order. A rule with neither an end nor a count has none to end with."""
    first = rule.wall.date()
    for moment in rrule(
        dtstart=datetime.combine(first, time.min),
        count=rule.count,
        until=datetime.combine(rule.until, time.min) if rule.until else None,
        **_options(rule.frequency, first),
    ):
        yield moment.date()


def _options(frequency: Frequency, first: date) -> dict[str, object]:
    """The rule's options of `rrule`. A date is asked of the calendar and never moved into the next month."""
    on = weekday(first.weekday())
    return {
        Frequency.DAILY: {"freq": DAILY},
        Frequency.WEEKLY: {"freq": WEEKLY},
        Frequency.FORTNIGHTLY: {"freq": WEEKLY, "interval": 2},
        Frequency.MONTHLY_DATE: {"freq": MONTHLY, "bymonthday": first.day},
        Frequency.MONTHLY_WEEKDAY: {"freq": MONTHLY, "byweekday": on(nth_weekday(first))},
        Frequency.MONTHLY_LAST: {"freq": MONTHLY, "byweekday": on(-1)},
    }[frequency]


def _start(rule: Rule, day: date) -> tuple[datetime, bool]:
    """The instant of the rule's wall time on a date, and whether clocks skip it there."""
    if day == rule.wall.date():
        return rule.first, False
    wall = datetime.combine(day, rule.wall.time())
    start = clock.to_instant(wall, rule.zone)
    return start, clock.local(start, rule.zone).replace(tzinfo=None, fold=0) != wall


def _months_without(rule: Rule, days: Sequence[date]) -> tuple[date, ...]:
    """The first days of the months between the first and the last date that have none."""
    if rule.frequency not in MONTHLY_FREQUENCIES or not days:
        return ()
    has = {(day.year, day.month) for day in days}
    month, last = days[0].replace(day=1), days[-1]
    without = []
    while month <= last:
        if (month.year, month.month) not in has:
            without.append(month)
        month = (month + 31 * ONE_DAY).replace(day=1)
    return tuple(without)
