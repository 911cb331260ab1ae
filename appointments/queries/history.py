"""The history of an appointment."""

from appointments.models import Appointment, AppointmentEvent


def history_of(appointment: Appointment) -> list[AppointmentEvent]:
    """Newest first, with who did it. One query."""
    return list(AppointmentEvent.objects.filter(appointment=appointment).select_related("actor"))
