"""The overview of staff: its tiles, the chart of thirty days, what waits for somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from typing import Any

from appointments.queries.staff import DayFigures, Today
from core import wording

CHART_HEIGHT, TOP, FLOOR, LEFT = 192, 25, 166, 34
# At most this many days have their date below them, however wide the chart.
LABELLED = {"wide": 10, "narrow": 4}


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure that leads to the rows behind it. At zero it says "None" and loses its colour."""

    label: str
    number: int
    below: str
    address: str
    kind: str = ""

    @property
    def tone(self) -> str:
        return self.kind if self.number else "none"


@dataclass(frozen=True, slots=True)
class Todo:
    """Something that waits for somebody: the badge's family, icon and words, what it is, and where it is dealt with."""

    family: str
    icon: str
    badge: str
    title: str
    detail: str
    address: str
    act: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a day's column: the class of its colour, and where it stands."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The columns of some days, with the lines behind them and the words below, in the units of its drawing."""

    size: str
    width: int
    bars: Sequence[Bar]
    lines: Sequence[tuple[float, int]]
    labels: Sequence[tuple[float, str]]
    height: int = CHART_HEIGHT

    @property
    def right(self) -> int:
        return self.width - 6


def day_sentence(today: Today, waiting: int) -> str:
    """What the day looks like, under its date."""
    appointments = f"{today.total} appointment{'' if today.total == 1 else 's'}"
    where = f" on {_days(today.providers)} in {_number(today.zones, 'time zone')}" if today.total else ""
    waits = (
        f"{_number(waiting, 'thing')} wait{'s' if waiting == 1 else ''} for somebody" if waiting else "Nothing waits"
    )
    return f"{appointments}{where}. {waits}."


def chart_title(days: Sequence[DayFigures]) -> str:
    """What the chart shows, in a sentence."""
    most = max(days, key=lambda day: day.total)
    if not most.total:
        return "No appointment was agreed for the last 30 days."
    total, ended = sum(day.total for day in days), sum(day.cancelled for day in days)
    return (
        f"{_number(total, 'appointment')} in 30 days, of which {ended} {'was' if ended == 1 else 'were'} cancelled; the"
        f" most on a day was {most.total}, on {wording.date_text(most.day, long=True)}."
    )


def draw(days: Sequence[DayFigures], *, size: str, width: int) -> Chart:
    """The chart of these days, the last of which is not over."""
    step = _step(max((day.total for day in days), default=0))
    top = max(step * ceil(max((day.total for day in days), default=0) / step), step)
    unit, column = (FLOOR - TOP) / top, (width - LEFT - 6) / max(len(days), 1)
    every = ceil(len(days) / LABELLED[size])
    bars, labels = [], []
    for place, day in enumerate(days):
        x, floor = round(LEFT + place * column + column * 0.12, 1), float(FLOOR)
        is_last = place == len(days) - 1
        parts = (("s1 part" if is_last else "s1", day.held), ("s4", day.cancelled), ("sr", day.no_shows))
        for kind, number in parts:
            if number:
                height = round(max(number * unit - 1, 2), 1)
                floor = round(floor - height, 1)
                bars.append(Bar(kind, x, floor, round(column * 0.76, 1), height))
                floor -= 1
        if place % every == 0:
            labels.append((round(x + column * 0.38, 1), _short(day.day)))
    lines = [(round(FLOOR - value * unit, 1), value) for value in range(0, top + 1, step)]
    return Chart(size, width, bars, lines, labels)


def since_words(moments: Sequence[datetime], zone: Any) -> str:
    """Since when the oldest of them waits."""
    return f"The oldest since {wording.moment_text(min(moments), zone)}" if moments else ""


def _step(most: int) -> int:
    """The distance of the lines, so that at most four stand above the floor."""
    return next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000, 10**9) if most <= step * 4)


def _short(day: date) -> str:
    return f"{day.day} {wording.date_part(day, 'M')}"


def _number(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _days(providers: int) -> str:
    return "one provider’s day" if providers == 1 else f"{providers} providers’ days"
