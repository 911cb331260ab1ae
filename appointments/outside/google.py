"""Appointments in the connected calendars of both sides at Google: a source of `calendar_sync.hooks`."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from appointments.models import Appointment
from appointments.pages.calendar_words import address_of, text_of, title_of
from appointments.pages.places import place_of
from appointments.states import Role, Status
from calendar_sync.rules.entries import Entry
from calendar_sync.services import reading, written
from core import clock
from notifications.preferences import leads_of

name = "appointment"
# The states that stand in a calendar. What is over stays there as it took place, or should have.
SHOWN = frozenset({Status.REQUESTED, Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW})
AHEAD = frozenset({Status.REQUESTED, Status.CONFIRMED})
HINT = "Moving or deleting it here changes nothing for the other side until you say so in your studio."


def write(appointments: Iterable[int]) -> None:
    """Have the calendars of both sides compared with these appointments, and read anew: what was added there since the
    last reading may lie over a time that was taken here."""
    rows = Appointment.objects.filter(pk__in=list(appointments)).select_related("provider__user", "customer")
    for row in rows:
        written.things_changed(source=name, keys=[row.uuid], owners=[row.provider.user, row.customer])
    for owner in {row.provider.user for row in rows if row.status in AHEAD}:
        reading.read_all_soon(owner, now=clock.now())


def entry(key: UUID, *, owner: User) -> Entry | None:
    """The entry of an appointment for the person on either side of it; None once it was cancelled or refused."""
    row = Appointment.objects.with_people().filter(uuid=key).first()
    if row is None or row.status not in SHOWN or owner.pk not in {row.provider.user_id, row.customer_id}:
        return None
    side = Role.PROVIDER if owner.pk == row.provider.user_id else Role.CUSTOMER
    return Entry(
        start=row.start,
        end=row.end,
        zone=row.provider.time_zone,
        title=title_of(row, side),
        text=text_of(row, side, with_note=False, hint=HINT),
        place=place_of(row),
        address=address_of(row, side),
        reminders=leads_of(owner),
        is_tentative=row.status == Status.REQUESTED,
    )


def ahead(owner: User, *, now: datetime) -> Collection[UUID]:
    """The keys of the person's appointments on either side that are agreed or asked for and not over."""
    theirs = Q(provider__user=owner) | Q(customer=owner)
    rows = Appointment.objects.filter(theirs, status__in=AHEAD, end__gt=now)
    return list(rows.values_list("uuid", flat=True))
