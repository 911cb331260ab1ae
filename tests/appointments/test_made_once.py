"""What a program makes with a one-time key is made once, whatever it asks for when it sends the key again."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from appointments.models import Appointment, OwnEvent, Proposal, WaitlistPlace
from appointments.rules.own_events import Details
from appointments.services import own_events, proposals, waitlist
from appointments.services.time_off import Absence, take_time_off
from appointments.states import Role
from core.db import made_before
from providers import services as providers
from providers.models import DateOverride, Service, TimeOff
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours
from tests.factories.waitlist import wish

from .conftest import TUESDAY_TEN

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
CHRISTMAS = date(2026, 12, 24)


def save_service(provider, key, name="Follow-up"):
    values = {"name": name, "duration_minutes": 30, "price": 20, "currency": "GBP"}
    return providers.save_service(provider=provider, actor=provider.user, values=values, key=key)


def save_override(provider, key, on=CHRISTMAS):
    return providers.save_override(
        provider=provider, actor=provider.user, start_on=on, end_on=on, ranges=[], note="Holiday", key=key
    )


def join(service, customer, key, **changes):
    wanted = wish(service.provider, **changes)
    return waitlist.join(service=service, actor=customer, wish=wanted, key=key).place


def test_a_service_is_made_once_by_a_key_even_if_it_was_changed_since(provider):
    key = uuid4()
    made = save_service(provider, key)
    Service.objects.filter(pk=made.pk).update(price=30)

    assert save_service(provider, key) == save_service(provider, key, name="Another") == made
    assert save_service(provider, uuid4()) != made
    assert save_service(ProviderFactory(), key).provider_id != provider.pk
    assert Service.objects.count() == 3


def test_an_override_is_made_once_by_a_key_even_if_it_was_changed_since(provider):
    key = uuid4()
    made = save_override(provider, key)
    DateOverride.objects.filter(pk=made.pk).update(note="Away")

    assert save_override(provider, key) == save_override(provider, key, on=CHRISTMAS + timedelta(days=1)) == made
    assert save_override(ProviderFactory(), key).provider_id != provider.pk
    assert DateOverride.objects.count() == 2


def test_a_place_on_a_waitlist_is_made_once_by_a_key_even_if_it_was_left_since(service, customer):
    give_hours(service.provider, {})
    key, others = uuid4(), UserFactory()
    made = join(service, customer, key)
    waitlist.leave(place=made, actor=customer)

    assert join(service, customer, key) == join(service, customer, key, parts=1) == made
    assert join(service, others, key).customer_id == others.pk
    assert not WaitlistPlace.objects.waiting().filter(customer=customer).exists()
    assert join(service, customer, uuid4()) != made


def test_the_key_of_another_s_booking_makes_an_appointment_of_one_s_own(book, customer, service):
    first = book(booking_key="the same").appointment
    mine = book(TUESDAY_TEN + HOUR, booking_key="the same", customer=UserFactory()).appointment
    again = book(TUESDAY_TEN + 3 * HOUR, booking_key="the same", service=ServiceFactory(), note="Another wish")

    assert (again.appointment, again.changed) == (first, False)
    assert mine != first
    assert Appointment.objects.count() == 2


def test_what_needs_no_key_is_made_once_by_what_it_says(confirmed, provider, customer):
    absence = Absence(TUESDAY_TEN + 5 * HOUR, TUESDAY_TEN + 6 * HOUR, reason="School play")
    event_key, details = uuid4(), Details("Swim", TUESDAY_TEN, TUESDAY_TEN + HOUR, is_free=True)
    for _ in range(2):
        take_time_off(provider=provider, absence=absence, actor=provider.user)
        proposals.propose_time(
            appointment=Appointment.objects.with_people().get(),
            start=TUESDAY_TEN + HOUR,
            actor=provider.user,
            role=Role.PROVIDER,
            message="Later?",
        )
        own_events.create_own_event(details=details, actor=customer, key=event_key)

    assert (TimeOff.objects.count(), Proposal.objects.count(), OwnEvent.objects.count()) == (1, 1, 1)


def test_without_a_key_nothing_was_made_before(provider):
    ServiceFactory(provider=provider)

    assert made_before(provider.services.all(), None) is None
