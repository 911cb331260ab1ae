"""The rows of this app about a person; see `accounts.personal_data`."""

from accounts.models import User
from accounts.personal_data import Rows
from appointments.models import Appointment, AppointmentEvent, Hold


def kept(user: User) -> Rows:
    """The person's appointments on either side, the holds on their time or by them, and their history entries."""
    return {
        "appointments as a customer": Appointment.objects.filter(customer=user),
        "appointments as a provider": Appointment.objects.filter(provider__user=user),
        "holds of their time": Hold.objects.filter(provider__user=user),
        "times they keep": Hold.objects.filter(kept_by=user),
        "history entries they made": AppointmentEvent.objects.filter(actor=user),
    }
