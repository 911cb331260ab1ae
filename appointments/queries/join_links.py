"""What is known of the links by which appointments are joined online."""

from collections.abc import Iterable
from datetime import datetime

from appointments.models import Appointment
from appointments.states import IN_CALENDARS
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


def missing_link(appointment: Appointment, *, now: datetime) -> MeetLink:
    """How the link of one appointment stands that may get one and does not have it yet."""
    return missing_links([appointment], now=now).get(appointment.pk, MeetLink())
