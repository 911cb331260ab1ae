"""Obstacles: the rules that keep a start from being open, each found by itself from the same facts.

A start that `slots.is_open` refuses has at least one obstacle here, and one that it allows has none. Customers read one
sentence, about the first; `why_not` names what each of them stands for, for the provider and for staff.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from appointments.rules.slots import (
    ONE_DAY,
    Facts,
    Rules,
    Shape,
    bookable_span,
    day_is_full,
    is_full,
    working_ranges,
)
from core.intervals import Interval, contains, meets, merge
from core.wording import words_for_minutes


class Obstacle(StrEnum):
    """The reasons why a start is not open, in the order in which a customer is told the first."""

    OVER = "over"
    NOTICE = "notice"
    WINDOW = "window"
    CLOSED = "closed"
    GRID = "grid"
    FULL = "full"
    DAY_FULL = "day_full"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Asked:
    """A start that somebody asks about. `facts` must cover it as for `slots.is_open`."""

    facts: Facts
    shape: Shape
    start: datetime
    now: datetime

    @property
    def end(self) -> datetime:
        return self.start + self.shape.duration

    @property
    def day(self) -> date:
        """The date of the start in the provider's zone."""
        return self.start.astimezone(self.facts.zone).date()

    @property
    def blocked(self) -> Interval:
        """The time with both buffers."""
        return self.start - self.shape.before, self.end + self.shape.after

    @property
    def ranges(self) -> list[Interval]:
        """The working ranges of the start's date and of the dates beside it, which may reach over midnight."""
        return working_ranges(self.facts, self.day - ONE_DAY, self.day + ONE_DAY)


def obstacles(asked: Asked) -> list[Obstacle]:
    """All obstacles to this exact start; none where it is open."""
    return [found for found in Obstacle if STANDS[found](asked)]


def first_obstacle(asked: Asked) -> Obstacle | None:
    """The obstacle of which a customer is told, None where the start is open."""
    return next(iter(obstacles(asked)), None)


def _is_over(asked: Asked) -> bool:
    return asked.start < asked.now


def _is_too_soon(asked: Asked) -> bool:
    earliest, _ = bookable_span(asked.facts, asked.now)
    return asked.now <= asked.start < earliest


def _is_too_far_ahead(asked: Asked) -> bool:
    _, latest = bookable_span(asked.facts, asked.now)
    return asked.start >= latest


def _is_outside_hours(asked: Asked) -> bool:
    return not contains(merge(asked.ranges), asked.start, asked.end)


def _is_off_the_grid(asked: Asked) -> bool:
    """Whether the start lies in working hours, but on no point of the grid of any range that it lies in."""
    around = [opens for opens, closes in asked.ranges if opens <= asked.start < closes]
    return bool(around) and all((asked.start - opens) % asked.shape.step for opens in around)


def _is_full(asked: Asked) -> bool:
    return is_full(asked.facts)


def _is_on_a_full_day(asked: Asked) -> bool:
    return day_is_full(asked.facts, asked.start)


def _is_taken(asked: Asked) -> bool:
    return meets(asked.facts.taken, *asked.blocked)


STANDS: dict[Obstacle, Callable[[Asked], bool]] = {
    Obstacle.OVER: _is_over,
    Obstacle.NOTICE: _is_too_soon,
    Obstacle.WINDOW: _is_too_far_ahead,
    Obstacle.CLOSED: _is_outside_hours,
    Obstacle.GRID: _is_off_the_grid,
    Obstacle.FULL: _is_full,
    Obstacle.DAY_FULL: _is_on_a_full_day,
    Obstacle.TAKEN: _is_taken,
}


def obstacle_words(found: Obstacle, *, rules: Rules, name: str) -> str:
    """The sentence for customers about an obstacle, for a provider called `name`; it never says who took a time."""
    window = f"{rules.window_days} day{'s' if rules.window_days != 1 else ''}"
    return {
        Obstacle.OVER: "That time is over.",
        Obstacle.NOTICE: f"That is too soon: {name} is booked at least {_minutes(rules.notice)} ahead.",
        Obstacle.WINDOW: f"That is too far ahead: {name} can be booked at most {window} ahead.",
        Obstacle.CLOSED: f"{name} is not open for all of that time.",
        Obstacle.GRID: "Appointments of this service don’t start at that minute.",
        Obstacle.TAKEN: "That time is taken.",
        Obstacle.DAY_FULL: f"{name} takes no more appointments on that day.",
        Obstacle.FULL: f"{name} takes no more appointments until some are over.",
    }[found]


def override_words(found: Obstacle) -> str:
    """The sentence for the provider about a rule of their own that a time breaks, and that they may override."""
    return {
        Obstacle.NOTICE: "That is sooner than your minimum notice.",
        Obstacle.WINDOW: "That is beyond your booking window.",
        Obstacle.CLOSED: "That is outside your working hours.",
        Obstacle.GRID: "Appointments of this service don’t start at that minute.",
        Obstacle.FULL: "You take no more appointments until some are over.",
        Obstacle.DAY_FULL: "You take no more appointments on that day.",
    }[found]


def _minutes(length: timedelta) -> str:
    return words_for_minutes(int(length.total_seconds() // 60))
