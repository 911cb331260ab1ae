"""The dates that figures are about, those they are compared with, and the days, weeks or months that both are drawn by.

Pure. Dates are the provider's; only `bounds` makes instants of them, so that clock changes need no thought elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from django.db.models import TextChoices

from core import clock
from core.intervals import Interval
from core.wording import date_part

ONE_DAY = timedelta(days=1)
EARLIEST = date(2000, 1, 1)
# The longest range of one's own.
MOST_DAYS = 2 * 366
# Up to so many days a range is drawn by days, up to so many by weeks, and by months beyond.
BY_DAYS, BY_WEEKS = 31, 26 * 7
WEEKS = 12


class Choice(TextChoices):
    """The periods to choose from."""

    MONTH = "30d", "30 days"
    WEEKS = "12w", "12 weeks"
    YEAR = "1y", "Year"
    CUSTOM = "custom", "Own dates"


class Unit(Enum):
    """What a chart has a bar for."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, order=True)
class Dates:
    """A range of dates, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def end(self) -> date:
        """The day after the last."""
        return self.last + ONE_DAY

    def bounds(self, zone: ZoneInfo) -> Interval:
        """The half-open interval of instants from midnight to midnight in the zone."""
        return clock.day_bounds(self.first, zone)[0], clock.day_bounds(self.last, zone)[1]


@dataclass(frozen=True, slots=True)
class Period:
    """The dates that figures are about, the `earlier` ones just as long that come before them, and the unit of bars.

    `label` and `before` are words, such as "12 weeks" and "the 12 weeks before".
    """

    dates: Dates
    earlier: Dates
    unit: Unit
    label: str
    before: str
    first_weekday: int = 0

    @property
    def parts(self) -> list[Dates]:
        """The whole days, weeks or months of the period."""
        return self._whole(self.dates)

    @property
    def earlier_parts(self) -> list[Dates]:
        return self._whole(self.earlier)

    @property
    def pieces(self) -> list[Dates]:
        """The dates of the earlier period and of this one, without gap: whole parts, and what is left between them."""
        return [*self._pieces(self.earlier), *self._pieces(self.dates)]

    @property
    def left_out(self) -> list[Dates]:
        """The dates of the period that belong to no whole week or month, and have no bar."""
        whole = set(self.parts)
        return [piece for piece in self._pieces(self.dates) if piece not in whole]

    def _pieces(self, dates: Dates) -> list[Dates]:
        return list(_cut(dates, self.unit, self.first_weekday))

    def _whole(self, dates: Dates) -> list[Dates]:
        return [piece for piece in self._pieces(dates) if _is_whole(piece, self.unit)]


def chosen(
    choice: Choice, *, today: date, first_weekday: int = 0, first: date | None = None, last: date | None = None
) -> Period:
    """The period of a choice; dates of one's own are `first` to `last`. The others end before today, with a whole day,
    week or month."""
    if choice is Choice.CUSTOM and first and last:
        return of_dates(Dates(first, last), first_weekday=first_weekday)
    if choice is Choice.MONTH:
        dates = Dates(today - timedelta(days=30), today - ONE_DAY)
        return Period(dates, _before(dates), Unit.DAY, "30 days", "the 30 days before", first_weekday)
    if choice is Choice.YEAR:
        this = today.replace(day=1)
        dates = Dates(this.replace(year=this.year - 1), this - ONE_DAY)
        return Period(dates, _before(dates), Unit.MONTH, "12 months", "the 12 months before", first_weekday)
    week = today - timedelta(days=(today.weekday() - first_weekday) % 7)
    dates = Dates(week - timedelta(weeks=WEEKS), week - ONE_DAY)
    return Period(dates, _before(dates), Unit.WEEK, f"{WEEKS} weeks", f"the {WEEKS} weeks before", first_weekday)


def of_dates(dates: Dates, *, first_weekday: int = 0) -> Period:
    """The period of any dates; whole months are compared with as many months before."""
    unit = Unit.DAY if dates.days <= BY_DAYS else Unit.WEEK if dates.days <= BY_WEEKS else Unit.MONTH
    days = "1 day" if dates.days == 1 else f"{dates.days} days"
    before = f"the {days} before" if dates.days > 1 else "the day before"
    if _is_months(dates):
        count = _months_between(dates)
        days = "1 month" if count == 1 else f"{count} months"
        before = "the month before" if count == 1 else f"the {count} months before"
    return Period(dates, _before(dates), unit, days, before, first_weekday)


def of_month(month: date, *, first_weekday: int = 0) -> Period:
    """The period of a report: the month of that date by its whole weeks, compared with the month before."""
    dates = whole_month(month)
    earlier = _before(dates)
    return Period(dates, earlier, Unit.WEEK, date_part(month, "F"), date_part(earlier.first, "F"), first_weekday)


def whole_month(day: date) -> Dates:
    """The month of a date, from its first day to its last."""
    first = day.replace(day=1)
    return Dates(first, _next_month(first) - ONE_DAY)


def last_month(today: date) -> date:
    """The first day of the last month that is over."""
    return (today.replace(day=1) - ONE_DAY).replace(day=1)


def piece_starts(period: Period, zone: ZoneInfo) -> list[datetime]:
    """The instants at which the pieces of the period begin, and the one at which the last ends."""
    pieces = period.pieces
    return [*(piece.bounds(zone)[0] for piece in pieces), pieces[-1].bounds(zone)[1]]


def _before(dates: Dates) -> Dates:
    """As many days before these; of whole months as many months."""
    last = dates.first - ONE_DAY
    if not _is_months(dates):
        return Dates(last - timedelta(days=dates.days - 1), last)
    first = dates.first
    for _ in range(_months_between(dates)):
        first = (first - ONE_DAY).replace(day=1)
    return Dates(first, last)


def _cut(dates: Dates, unit: Unit, first_weekday: int) -> Iterator[Dates]:
    """The dates, cut at each beginning of a day, week or month."""
    first = dates.first
    while first <= dates.last:
        last = min(_last_of(first, unit, first_weekday), dates.last)
        yield Dates(first, last)
        first = last + ONE_DAY


def _last_of(day: date, unit: Unit, first_weekday: int) -> date:
    if unit is Unit.DAY:
        return day
    if unit is Unit.WEEK:
        return day + timedelta(days=6 - (day.weekday() - first_weekday) % 7)
    return _next_month(day) - ONE_DAY


def _is_whole(piece: Dates, unit: Unit) -> bool:
    if unit is Unit.MONTH:
        return _is_months(piece)
    return unit is Unit.DAY or piece.days == 7


def _is_months(dates: Dates) -> bool:
    return dates.first.day == 1 and (dates.last + ONE_DAY).day == 1


def _months_between(dates: Dates) -> int:
    end = dates.last + ONE_DAY
    return (end.year - dates.first.year) * 12 + end.month - dates.first.month


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
