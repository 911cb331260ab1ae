"""Why nothing at all can be booked in a provider's whole booking window, in words."""

from collections.abc import Sequence
from datetime import date, datetime

from appointments.rules.slots import ONE_DAY, Facts, last_bookable_date, working_ranges, would_be_open
from appointments.services import availability
from core import clock, wording
from core.intervals import Interval
from providers.models import Provider, Service


def why_nothing(service: Service, looked: Sequence[tuple[Facts, Interval]], *, now: datetime) -> str:
    """Fully booked, away until a date, or not open for booking.

    `looked` has the facts of spans that cover the booking window. Three queries where nobody works in it, else none.
    """
    provider, offer = service.provider, availability.offer_of(service)
    last = last_bookable_date(provider.zone, availability.rules_of(provider), now)
    if any(would_be_open(facts, offer, *span, now=now) for facts, span in looked):
        return f"{provider.first_name} is fully booked until {wording.date_text(last)}, the last day to book for now."
    back = None if _works(looked, provider, last, now) else _back_on(provider, last, now)
    if back is not None:
        return f"{provider.first_name} is away until {wording.date_text(back)}."
    return f"{provider.first_name} is not open for booking right now."


def _works(looked: Sequence[tuple[Facts, Interval]], provider: Provider, last: date, now: datetime) -> bool:
    """Whether there are working hours in the window: then notice or length keep the service from fitting in."""
    today = now.astimezone(provider.zone).date()
    dates = [(facts, [at.astimezone(provider.zone).date() for at in span]) for facts, span in looked]
    return any(working_ranges(facts, max(first, today), min(end, last)) for facts, (first, end) in dates)


def _back_on(provider: Provider, last: date, now: datetime) -> date | None:
    """The first day of work in the two months after the window."""
    start = clock.day_bounds(last, provider.zone)[1]
    end = start + availability.LONGEST_RANGE
    facts = availability.load_facts([provider], start, end, now=now)[provider.pk]
    ranges = working_ranges(facts, last + ONE_DAY, last + availability.LONGEST_RANGE)
    return ranges[0][0].astimezone(provider.zone).date() if ranges else None
