"""The guard against lazy loads sees what it is there for: a page that asks the database by reading an attribute."""

import pytest
from django.urls import reverse

from accounts.models import User
from appointments.models import Appointment, AppointmentQuerySet
from appointments.services import booking
from core import compiled_queries
from providers.models import Provider
from tests import lazy_loads
from tests.appointments.conftest import NOW, TUESDAY_TEN
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory
from tests.lazy_loads import LazyLoad

pytestmark = pytest.mark.django_db


@pytest.fixture
def appointment(time_machine_at_now):
    service = ServiceFactory(duration_minutes=60)
    customer = UserFactory()
    return booking.book_appointment(
        service=service, start=TUESDAY_TEN, customer=customer, terms=booking.terms_of(service), booking_key="one"
    ).appointment


@pytest.fixture
def time_machine_at_now():
    import time_machine

    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def in_page():
    token = lazy_loads._page.set("/a/page/")
    yield
    lazy_loads._page.reset(token)


def test_a_page_of_an_appointment_fetched_without_its_people_fails(client, appointment, monkeypatch):
    client.force_login(appointment.customer)
    address = reverse("my_appointment", args=[appointment.reference])
    answers = client.get(address).status_code

    monkeypatch.setattr(AppointmentQuerySet, "with_people", AppointmentQuerySet.all)
    monkeypatch.setattr(compiled_queries, "_kept", {})  # the page's query was compiled with its people

    assert answers == 200
    with pytest.raises(LazyLoad, match=f"{address} loads 'provider' of a Appointment by itself"):
        client.get(address)


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (lambda: Appointment.objects.get(), "customer"),
        (lambda: Provider.objects.get(), "policy"),
        (lambda: User.objects.defer("photo").first(), "photo"),
    ],
)
def test_a_relation_a_reverse_one_and_a_deferred_column_are_seen(appointment, in_page, row, name):
    found = row()

    with pytest.raises(LazyLoad, match=name):
        getattr(found, name)


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (lambda: Appointment.objects.with_people().get(), "customer"),
        (lambda: Provider.objects.for_pages().get(), "policy"),
        (lambda: Provider.objects.prefetch_related("policy").get(), "policy"),
        (lambda: User.objects.first(), "photo"),
    ],
)
def test_what_was_fetched_with_the_row_is_read_freely(appointment, in_page, row, name):
    assert getattr(row(), name) is not None


def test_outside_a_page_a_service_may_ask_as_it_needs(appointment):
    assert Appointment.objects.get().provider.policy is not None
