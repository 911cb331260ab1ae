"""What the page of a series' dates sends: the answer for each date, which were asked about, and the button."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.http import QueryDict

from appointments.pages.month_picker import from_value
from appointments.pages.series_preview import SKIP

PICK = re.compile("pick-([1-9][0-9]?)")
DAY = re.compile("day-([1-9][0-9]?)")
NUMBER = re.compile("[1-9][0-9]?")


@dataclass(frozen=True, slots=True)
class SentDates:
    """The sent form: `picks` are starts to book by number, None to leave a date out; `asked` the numbers with choices.

    `days` are those whose open starts are looked at, by the number of the date; `is_first` says that no dates were
    shown before, and `books` that the button to book was pressed.
    """

    picks: Mapping[int, datetime | None]
    asked: frozenset[int]
    days: Mapping[int, date]
    is_first: bool
    books: bool

    @property
    def unanswered(self) -> frozenset[int]:
        """The numbers of the dates that were asked about and have no answer."""
        return self.asked - self.picks.keys()


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
    )


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2200 else None
