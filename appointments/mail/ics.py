"""iCalendar files of appointments (RFC 5545, RFC 5546): entries whose UID stays and whose SEQUENCE rises.

An invitation or a cancellation has one entry, because all of its entries must have one UID (RFC 5546, 3.2.2, 3.2.5);
a calendar of many is published.
Start and end are instants in UTC, without a zone and its rules: a program with rules other than our tzdata would show
another hour. The wall time at the place stands in the description.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.core.exceptions import PermissionDenied
from icalendar import Calendar, Event, vCalAddress, vDuration

from accounts.models import User
from appointments.models import Appointment
from appointments.pages.calendar_words import address_of, reader_of, text_of, title_of
from appointments.pages.places import location_of
from appointments.states import Role, Status
from core import clock
from core.exceptions import DomainError
from core.letters import site_host
from notifications.catalogue import CalendarPart
from notifications.composing import sender_address
from notifications.text import one_line

# How often a program is asked to read a calendar again.
REFRESH = timedelta(hours=1)
# Raised when the same facts make another file, so that programs fetch it again.
FORMAT = 1
HINT = "Answering in your calendar changes nothing here."


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
    return _file(appointment, side, "PUBLISH", _published(appointment))


def calendar_of(appointments: Iterable[tuple[Appointment, datetime]], viewer: User) -> bytes:
    """A calendar of appointments that were agreed, each with when it last changed, from the viewer's side. No query.

    The same bytes for the same facts. It leaves out what customers wrote: such calendars are shared with others, and
    other companies' programs read them.
    """
    calendar = _calendar("PUBLISH")
    calendar.add("name", one_line(settings.SITE_NAME))
    calendar.add("x-wr-calname", one_line(settings.SITE_NAME))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH))
    for each, changed_at in appointments:
        side = Role.CUSTOMER if each.customer_id == viewer.pk else Role.PROVIDER
        entry = _entry(each, side, "PUBLISH", _published(each), changed_at=changed_at, with_note=False)
        calendar.add_component(entry)
    return calendar.to_ical()


def fingerprint(appointments: Iterable[tuple[Appointment, datetime]], viewer: User) -> str:
    """Equal for the same viewer as long as `calendar_of` makes the same file, at a tenth of its cost. No query."""
    facts: list[object] = [FORMAT, settings.SITE_NAME, site_host(), viewer.pk]
    for each, changed_at in appointments:
        rows = (each, each.provider, each.provider.user, each.service, each.customer)
        facts.append((changed_at, [getattr(row, field.attname) for row in rows for field in row._meta.concrete_fields]))
    return sha256(repr(facts).encode()).hexdigest()


def series_ics(appointments: Sequence[Appointment], side: Role) -> bytes:
    """One file with an entry for each of these agreed appointments, to download or to come with one mail. No query.

    It is published and no invitation, which would have to have one UID (RFC 5546, 3.2.2); the UIDs are those of the
    appointments, so that a later change of one of them updates its entry.
    """
    calendar = _calendar("PUBLISH")
    for one in appointments:
        calendar.add_component(_entry(one, side, "PUBLISH", _published(one), changed_at=clock.now()))
    return calendar.to_ical()


def _published(appointment: Appointment) -> str:
    return "CANCELLED" if appointment.status == Status.CANCELLED else "CONFIRMED"


def _file(appointment: Appointment, side: Role, method: str, status: str) -> bytes:
    calendar = _calendar(method)
    calendar.add_component(_entry(appointment, side, method, status, changed_at=clock.now()))
    return calendar.to_ical()


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", f"-//{one_line(settings.SITE_NAME)}//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    return calendar


def _entry(
    appointment: Appointment, side: Role, method: str, status: str, *, changed_at: datetime, with_note: bool = True
) -> Event:
    entry = Event()
    entry.add("uid", f"{appointment.uuid}@{site_host()}")
    entry.add("sequence", appointment.sequence)
    entry.add("dtstamp", changed_at.replace(microsecond=0))
    entry.add("dtstart", appointment.start.astimezone(UTC))
    entry.add("dtend", appointment.end.astimezone(UTC))
    entry.add("status", status)
    entry.add("transp", "TRANSPARENT" if status == "CANCELLED" else "OPAQUE")
    entry.add("summary", title_of(appointment, side))
    if location_of(appointment):
        entry.add("location", location_of(appointment))
    entry.add("description", text_of(appointment, side, with_note=with_note, hint=HINT))
    entry.add("url", address_of(appointment, side))
    entry.add(
        "organizer", _person(f"{appointment.provider.name} via {settings.SITE_NAME}", sender_address()), encode=False
    )
    if method != "PUBLISH":
        recipient = reader_of(appointment, side)
        attendee = _person(recipient.name, recipient.mail_address)
        attendee.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"})
        entry.add("attendee", attendee, encode=False)
    return entry


def _person(name: str, address: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{one_line(address)}")
    # A parameter has no escape for a double quote (RFC 5545, 3.2), so it becomes another quote.
    person.params["CN"] = one_line(name, limit=120).replace('"', "’").replace("^", " ")
    return person
