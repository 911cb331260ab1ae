"""The geometry of charts that templates draw as SVG. Pure numbers: colours are classes, sizes are the drawing's own.

{% include "analytics/charts/columns.html" with chart=chart id="earned" only %}
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor, log10

Number = Decimal | int | float
# At most so many labels stand under the columns, and so many lines above the base.
MOST_LABELS, MOST_LINES = 12, 4
GAP = 1.5


@dataclass(frozen=True, slots=True)
class Stack:
    """One column before it is drawn: the label under it, what is said of it, and its values from the base up."""

    label: str
    title: str
    values: tuple[Number, ...]

    @property
    def total(self) -> Number:
        return sum(self.values)


@dataclass(frozen=True, slots=True)
class Box:
    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """A drawn column. Of labels that are shown, every second `is_odd`, and left out where there is little room."""

    x: float
    width: float
    boxes: tuple[Box, ...]
    title: str
    label: str
    is_odd: bool

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the scale; the label of every second one is left out."""

    y: float
    label: str

    @property
    def text_y(self) -> float:
        return round(self.y + 4, 1)


@dataclass(frozen=True, slots=True)
class Callout:
    """The words at the one column that is worth naming."""

    x: float
    y: float
    words: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Stacked columns over a scale, with earlier values as a dotted line. `finding` is what they say, in words."""

    width: int
    height: int
    left: int
    lines: tuple[Line, ...]
    columns: tuple[Column, ...]
    ghost: str
    callout: Callout | None
    finding: str

    @property
    def labels_y(self) -> int:
        return self.height - 8


def columns(
    stacks: Sequence[Stack],
    *,
    kinds: Sequence[str],
    written: Callable[[Number], str],
    finding: str,
    ghost: Sequence[Number] = (),
    callout: Callable[[Stack], str] | None = None,
    width: int = 640,
    height: int = 250,
) -> Columns:
    """The chart of these stacks; `kinds` are the classes of their values, `written` writes a number of the scale.

    The tallest stack is called out by the words of `callout`.
    """
    top, base, left = 14, height - 28, 48
    highest = max([*(stack.total for stack in stacks), *ghost], default=0)
    step, count = scale(highest)
    full = step * count

    def at(value: Number) -> float:
        return round(base - (base - top) * float(value) / float(full), 1)

    room = (width - left) / max(len(stacks), 1)
    each = max(1, ceil(len(stacks) / MOST_LABELS))
    drawn = tuple(
        Column(
            x=round(left + room * n + room * 0.18, 1),
            width=round(room * 0.64, 1),
            boxes=_boxes(stack.values, kinds, at),
            title=stack.title,
            label=stack.label if n % each == 0 else "",
            is_odd=n // each % 2 == 1,
        )
        for n, stack in enumerate(stacks)
    )
    lines = tuple(Line(at(step * n), written(step * n) if n % 2 == 0 or count < 3 else "") for n in range(count + 1))
    dots = zip(drawn, ghost, strict=False) if any(ghost) else ()
    points = " ".join(f"{column.middle:g},{at(value):g}" for column, value in dots)
    tallest = max(range(len(stacks)), key=lambda n: stacks[n].total, default=None)
    called = None
    if callout and tallest is not None and stacks[tallest].total:
        called = _called(drawn[tallest], at(stacks[tallest].total), callout(stacks[tallest]), left, width)
    return Columns(width, height, left, lines, drawn, points, called, finding)


def _boxes(values: Sequence[Number], kinds: Sequence[str], at: Callable[[Number], float]) -> tuple[Box, ...]:
    """The boxes of one column, a hair apart."""
    boxes: list[Box] = []
    below: Number = 0
    for kind, value in zip(kinds, values, strict=True):
        low, high = at(below), at(below + value)  # type: ignore[operator]
        gap = GAP if boxes else 0
        if low - high > gap:
            boxes.append(Box(kind, high, round(low - high - gap, 1)))
        below += value  # type: ignore[operator]
    return tuple(boxes)


def _called(column: Column, y: float, words: str, left: int, width: int) -> Callout:
    third = (column.middle - left) / (width - left)
    anchor = "start" if third < 0.25 else "end" if third > 0.75 else "middle"
    x = {"start": column.x, "end": column.x + column.width}.get(anchor, column.middle)
    return Callout(round(x, 1), round(y - 6, 1), words, anchor)


def scale(highest: Number) -> tuple[Decimal, int]:
    """A round step and how many of them reach `highest`: 1 to 5 times a power of ten, at most MOST_LINES."""
    if highest <= 0:
        return Decimal(1), 1
    rough = float(highest) / MOST_LINES
    power = Decimal(10) ** floor(log10(rough))
    step = next(times * power for times in (1, 2, 3, 4, 5, 10) if float(times * power) >= rough * 0.999999)
    step = max(step, Decimal(1))
    return step, max(1, ceil(float(highest) / float(step) - 1e-9))


@dataclass(frozen=True, slots=True)
class Strip:
    """A part of a whole as a box on a line of a hundred."""

    kind: str
    x: float
    width: float


def strips(parts: Sequence[tuple[str, Number]]) -> list[Strip]:
    """The parts of a whole beside each other, a hair apart; those of zero are left out."""
    whole = float(sum(value for _, value in parts))
    found, x = [], 0.0
    for kind, value in parts:
        width = 100 * float(value) / whole if whole else 0
        if width:
            found.append(Strip(kind, round(x + 0.25, 2), round(max(width - 0.5, 0.25), 2)))
        x += width
    return found


def spark(values: Sequence[Number]) -> str:
    """The points of a line through the values, in a box of 100 by 30; empty for less than two."""
    if len(values) < 2:
        return ""
    low, high = float(min(values)), float(max(values))
    span = high - low or 1
    across = 100 / (len(values) - 1)
    return " ".join(
        f"{across * n:.1f},{26 - 22 * (float(value) - low) / span if high > low else 15:.1f}"
        for n, value in enumerate(values)
    )


def heat_step(count: int, most: int) -> int:
    """The shade of a cell of the heat table: 0 for none, 1 to 4 up to the most."""
    return 1 + (count * 4 - 1) // most if count and most else 0
