"""The page of a provider who is suspended, hidden or closed: 404, but a calm page for who had an appointment there."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts import bans
from accounts.models import User
from appointments.services import transitions
from appointments.states import Role
from core import clock
from providers.models import Listing
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory

from .conftest import TUESDAY_TEN

pytestmark = pytest.mark.django_db


def banned(provider):
    bans.ban(provider.user, now=clock.now())


def hidden(provider):
    provider.listing = Listing.HIDDEN
    provider.save()


def closed(provider):
    User.objects.filter(pk=provider.user_id).update(is_active=False)


@pytest.fixture
def viewers(provider, confirmed, customer):
    """One of each: a visitor, somebody with nothing, staff, a customer elsewhere, and who cancelled their only one."""
    transitions.cancel_appointment(appointment=confirmed, actor=customer, role=Role.CUSTOMER)
    people = {
        "a visitor": None,
        "a stranger": UserFactory(),
        "staff": UserFactory(is_staff=True),
        "their customer": customer,
    }
    clients = {}
    for name, person in people.items():
        clients[name] = Client()
        if person:
            clients[name].force_login(person)
    return clients


def answers(viewers, address):
    return {name: client.get(address).status_code for name, client in viewers.items()}


@pytest.mark.parametrize(("happens", "to_customers"), [(banned, 200), (hidden, 200), (closed, 404)])
def test_only_who_had_an_appointment_sees_the_page_and_nobody_books(viewers, provider, service, happens, to_customers):
    page, of_service, form = (
        reverse("provider_page", args=[provider.slug]),
        reverse("provider_service", args=[provider.slug, service.slug]),
        reverse("book", args=[provider.slug, service.slug]) + f"?start={TUESDAY_TEN:%Y-%m-%dT%H:%M:%SZ}",
    )
    assert set(answers(viewers, page).values()) == {200}

    happens(provider)

    nobody = dict.fromkeys(viewers, 404)
    assert answers(viewers, page) == nobody | {"their customer": to_customers}
    assert answers(viewers, of_service) == nobody | {"their customer": to_customers}
    assert answers(viewers, form) == nobody
    keeping = reverse("keep_time", args=[provider.slug, service.slug])
    start = {"start": TUESDAY_TEN.isoformat()}
    assert {client.post(keeping, start).status_code for client in viewers.values()} == {404}


@pytest.mark.parametrize("happens", [banned, hidden])
def test_that_page_is_calm_has_no_picker_and_names_no_reason(viewers, provider, service, happens):
    alike = ServiceFactory(provider__name="Ruben Castillo", provider__category=provider.category).provider
    happens(provider)

    text = viewers["their customer"].get(reverse("provider_page", args=[provider.slug])).text
    htmx = viewers["their customer"].get(
        reverse("provider_page", args=[provider.slug]), headers={"HX-Request": "true", "HX-Target": "picker"}
    )

    assert "Maya is not taking bookings right now" in text and "What you have or had with Maya is in" in text
    assert reverse("provider_page", args=[alike.slug]) in text
    assert 'id="picker"' not in text and "Choose a day and time" not in text + htmx.text
    for word in ("suspend", "banned", "hidden by", "by staff"):
        assert word not in text.lower().split("<main")[1].split("</main")[0]


def test_a_paused_page_is_as_before_for_everybody(viewers, provider):
    provider.listing = Listing.PAUSED
    provider.save()

    for client in viewers.values():
        text = client.get(reverse("provider_page", args=[provider.slug])).text
        assert "Maya is not taking bookings right now" in text
        assert "Appointments that are already agreed stay as they are." in text


def test_it_costs_the_same_for_who_had_one_and_many(viewers, provider, book, customer, django_assert_num_queries):
    address = reverse("provider_page", args=[provider.slug])
    for n in range(4):
        book(TUESDAY_TEN.replace(hour=11 + n))
    banned(provider)
    viewers["their customer"].get(address)

    # Session with user, provider, services, those alike.
    with django_assert_num_queries(4):
        assert viewers["their customer"].get(address).status_code == 200
