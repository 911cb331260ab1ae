"""What the page of a series' dates sends: the answer for each date, what it showed of each, and the button."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.http import QueryDict

from appointments.pages.month_picker import from_value, to_value
from appointments.pages.series_dates import SKIP
from appointments.rules.obstacles import Obstacle
from appointments.rules.series import Outcome, SettledDate

PICK = re.compile("pick-([1-9][0-9]?)")
DAY = re.compile("day-([1-9][0-9]?)")
NUMBER = re.compile("[1-9][0-9]?")
# A form shows at most 52 dates, each with its number, outcome and start.
MOST_SHOWN = 52 * 50


@dataclass(frozen=True, slots=True)
class ShownDate:
    """What a page showed of a date: what was to become of it, and its new start, if any.

    `is_beyond` says that its own time lay beyond the booking window, so that it could be asked for and no more.
    """

    outcome: str
    start: datetime | None
    is_beyond: bool

    @classmethod
    def of(cls, date: SettledDate) -> "ShownDate":
        return cls(date.outcome.value, date.start, date.obstacle is Obstacle.WINDOW)


@dataclass(frozen=True, slots=True)
class SentDates:
    """The sent form: `picks` are starts to book by number, None to leave a date out; `asked` the numbers with choices.

    `days` are those whose open starts are looked at, by the number of the date; `is_first` says that no dates were
    shown before, and `books` that the button to book was pressed. `shown` is what the page showed, by number.
    """

    picks: Mapping[int, datetime | None]
    asked: frozenset[int]
    days: Mapping[int, date]
    is_first: bool
    books: bool
    shown: Mapping[int, ShownDate]

    @property
    def unanswered(self) -> frozenset[int]:
        """The numbers of the dates that were asked about and have no answer."""
        return self.asked - self.picks.keys()

    def unlike_shown(self, dates: Iterable[SettledDate], *, asks_beyond: bool = False) -> list[SettledDate]:
        """The dates of which something else would become than the page showed or the person chose there since.

        With `asks_beyond`, the page said of dates beyond the booking window that they would be asked for.
        """
        return [date for date in dates if not self._is_as_shown(date, asks_beyond)]

    def _is_as_shown(self, date: SettledDate, asks_beyond: bool) -> bool:
        shown, pick = self.shown.get(date.number), self.picks.get(date.number)
        if shown is None:
            return date.start is None
        if date.number in self.picks and pick != shown.start:
            asked = asks_beyond and shown.is_beyond and pick == date.occurrence.start
            return date.start == pick and (date.outcome is Outcome.REQUEST) == asked
        if shown.start is None:
            return date.start is None
        return (date.outcome, date.start) == (shown.outcome, shown.start)


def read_dates(data: QueryDict, days_of: Mapping[int, date]) -> SentDates:
    """The sent answers; what is no number or no answer is left out. `days_of` has the date of each number."""
    picks: dict[int, datetime | None] = {}
    days: dict[int, date] = {}
    for name, value in data.items():
        if found := PICK.fullmatch(name):
            start = from_value(str(value))
            if start or value == SKIP:
                picks[int(found[1])] = start
        elif found := DAY.fullmatch(name):
            days[int(found[1])] = _date(str(value)) or days_of.get(int(found[1]), date.min)
    if NUMBER.fullmatch(other := data.get("other", "")):
        days.setdefault(int(other), days_of.get(int(other), date.min))
    return SentDates(
        picks={number: pick for number, pick in picks.items() if number in days_of},
        asked=frozenset(int(text) for text in data.get("asked", "").split() if NUMBER.fullmatch(text)),
        days={number: day for number, day in days.items() if number in days_of},
        is_first="asked" not in data,
        books=data.get("do") in {"book", "move"},
        shown=_shown(data.get("rows", "")),
    )


def rows_shown(dates: Iterable[SettledDate]) -> str:
    """What a page shows of these dates, for its form to send back."""
    return " ".join(_as_sent(date.number, ShownDate.of(date)) for date in dates)


def _as_sent(number: int, shown: ShownDate) -> str:
    start = to_value(shown.start) if shown.start else ""
    return f"{number}/{shown.outcome}/{start}/{'beyond' if shown.is_beyond else ''}"


def _shown(sent: str) -> dict[int, ShownDate]:
    found = {}
    for one in sent[:MOST_SHOWN].split():
        number, outcome, start, beyond, *_ = [*one.split("/"), "", "", ""]
        if NUMBER.fullmatch(number):
            found[int(number)] = ShownDate(outcome, from_value(start), beyond == "beyond")
    return found


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2200 else None
