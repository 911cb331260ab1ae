"""A calendar's month: for each date how much is on, its first titles, and in which parts of it time is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from core import wording

from .layout import OUTSIDE, Entry, Figures, Ground, Kind, by_day, fills
from .listing import ListDay, build_list
from .periods import Period
from .words import key_of

TITLES = 2
PARTS = ("morning", "afternoon", "evening")
Open = tuple[bool, bool, bool]
# What a date shows first; the rest is counted.
QUIET = OUTSIDE | {Kind.KEPT}


@dataclass(frozen=True, slots=True)
class Cell:
    """A date of the month. `shown` are its first entries, `more` the number of the others; `open` says in which parts
    of the day time can still be booked, None where that is not known or the date is over."""

    day: date
    is_out: bool
    is_today: bool
    is_chosen: bool
    is_past: bool
    is_off: bool
    count: int
    shown: list[Entry]
    more: int
    open: Open | None
    label: str


@dataclass(frozen=True, slots=True)
class Month:
    """The weeks of a month, and what is on at the chosen date."""

    weeks: list[list[Cell]]
    chosen: ListDay
    key: list[tuple[str, str]]

    @property
    def weekdays(self) -> list[date]:
        """The dates of the first week, for the names of the columns."""
        return [cell.day for cell in self.weeks[0]]

    @property
    def has_open(self) -> bool:
        return any(cell.open for week in self.weeks for cell in week)


def build_month(
    period: Period, entries: Sequence[Entry], *, ground: Ground, openings: Mapping[date, Open], chosen: date
) -> Month:
    """The whole weeks that cover the month of the period."""
    found = by_day(entries, period.days, ground.zone)
    cells = [
        _cell(day, period, found[day], ground, openings.get(day) if day >= period.today else None, chosen)
        for day in period.days
    ]
    width = len({day.weekday() for day in period.days})
    weeks = [cells[at : at + width] for at in range(0, len(cells), width)]
    on_chosen = build_list([chosen], entries, ground=ground, today=period.today, every=True)[0]
    shown = [one for cell in cells for one in cell.shown]
    return Month(weeks, on_chosen, [pair for pair in key_of(shown, shut=False) if pair[0] != "kz"])


def _cell(
    day: date, period: Period, on_day: Sequence[Entry], ground: Ground, is_open: Open | None, chosen: date
) -> Cell:
    figures = Figures.on([day], on_day, ground)
    is_off = any(one.kind is Kind.OFF and fills(one, day, ground.zone) for one in on_day)
    is_closed = ground.opening is not None and not ground.open_on(day)
    first = sorted(on_day, key=lambda one: (one.kind in QUIET, not one.is_all_day, one.start))
    shown = sorted(first[:TITLES], key=lambda one: (not one.is_all_day, one.start))
    count = figures.appointments + figures.requests
    return Cell(
        day=day,
        is_out=day.month != period.day.month,
        is_today=day == period.today,
        is_chosen=day == chosen,
        is_past=day < period.today,
        is_off=is_off or is_closed,
        count=count,
        shown=shown,
        more=len(first) - len(shown),
        open=None if is_off or is_closed else is_open,
        label=_label(day, figures, is_off, is_closed, is_open),
    )


def _label(day: date, figures: Figures, is_off: bool, is_closed: bool, is_open: Open | None) -> str:
    """The date in full with what is on: "Thursday 26 November, 3 appointments, open in the morning"."""
    parts = [wording.date_text(day, long=True)]
    if is_off or is_closed:
        parts.append("time off" if is_off else "closed")
    if figures.appointments or figures.requests or figures.offers or not (is_off or is_closed):
        parts.append(figures.counted)
    if is_open is not None and not (is_off or is_closed):
        named = [part for part, still in zip(PARTS, is_open, strict=True) if still]
        parts.append(f"open in the {' and '.join(named)}" if named else "full")
    return ", ".join(parts)
