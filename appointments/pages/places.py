"""Where an appointment takes place, in words."""

from appointments.models import Appointment
from notifications.text import one_line
from providers.models import Venue


def place_of(appointment: Appointment) -> str:
    """Where it takes place, for those who have it agreed: the address, 'online', or both where either may be meant."""
    provider = appointment.provider
    parts = [one_line(part) for part in (provider.address, provider.place)]
    address = ", ".join(dict.fromkeys(part for part in parts if part and (part == parts[0] or part not in parts[0])))
    if Venue.ONLINE not in appointment.venues:
        return address
    return f"{address}, or online" if appointment.is_in_person and address else "Online"
