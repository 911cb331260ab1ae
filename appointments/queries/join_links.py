"""What is known of the links by which appointments are joined online."""

from collections.abc import Iterable
from datetime import datetime

from appointments.models import Appointment
from appointments.states import IN_CALENDARS
from calendar_sync.queries import meet_links
from providers.models import CalendarState


def followed_by_link(appointments: Iterable[Appointment], *, now: datetime) -> set[int]:
    """The keys of those appointments whose link to join is on its way.

    Two queries for each provider with a connected calendar of whom some are online, confirmed and without a link; none
    for others. Needs their providers.
    """
    waiting: dict[int, list[Appointment]] = {}
    for one in appointments:
        may_follow = one.is_confirmed and one.is_only_online and not one.join_link and one.end > now
        if may_follow and one.provider.calendar_state != CalendarState.NONE:
            waiting.setdefault(one.provider.user_id, []).append(one)
    found = set()
    for owner, rows in waiting.items():
        links = meet_links(owner, source=IN_CALENDARS, keys=[one.uuid for one in rows])
        found |= {one.pk for one in rows if links[one.uuid].is_coming}
    return found
