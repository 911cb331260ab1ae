"""A person's appointments on either side: those they booked, and those booked with them."""

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery

from accounts.models import User
from appointments.models import Appointment

from .customers import over_at


def appointments_of(person: User) -> QuerySet[Appointment]:
    """The appointments of `person` as customer and as provider, with people, service, series and the open proposal.

    `contact_since` is when the last appointment between the two was over: the provider sees the customer's contact for
    a while after that.
    """
    pair = Appointment.objects.filter(customer=OuterRef("customer"), provider=OuterRef("provider"))
    last = pair.order_by().values("customer").annotate(last=Max(over_at())).values("last")
    rows = Appointment.objects.with_people().filter(Q(customer=person) | Q(provider__user=person))
    return rows.annotate(contact_since=Subquery(last))


def appointment_of(person: User, reference: str) -> Appointment:
    """The person's appointment with this reference, on either side. One query. Raises Appointment.DoesNotExist."""
    return appointments_of(person).get(reference=reference)
