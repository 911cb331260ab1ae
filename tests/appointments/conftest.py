"""One provider in London, open on weekdays 09:00 to 17:00, one service, one customer.

It is Monday 2 March 2026, 08:00, in London.
"""

from datetime import UTC, datetime

import pytest
import time_machine

from appointments.services import booking
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TUESDAY_TEN = datetime(2026, 3, 3, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def provider(db):
    provider = ProviderFactory(time_zone="Europe/London")
    give_hours(provider, {day: [("09:00", "17:00")] for day in range(5)})
    return provider


@pytest.fixture
def service(provider):
    return ServiceFactory(provider=provider, duration_minutes=60)


@pytest.fixture
def customer(db):
    return UserFactory()


@pytest.fixture
def book(service, customer):
    """Books the one service; the arguments that matter can be named."""

    def book(start=TUESDAY_TEN, **changes):
        wanted = {"service": service, "customer": customer, "booking_key": f"key-{start:%d%H%M}"} | changes
        wanted.setdefault("terms", booking.terms_of(wanted["service"]))
        return booking.book_appointment(start=start, **wanted)

    return book


@pytest.fixture
def by_hand(provider):
    provider.policy.accepts_at_once = False
    provider.policy.save()
    return provider


@pytest.fixture
def confirmed(book):
    return book().appointment


@pytest.fixture
def requested(book, by_hand):
    return book().appointment
