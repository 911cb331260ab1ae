"""Everything that stands on a customer's calendar on some dates."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import User
from appointments.models import Appointment, Offer, OwnEvent, Proposal
from appointments.states import OPEN
from core.compiled_queries import prepared

from .agenda import LOOK_BACK
from .offers import offers_to_customer
from .own_events import own_events_between


@dataclass(frozen=True, slots=True)
class MyCalendarFacts:
    """A customer's appointments by start, the new times that wait for an answer of either side, the times that are
    offered to them, on whatever date, and their own events."""

    appointments: list[Appointment]
    proposals: list[Proposal]
    offers: list[Offer]
    own: list[OwnEvent]


def load_my_calendar(user: User, start: datetime, end: datetime, *, now: datetime) -> MyCalendarFacts:
    """What of the person's meets [start, end), without what was called off. Four queries, whatever there is."""
    instead, opened = offers_to_customer(user, now=now)
    return MyCalendarFacts(
        appointments=_appointments(customer_id=user.pk, now=now, looked_back=start - LOOK_BACK, start=start, end=end),
        proposals=_new_times(customer_id=user.pk, now=now, start=start, end=end),
        offers=[each for group in [*instead, opened] for each in group],
        own=own_events_between(user, start, end),
    )


@prepared
def _appointments(
    customer_id: int, now: datetime, looked_back: datetime, start: datetime, end: datetime
) -> QuerySet[Appointment]:
    rows = Appointment.objects.filter(customer=customer_id).taking_time(now)
    within = rows.filter(start__gte=looked_back, start__lt=end, end__gt=start)
    return within.with_provider().order_by("start", "id")


@prepared
def _new_times(customer_id: int, now: datetime, start: datetime, end: datetime) -> QuerySet[Proposal]:
    theirs = {"appointment__customer": customer_id, "appointment__status__in": sorted(OPEN)}
    rows = Proposal.objects.live(now).filter(**theirs, start__lt=end, end__gt=start)
    return rows.select_related("appointment__provider", "appointment__service").order_by("start", "id")
