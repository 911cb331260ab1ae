"""Obstacles: the rule that keeps a start from being open, found from the same facts, and its sentence for customers.

A start that `slots.is_open` refuses has exactly one obstacle here, and one that it allows has none.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from appointments.rules.slots import (
    Facts,
    Rules,
    Shape,
    bookable_span,
    day_is_full,
    is_full,
    is_open,
    working_ranges,
    would_be_open,
)
from core.intervals import contains, merge
from core.wording import words_for_minutes

ONE_DAY = timedelta(days=1)


class Obstacle(StrEnum):
    """The reasons why a start is not open."""

    OVER = "over"
    NOTICE = "notice"
    WINDOW = "window"
    CLOSED = "closed"
    GRID = "grid"
    TAKEN = "taken"
    DAY_FULL = "day_full"
    FULL = "full"


def obstacle(facts: Facts, shape: Shape, start: datetime, *, now: datetime) -> Obstacle | None:
    """The obstacle to this exact start, None where it is open. `facts` must cover it as for `slots.is_open`."""
    earliest, latest = bookable_span(facts, now)
    if start < now:
        return Obstacle.OVER
    if start < earliest:
        return Obstacle.NOTICE
    if start >= latest:
        return Obstacle.WINDOW
    if not would_be_open(facts, shape, start, start + timedelta.resolution, now=now):
        return Obstacle.GRID if _is_within_hours(facts, shape, start) else Obstacle.CLOSED
    if is_open(facts, shape, start, now=now):
        return None
    if is_full(facts):
        return Obstacle.FULL
    return Obstacle.DAY_FULL if day_is_full(facts, start) else Obstacle.TAKEN


def _is_within_hours(facts: Facts, shape: Shape, start: datetime) -> bool:
    day = start.astimezone(facts.zone).date()
    return contains(merge(working_ranges(facts, day - ONE_DAY, day + ONE_DAY)), start, start + shape.duration)


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


def _minutes(length: timedelta) -> str:
    return words_for_minutes(int(length.total_seconds() // 60))
