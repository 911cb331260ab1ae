"""Everything that stands on a provider's calendar on some dates, each thing with its words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import QuerySet

from appointments.models import Hold, OwnEvent
from appointments.states import HoldKind
from calendar_sync.queries import Mirrored, mirrored_between
from core import clock
from core.compiled_queries import prepared
from core.intervals import Interval, merge
from providers.models import Provider, TimeOff

from .agenda import Agenda, appointments_between, opening_hours
from .offers import live_offers_of
from .own_events import own_events_between
from .proposals import live_proposals_of


@dataclass(frozen=True, slots=True)
class CalendarFacts:
    """A provider's agenda, and beside it the rows that an agenda merges: time off, the events of connected calendars,
    also those that close no time, and the provider's own events.

    `held` is all the time that each appointment takes, by its key; `kept` are the times that somebody is booking.
    """

    agenda: Agenda
    time_off: list[TimeOff]
    outside: list[Mirrored]
    own: list[OwnEvent]
    held: dict[int, Interval]
    kept: list[Hold]


def load_calendar(provider: Provider, days: Sequence[date], *, now: datetime) -> CalendarFacts:
    """What stands on these dates, which follow each other, in the provider's zone; nine queries, whatever they hold.

    Events come with their texts, which are for the provider alone.
    """
    zone = provider.zone
    start, end = clock.day_bounds(days[0], zone)[0], clock.day_bounds(days[-1], zone)[1]
    span = {"provider_id": provider.pk, "start": start, "end": end}
    off, holds = _time_off(**span), _holds(**span)
    # Whole days of a calendar in another zone are shown on its own dates, up to a day away from their instants.
    outside = mirrored_between(provider.user, start - clock.ONE_DAY, end + clock.ONE_DAY)
    own = own_events_between(provider.user, start, end)
    closing: list[Interval] = [(each.start, each.end) for each in outside if each.takes_time]
    closing += [(each.start, each.end) for each in own if not each.is_free]
    hours, overrides = opening_hours(provider, days)
    agenda = Agenda(
        zone=zone,
        appointments=appointments_between(provider, start, end, now=now),
        busy=merge(closing),
        hours=hours,
        overrides=overrides,
        proposals=live_proposals_of(provider, now=now),
        offers=live_offers_of(provider, now=now),
        time_off=merge((each.start, each.end) for each in off),
    )
    times = {one.pk: (one.start, one.end) for one in agenda.appointments}
    held = {}
    for each in holds:
        time = times.get(each.appointment_id or 0)
        # The hold of a new time that is proposed for the appointment is not its own.
        if time and each.kind == HoldKind.APPOINTMENT and each.start <= time[0] and each.end >= time[1]:
            held[each.appointment_id or 0] = (each.start, each.end)
    kept = [each for each in holds if each.browser and each.expires_at and each.expires_at > now]
    return CalendarFacts(agenda, off, outside, own, held, kept)


def opens_at(provider: Provider, day: date) -> time | None:
    """When the date's opening hours begin, None where it has none. One query."""
    hours, overrides = opening_hours(provider, [day])
    opening = overrides.get(day, hours.get(day.weekday(), []))
    return time(*divmod(min(opening)[0], 60)) if opening else None


@prepared
def _time_off(provider_id: int, start: datetime, end: datetime) -> QuerySet[TimeOff]:
    return TimeOff.objects.filter(provider=provider_id, end__gt=start, start__lt=end).order_by("start")


@prepared
def _holds(provider_id: int, start: datetime, end: datetime) -> QuerySet[Hold]:
    return Hold.objects.filter(provider=provider_id, end__gt=start, start__lt=end).order_by("start")
