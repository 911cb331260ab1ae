"""An appointment as an iCalendar file (RFC 5545, RFC 5546): one entry, whose UID stays and whose SEQUENCE rises."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import PermissionDenied
from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress

from accounts.models import User
from appointments.models import Appointment
from appointments.pages.places import place_of
from appointments.states import Role, Status, Verb
from core import clock
from core.exceptions import DomainError
from core.wording import duration_text
from notifications.letters import page, site_host
from notifications.services import CalendarPart, sender_address
from notifications.text import many_lines, one_line


class NoCalendarEntry(DomainError):
    message = "There is no calendar entry for this appointment: it was not confirmed."


def invitation(appointment: Appointment, side: Role) -> CalendarPart:
    """For a confirmed appointment: adds the entry to the calendar of `side`, or updates it."""
    return CalendarPart("REQUEST", _file(appointment, side, "REQUEST", "CONFIRMED"))


def cancellation(appointment: Appointment, side: Role) -> CalendarPart:
    """Marks the entry as cancelled or removes it, as the person's calendar does."""
    return CalendarPart("CANCEL", _file(appointment, side, "CANCEL", "CANCELLED"))


def appointment_ics(appointment: Appointment, viewer: User) -> bytes:
    """The file to download, one query at most.

    Raises PermissionDenied for anybody but the two sides, NoCalendarEntry for what was never confirmed.
    """
    if viewer.pk == appointment.customer_id:
        side = Role.CUSTOMER
    elif viewer.pk == appointment.provider.user_id:
        side = Role.PROVIDER
    else:
        raise PermissionDenied
    was_agreed = appointment.status in {Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW}
    is_cancelled = appointment.status == Status.CANCELLED and appointment.history.filter(verb=Verb.CANCEL).exists()
    if not was_agreed and not is_cancelled:
        raise NoCalendarEntry
    return _file(appointment, side, "PUBLISH", "CANCELLED" if is_cancelled else "CONFIRMED")


def manage_url(appointment: Appointment, side: Role) -> str:
    return page("my_appointment" if side is Role.CUSTOMER else "studio_appointment", appointment.reference)


def _file(appointment: Appointment, side: Role, method: str, status: str) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", f"-//{one_line(settings.SITE_NAME)}//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    zone = appointment.provider.zone
    if _has_rules(zone):
        calendar.add_component(timezone_of(zone, appointment.start, appointment.end))
    calendar.add_component(_entry(appointment, side, method, status, zone))
    return calendar.to_ical()


def _entry(appointment: Appointment, side: Role, method: str, status: str, zone: ZoneInfo) -> Event:
    provider, customer = appointment.provider, appointment.customer
    service = one_line(appointment.service.name)
    entry = Event()
    entry.add("uid", f"{appointment.uuid}@{site_host()}")
    entry.add("sequence", appointment.sequence)
    entry.add("dtstamp", clock.now().replace(microsecond=0))
    start, end = _moments(appointment, zone)
    entry.add("dtstart", start)
    entry.add("dtend", end)
    entry.add("status", status)
    entry.add("transp", "TRANSPARENT" if status == "CANCELLED" else "OPAQUE")
    if side is Role.CUSTOMER:
        entry.add("summary", f"{service} with {one_line(provider.name)}")
    else:
        entry.add("summary", f"{one_line(customer.name)}: {service}")
    if place_of(appointment):
        entry.add("location", place_of(appointment))
    entry.add("description", _description(appointment, side))
    entry.add("url", manage_url(appointment, side))
    entry.add("organizer", _person(f"{provider.name} via {settings.SITE_NAME}", sender_address()), encode=False)
    if method != "PUBLISH":
        recipient = customer if side is Role.CUSTOMER else provider.user
        attendee = _person(recipient.name, recipient.email)
        attendee.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"})
        entry.add("attendee", attendee, encode=False)
    return entry


def _description(appointment: Appointment, side: Role) -> str:
    with_whom = appointment.provider.name if side is Role.CUSTOMER else appointment.customer.name
    said = many_lines(appointment.note) if side is Role.PROVIDER else ""
    parts = [
        f"{one_line(appointment.service.name)}, {duration_text(appointment.minutes)}, with {one_line(with_whom)}.",
        f"{one_line(with_whom)} wrote:\n{said}" if said else "",
        f"To see or change it: {manage_url(appointment, side)}",
        "Answering in your calendar changes nothing here.",
        f"Reference {appointment.reference}",
    ]
    return "\n\n".join(part for part in parts if part)


def _person(name: str, address: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{one_line(address)}")
    # A parameter has no escape for a quote (RFC 5545, 3.2), so it becomes another one.
    person.params["CN"] = one_line(name, limit=120).replace('"', "’").replace("^", " ")
    return person


def _moments(appointment: Appointment, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Wall times of the zone, or UTC where they can't say it: one that comes twice is the first (RFC 5545, 3.3.5)."""
    local = [clock.local(moment, zone) for moment in (appointment.start, appointment.end)]
    if not _has_rules(zone) or any(clock.is_second_occurrence(moment) for moment in local):
        return appointment.start.astimezone(UTC), appointment.end.astimezone(UTC)
    return local[0], local[1]


def _has_rules(zone: ZoneInfo) -> bool:
    return zone.key not in {"UTC", "Etc/UTC"}


def timezone_of(zone: ZoneInfo, start: datetime, end: datetime) -> Timezone:
    """The zone's rules from the year before `start` to the year after `end`, each change of clocks written out.

    Ours, because icalendar's own generator writes a change that skips an hour by the clock after it; RFC 5545 (3.6.5)
    wants the clock before it, and calendars would change an hour late.
    """
    utc_start, utc_end = start.astimezone(UTC), end.astimezone(UTC)
    component = Timezone()
    component.add("tzid", zone.key)
    for begins, before, after, is_summer, name in _rules(zone, utc_start.year - 1, utc_end.year + 1):
        rule: Timezone | TimezoneDaylight | TimezoneStandard = TimezoneDaylight() if is_summer else TimezoneStandard()
        rule.add("dtstart", begins)
        rule.add("tzoffsetfrom", before)
        rule.add("tzoffsetto", after)
        rule.add("tzname", name)
        component.add_component(rule)
    return component


@lru_cache(maxsize=256)
def _rules(
    zone: ZoneInfo, first_year: int, last_year: int
) -> tuple[tuple[datetime, timedelta, timedelta, bool, str], ...]:
    """(wall time by the clock before, offset before, offset after, summer time?, name); the first is the start."""
    first, last = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    offset = clock.local(first, zone).utcoffset() or timedelta()
    changes = [clock.Transition(first, offset, offset), *clock.transitions(zone, first, last)]
    return tuple(_rule(change, zone) for change in changes)


def _rule(change: clock.Transition, zone: ZoneInfo) -> tuple[datetime, timedelta, timedelta, bool, str]:
    there = clock.local(change.instant, zone)
    wall = (change.instant + change.before).replace(tzinfo=None)
    return wall, change.before, change.after, bool(there.dst()), there.tzname() or zone.key
