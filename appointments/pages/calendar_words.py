"""The words of an appointment in somebody's calendar: in a file, or at Google."""

from accounts.models import User
from appointments.models import Appointment
from appointments.pages.zones import zones_of
from appointments.states import Role
from core.letters import page
from core.wording import duration_text, range_text, zone_text
from notifications.text import many_lines, one_line


def title_of(appointment: Appointment, side: Role) -> str:
    """What the entry is called: "First assessment with Maya Okafor", or "Mina Sato: First assessment"."""
    service = one_line(appointment.service.name)
    if side is Role.CUSTOMER:
        return f"{service} with {one_line(appointment.provider.name)}"
    return f"{one_line(appointment.customer.name)}: {service}"


def text_of(appointment: Appointment, side: Role, *, with_note: bool, hint: str, with_link: bool = True) -> str:
    """The text of the entry: what, with whom, the wall time, by which link one joins, what the customer wrote, where to
    change it, and a `hint` on what changing it in the calendar does."""
    with_whom = appointment.provider.name if side is Role.CUSTOMER else appointment.customer.name
    said = many_lines(appointment.note) if with_note and side is Role.PROVIDER else ""
    parts = [
        f"{one_line(appointment.service.name)}, {duration_text(appointment.minutes)}, with {one_line(with_whom)}.",
        f"{_wall_time(appointment, side)}.",
        f"To join online: {appointment.joined_by}" if with_link and appointment.joined_by else "",
        f"{one_line(with_whom)} wrote:\n{said}" if said else "",
        f"To see or change it: {address_of(appointment, side)}",
        hint,
        f"Reference {appointment.reference}",
    ]
    return "\n\n".join(part for part in parts if part)


def address_of(appointment: Appointment, side: Role) -> str:
    """The full address of the appointment's page for that side."""
    return page("my_appointment" if side is Role.CUSTOMER else "studio_appointment", appointment.reference)


def reader_of(appointment: Appointment, side: Role) -> User:
    """The person of that side."""
    return appointment.customer if side is Role.CUSTOMER else appointment.provider.user


def _wall_time(appointment: Appointment, side: Role) -> str:
    """The time in the place's zone, or online in the reader's.

    Like `Thursday 12 March 2026, 14:20 to 15:05, London time (GMT)`.
    """
    reader = reader_of(appointment, side)
    own = appointment.customer.zone if side is Role.CUSTOMER else appointment.provider.zone
    zone = zones_of(appointment, side, reader=own).first
    times = range_text(appointment.start, appointment.end, zone, long=True, year=True, twelve=reader.uses_12h_clock)
    return f"{times}, {zone_text(zone, at=appointment.start)}"
