"""The calendar entry as a download, for either side."""

from django.http import Http404, HttpResponse

from accounts.models import User
from appointments.mail import ics
from appointments.models import Appointment


def calendar_entry(appointment: Appointment, viewer: User) -> HttpResponse:
    """The file, as the viewer's side has it; what was never agreed has none: 404."""
    try:
        file = ics.appointment_ics(appointment, viewer)
    except ics.NoCalendarEntry:
        raise Http404 from None
    headers = {"Content-Disposition": f'attachment; filename="appointment-{appointment.reference}.ics"'}
    return HttpResponse(file, content_type="text/calendar; charset=utf-8", headers=headers)
