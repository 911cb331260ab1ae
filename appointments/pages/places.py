"""The words for the place of an appointment."""

from django.utils.text import capfirst

from appointments.models import Appointment
from appointments.states import Role
from notifications.text import one_line
from providers.models import Venue


def may_know_address(viewer: Role, *, was_agreed: bool) -> bool:
    """Whether the provider's address may be shown; a customer sees it only once the appointment was agreed."""
    return was_agreed or viewer is not Role.CUSTOMER


def place_for(appointment: Appointment, viewer: Role, *, was_agreed: bool) -> str:
    """The place as `viewer` may see it: with its address, or "Camden or online" as on the provider's page."""
    address = place_of(appointment) if may_know_address(viewer, was_agreed=was_agreed) else ""
    return address or one_line(capfirst(appointment.where))


def join_link_for(appointment: Appointment, viewer: Role, *, was_agreed: bool) -> str:
    """The link by which `viewer` joins online, as far as they may see where it takes place; empty without one."""
    return appointment.joined_by if may_know_address(viewer, was_agreed=was_agreed) else ""


def location_of(appointment: Appointment) -> str:
    """What a calendar has as the place: the link by which one joins, else the place with its address."""
    return appointment.joined_by or place_of(appointment)


def place_of(appointment: Appointment) -> str:
    """The place with its address: "18 Arlington Road, Camden", "Online", or both where the venue is still open.

    Empty where the provider has given neither address nor place.
    """
    address = _address(appointment)
    if Venue.ONLINE not in appointment.venues:
        return address
    return f"{address}, or online" if appointment.is_in_person and address else one_line(capfirst(appointment.where))


def there(appointment: Appointment) -> str:
    """The place after "Maya expects you": " at 18 Arlington Road, Camden", " in Camden", " online", or nothing."""
    if not appointment.is_in_person:
        return " online"
    if not _address(appointment):
        return ""
    preposition = "at" if one_line(appointment.provider.address) else "in"
    return f" {preposition} {place_of(appointment)}"


def _address(appointment: Appointment) -> str:
    provider = appointment.provider
    parts = [one_line(part) for part in (provider.address, provider.place)]
    return ", ".join(dict.fromkeys(part for part in parts if part and (part == parts[0] or part not in parts[0])))
