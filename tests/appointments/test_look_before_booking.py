"""A look before booking: it says what booking would do at that moment, and writes nothing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from appointments.exceptions import PolicyRefused, SlotTaken
from appointments.models import Appointment, Hold
from appointments.services import booking, holds
from appointments.states import Status
from providers.models import Service
from tests.factories.accounts import UserFactory
from tests.factories.appointments import demanded_by
from tests.factories.calendars import connect, put
from tests.factories.own_events import OwnEventFactory
from tests.factories.providers import ProviderFactory, ServiceFactory

from .conftest import NOW, TUESDAY_TEN

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def look(service, customer):
    def look(start=TUESDAY_TEN, **changes):
        fresh = Service.objects.select_related("provider__policy", "provider__user").get(pk=service.pk)
        return booking.look_before_booking(**{"customer": customer, "service": fresh, "start": start} | changes)

    return look


def taken(service, customer, provider):
    booking.book_appointment(
        service=service,
        start=TUESDAY_TEN,
        customer=UserFactory(),
        terms=booking.terms_of(service),
        booking_key="theirs",
    )


def kept_by_another(service, customer, provider):
    holds.keep_time(service=service, start=TUESDAY_TEN, account=UserFactory())


def kept_by_them(service, customer, provider):
    holds.keep_time(service=service, start=TUESDAY_TEN, browser="b" * 64, account=customer)


def paused(service, customer, provider):
    Service.objects.update(is_active=False)


def closed(service, customer, provider):
    provider.working_hours.all().delete()


def suspended(service, customer, provider):
    User.objects.filter(pk=customer.pk).update(banned_at=NOW)
    customer.refresh_from_db()


def unconfirmed(service, customer, provider):
    User.objects.filter(pk=customer.pk).update(email_confirmed_at=None)
    customer.refresh_from_db()


def too_many(service, customer, provider):
    provider.policy.max_week_per_customer = 1
    provider.policy.save()
    booking.book_appointment(
        service=service,
        start=TUESDAY_TEN + 2 * HOUR,
        customer=customer,
        terms=booking.terms_of(service),
        booking_key="before",
    )


def nothing(service, customer, provider):
    """Everything is as it is."""


@pytest.mark.parametrize(
    ("before", "start", "is_open"),
    [
        (nothing, TUESDAY_TEN, True),
        (kept_by_them, TUESDAY_TEN, True),
        (taken, TUESDAY_TEN, False),
        (kept_by_another, TUESDAY_TEN, False),
        (paused, TUESDAY_TEN, False),
        (closed, TUESDAY_TEN, False),
        (suspended, TUESDAY_TEN, False),
        (unconfirmed, TUESDAY_TEN, False),
        (too_many, TUESDAY_TEN, False),
        (nothing, TUESDAY_TEN + timedelta(minutes=7), False),
        (nothing, NOW + timedelta(minutes=30), False),
        (nothing, NOW - timedelta(days=90), False),
        (nothing, TUESDAY_TEN + timedelta(days=700), False),
    ],
)
def test_what_it_says_is_what_booking_does(look, service, customer, provider, before, start, is_open):
    before(service, customer, provider)
    rows = Hold.objects.count(), Appointment.objects.count()

    found = look(start)

    assert (found.open, bool(found.refusals)) == (is_open, not is_open)
    assert (Hold.objects.count(), Appointment.objects.count()) == rows
    fresh = Service.objects.select_related("provider__policy", "provider__user").get()
    wanted = {"service": fresh, "start": start, "customer": customer, "terms": found.terms, "booking_key": "now"}
    if is_open:
        assert booking.book_appointment(**wanted).changed
    else:
        with pytest.raises((SlotTaken, PolicyRefused)) as refused:
            booking.book_appointment(**wanted)
        # A time that was kept or booked is told as taken, by the same rule.
        assert str(refused.value) == found.refusals[0]


def test_the_nearest_others_are_open_and_none_is_the_one_asked_about(look, service, customer, provider):
    taken(service, customer, provider)

    assert look().nearest == [TUESDAY_TEN - 2 * HOUR, TUESDAY_TEN - HOUR, TUESDAY_TEN + HOUR]
    assert look(TUESDAY_TEN + HOUR).nearest == [TUESDAY_TEN - HOUR, TUESDAY_TEN + 2 * HOUR, TUESDAY_TEN + 3 * HOUR]
    assert all(look(start).open for start in look().nearest)


def test_a_service_that_takes_no_bookings_has_no_other_times(look, service, customer, provider):
    paused(service, customer, provider)

    assert look().nearest == []


def test_the_terms_are_those_in_force(look, service, by_hand):
    assert look().terms == booking.terms_of(service)
    assert not look().terms.confirms_at_once


def test_a_venue_that_the_service_does_not_have_is_refused(look, service):
    online = service.venues[0]

    assert look(venue=online).open
    other = "online" if online == "in_person" else "in_person"
    assert look(venue=other).refusals == [f"{service.name} does not take place there."]


def test_what_meets_it_in_the_customer_s_own_day_is_told_and_refuses_nothing(look, customer):
    elsewhere = ServiceFactory()
    Appointment.objects.create(
        customer=customer,
        provider=elsewhere.provider,
        service=elsewhere,
        status=Status.CONFIRMED,
        start=TUESDAY_TEN,
        end=TUESDAY_TEN + HOUR / 2,
        price=0,
        currency="GBP",
        booking_key="elsewhere",
        **demanded_by(Status.CONFIRMED, NOW),
    )
    their_page = ProviderFactory(user=customer)
    put(connect(their_page), TUESDAY_TEN + HOUR / 2, TUESDAY_TEN + 2 * HOUR)
    event = OwnEventFactory(user=customer, start=TUESDAY_TEN + HOUR / 2, end=TUESDAY_TEN + HOUR)
    OwnEventFactory(user=customer, start=TUESDAY_TEN, end=TUESDAY_TEN + HOUR, is_free=True)
    OwnEventFactory(user=UserFactory(), start=TUESDAY_TEN, end=TUESDAY_TEN + HOUR)

    found = look()

    assert found.clashes == [
        (TUESDAY_TEN, TUESDAY_TEN + HOUR / 2, "appointment"),
        (event.start, event.end, "event"),
        (TUESDAY_TEN + HOUR / 2, TUESDAY_TEN + 2 * HOUR, "calendar"),
    ]
    assert (found.open, found.clash) == (True, True)
    assert not look(TUESDAY_TEN + 2 * HOUR).clash


def test_the_number_of_queries_is_the_same_on_an_empty_day_and_on_a_full_one(look, book, customer, provider):
    with CaptureQueriesContext(connection) as empty:
        look()
    for hours in range(1, 5):
        book(TUESDAY_TEN + hours * HOUR, customer=UserFactory())
        OwnEventFactory(user=customer, start=TUESDAY_TEN + hours * HOUR)
    with CaptureQueriesContext(connection) as full:
        look()

    assert (len(empty), len(full)) == (13, 13)  # one of them reads the service
