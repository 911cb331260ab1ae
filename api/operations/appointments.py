"""Operations that show a person's appointments, and the note of one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from api import paging
from api.answers import File
from api.calls import Call
from api.errors import not_found
from api.operations import found
from api.operations.booking import read_appointment
from api.paging import Page
from appointments.mail import ics
from appointments.models import Appointment, AppointmentEvent
from appointments.pages.standing import Standing
from appointments.queries.calendar_feed import all_appointments
from appointments.queries.proposals import proposals_of
from appointments.queries.sides import Choice, When, chosen_appointments_of
from appointments.services import notes
from appointments.states import Role, Status, Verb
from core import clock


def list_appointments(call: Call, *, when: str | None = None, **choice: Any) -> Page:
    """List the person's appointments, as customer and as provider, the soonest first.

    Each stands in one of the lists `upcoming`, `waiting` and `history`.
    """
    return _page(call, _choice(call, when=when, **choice))


def list_history(call: Call, **choice: Any) -> Page:
    """List the person's appointments and requests that are over, the newest first."""
    return _page(call, _choice(call, when=When.HISTORY, **choice), newest_first=True)


def _choice(
    call: Call,
    *,
    when: str | None = None,
    side: str | None = None,
    status: str | None = None,
    provider: str | None = None,
    customer: UUID | None = None,
    from_date: date | None = None,
    to_date: date | None = None,
    words: str = "",
) -> Choice:
    zone = call.zone_of(call.person.time_zone)
    return Choice(
        side=Role(side) if side else None,
        when=When(when) if when else None,
        status=Status(status) if status else None,
        provider=provider,
        customer=customer,
        since=clock.day_bounds(from_date, zone)[0] if from_date else None,
        until=clock.day_bounds(to_date, zone)[0] if to_date else None,
        words=words,
    )


def _page(call: Call, choice: Choice, *, newest_first: bool = False) -> Page:
    def rows(after: Sequence[Any] | None, *, descending: bool, most: int) -> list[Appointment]:
        place = (datetime.fromisoformat(after[0]), after[1]) if after else None
        return chosen_appointments_of(
            call.person, choice, now=call.now, after=place, newest_first=descending, most=most
        )

    page = paging.page_of(call, rows, newest_first=newest_first)
    return replace(page, rows=[found.standing(call.person, one) for one in page.rows])


def read_history(call: Call, *, ref: str) -> Page:
    """List what happened with an appointment, the newest first: who, when, from what, to what, and why."""
    one = found.appointment(call.person, ref)
    call.shown_in(one.provider.time_zone)
    page = paging.page(call, AppointmentEvent.objects.filter(appointment=one), by=("at", "pk"), newest_first=True)
    for event in page.rows:
        event.appointment = one
    return page


def list_proposals(call: Call, *, ref: str) -> Page:
    """List the new times that were proposed for an appointment, the newest first, and what became of each."""
    one = found.appointment(call.person, ref)
    call.shown_in(one.provider.time_zone)
    return paging.page(call, proposals_of(one), by=("created_at", "pk"), newest_first=True)


def read_calendar(call: Call, *, ref: str) -> File:
    """Read an appointment as a calendar file (RFC 5545).

    There is none before it was confirmed.
    """
    one = found.appointment(call.person, ref)
    try:
        return File(ics.appointment_ics(one, call.person), f"appointment-{one.reference}.ics")
    except ics.NoCalendarEntry:
        raise not_found() from None


def read_own_calendar(call: Call) -> File:
    """Read every appointment of the person that was ever confirmed, on either side, in one calendar file."""
    return File(ics.calendar_of(all_appointments(call.person), call.person), "appointments.ics")


def change_note(call: Call, *, ref: str, note: str) -> Standing:
    """Change what the customer asked for with an appointment, while it is open.

    Nobody is told: the provider reads it with the appointment.
    """
    one, _ = found.in_role(call.person, ref, Verb.WITHDRAW)
    notes.change_note(appointment=one, actor=call.person, note=note, version=call.version)
    return read_appointment(call, ref=ref)
