"""The calendar file of an appointment as a download, for either side."""

from django.http import Http404, HttpResponse

from accounts.models import User
from appointments.mail import ics
from appointments.models import Appointment


def calendar_entry(appointment: Appointment, viewer: User) -> HttpResponse:
    """The calendar file for the viewer's side; 404 for an appointment that was never agreed."""
    try:
        file = ics.appointment_ics(appointment, viewer)
    except ics.NoCalendarEntry:
        raise Http404 from None
    return calendar_file(file, f"appointment-{appointment.reference}")


def calendar_file(file: bytes, name: str) -> HttpResponse:
    """The file as a download called `name`."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.ics"'}
    return HttpResponse(file, content_type="text/calendar; charset=utf-8", headers=headers)
