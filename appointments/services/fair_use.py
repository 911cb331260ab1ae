"""Late cancellations: what cancelling counts as for a person, decided from the rows under their lock, and bans."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts import bans
from accounts.models import Ban, User
from appointments.models import Appointment, Hold, LateCancellation
from appointments.rules.fair_use import COUNTED_FOR, Consequence, consequence
from appointments.states import OPEN, Role
from core.compiled_queries import prepared
from notifications import services as notifications
from outbox import services as outbox
from providers.models import Provider

# Whoever cancels in one of these roles answers for it; staff and the system do not.
ANSWERING = frozenset({Role.CUSTOMER, Role.PROVIDER})


def consequence_for(person_id: int, starts: Iterable[datetime], *, now: datetime) -> Consequence:
    """What cancelling appointments with these starts, in one act, would count as for the person. One query."""
    return consequence(starts, _counting(person_id=person_id, since=now - COUNTED_FOR), now)


def upcoming_of(person: User, *, now: datetime) -> QuerySet[Appointment]:
    """The open appointments and requests of the person on either side that have not started."""
    # Without a join, so that both sides are found by their indexes.
    own_page = Provider.objects.filter(user=person).values("pk")[:1]
    theirs = Q(customer=person) | Q(provider=own_page)
    return Appointment.objects.filter(theirs, status__in=OPEN, start__gt=now)


def note_late(person: User, *, occasion: uuid.UUID, now: datetime) -> LateCancellation:
    """Write down that the person cancelled late in this act."""
    return LateCancellation.objects.create(person=person, occasion=occasion, at=now)


def ban(person: User, *, now: datetime) -> Ban:
    """Ban the person, whose row the caller has locked, for the late cancellations that count now.

    Afterwards they are signed out everywhere, keep no time, and are told by mail; the caller ends their appointments.
    """
    made = bans.ban(person, now=now)
    LateCancellation.objects.counting().filter(person=person, at__gte=now - COUNTED_FOR).update(ban=made)
    Hold.objects.filter(kept_by=person).delete()
    outbox.publish_all([notifications.draft("appointments.suspended", key=str(made.pk), ban=made.pk)])
    return made


@prepared
def _counting(person_id: int, since: datetime) -> QuerySet[LateCancellation, datetime]:
    rows = LateCancellation.objects.counting().filter(person=person_id, at__gte=since)
    return rows.values_list("at", flat=True)
