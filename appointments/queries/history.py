"""The history of an appointment."""

from appointments.models import Appointment, AppointmentEvent


def history_of(appointment: Appointment) -> list[AppointmentEvent]:
    """The history entries of the appointment with their actors, newest first. One query."""
    return list(AppointmentEvent.objects.filter(appointment=appointment).select_related("actor"))
