"""A calendar as headed lists, one for each date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core import clock, wording

from .layout import Entry, Figures, Ground, Kind, by_day, fills


@dataclass(frozen=True, slots=True)
class Line:
    """An entry on a date; `is_whole` says that it takes the whole of it, `is_rest` that it began before."""

    entry: Entry
    is_whole: bool
    is_rest: bool


@dataclass(frozen=True, slots=True)
class ListDay:
    """A date with its heading, one line of figures, and its entries by start, whole days first."""

    day: date
    heading: str
    figures: str
    lines: list[Line]
    is_today: bool
    is_past: bool
    is_shut: bool


def build_list(
    days: Sequence[date], entries: Sequence[Entry], *, ground: Ground, today: date, every: bool = False
) -> list[ListDay]:
    """The dates that hold something or are closed or off; with `every`, all of them. Today is never left out."""
    found = by_day(entries, days, ground.zone)
    lists = [_of_day(day, found[day], ground, today) for day in days]
    return [each for each in lists if every or each.lines or each.is_shut or each.is_today]


def _of_day(day: date, on_day: Sequence[Entry], ground: Ground, today: date) -> ListDay:
    lines = [Line(one, fills(one, day, ground.zone), _began_before(one, day, ground)) for one in on_day]
    lines.sort(key=lambda line: (not line.is_whole, line.entry.start, line.entry.end))
    figures = Figures.on([day], on_day, ground)
    is_off = any(line.is_whole and line.entry.kind is Kind.OFF for line in lines)
    is_shut = is_off or (ground.opening is not None and not ground.open_on(day))
    near = {0: "Today, ", 1: "Tomorrow, "}.get((day - today).days, "")
    return ListDay(
        day=day,
        heading=f"{near}{wording.date_text(day, long=True)}",
        figures=_figures(figures, "Time off" if is_off else "Closed" if is_shut else ""),
        lines=lines,
        is_today=day == today,
        is_past=day < today,
        is_shut=is_shut,
    )


def _began_before(one: Entry, day: date, ground: Ground) -> bool:
    return one.start < clock.day_bounds(day, ground.zone)[0]


def _figures(figures: Figures, shut: str) -> str:
    """What the date holds in one line; `shut` says why it is closed, where it is."""
    number = figures.counted
    held = "" if shut and not (figures.appointments or figures.requests or figures.offers) else number
    parts = [shut, f"{held[:1].upper()}{held[1:]}", figures.hours]
    return ". ".join(part for part in parts if part)
