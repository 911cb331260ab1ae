"""A provider's fee is set while they are booked: each booking has that of before or that of after, by its moment."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from appointments.models import Appointment
from appointments.services import booking
from providers.models import FeeRate, Provider, Service
from providers.services import set_fee_rate
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory
from tests.invariants import check_all
from tests.processes import meet

pytestmark = pytest.mark.django_db(transaction=True)


def set_rate(provider, staff, folder, size):
    row = Provider.objects.get(pk=provider)
    meet(folder, size)
    today = datetime.now(UTC).date()
    rate = set_fee_rate(
        provider=row, actor=User.objects.get(pk=staff), percent=Decimal(10), starts_on=today, reason="Agreed"
    )
    return rate.pk


def book(service, customer, start, folder, size):
    row = Service.objects.select_related("provider__policy", "provider__user").get(pk=service)
    who = User.objects.get(pk=customer)
    meet(folder, size)
    for n in range(4):
        at = datetime.fromisoformat(start) + n * timedelta(hours=1)
        booking.book_appointment(service=row, start=at, customer=who, terms=None, booking_key=f"key {n}")


def test_each_booking_has_the_fee_in_force_at_its_moment(run_calls, tmp_path):
    provider = ProviderFactory(time_zone="UTC", hours={day: [("00:00", "24:00")] for day in range(7)})
    service = ServiceFactory(provider=provider, duration_minutes=60, price=Decimal("59.90"))
    staff, first = UserFactory(is_staff=True), datetime.now(UTC).date() + timedelta(days=7)
    starts = [datetime(first.year, first.month, first.day, hour, tzinfo=UTC).isoformat() for hour in (0, 6, 12)]

    outcomes = run_calls(
        [
            (set_rate, provider.pk, staff.pk, str(tmp_path), 4),
            *[(book, service.pk, UserFactory().pk, start, str(tmp_path), 4) for start in starts],
        ]
    )

    assert all(outcome.ok for outcome in outcomes), outcomes
    since = FeeRate.objects.get().starts_at
    found = [(one.created_at >= since, one.fee_percent, one.platform_fee) for one in Appointment.objects.all()]
    assert len(found) == 12
    assert set(found) <= {(False, 0, 0), (True, 10, Decimal("5.99"))}
    check_all()
