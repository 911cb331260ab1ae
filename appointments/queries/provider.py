"""Queries about a provider's own appointments."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from appointments.models import Appointment, Digest, conditions
from appointments.rules.slots import ONE_DAY, Facts, Rules, working_ranges
from core.compiled_queries import prepared
from core.intervals import Interval, clip, contains, merge
from providers.hours import Week
from providers.models import DateOverride, Provider
from providers.queries import coming_overrides, week_of


def appointment_for_provider(provider: Provider, reference: str) -> Appointment:
    """The provider's appointment with this reference. One query.

    Raises Appointment.DoesNotExist for another provider's.
    """
    found = _of_provider(provider_id=provider.pk, reference=reference)
    if not found:
        raise Appointment.DoesNotExist
    return found[0]


@prepared
def _of_provider(provider_id: int, reference: str) -> QuerySet[Appointment]:
    return Appointment.objects.with_people().filter(provider_id=provider_id, reference=reference)


def count_outside_hours(provider: Provider, now: datetime) -> int:
    """The number of confirmed appointments ahead outside the provider's present working hours. Three queries."""
    rows = Appointment.objects.for_provider(provider).ahead(now)
    times = list(rows.order_by("start").values_list("start", "end"))
    if not times:
        return 0
    opening = _opening(provider, times[0][0], max(end for _, end in times))
    return sum(not contains(opening, start, end) for start, end in times)


def digest_of(provider: Provider) -> Digest | None:
    """What the provider chose about the evening digest; None where they want none. One query."""
    return Digest.objects.filter(provider=provider).first()


def left_outside(provider: Provider, week: Week, zone: ZoneInfo, now: datetime) -> tuple[list[Appointment], int]:
    """The appointments and requests ahead in the provider's present working hours that `week` in `zone` would leave
    outside, by start, and how many lie in neither. Three queries, one where nothing lies ahead."""
    rows = Appointment.objects.for_provider(provider).filter(conditions.ahead(now) | conditions.waiting(now))
    ahead = list(rows.with_customer().order_by("start", "pk"))
    if not ahead:
        return [], 0
    first, last = ahead[0].start, max(one.end for one in ahead)
    overrides = _overrides(provider, first)
    present = _hours(provider.zone, week_of(provider), overrides, first, last)
    wanted = _hours(zone, week, overrides, first, last)
    outside = [one for one in ahead if not contains(wanted, one.start, one.end)]
    left = [one for one in outside if contains(present, one.start, one.end)]
    for one in left:
        one.provider = provider
    return left, len(outside) - len(left)


def working_time(provider: Provider, start: datetime, end: datetime) -> timedelta:
    """How much of [start, end) lies in the provider's working hours. Two queries."""
    opening = clip(_opening(provider, start, end), start, end)
    return sum((until - since for since, until in opening), timedelta())


def _opening(provider: Provider, start: datetime, end: datetime) -> list[Interval]:
    """The working hours of the dates around [start, end), merged. Two queries."""
    return _hours(provider.zone, week_of(provider), _overrides(provider, start), start, end)


def _overrides(provider: Provider, start: datetime) -> list[DateOverride]:
    """The overrides of the dates around `start` in any zone, and of all later ones. One query."""
    return coming_overrides(provider, today=start.astimezone(provider.zone).date() - 2 * ONE_DAY)


def _hours(
    zone: ZoneInfo, week: Week, overrides: Sequence[DateOverride], start: datetime, end: datetime
) -> list[Interval]:
    """The working hours that this week has with these overrides on the dates around [start, end), merged."""
    first, last = start.astimezone(zone).date() - ONE_DAY, end.astimezone(zone).date() + ONE_DAY
    facts = Facts(
        zone=zone,
        rules=Rules(notice=timedelta(), window_days=0),
        hours={weekday: list(ranges) for weekday, ranges in week.items()},
        overrides={
            day: [(start, end) for start, end in override.ranges]
            for override in overrides
            for day in override.dates_between(first, last)
        },
        taken=[],
    )
    return merge(working_ranges(facts, first, last))
