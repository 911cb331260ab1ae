"""What waits for a person's answer stands under a tab of its own, from the rows themselves, on either side."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments.services import proposals, transitions
from appointments.states import Role
from notifications import preferences
from notifications.models import EMAIL, INBOX, InboxItem, Topic
from tests.factories.accounts import UserFactory

from .conftest import ANSWER_TIME, NOW, TUESDAY_TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_london")]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def tab(client):
    """The tab of what waits, for a person."""

    def tab(person):
        client.force_login(person)
        return client.get(reverse("my_inbox"), {"tab": "waiting"})

    return tab


def propose(appointment, by):
    actor = appointment.customer if by is Role.CUSTOMER else appointment.provider.user
    proposals.propose_time(appointment=appointment, start=appointment.start + 3 * HOUR, actor=actor, role=by)


def test_a_new_time_waits_for_whoever_has_to_answer_it(book, by_hand, provider, customer, tab):
    first, second = book().appointment, book(start=TUESDAY_TEN + DAY).appointment
    for each in (first, second):
        transitions.accept_request(appointment=each, actor=provider.user)
    propose(first, by=Role.PROVIDER)
    propose(second, by=Role.CUSTOMER)

    [asked], [asked_of_provider] = (tab(person).context["waiting"] for person in (customer, provider.user))

    assert (asked.title, asked.address) == (
        f"A new time from {provider.first_name}",
        reverse("answer_time", args=[first.reference]),
    )
    assert (asked_of_provider.title, asked_of_provider.address) == (
        f"A new time from {customer.first_name}",
        reverse("studio_answer_time", args=[second.reference]),
    )
    assert f"{first.service.name}: Tue 3 March, 13:00 instead of Tue 3 March, 10:00" in asked.text


def test_a_request_waits_for_its_provider_until_it_is_answered(requested, provider, customer, tab):
    page = tab(provider.user)
    transitions.accept_request(appointment=requested, actor=provider.user)

    [asked] = page.context["waiting"]
    assert (asked.address, asked.day, asked.until) == (
        reverse("studio_appointment", args=[requested.reference]),
        requested.start,
        NOW + ANSWER_TIME,
    )
    assert f"Answer: A request from {customer.first_name}" in page.text
    assert tab(provider.user).context["waiting"] == tab(customer).context["waiting"] == []
    assert "Nothing waits for you" in tab(provider.user).text


def test_many_requests_are_the_most_urgent_and_the_number_of_the_others(book, by_hand, provider, tab):
    for n in range(7):
        book(start=TUESDAY_TEN + n * HOUR, customer=UserFactory(), booking_key=f"key-{n}")

    page = tab(provider.user)

    waiting = page.context["waiting"]
    assert [each.day for each in waiting] == [*(TUESDAY_TEN + n * HOUR for n in range(4)), None]
    assert (waiting[-1].title, waiting[-1].address) == ("3 more requests", reverse("studio_requests"))
    assert page.context["waiting_count"] == 7
    assert 'Waiting for you <span class="count">7</span>' in page.text


def test_looking_at_what_waits_makes_nothing_less_new_and_a_topic_turned_off_hides_none_of_it(requested, provider, tab):
    off = [(channel, Topic.REQUESTS) for channel in (EMAIL, INBOX)]
    shown = tab(provider.user)
    preferences.save_choice(actor=provider.user, off=off, leads=[])
    InboxItem.objects.update(read_at=None)

    hidden = tab(provider.user)

    assert (shown.context["bell"].count, shown.context["waiting_count"]) == (1, 1)
    assert (hidden.context["bell"].count, hidden.context["waiting_count"]) == (0, 1)
    assert "Mark all as read" not in shown.text and "Pages of notifications" not in shown.text


def test_the_tab_costs_the_same_for_one_and_for_many(book, by_hand, provider, customer, client):
    counts = []
    for numbers in ([0], range(1, 7)):
        for n in numbers:
            one = book(start=TUESDAY_TEN + n * HOUR, customer=UserFactory(), booking_key=f"key-{n}").appointment
            other = book(
                start=TUESDAY_TEN + DAY + n * HOUR, customer=UserFactory(), booking_key=f"other-{n}"
            ).appointment
            transitions.accept_request(appointment=other, actor=provider.user)
            proposals.propose_time(
                appointment=other, start=other.start + 7 * DAY, actor=other.customer, role=Role.CUSTOMER
            )
            assert one.is_request
        client.force_login(provider.user)
        for address in (reverse("my_inbox"), f"{reverse('my_inbox')}?tab=waiting"):
            with CaptureQueriesContext(connection) as asked:
                client.get(address)
            counts.append(len(asked))

    # Session and count; new times, offered times, requests; of the first tab the items and what became of them, too.
    assert counts == [6, 4, 6, 4]
