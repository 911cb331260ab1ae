"""A calendar's week: a column for each date, with what it holds in figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .layout import Column, Entry, Figures, Grid, Ground, Zooms, build_grid
from .periods import Period
from .words import key_of

# An hour is 57.6, 78.4 or 104 px high.
ZOOMS: Zooms = {1: (30, 5, 4.8), 2: (20, 4, 6.53), 3: (0, 3, 8.67)}
# A column is a seventh of the page: more lanes than these could not be read.
LANES = 3


@dataclass(frozen=True, slots=True)
class Week:
    """Columns with their figures; `key` says what the looks mean that occur."""

    grid: Grid
    columns: list[tuple[Column, Figures]]
    key: list[tuple[str, str]]

    @property
    def is_empty(self) -> bool:
        return all(column.is_empty for column, _ in self.columns)


def build_week(
    period: Period, entries: Sequence[Entry], *, ground: Ground, now: datetime, zooms: Zooms = ZOOMS
) -> Week:
    """The dates of the period as columns."""
    grid = build_grid(entries, period.days, ground=ground, now=now, zooms=zooms, lanes=LANES)
    columns = [(column, Figures.on([column.day], column.entries, ground)) for column in grid.columns]
    shown = [one for column in grid.columns for one in column.entries]
    return Week(grid, columns, key_of(shown, shut=any(column.shut for column in grid.columns)))
