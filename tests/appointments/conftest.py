"""Fixtures: a provider in Kathmandu (UTC+5:45, so wall time differs by no full hour), a service, a London customer.
There is a platform fee, both caps are set, and a request has to be answered long before its start.

It is Monday 2 March 2026, 08:00 UTC; the provider is open on weekdays from 04:00 to 17:00 UTC, 09:45 to 22:45 there.
Tests that read wall times may ask for `in_london`, where the provider is open from 09:00 to 17:00.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from appointments.services import booking
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TUESDAY_TEN = datetime(2026, 3, 3, 10, tzinfo=UTC)
# The time in which a provider has to answer a request.
ANSWER_TIME = timedelta(hours=7, minutes=23)


@pytest.fixture(autouse=True)
def _monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def provider(db, settings):
    settings.PLATFORM_FEE_PERCENT = Decimal("7.5")
    return ProviderFactory(
        time_zone="Asia/Kathmandu",
        hours={day: [("09:45", "22:45")] for day in range(5)},
        policy__max_per_day=7,
        policy__max_open=40,
        policy__answer_minutes=ANSWER_TIME // timedelta(minutes=1),
    )


def move_to_london(provider):
    """Move the provider to London, where wall time is UTC in March, open on weekdays from 09:00 to 17:00."""
    provider.time_zone = "Europe/London"
    provider.save()
    give_hours(provider, {day: [("09:00", "17:00")] for day in range(5)})
    return provider


@pytest.fixture
def in_london(provider):
    return move_to_london(provider)


@pytest.fixture
def service(provider):
    return ServiceFactory(provider=provider, duration_minutes=60)


@pytest.fixture
def customer(db):
    return UserFactory()


@pytest.fixture
def signed_in(client, customer):
    """The customer's browser."""
    client.force_login(customer)
    return client


@pytest.fixture
def far_ahead(provider):
    """The provider, in London, who can be booked more than a year ahead, as often as somebody likes."""
    provider.policy.window_days, provider.policy.max_open = 400, None
    provider.policy.save()
    return move_to_london(provider)


@pytest.fixture
def book(service, customer):
    """A function that books the service; its arguments have defaults."""

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
