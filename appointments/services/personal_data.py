"""The rows of this app about a person; see `accounts.personal_data`."""

from accounts.models import User
from accounts.personal_data import Rows
from appointments.models import Appointment, AppointmentEvent, CalendarFeed, Hold, LateCancellation, Proposal


def kept(user: User) -> Rows:
    """The person's appointments on either side, the holds on their time or by them, their history entries and late
    cancellations, and those that they forgave as staff."""
    return {
        "appointments as a customer": Appointment.objects.filter(customer=user),
        "appointments as a provider": Appointment.objects.filter(provider__user=user),
        "holds of their time": Hold.objects.filter(provider__user=user),
        "times they keep": Hold.objects.filter(kept_by=user),
        "history entries they made": AppointmentEvent.objects.filter(actor=user),
        "new times they proposed": Proposal.objects.filter(actor=user),
        "their calendar link": CalendarFeed.objects.filter(owner=user),
        "late cancellations": LateCancellation.objects.filter(person=user),
        "late cancellations they forgave": LateCancellation.objects.filter(forgiven_by=user),
    }
