"""The calendar link: what it shows of whose appointments, to whom, and until when."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from icalendar import Calendar

from accounts import bans
from appointments.models import CalendarFeed
from appointments.queries.calendar_feed import LOOK_BACK
from appointments.services import transitions
from appointments.services.calendar_feed import make_feed, turn_off_feed
from appointments.states import Role, Shown
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

from .conftest import NOW, TUESDAY_TEN
from .test_calendar_file import check_wire_format

pytestmark = pytest.mark.django_db
SETTINGS = "/my/settings/calendar/"


def address(person, shows=Shown.ALL):
    return reverse("calendar_feed", args=[make_feed(actor=person, shows=shows)])


def entries(answer):
    assert answer.status_code == 200, answer.status_code
    check_wire_format(answer.content)
    return Calendar.from_ical(answer.content).walk("VEVENT")


def starts(answer):
    return [entry["DTSTART"].dt for entry in entries(answer)]


def test_each_side_reads_it_in_their_words_and_a_request_is_left_out(client, book, provider, service, customer):
    agreed = book(note="My left knee hurts").appointment
    by_hand = ServiceFactory(provider=provider, duration_minutes=60, confirmation="by_hand")
    book(start=TUESDAY_TEN + timedelta(hours=2), service=by_hand)

    [mine] = entries(client.get(address(customer)))
    [theirs] = entries(client.get(address(provider.user)))

    assert mine["SUMMARY"] == f"{service.name} with {provider.name}"
    assert theirs["SUMMARY"] == f"{customer.name}: {service.name}"
    assert mine["UID"] == theirs["UID"] == f"{agreed.uuid}@testserver"
    assert mine["DTSTART"].dt == TUESDAY_TEN
    assert "knee" not in theirs.to_ical().decode(), "links are shared"


def test_a_change_and_a_cancellation_reach_whoever_reads_the_link(client, book, customer):
    moved, cancelled = book().appointment, book(start=TUESDAY_TEN + timedelta(hours=2)).appointment
    link = address(customer)
    first = client.get(link)
    transitions.cancel_appointment(appointment=cancelled, actor=customer, role=Role.CUSTOMER)

    second = client.get(link, headers={"if-none-match": first["ETag"]})

    assert [entry["UID"] for entry in entries(second)] == [f"{moved.uuid}@testserver"]
    assert second["ETag"] != first["ETag"]


def test_nothing_is_sent_again_while_nothing_changed(client, book, customer):
    book()
    link = address(customer)
    tag = client.get(link)["ETag"]

    with time_machine.travel(NOW + timedelta(hours=3), tick=False):
        again = client.get(link, headers={"if-none-match": tag})

    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == tag
    assert {"private", "no-cache"} <= set(again["Cache-Control"].split(", "))


def test_a_provider_who_books_elsewhere_chooses_what_it_shows(client, book, provider, customer):
    book()
    other = ProviderFactory(time_zone="Europe/London")
    give_hours(other, {day: [("09:00", "17:00")] for day in range(5)})
    customers, own = TUESDAY_TEN, TUESDAY_TEN + timedelta(hours=3)
    book(start=own, service=ServiceFactory(provider=other, duration_minutes=60), customer=provider.user)

    shown = {shows: starts(client.get(address(provider.user, shows))) for shows in Shown}

    assert shown == {Shown.ALL: [customers, own], Shown.CUSTOMER: [own], Shown.PROVIDER: [customers]}


def test_the_past_stays_for_a_while(client, book, customer):
    appointment = book().appointment
    link = address(customer)

    with time_machine.travel(appointment.end + LOOK_BACK - timedelta(seconds=1), tick=False):
        assert starts(client.get(link)) == [TUESDAY_TEN]
    with time_machine.travel(appointment.end + LOOK_BACK, tick=False):
        assert starts(client.get(link)) == []


def test_only_the_newest_link_of_a_person_works_until_it_is_turned_off(client, customer):
    old, new = address(customer), address(customer)

    assert [client.get(link).status_code for link in (old, new)] == [404, 200]
    assert turn_off_feed(actor=customer) is True
    assert client.get(new).status_code == 404
    assert turn_off_feed(actor=customer) is False


def test_a_suspended_persons_link_rests_and_that_of_a_closed_account_is_gone(client, book, customer):
    book()
    link = address(customer)
    bans.ban(customer, now=NOW)

    refused = client.get(link)

    assert refused.status_code == 403
    assert b"BEGIN" not in refused.content
    assert b"suspend" not in refused.content.lower(), "others may know the link"

    customer.refresh_from_db()
    customer.banned_at, customer.is_active = None, False
    customer.save()
    assert client.get(link).status_code == 404


def test_the_link_is_told_once_and_only_its_hash_is_kept(client, customer):
    client.force_login(customer)

    made = client.post(SETTINGS)

    [token] = set(re.findall(r"/calendar/([\w-]{43})\.ics", made.content.decode()))
    assert client.get(reverse("calendar_feed", args=[token])).status_code == 200
    assert "no-store" in made["Cache-Control"]
    row = CalendarFeed.objects.get()
    assert token not in str(vars(row))
    assert row.token_hash not in made.content.decode()
    assert token not in client.get(SETTINGS).content.decode()


def test_a_customer_has_no_choice_and_a_provider_no_other_than_these(client, provider, customer):
    client.force_login(customer)
    assert b'name="shows"' not in client.get(SETTINGS).content
    client.post(SETTINGS, {"shows": "provider"})
    assert CalendarFeed.objects.get(owner=customer).shows == Shown.ALL

    client.force_login(provider.user)
    assert client.get(SETTINGS).content.count(b'name="shows"') == 3
    assert client.post(SETTINGS, {"shows": "everybody"}).status_code == 422
    assert not CalendarFeed.objects.filter(owner=provider.user).exists()
    assert client.post(SETTINGS, {"shows": "customer"}).status_code == 200
    assert CalendarFeed.objects.get(owner=provider.user).shows == Shown.CUSTOMER


def test_one_file_has_everything_that_was_ever_agreed(client, book, provider, customer):
    cancelled = book().appointment
    transitions.cancel_appointment(appointment=cancelled, actor=customer, role=Role.CUSTOMER)
    book(start=TUESDAY_TEN + timedelta(hours=2))
    book(start=TUESDAY_TEN + timedelta(hours=4), customer=UserFactory())
    client.force_login(customer)

    answer = client.get("/my/appointments/calendar.ics")

    assert [entry["STATUS"] for entry in entries(answer)] == ["CANCELLED", "CONFIRMED"]
    assert answer["Content-Disposition"] == 'attachment; filename="appointments.ics"'


# The link, whether its owner has a studio, and the appointments; for the file the session and its person first.
@pytest.mark.parametrize(("path", "asked"), [("feed", 3), ("file", 3)])
def test_it_asks_the_database_as_often_for_many(client, book, customer, path, asked, django_assert_num_queries):
    link = address(customer)
    if path == "file":
        client.force_login(customer)
        link = "/my/appointments/calendar.ics"
    book()
    with django_assert_num_queries(asked):
        client.get(link)
    for hours in (2, 4, 6):
        book(start=TUESDAY_TEN + timedelta(hours=hours))
    with django_assert_num_queries(asked):
        assert len(entries(client.get(link))) == 4


def test_whatever_the_file_names_changes_its_tag(client, book, provider, service, customer):
    book()
    link = address(customer)
    tags = {client.get(link)["ETag"]}

    for row, field, value in (
        (provider, "name", "Maya Wilson"),
        (provider, "address", "2 Other Street"),
        (service, "name", "Second look"),
        (customer, "uses_12h_clock", not customer.uses_12h_clock),
    ):
        before, known = client.get(link).content, len(tags)
        setattr(row, field, value)
        row.save()
        answer = client.get(link)
        tags.add(answer["ETag"])
        assert answer.content != before, field
        assert len(tags) == known + 1, field
