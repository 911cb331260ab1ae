"""The month, day and times on a provider's page, made from open starts in the viewer's zone. No database."""

from calendar import Calendar
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from appointments.rules.parts import part_of
from core import clock, wording
from core.intervals import Interval

from .zones import zones_told

PARTS = ("morning", "afternoon", "evening")
PRESENT = "your present appointment"
ONE_DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)  # from the end of a half-open interval to its last instant


@dataclass(frozen=True, slots=True)
class Month:
    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> "Month":
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> "Month | None":
        """The month of a text like `2026-03`; None for any other text."""
        try:
            return cls.of(date.fromisoformat(f"{text}-01")) if len(text) == 7 else None
        except ValueError:
            return None

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    def shift(self, months: int) -> "Month":
        index = self.year * 12 + self.month - 1 + months
        return Month(index // 12, index % 12 + 1)

    def weeks(self, first_weekday: int) -> list[list[date]]:
        """The whole weeks that cover the month; their first and last may have days of the months around it."""
        return Calendar(first_weekday).monthdatescalendar(self.year, self.month)

    def span(self, first_weekday: int, zone: ZoneInfo) -> Interval:
        """The interval of the whole weeks in `zone`, at most 42 days."""
        weeks = self.weeks(first_weekday)
        return clock.day_bounds(weeks[0][0], zone)[0], clock.day_bounds(weeks[-1][-1], zone)[1]

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


@dataclass(frozen=True, slots=True)
class Time:
    """A start in the viewer's words; `value` is its form in links and fields, `there` the words of `OtherSide`."""

    start: datetime
    value: str
    text: str
    range: str
    there: str = ""


@dataclass(frozen=True, slots=True)
class OtherSide:
    """The person in whose zone a time is told, too: their first name, or "you", and their zone."""

    name: str
    zone: ZoneInfo

    def clock_there(self, start: datetime, end: datetime, zone: ZoneInfo, *, twelve: bool = False) -> str:
        """The text after a time in `zone`: " (09:20 for Maya in New York)"; empty where both clocks show the same."""
        aside = zones_told(start, end, reader=zone, other=self.zone, whose=self.name).aside(start, twelve=twelve)
        return f" ({aside})" if aside else ""


@dataclass(frozen=True, slots=True)
class Day:
    """A cell of the month, with the counts of open starts in the morning, afternoon and evening.

    `is_present` says that the appointment which is to be moved is on that day.
    """

    date: date
    is_out: bool
    is_today: bool
    is_chosen: bool
    counts: tuple[int, int, int]
    is_present: bool = False

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def label(self) -> str:
        """The full name of the cell: "Thursday 12 March, 7 times: 2 in the morning, 5 in the afternoon"."""
        parts = ", ".join(f"{n} in the {part}" for n, part in zip(self.counts, PARTS, strict=True) if n)
        present = f", {PRESENT}" if self.is_present else ""
        return f"{wording.date_text(self.date, long=True)}, {times_text(self.total)}: {parts}{present}"


@dataclass(frozen=True, slots=True)
class Picker:
    month: Month
    weeks: list[list[Day]]
    chosen: date | None
    groups: list[tuple[str, list[Time]]]

    @property
    def total(self) -> int:
        return sum(len(times) for _, times in self.groups)

    @property
    def has_times(self) -> bool:
        """Whether a day of the month itself has times; days of the months around it don't count."""
        return any(day.total for week in self.weeks for day in week if not day.is_out)

    @property
    def has_present(self) -> bool:
        """Whether the day of the appointment that is to be moved is marked in the month."""
        return any(day.is_present for week in self.weeks for day in week if not day.is_out)

    def week_of(self, day: date | None) -> list[Day] | None:
        return next((week for week in self.weeks if day in {cell.date for cell in week}), None)


def times_text(count: int) -> str:
    return f"{count} time{'s' if count != 1 else ''}" if count else "no times"


def clock_change(zone: ZoneInfo, now: datetime, last: date) -> date | None:
    """The date of the next clock change in `zone`, if it is within a week of `now` and not after `last`; else None."""
    for change in clock.transitions(zone, now, now + 7 * ONE_DAY):
        day = change.instant.astimezone(zone).date()
        if day <= last:
            return day
    return None


def to_value(start: datetime) -> str:
    """The text of a start in forms and links: a UTC instant, to the second."""
    return start.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def from_value(text: str) -> datetime | None:
    """The instant of a text from `to_value`; None for other texts and for years outside 2000 to 2199."""
    try:
        # Python's parser stops at a NUL and accepts the text before it.
        start = datetime.fromisoformat(text.strip()) if len(text) <= 40 and text.isprintable() else None
    except ValueError:
        return None
    if start is None or start.tzinfo is None or not 2000 <= start.year < 2200:
        return None
    return start.astimezone(UTC)


def build(
    slots: Iterable[datetime],
    *,
    month: Month,
    zone: ZoneInfo,
    now: datetime,
    duration: timedelta,
    first_weekday: int = 0,
    day: date | None = None,
    twelve: bool = False,
    other: OtherSide | None = None,
    present: Interval | None = None,
) -> Picker:
    """The picker of `month` with `day` chosen, or the month's first day with times where `day` has none or is None.

    `present` is the time of the appointment that is to be moved; the day on which it starts is marked.
    """
    by_day: dict[date, list[tuple[datetime, datetime]]] = defaultdict(list)
    for start in slots:
        there = start.astimezone(zone)
        by_day[there.date()].append((start, there))
    weeks = month.weeks(first_weekday)
    chosen = _chosen(by_day, weeks, month, day)
    today = now.astimezone(zone).date()
    present_day = clock.local(present[0], zone).date() if present else None
    return Picker(
        month=month,
        weeks=[[_cell(each, by_day, month, today, chosen, present_day) for each in week] for week in weeks],
        chosen=chosen,
        groups=_groups(by_day.get(chosen, []) if chosen else [], duration, zone, twelve, other),
    )


def _chosen(by_day, weeks: Sequence[Sequence[date]], month: Month, wanted: date | None) -> date | None:
    shown = [each for week in weeks for each in week]
    if wanted in by_day and wanted in shown:
        return wanted
    return next((each for each in shown if each in by_day and Month.of(each) == month), None)


def _cell(each: date, by_day, month: Month, today: date, chosen: date | None, present: date | None) -> Day:
    counts = [0, 0, 0]
    for _, there in by_day.get(each, ()):
        counts[part_of(there.hour)] += 1
    return Day(
        date=each,
        is_out=Month.of(each) != month,
        is_today=each == today,
        is_chosen=each == chosen,
        counts=(counts[0], counts[1], counts[2]),
        is_present=each == present,
    )


def _groups(
    starts, duration: timedelta, zone: ZoneInfo, twelve: bool, other: OtherSide | None
) -> list[tuple[str, list[Time]]]:
    groups: list[list[Time]] = [[], [], []]
    for start, there in starts:
        text = wording.clock_text(start, zone, twelve=twelve)
        ends = wording.clock_text(start + duration, zone, twelve=twelve)
        elsewhere = other.clock_there(start, start + duration, zone, twelve=twelve) if other else ""
        groups[part_of(there.hour)].append(Time(start, to_value(start), text, f"{text} to {ends}", elsewhere))
    return [(part.capitalize(), times) for part, times in zip(PARTS, groups, strict=True) if times]
