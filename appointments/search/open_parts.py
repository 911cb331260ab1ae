"""The parts of a provider's days in which something can still be booked, by the search's index."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from appointments.models import OpenDay
from appointments.search.quarters import HALF, PARTS, day_number, spans
from core import clock
from providers.models import Provider

# No booking window reaches further.
FURTHEST = timedelta(days=366)
Open = tuple[bool, bool, bool]


def open_parts_of(provider: Provider, days: Sequence[date], *, now: datetime) -> dict[date, Open]:
    """For each of the dates, which follow each other, whether a start is open in its morning, afternoon and evening.

    A hint, as the index is; empty for a provider who can't be booked, of whom it has nothing. One query, none for
    dates that are over or beyond any booking window.
    """
    first, last = clock.day_bounds(days[0], provider.zone)[0], clock.day_bounds(days[-1], provider.zone)[1]
    if last <= now or first > now + FURTHEST:
        return {}
    numbers = day_number(max(first, now).date()), day_number(last.date())
    rows = OpenDay.objects.filter(provider=provider, day__range=numbers).values_list("day", "early", "late")
    bits = {day: early | late << HALF for day, early, late in rows}
    if not bits:
        return {}
    return {day: _open_on(day, bits, provider, now) for day in days}


def _open_on(day: date, bits: dict[int, int], provider: Provider, now: datetime) -> Open:
    start, end = clock.day_bounds(day, provider.zone)
    start = max(start, now)
    if start >= end:
        return False, False, False
    morning, afternoon, evening = (
        any(
            bits.get(number, 0) & span.bits
            for span in spans(start, end, zone=provider.zone, parts=[part])
            for number in range(span.first, span.last + 1)
        )
        for part in PARTS
    )
    return morning, afternoon, evening
