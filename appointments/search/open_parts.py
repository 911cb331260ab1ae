"""The parts of a provider's days in which something can still be booked, by the search's index."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db.models import F, FilteredRelation, Q

from appointments.models import OpeningIndex
from appointments.search.index import HORIZON
from appointments.search.quarters import HALF, PARTS, day_number, spans
from core import clock
from providers.models import Provider

Open = tuple[bool, bool, bool]


def open_parts_of(provider: Provider, days: Sequence[date], *, now: datetime) -> dict[date, Open]:
    """For each of the dates, which follow each other, whether a start is open in its morning, afternoon and evening.

    A hint, as the index is: without the dates of which it knows nothing, which are all of a provider who can't be
    booked, and those beyond what it holds or beyond the booking window. One query, none where all are over or beyond.
    """
    first, last = clock.day_bounds(days[0], provider.zone)[0], clock.day_bounds(days[-1], provider.zone)[1]
    if last <= now or first > now + HORIZON:
        return {}
    numbers = day_number(max(first, now).date()), day_number(last.date())
    rows = list(
        OpeningIndex.objects.filter(provider=provider)
        .annotate(
            row=FilteredRelation("provider__open_days", condition=Q(provider__open_days__day__range=numbers)),
            window=F("provider__policy__window_days"),
        )
        .values_list("window", "row__day", "row__early", "row__late")
    )
    if not rows:
        return {}
    # A provider without any opening on these dates has one row of the index alone.
    bits = {day: early | late << HALF for _, day, early, late in rows if day is not None}
    window = timedelta(days=rows[0][0])
    known = clock.local(now + min(window, HORIZON), provider.zone).date()
    return {day: _open_on(day, bits, provider, now) for day in days if day <= known}


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
