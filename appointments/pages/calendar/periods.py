"""The dates that each view of a calendar shows, their name, and what lies before and after them."""

from calendar import Calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from core import clock, wording

from .layout import days_of_week

FIRST_YEAR, LAST_YEAR = 2000, 2200
DAYS_OF_LIST = 7
ONE_DAY, ONE_WEEK = timedelta(days=1), timedelta(days=7)


class View(StrEnum):
    """The views of a calendar, in the order of their links."""

    LIST = "list"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """What a view shows around a `day`: the `days` in order, and all dates `within`, which follow each other and may
    have hidden weekends between them. `names` are the words of the links to `previous`, to now and to `following`."""

    view: View
    day: date
    today: date
    days: list[date]
    within: list[date]
    title: str
    previous: date
    following: date
    names: tuple[str, str, str]

    @property
    def first(self) -> date:
        return self.days[0]

    @property
    def last(self) -> date:
        return self.days[-1]

    @property
    def is_now(self) -> bool:
        return self.today in self.within and (self.view is not View.LIST or self.day == self.today)

    @property
    def hidden(self) -> list[date]:
        """The dates of hidden weekends, in the period itself."""
        shown = set(self.days)
        return [day for day in self.within if day not in shown]

    def own(self, days: Sequence[date]) -> list[date]:
        """These dates without those of other months, where a month is shown in whole weeks."""
        return [day for day in days if self.view is not View.MONTH or day.month == self.day.month]

    @property
    def adding(self) -> date:
        """The date for which something is added from here: the one shown, or today where that is over."""
        return max(self.day, self.today)

    @property
    def next_dates(self) -> str:
        """The dates of the next list: "3 to 9 December"."""
        return dates_text(self.following, self.following + (DAYS_OF_LIST - 1) * ONE_DAY)

    @property
    def now_words(self) -> str:
        return self.names[1]


def nearest_shown(day: date) -> date:
    """The day itself, or the first or last date of the calendar."""
    return min(max(day, date(FIRST_YEAR, 1, 1)), date(LAST_YEAR, 12, 31))


def is_shown(day: date) -> bool:
    """Whether a calendar goes so far."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


def working_day(day: date, first_weekday: int = 0) -> date:
    """The day itself, or the nearest working day of its week."""
    days = [each for each in days_of_week(day, first_weekday) if each.weekday() < 5]
    return min(days, key=lambda each: abs(each - day))


def period_of(view: View, day: date, *, today: date, first_weekday: int = 0, weekend: bool = True) -> Period:
    """The period of a view that shows `day`. Without `weekend`, a month and the week of a working day
    leave Saturday and Sunday out."""
    make = {View.LIST: _list, View.DAY: _day, View.WEEK: _week, View.MONTH: _month}[view]
    within, title, previous, following, names = make(day, today, first_weekday)
    days = within
    # A phone shows one column of the week: that of the day.
    if not weekend and (view is View.MONTH or (view is View.WEEK and day.weekday() < 5)):
        days = [each for each in within if each.weekday() < 5]
    if view is View.WEEK:
        title = dates_text(days[0], days[-1])
    return Period(view, day, today, days, within, title, nearest_shown(previous), nearest_shown(following), names)


Made = tuple[list[date], str, date, date, tuple[str, str, str]]


def _list(day: date, today: date, first_weekday: int) -> Made:
    days = [day + n * ONE_DAY for n in range(DAYS_OF_LIST)]
    title = f"From {wording.date_text(day, long=True)}"
    return days, title, day - DAYS_OF_LIST * ONE_DAY, days[-1] + ONE_DAY, ("Earlier", "Today", "Later")


def _day(day: date, today: date, first_weekday: int) -> Made:
    before, after = day - ONE_DAY, day + ONE_DAY
    names = (wording.date_text(before, long=True), "Today", wording.date_text(after, long=True))
    return [day], wording.date_text(day, long=True), before, after, names


def _week(day: date, today: date, first_weekday: int) -> Made:
    names = ("Previous week", "This week", "Next week")
    return days_of_week(day, first_weekday), "", day - ONE_WEEK, day + ONE_WEEK, names


def _month(day: date, today: date, first_weekday: int) -> Made:
    days = Calendar(first_weekday).monthdatescalendar(day.year, day.month)
    first = day.replace(day=1)
    before, after = (first - ONE_DAY).replace(day=1), (first + 31 * ONE_DAY).replace(day=1)
    names = (month_text(before, today), "This month", month_text(after, today))
    return [each for week in days for each in week], wording.date_part(day, "F Y"), before, after, names


def clock_change(period: Period, zone: ZoneInfo) -> date | None:
    """The date of the period on which clocks change, unless it is over; None where they don't."""
    start, end = clock.day_bounds(period.first, zone)[0], clock.day_bounds(period.last, zone)[1]
    # A change at midnight belongs to the date that it begins.
    for change in clock.transitions(zone, start - clock.ONE_SECOND, end - clock.ONE_SECOND):
        day = clock.local(change.instant, zone).date()
        if day >= period.today:
            return day
    return None


def month_text(day: date, today: date) -> str:
    """The name of a month, with the year where it is not this one: "December", "January 2027"."""
    return wording.date_part(day, "F" if day.year == today.year else "F Y")


def dates_text(first: date, last: date) -> str:
    """The dates from one to another: "9 to 14 March", "30 March to 4 April"; with the year where it is not this one."""
    until = wording.date_text(last).partition(" ")[2]
    if first == last:
        return until
    if first.year != last.year:
        return f"{wording.date_text(first, year=True).partition(' ')[2]} to {until}"
    since = wording.date_text(first, year=False).partition(" ")[2]
    return f"{first.day if first.month == last.month else since} to {until}"
