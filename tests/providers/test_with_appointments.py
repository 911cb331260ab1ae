"""What of a page and its services may and may not change once somebody has booked."""

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from appointments.models import Appointment
from appointments.services import booking
from providers import edit_stamps, hooks, services
from providers.exceptions import ChangeRefused
from tests.factories.accounts import UserFactory
from tests.factories.providers import DateOverrideFactory, ProviderFactory, ServiceFactory
from tests.providers.pages import send

pytestmark = pytest.mark.django_db

MONDAY = dt.datetime(2026, 3, 9, 10, tzinfo=dt.UTC)
TUESDAY_AT_NINE = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def march():
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def service():
    return ServiceFactory(provider=ProviderFactory(name="Maya Okafor"), duration_minutes=60)


def book(service, start):
    return booking.book_appointment(
        service=service,
        start=start,
        customer=UserFactory(),
        terms=booking.terms_of(service),
        booking_key=str(start),
    ).appointment


def test_a_booked_service_is_paused_not_deleted(client, service):
    book(service, TUESDAY_AT_NINE)

    with pytest.raises(ChangeRefused, match="Pause it"):
        services.delete_service(service=service, actor=service.provider.user)
    client.force_login(service.provider.user)
    page = client.post(reverse("studio_service_delete", args=[service.slug]))

    assert page.status_code == 409
    assert "Pause it instead" in page.content.decode()
    service.refresh_from_db()
    assert service.is_active


def test_a_new_price_changes_no_appointment(service):
    appointment = book(service, TUESDAY_AT_NINE)

    values = {"price": Decimal(99), "duration_minutes": 30, "currency": "EUR"}
    services.save_service(
        provider=service.provider,
        actor=service.provider.user,
        service=service,
        values=values,
        seen=edit_stamps.of_service(type(service).objects.get()),
    )

    before = (appointment.price, appointment.currency, appointment.end)
    appointment.refresh_from_db()
    assert (appointment.price, appointment.currency, appointment.end) == before == (58, "GBP", before[2])


def test_appointments_outside_the_new_hours_are_counted_and_stay(client, service):
    provider = service.provider
    for hour in (9, 11, 16):
        book(service, TUESDAY_AT_NINE.replace(hour=hour))
    assert hooks.count_outside_hours(provider, MONDAY) == 0
    client.force_login(provider.user)

    send(client, "/studio/hours/", "time_zone", start__1__0="10:00", end__1__0="16:30")

    page = client.get("/studio/hours/").content.decode()
    assert "2 confirmed appointments fall outside the new hours. They stay." in page
    assert Appointment.objects.filter(status="confirmed").count() == 3


def test_a_closed_date_counts_and_other_hours_may_hold(service):
    provider = service.provider
    book(service, TUESDAY_AT_NINE)
    book(service, TUESDAY_AT_NINE + dt.timedelta(days=1))

    DateOverrideFactory(provider=provider, start_on=dt.date(2026, 3, 10), end_on=dt.date(2026, 3, 20))
    assert hooks.count_outside_hours(provider, MONDAY) == 2
    provider.date_overrides.update(ranges=[[540, 600]])
    assert hooks.count_outside_hours(provider, MONDAY) == 0


def test_an_appointment_across_midnight_lies_in_two_ranges_that_meet(service):
    provider = service.provider
    services.set_working_hours(
        provider=provider, actor=provider.user, week={1: [(1320, 1440)], 2: [(0, 120)]}, time_zone="Europe/Paris"
    )
    provider.refresh_from_db()
    book(service, dt.datetime(2026, 3, 10, 23, tzinfo=dt.UTC))

    assert hooks.count_outside_hours(provider, MONDAY) == 0
    services.set_working_hours(provider=provider, actor=provider.user, week={1: [(1320, 1430)], 2: [(0, 120)]})
    # It began at 00:00 on Wednesday in Paris.
    assert hooks.count_outside_hours(provider, MONDAY) == 0
    services.set_working_hours(provider=provider, actor=provider.user, week={1: [(1320, 1440)]})
    assert hooks.count_outside_hours(provider, MONDAY) == 1


def test_counting_costs_three_queries_for_any_number(service, django_assert_num_queries):
    for n in range(4):
        book(service, TUESDAY_AT_NINE + dt.timedelta(hours=n))

    with django_assert_num_queries(3):
        hooks.count_outside_hours(service.provider, MONDAY)
