"""Appointments as they would be found, without the services."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from appointments.models import Appointment
from appointments.rules.earnings import settle
from appointments.states import Status
from tests.factories.accounts import UserFactory
from tests.factories.appointments import demanded_by


def made(service, start, status=Status.COMPLETED, *, customer=None, price=58, currency="GBP", fee=0, **fields):
    """An hour's appointment at `start`, booked two days before."""
    one = Appointment(
        provider=service.provider,
        service=service,
        customer=customer or UserFactory(),
        status=status,
        start=start,
        end=start + timedelta(hours=1),
        price=Decimal(price),
        currency=currency,
        platform_fee=Decimal(fee),
        booking_key=uuid4().hex,
        **demanded_by(status, start) | {"created_at": start - timedelta(days=2)} | fields,
    )
    if settled := settle(one, Status(status)):
        one.refund, one.fee_due = settled.refund, settled.fee_due
    one.save()
    return one
