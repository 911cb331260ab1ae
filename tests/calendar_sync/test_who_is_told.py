"""Before Meet links end, the pages say how many customers are told; after disconnecting, that nothing is written."""

import pytest
from django.urls import reverse

from appointments.models import Appointment
from calendar_sync.models import Connection
from tests.factories.accounts import UserFactory

from .joining import link_of, make_ready, tell
from .world import HOUR, book, cancel

pytestmark = pytest.mark.django_db
NOTHING = "Nothing is written to this account now."


def shown(client, connection, name):
    client.force_login(connection.user)
    return " ".join(client.get(reverse(name, args=[connection.uuid])).text.split())


@pytest.fixture
def known(talk, online, morning, at_pretend_google):
    """Three appointments of two customers, one of whom knows a link and waits for another; the other waits for one."""
    make_ready(at_pretend_google)
    tell()
    assert link_of(talk)
    book(online, morning + HOUR, talk.customer)
    other = book(online, morning + 2 * HOUR, UserFactory(name="Ravi Rao", email="ravi@mail.example"))
    Appointment.objects.exclude(pk=talk.pk).update(link_promised_at=other.created_at)
    return other


def test_beside_the_box_stands_how_many_customers_are_told(known, makes_meet, client):
    page = shown(client, makes_meet, "google_calendars")
    assert "2 customers with appointments ahead have such a link or wait for one" in page
    assert "these links end, and each customer is told." in page


def test_one_customer_is_spoken_of_as_one_and_who_is_cancelled_does_not_count(known, makes_meet, client):
    cancel(known)
    page = shown(client, makes_meet, "google_calendars")
    assert "1 customer with an appointment ahead has such a link or waits for one" in page


@pytest.mark.parametrize("without", ["makes_meet", "calendar", "readers"])
def test_nothing_is_said_where_nobody_is_told(known, makes_meet, client, without):
    if without == "makes_meet":
        Connection.objects.update(makes_meet=False)
    elif without == "calendar":
        makes_meet.calendars.update(is_written_to=False)
    else:
        Appointment.objects.update(told_join_link="", told_join_link_at=None, link_promised_at=None)
    makes_meet.refresh_from_db()
    assert "such a link" not in shown(client, makes_meet, "google_calendars")
    assert "Google Meet link from this account" not in shown(client, makes_meet, "google_disconnect")


def test_before_disconnecting_the_page_says_how_many_customers_are_told(known, makes_meet, client):
    page = shown(client, makes_meet, "google_disconnect")
    assert "2 customers with appointments ahead have a Google Meet link from this account, or wait for one." in page
    assert "These links end here, and each customer is told." in page


def test_after_disconnecting_the_page_says_that_nothing_is_written(connected, client):
    client.force_login(connected.user)
    page = client.post(reverse("google_disconnect", args=[connected.uuid]), {"written": "leave"}, follow=True).text
    assert f"is disconnected. Google is asked to forget the access. {NOTHING}" in page


def test_after_disconnecting_the_page_says_what_is_removed_first(talk, makes_meet, client):
    client.force_login(makes_meet.user)
    page = client.post(reverse("google_disconnect", args=[makes_meet.uuid]), {"written": "remove"}, follow=True).text
    assert "What lies ahead is removed from it first; nothing else is written to this account now." in page
    assert NOTHING not in page


def test_a_connection_into_which_nothing_is_written_says_so(connected, client):
    client.force_login(connected.user)
    before = client.get(reverse("studio_google")).text
    connected.calendars.update(is_written_to=False)
    assert NOTHING not in before
    assert NOTHING in client.get(reverse("studio_google")).text
