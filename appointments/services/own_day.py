"""What a person has in their own day, as customer, as provider and privately, by what they alone may read."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import CharField, Q, Value

from accounts.models import User
from appointments.models import Appointment, OwnEvent
from appointments.states import OPEN
from calendar_sync.queries import own_busy
from core.intervals import Interval

# The kinds of what somebody has in their day.
APPOINTMENT, EVENT, CALENDAR = "appointment", "event", "calendar"


class Clash(NamedTuple):
    """A time at which a person is busy: an `appointment`, an own `event`, or busy time of a connected `calendar`."""

    start: datetime
    end: datetime
    kind: str


def clashes_of(person: User, span: Interval) -> list[Clash]:
    """What of the person's own day meets the span, by start. One query."""
    start, end = span
    theirs = Q(customer=person) | Q(provider__user=person)
    booked = Appointment.objects.filter(theirs, status__in=OPEN, start__lt=end, end__gt=start)
    events = OwnEvent.objects.between(start, end).filter(user=person, is_free=False)
    rows = [(booked, APPOINTMENT), (events, EVENT), (own_busy(person, start, end), CALENDAR)]
    first, *others = (
        found.order_by().annotate(kind=Value(kind, output_field=CharField())).values_list("start", "end", "kind")
        for found, kind in rows
    )
    return [Clash(*row) for row in first.union(*others, all=True).order_by("start", "end", "kind")]
