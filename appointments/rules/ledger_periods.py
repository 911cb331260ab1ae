"""The months and years of a ledger, by the dates of the provider's zone."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from core import clock
from core.intervals import Interval

ONE_DAY = timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 2000, 2099


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A calendar month, or a whole year where `month` is 0."""

    year: int
    month: int = 0

    def __str__(self) -> str:
        """As in addresses: `2026-11` or `2026`."""
        return f"{self.year}-{self.month:02}" if self.month else f"{self.year}"

    @property
    def first(self) -> date:
        return date(self.year, self.month or 1, 1)

    @property
    def last(self) -> date:
        return self.following.first - ONE_DAY

    @property
    def following(self) -> "Period":
        if self.month in {0, 12}:
            return Period(self.year + 1, 1 if self.month else 0)
        return Period(self.year, self.month + 1)

    @property
    def previous(self) -> "Period":
        before = self.first - ONE_DAY
        return Period(before.year, before.month if self.month else 0)

    def span(self, zone: ZoneInfo) -> Interval:
        """The half-open interval from the first midnight to the last."""
        return clock.day_bounds(self.first, zone)[0], clock.day_bounds(self.last, zone)[1]

    def is_so_far(self, zone: ZoneInfo, now: datetime) -> bool:
        """Whether the period has begun and is not over."""
        start, end = self.span(zone)
        return start <= now < end


def month_of(day: date) -> Period:
    return Period(day.year, day.month)


def period_named(text: str) -> Period | None:
    """The period of `2026-11` or `2026`; None for anything else."""
    found = re.fullmatch(r"([0-9]{4})(?:-(0[1-9]|1[0-2]))?", text)
    if not found or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        return None
    return Period(int(found[1]), int(found[2] or 0))


def compared(period: Period, zone: ZoneInfo, now: datetime) -> tuple[date, date, Interval] | None:
    """The dates and the interval with which a period is compared: the one before it or, where the period is not over,
    as much of that. None before the period has begun."""
    start, end = period.span(zone)
    before, (since, until) = period.previous, period.previous.span(zone)
    if now < start:
        return None
    if now >= end:
        return before.first, before.last, (since, until)
    there = clock.local(now, zone)
    last = before.first + (there.date() - period.first)
    if last > before.last:
        return before.first, before.last, (since, until)
    return before.first, last, (since, clock.to_instant(datetime.combine(last, there.time()), zone))


def periods_between(first: date, last: date) -> tuple[list[Period], list[Period]]:
    """The months and the years of these dates, the latest first."""
    months = [month_of(last)]
    while months[-1] > month_of(first):
        months.append(months[-1].previous)
    return months, [Period(year) for year in range(last.year, first.year - 1, -1)]
