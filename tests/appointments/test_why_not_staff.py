"""Staff's page 'Why is this time not offered?', and the limits of one customer that it names."""

import pytest
from django.contrib.auth.models import Permission

from accounts import bans
from appointments.exceptions import PolicyRefused
from appointments.services import booking
from calendar_sync.models import BusyInterval
from providers.models import Listing
from providers.services import block_customer
from tests.factories.accounts import UserFactory
from tests.factories.own_events import OwnEventFactory
from tests.factories.providers import ServiceFactory

from .conftest import NOW, TUESDAY_TEN
from .test_availability import HOUR

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_london")]

ADDRESS = "/admin/appointments/appointment/why-not/"


@pytest.fixture
def ask(client, service):
    """A function that asks as a superuser; without arguments about Tuesday 3 March, 10:00."""
    client.force_login(UserFactory(is_staff=True, is_superuser=True, time_zone="America/New_York"))

    def ask(**query):
        asked = {"provider": service.provider.slug, "service": service.slug, "date": "2026-03-03", "time": "10:00"}
        return client.get(ADDRESS, {name: value for name, value in (asked | query).items() if value is not None})

    return ask


def test_staff_read_what_stands_in_the_way_in_the_providers_time_and_in_utc(ask, service, confirmed):
    BusyInterval.objects.create(provider=service.provider, start=TUESDAY_TEN, end=TUESDAY_TEN + HOUR)

    page = ask()

    assert page.status_code == 200
    assert [row.title for row in page.context["answer"].standing] == [
        f"Appointment of {confirmed.customer.name}",
        "Busy in a connected calendar",
    ]
    assert f"/admin/appointments/appointment/{confirmed.pk}/change/" in page.text
    assert "London time: Two things stand in the way." in page.text and " UTC." in page.text
    assert "Dentist" not in page.text


def test_staff_read_that_there_is_an_own_event_and_not_what_it_is(ask, service):
    OwnEventFactory(user=service.provider.user)

    page = ask()

    assert [row.title for row in page.context["answer"].standing] == ["Own event"]
    assert "School run" not in page.text


def test_a_provider_is_found_by_page_or_by_account_even_one_who_takes_no_bookings(ask, service):
    service.provider.listing = Listing.HIDDEN
    service.provider.save()

    for name in (service.provider.slug, service.provider.user.email.upper()):
        page = ask(provider=name)
        assert page.context["provider"] == service.provider
        assert [row.detail for row in page.context["answer"].standing] == ["Hidden by staff, so that nobody can book."]


def test_the_page_asks_first_whom_then_when(ask, client, service):
    first = client.get(ADDRESS)
    second = ask(service=None, date=None, time=None)

    assert (first.status_code, second.status_code) == (200, 200)
    assert 'name="provider"' in first.text and 'name="date"' not in first.text
    assert 'name="date"' in second.text and f'value="{service.provider.slug}"' in second.text
    assert "answer" not in second.context


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"provider": "nobody"}, "No provider has this address."),
        ({"provider": ""}, "Enter the provider."),
        ({"customer": "nobody@example.org"}, "No account has this address."),
        ({"customer": "no address"}, "Enter an email address"),
        ({"date": "soon"}, "Enter a date"),
        ({"service": "no-such-service"}, "Choose one from the list."),
    ],
)
def test_what_is_not_found_is_asked_for_again(ask, query, words):
    page = ask(**query)

    assert page.status_code == 422
    assert words in page.text
    assert "answer" not in page.context


def test_another_providers_service_is_not_in_the_list(ask):
    other = ServiceFactory(slug="theirs")

    assert ask(service=other.slug).status_code == 422


def test_the_customers_own_limits_are_all_named_as_the_customer_reads_them(ask, service, customer, book, by_hand):
    by_hand.policy.max_waiting_per_customer = by_hand.policy.max_week_per_customer = 1
    by_hand.policy.save()
    book()
    block_customer(provider=by_hand, actor=by_hand.user, customer=customer, reason="Private")
    customer.email_confirmed_at = None
    customer.save()
    bans.ban(customer, now=NOW)

    page = ask(customer=customer.email.upper(), time="12:00")

    name = by_hand.first_name
    assert page.context["answer"].standing == []
    assert page.context["refusals"] == [
        "Booking is suspended for this account.",
        "Confirm your email address first; we sent you a link.",
        f"You can’t book with {name} online. What is booked stays. For anything else, contact {name}.",
        f"You have 1 request waiting for {name}’s answer; the most at a time is 1. Wait for an answer, or withdraw a "
        "request.",
        f"With this one you would have 2 appointments with {name} within 7 days; the most is 1. Choose a time in "
        f"another week, or ask {name} to lift this limit for you.",
    ]
    assert "Private" not in page.text


def test_a_customer_without_a_limit_in_the_way_may_book(ask, customer):
    page = ask(customer=customer.email)

    assert page.context["refusals"] == []
    assert "no personal limit is in the way" in page.text


def test_nobody_books_with_themselves(ask, service):
    assert ask(customer=service.provider.user.email).context["refusals"] == [
        "You can't book an appointment with yourself."
    ]


@pytest.mark.parametrize("waiting", [1, 2])
@pytest.mark.parametrize("is_confirmed", [True, False])
@pytest.mark.parametrize("is_active", [True, False])
def test_the_first_sentence_is_the_one_that_booking_raises(
    service, customer, book, by_hand, waiting, is_confirmed, is_active
):
    by_hand.policy.max_waiting_per_customer = waiting
    by_hand.policy.save()
    book()
    customer.is_active, customer.email_confirmed_at = is_active, NOW if is_confirmed else None
    customer.save()
    service.provider = by_hand

    found = booking.refusals_of_customer(customer, service, TUESDAY_TEN + HOUR)

    try:
        booking.check_customer(customer, service, TUESDAY_TEN + HOUR)
    except PolicyRefused as refusal:
        assert found[0] == str(refusal)
    else:
        assert found == []


@pytest.mark.parametrize("missing", ["view_appointment", "view_hold", "view_provider", "view_user"])
def test_staff_need_the_right_to_look_at_all_that_the_page_names(client, missing):
    person = UserFactory(is_staff=True)
    rights = ["view_appointment", "view_hold", "view_provider", "view_user"]
    person.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(person)
    assert client.get(ADDRESS).status_code == 200

    person.user_permissions.remove(Permission.objects.get(codename=missing))

    assert client.get(ADDRESS).status_code == 403


def test_the_list_of_appointments_leads_there(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    assert f'href="{ADDRESS}"' in client.get("/admin/appointments/appointment/").text


def test_the_page_costs_the_same_queries_for_a_regular_and_for_nobody(
    ask, service, customer, book, django_assert_num_queries
):
    ask(customer=customer.email)
    with django_assert_num_queries(21):
        ask(customer=customer.email)

    for hour in range(5):
        book(TUESDAY_TEN + hour * HOUR)
    with django_assert_num_queries(21):
        ask(customer=customer.email)
