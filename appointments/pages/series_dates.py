"""The dates of a series before anything is done to them, as the pages that book, add or move them have in common."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from appointments.rules.series import Outcome, Prospect, SettledDate
from core import clock
from core.wording import clock_text, moment_text

from .labels import Label
from .month_picker import to_value

SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Choice:
    """A radio of a date: the value it sends, its words, and whether it is chosen."""

    value: str
    words: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """The small picker of a date: the day whose open starts are offered, and these."""

    day: date
    choices: tuple[Choice, ...]
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledRow:
    """A date as a page shows it: what becomes of it, from when to when it is shown, and the choices of its radios.

    A date beyond the booking window that can't be asked for has no choices.
    """

    settled: SettledDate
    label: Label
    start: datetime
    end: datetime
    said: tuple[str, ...]
    choices: tuple[Choice, ...]
    opened: Opened | None = None

    @property
    def number(self) -> int:
        return self.settled.number

    @property
    def field(self) -> str:
        return f"pick-{self.number}"

    @property
    def gets_time(self) -> bool:
        """Whether a start is booked for it, or the one that it moves to."""
        return self.settled.start is not None

    @property
    def is_far(self) -> bool:
        return self.settled.outcome is Outcome.WINDOW

    @property
    def is_unsettled(self) -> bool:
        return not self.settled.is_settled


Row = TypeVar("Row", bound=SettledRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledRows(Generic[Row]):
    """The dates of a page, in the order of their numbers."""

    rows: tuple[Row, ...]

    @property
    def count(self) -> int:
        """The number of dates that get a time."""
        return sum(row.gets_time for row in self.rows)

    @property
    def unsettled(self) -> list[Row]:
        return [row for row in self.rows if row.is_unsettled]

    @property
    def asked(self) -> str:
        """The numbers of the dates with choices, for the form to send back."""
        return " ".join(str(row.number) for row in self.rows if row.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class DateWords:
    """The words of dates for one reader, told in `zone`."""

    zone: ZoneInfo
    twelve: bool

    def clock(self, at: datetime) -> str:
        return clock_text(at, self.zone, twelve=self.twelve)

    def moment(self, at: datetime) -> str:
        return moment_text(at, self.zone, twelve=self.twelve)

    def choice(self, at: datetime, settled: SettledDate, *, is_chosen: bool = False) -> Choice:
        """The radio of a start that is offered for the date: "16:45 that day", or with its own day."""
        own = settled.occurrence.start
        is_that_day = clock.local(at, self.zone).date() == clock.local(own, self.zone).date()
        return Choice(to_value(at), f"{self.clock(at)} that day" if is_that_day else self.moment(at), is_chosen)

    def offers(self, settled: SettledDate) -> list[Choice]:
        return [self.choice(at, settled, is_chosen=at == settled.start) for at in settled.offers]

    def opened(self, settled: SettledDate, prospect: Prospect, day: date) -> Opened:
        """The open starts of `day` in a prospect that has the times of the other dates, too."""
        shown = {*settled.offers, settled.occurrence.start}
        starts = [at for at in prospect.starts_on(day, day) if at not in shown]
        choices = tuple(self.choice(at, settled) for at in starts)
        return Opened(day, choices, is_over=day < prospect.day_of(prospect.now))
