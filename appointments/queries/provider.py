"""Queries about a provider's own appointments."""

from datetime import datetime, timedelta

from appointments.models import Appointment
from appointments.rules.slots import ONE_DAY, Facts, Rules, working_ranges
from core.intervals import Interval, clip, contains, merge
from providers.models import Provider
from providers.queries import coming_overrides, week_of


def appointment_for_provider(provider: Provider, reference: str) -> Appointment:
    """The provider's appointment with this reference. One query.

    Raises Appointment.DoesNotExist for another provider's.
    """
    return Appointment.objects.with_people().get(provider=provider, reference=reference)


def count_outside_hours(provider: Provider, now: datetime) -> int:
    """The number of confirmed appointments ahead outside the provider's present working hours. Three queries."""
    rows = Appointment.objects.for_provider(provider).ahead(now)
    times = list(rows.order_by("start").values_list("start", "end"))
    if not times:
        return 0
    opening = _opening(provider, times[0][0], max(end for _, end in times))
    return sum(not contains(opening, start, end) for start, end in times)


def working_time(provider: Provider, start: datetime, end: datetime) -> timedelta:
    """How much of [start, end) lies in the provider's working hours. Two queries."""
    opening = clip(_opening(provider, start, end), start, end)
    return sum((until - since for since, until in opening), timedelta())


def _opening(provider: Provider, start: datetime, end: datetime) -> list[Interval]:
    """The working hours of the dates around [start, end), merged. Two queries."""
    zone = provider.zone
    first, last = start.astimezone(zone).date() - ONE_DAY, end.astimezone(zone).date() + ONE_DAY
    facts = Facts(
        zone=zone,
        rules=Rules(notice=timedelta(), window_days=0),
        hours=week_of(provider),
        overrides={
            day: [(start, end) for start, end in override.ranges]
            for override in coming_overrides(provider, today=first)
            for day in override.dates_between(first, last)
        },
        taken=[],
    )
    return merge(working_ranges(facts, first, last))
