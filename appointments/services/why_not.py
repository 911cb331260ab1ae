"""The answer to 'Why is this time not offered?', for the provider and for staff. Customers never get it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from appointments.models import Hold, OwnEvent
from appointments.rules.bookable import Shut, what_is_shut
from appointments.rules.obstacles import Asked
from appointments.rules.why_not import Entry, EntryKind, Named, Reason, parts_by_date, reasons
from appointments.states import HoldKind
from calendar_sync.queries import busy_between
from core import clock
from core.intervals import Interval
from providers.models import DateOverride, Provider, Service
from providers.queries import time_off_between

from . import availability
from .availability import NOBODY, Mine


@dataclass(frozen=True, slots=True)
class WhyNot:
    """A start that was asked about, with what stands in its way and the nearest starts that are open."""

    service: Service
    asked: Asked
    named: Named
    reasons: list[Shut | Reason]
    nearest: list[datetime]


def why_not(service: Service, start: datetime, *, now: datetime) -> WhyNot:
    """All that keeps `service` from being booked at `start`; no reason exactly where it is offered to customers.

    `service` comes with its provider, policy and user. At most thirteen queries, whatever lies on the day.
    """
    asked = availability.asked_about(service, start, now=now)
    named = load_named(service.provider, asked)
    shut = what_is_shut(service)
    nearest = [] if shut else availability.nearest_slots(service, start, now=now)
    return WhyNot(service, asked, named, [*shut, *reasons(asked, named)], nearest)


def load_named(provider: Provider, asked: Asked, *, mine: Mine = NOBODY) -> Named:
    """The entries of the dates asked about but for those of `mine`, by their start, and the overrides of these dates.

    Five queries.
    """
    days = [asked.day, *parts_by_date(asked)]
    first, last = clock.day_bounds(min(days), asked.facts.zone)[0], clock.day_bounds(max(days), asked.facts.zone)[1]
    span = min(first, asked.blocked[0]), max(last, asked.blocked[1])
    entries = [*_held(provider, span, asked.now, mine), *_no_holds(provider, span)]
    return Named(sorted(entries, key=lambda each: each.blocked), _overrides(provider, days))


def _held(provider: Provider, span: Interval, now: datetime, mine: Mine) -> Iterable[Entry]:
    start, end = span
    rows = availability.live_holds(now, mine=mine).filter(provider=provider, end__gt=start, start__lt=end)
    of_appointments = ("appointment__customer", "appointment__service")
    of_offers = ("offer__customer", "offer__service", "offer__instead_of")
    return map(_entry_of, rows.select_related(*of_appointments, *of_offers))


def _entry_of(hold: Hold) -> Entry:
    blocked, one = (hold.start, hold.end), hold.appointment
    time = (one.start, one.end) if one and hold.kind == HoldKind.APPOINTMENT else blocked
    return Entry(EntryKind(hold.kind), time, blocked, one, hold.expires_at, hold.offer)


def _no_holds(provider: Provider, span: Interval) -> Iterable[Entry]:
    """Busy time elsewhere, time off and own events, which are no holds."""
    for start, end, calendar in busy_between([provider.pk], *span).values_list("start", "end", "calendar__name"):
        yield Entry(EntryKind.BUSY, (start, end), (start, end), calendar=calendar or "")
    for away in time_off_between([provider.pk], *span).values_list("start", "end"):
        yield Entry(EntryKind.TIME_OFF, away, away)
    for own in OwnEvent.objects.taking_time([provider.pk], *span):
        yield Entry(EntryKind.OWN_EVENT, (own.start, own.end), (own.start, own.end), event=own)


def _overrides(provider: Provider, days: list[date]) -> dict[date, DateOverride]:
    first, last = min(days), max(days)
    rows = DateOverride.objects.filter(provider=provider, end_on__gte=first, start_on__lte=last).order_by("id")
    return {day: row for row in rows for day in row.dates_between(first, last)}
