"""iCalendar files of appointments (RFC 5545, RFC 5546): one entry, whose UID stays and whose SEQUENCE rises.

Each has one entry because all entries of an invitation or a cancellation must have one UID (RFC 5546, 3.2.2, 3.2.5).
Start and end are instants in UTC, without a zone and its rules: a program with rules other than our tzdata would show
another hour. The wall time at the place stands in the description.
"""

from datetime import UTC

from django.conf import settings
from django.core.exceptions import PermissionDenied
from icalendar import Calendar, Event, vCalAddress

from accounts.models import User
from appointments.models import Appointment
from appointments.pages.places import place_of
from appointments.pages.zones import zones_of
from appointments.states import Role, Status
from core import clock
from core.exceptions import DomainError
from core.letters import page, site_host
from core.wording import duration_text, range_text, zone_text
from notifications.catalogue import CalendarPart
from notifications.composing import sender_address
from notifications.text import many_lines, one_line


class NoCalendarEntry(DomainError):
    message = "There is no calendar entry for this appointment: it was not confirmed."


def invitation(appointment: Appointment, side: Role) -> CalendarPart:
    """The calendar part that adds a confirmed appointment to the calendar of `side`, or updates its entry."""
    return CalendarPart("REQUEST", _file(appointment, side, "REQUEST", "CONFIRMED"), appointment.reference)


def cancellation(appointment: Appointment, side: Role) -> CalendarPart:
    """The calendar part that cancels the entry; some calendars then mark it, others remove it."""
    return CalendarPart("CANCEL", _file(appointment, side, "CANCEL", "CANCELLED"), appointment.reference)


def appointment_ics(appointment: Appointment, viewer: User) -> bytes:
    """The calendar file to download. No query.

    Raises PermissionDenied for anybody but the two sides, NoCalendarEntry for an appointment that was never confirmed.
    """
    if viewer.pk == appointment.customer_id:
        side = Role.CUSTOMER
    elif viewer.pk == appointment.provider.user_id:
        side = Role.PROVIDER
    else:
        raise PermissionDenied
    if not appointment.was_agreed:
        raise NoCalendarEntry
    return _file(appointment, side, "PUBLISH", "CANCELLED" if appointment.status == Status.CANCELLED else "CONFIRMED")


def manage_url(appointment: Appointment, side: Role) -> str:
    return page("my_appointment" if side is Role.CUSTOMER else "studio_appointment", appointment.reference)


def _file(appointment: Appointment, side: Role, method: str, status: str) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", f"-//{one_line(settings.SITE_NAME)}//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(_entry(appointment, side, method, status))
    return calendar.to_ical()


def _entry(appointment: Appointment, side: Role, method: str, status: str) -> Event:
    provider, customer = appointment.provider, appointment.customer
    service = one_line(appointment.service.name)
    entry = Event()
    entry.add("uid", f"{appointment.uuid}@{site_host()}")
    entry.add("sequence", appointment.sequence)
    entry.add("dtstamp", clock.now().replace(microsecond=0))
    entry.add("dtstart", appointment.start.astimezone(UTC))
    entry.add("dtend", appointment.end.astimezone(UTC))
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
        f"{_wall_time(appointment, side)}.",
        f"{one_line(with_whom)} wrote:\n{said}" if said else "",
        f"To see or change it: {manage_url(appointment, side)}",
        "Answering in your calendar changes nothing here.",
        f"Reference {appointment.reference}",
    ]
    return "\n\n".join(part for part in parts if part)


def _wall_time(appointment: Appointment, side: Role) -> str:
    """The time in the place's zone, or online in the reader's.

    Like `Thursday 12 March 2026, 14:20 to 15:05, London time (GMT)`.
    """
    reader = appointment.customer if side is Role.CUSTOMER else appointment.provider.user
    own = appointment.customer.zone if side is Role.CUSTOMER else appointment.provider.zone
    zone = zones_of(appointment, side, reader=own).first
    times = range_text(appointment.start, appointment.end, zone, long=True, year=True, twelve=reader.uses_12h_clock)
    return f"{times}, {zone_text(zone, at=appointment.start)}"


def _person(name: str, address: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{one_line(address)}")
    # A parameter has no escape for a double quote (RFC 5545, 3.2), so it becomes another quote.
    person.params["CN"] = one_line(name, limit=120).replace('"', "’").replace("^", " ")
    return person
