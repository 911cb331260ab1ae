"""What is known of the links by which appointments are joined online."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Q

from accounts.models import User
from appointments.models import Appointment
from appointments.states import IN_CALENDARS, Status
from calendar_sync.queries import MeetLink, meet_links
from providers.models import CalendarState


def missing_links(appointments: Iterable[Appointment], *, now: datetime) -> dict[int, MeetLink]:
    """How the links stand that appointments may get and do not have yet, by the appointments' keys.

    Two queries for each provider with a connected calendar of whom some are online, confirmed and without a link; none
    for others. Needs their providers.
    """
    waiting: dict[int, list[Appointment]] = {}
    for one in appointments:
        may_follow = one.is_confirmed and one.is_only_online and not one.join_link and one.end > now
        if may_follow and one.provider.calendar_state != CalendarState.NONE:
            waiting.setdefault(one.provider.user_id, []).append(one)
    found: dict[int, MeetLink] = {}
    for owner, rows in waiting.items():
        links = meet_links(owner, source=IN_CALENDARS, keys=[one.uuid for one in rows])
        found |= {one.pk: links[one.uuid] for one in rows}
    return found


def count_customers_with_links(owner: User, *, now: datetime) -> int:
    """How many customers of a provider know the link of an appointment ahead, or were told that one follows. One
    query."""
    rows = Appointment.objects.filter(provider__user=owner, status=Status.CONFIRMED, end__gt=now)
    knows = ~Q(told_join_link="") | Q(link_promised_at__isnull=False)
    return rows.filter(knows).aggregate(people=Count("customer", distinct=True))["people"]


def missing_link(appointment: Appointment, *, now: datetime) -> MeetLink:
    """How the link of one appointment stands that may get one and does not have it yet."""
    return missing_links([appointment], now=now).get(appointment.pk, MeetLink())
