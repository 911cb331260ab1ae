"""A calendar's day: one column, and the dates of its week to go to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from .layout import Column, Entry, Figures, Grid, Ground, Zooms, build_grid, by_day
from .periods import Period, is_shown
from .words import key_of

# An hour is 70.4, 78.4 or 104 px high.
ZOOMS: Zooms = {1: (25, 5, 5.87), 2: (20, 4, 6.53), 3: (0, 3, 8.67)}


@dataclass(frozen=True, slots=True)
class Day:
    """The column of a date with its figures. `strip` has the dates of its week, each with whether something is on."""

    grid: Grid
    column: Column
    figures: Figures
    strip: list[tuple[date, bool]]
    key: list[tuple[str, str]]


def build_day(period: Period, entries: Sequence[Entry], *, week: Sequence[date], ground: Ground, now: datetime) -> Day:
    """The date of the period. `entries` are those of the dates of its `week`."""
    grid = build_grid(entries, period.days, ground=ground, now=now, zooms=ZOOMS)
    column = grid.columns[0]
    found = by_day(entries, week, ground.zone)
    strip = [(day, any(one.counts or one.waits for one in found[day])) for day in week if is_shown(day)]
    key = key_of(column.entries, shut=bool(column.shut))
    return Day(grid, column, Figures.on(period.days, column.entries, ground), strip, key)
