"""The sentence that says why a provider has no opening in the whole booking window. No database."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from appointments.rules.slots import ONE_DAY, Facts, Shape, last_bookable_date, working_ranges, would_be_open
from core import wording
from core.intervals import Interval

# How far beyond the booking window to look for the first day of work of a provider who is away.
BEYOND = timedelta(days=62)


def why_nothing(first_name: str, shape: Shape, looked: Sequence[tuple[Facts, Interval]], *, now: datetime) -> str:
    """The sentence: fully booked, away until a date, or not open for booking.

    `looked` has the facts of spans that cover the booking window; the last span reaches `BEYOND` it.
    """
    facts, _ = looked[-1]
    last = last_bookable_date(facts.zone, facts.rules, now)
    if any(would_be_open(facts, shape, *span, now=now) for facts, span in looked):
        return f"{first_name} is fully booked until {wording.date_text(last)}, the last day to book for now."
    back = None if _works(looked, last, now) else _back_on(facts, last)
    if back is not None:
        return f"{first_name} is away until {wording.date_text(back)}."
    return f"{first_name} is not open for booking right now."


def _works(looked: Sequence[tuple[Facts, Interval]], last: date, now: datetime) -> bool:
    """Whether there are working hours in the window, into which notice or length keep the service from fitting."""
    dates = [(facts, [at.astimezone(facts.zone).date() for at in (now, *span)]) for facts, span in looked]
    return any(working_ranges(facts, max(first, today), min(end, last)) for facts, (today, first, end) in dates)


def _back_on(facts: Facts, last: date) -> date | None:
    """The first day of work in the two months after the window; None if there is none."""
    ranges = working_ranges(facts, last + ONE_DAY, last + BEYOND)
    return ranges[0][0].astimezone(facts.zone).date() if ranges else None
