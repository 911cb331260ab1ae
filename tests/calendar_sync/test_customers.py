"""A customer's own Google Calendar: connected in the settings, written to, and read for a word of warning."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import personal_data
from accounts.models import User
from appointments.models import Appointment
from appointments.pages.month_picker import to_value
from appointments.services import transitions
from appointments.states import Role
from calendar_sync import personal_data as google_data
from calendar_sync.models import BusyInterval, Connection, GoogleCalendar, WrittenEvent
from calendar_sync.services import edits
from calendar_sync.states import Edit, State, WhenStale
from core import clock
from notifications.models import InboxItem
from outbox.models import Message
from outbox.testing import deliver
from providers import services as providers
from providers.models import CalendarState, Provider
from tests.appointments.lives import erase, leave
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory
from tests.providers.test_services import about

from .pretend import ROBIN, consent
from .world import HOUR, book, connect_person, entries, hour_from, read

pytestmark = pytest.mark.django_db

PAGE, CONNECT, BACK = reverse("my_google"), reverse("my_google_connect"), reverse("google_come_back")
BUSY = "You are busy in Google"


@pytest.fixture
def robin(db):
    return UserFactory(name="Robin Okoro", email="robin@mail.example", email_confirmed_at=clock.now())


@pytest.fixture
def connection(robin, at_pretend_google):
    """The connection of a customer to Robin's account at Google, with its calendars listed, and nothing read yet."""
    row = connect_person(robin, at_pretend_google, ROBIN)
    robin.refresh_from_db()
    return row


@pytest.fixture
def service(provider):
    """At a provider who has connected nothing."""
    return ServiceFactory(provider=provider, duration_minutes=60, name="Massage")


@pytest.fixture
def settings_client(client, robin, at_pretend_google, settings):
    settings.SITE_URL = "http://127.0.0.1:8000"  # the stand-in sends nobody to another machine
    client.force_login(robin)
    return client


def put_busy(server, start, title="Dentist"):
    return server.google.put(ROBIN, {"summary": title, **hour_from(start)})["id"]


def form_page(service, start):
    page = reverse("book", args=[service.provider.slug, service.slug])
    return f"{page}?start={to_value(start)}"


# --- Connecting -------------------------------------------------------------------------------------------------------


def test_a_customer_connects_in_the_settings_and_comes_back_there(settings_client, robin, at_pretend_google, morning):
    put_busy(at_pretend_google, morning)
    away = settings_client.post(CONNECT)["Location"]
    back = settings_client.get(BACK, consent(away, account=ROBIN), follow=True)
    deliver()
    row = Connection.objects.get()
    [busy] = BusyInterval.objects.all()
    assert parse_qs(urlsplit(away).query)["redirect_uri"][0].endswith(BACK)
    assert (back.redirect_chain[-1][0], row.user, row.email) == (PAGE, robin, ROBIN)
    assert (busy.provider, busy.start, busy.title) == (None, morning, "Dentist")
    assert User.objects.get(pk=robin.pk).keeps_calendar
    page = settings_client.get(PAGE).text
    assert "You are told when a time that you choose" in page
    assert "ustomers" not in page.partition("<main")[2].partition("</main")[0]
    assert "Dentist" not in page


def test_cancelling_at_google_ends_in_the_settings(settings_client):
    back = consent(settings_client.post(CONNECT)["Location"], account=ROBIN, press="cancel")
    assert settings_client.get(BACK, back)["Location"] == PAGE
    assert not Connection.objects.exists()


def test_an_answer_that_proves_nothing_leads_a_customer_to_the_settings(settings_client):
    assert settings_client.get(BACK)["Location"] == PAGE


def test_who_is_becoming_a_provider_comes_back_to_where_they_left(settings_client, robin):
    start_page(robin)
    there = {}
    for address in (CONNECT, reverse("google_connect")):
        back = consent(settings_client.post(address)["Location"], account=ROBIN)
        there[address] = settings_client.get(BACK, back)["Location"]
    assert there == {
        CONNECT: PAGE,
        reverse("google_connect"): reverse("become_provider_step", args=["calendar"]),
    }


def test_a_customer_chooses_calendars_and_is_asked_nothing_about_being_booked(settings_client, connection):
    Connection.objects.update(when_stale=WhenStale.GO_ON)
    page = reverse("my_google_calendars", args=[connection.uuid])
    shown = settings_client.get(page).text
    answer = settings_client.post(page, {"busy": [], "write_to": "", "when_changed": "put_back"})
    row = Connection.objects.get()
    assert "when_stale" not in shown
    assert "time off" not in shown
    assert (answer["Location"], row.when_changed, row.when_stale) == (PAGE, "put_back", WhenStale.GO_ON)
    assert not GoogleCalendar.objects.filter(is_written_to=True).exists()
    assert not User.objects.get(pk=connection.user_id).keeps_calendar


def test_a_provider_is_led_to_the_studio_with_whatever_they_asked_for(client, connected):
    client.force_login(connected.user)
    at = [connected.uuid]
    led = {
        name: client.get(reverse(f"my_{name}", args=at))["Location"]
        for name in ("google_calendars", "google_history", "google_disconnect")
    }
    assert led == {name: reverse(name, args=at) for name in led}
    assert client.get(PAGE)["Location"] == reverse("studio_google")
    assert client.post(reverse("my_google_disconnect", args=at))["Location"] == reverse("studio_google")
    assert Connection.objects.get().state == State.WORKING


def test_disconnecting_forgets_what_was_read_and_writes_no_more(settings_client, connection, robin, morning, service):
    page = reverse("my_google_disconnect", args=[connection.uuid])
    shown = settings_client.get(page).text
    answer = settings_client.post(page)
    book(service, morning, robin)
    assert "open for booking" not in shown
    assert answer["Location"] == PAGE
    assert not User.objects.get(pk=robin.pk).keeps_calendar
    assert not Message.objects.filter(topic="appointments.write_to_calendars").exists()


@pytest.mark.parametrize("count", [1, 4])
def test_the_page_costs_the_same_with_one_calendar_as_with_many(count, settings_client, connection):
    for n in range(count):
        connection.calendars.create(google_id=f"{n}", name=f"Choir {n}", counts_as_busy=True, last_read_at=clock.now())
    GoogleCalendar.objects.update(last_read_at=clock.now())
    with CaptureQueriesContext(database) as asked:
        settings_client.get(PAGE)
    assert len(asked) == 7


# --- Writing ----------------------------------------------------------------------------------------------------------


def test_what_a_customer_books_stands_in_their_calendar_with_their_reminders(
    connection, robin, service, morning, at_pretend_google
):
    made = book(service, morning, robin)
    deliver()
    [event] = entries(at_pretend_google, ROBIN)
    assert f"Reference {made.reference}" in event["description"]
    assert event["summary"].startswith("Massage")
    assert event["reminders"] == {"useDefault": False, "overrides": [{"method": "popup", "minutes": 24 * 60}]}
    assert WrittenEvent.objects.get().calendar.connection == connection


def test_what_the_provider_cancels_is_gone_from_the_customers_calendar(
    connection, robin, service, morning, at_pretend_google
):
    made = book(service, morning, robin)
    deliver()
    transitions.cancel_appointment(appointment=made, actor=service.provider.user, role=Role.PROVIDER, seen=1)
    deliver()
    assert entries(at_pretend_google, ROBIN) == []


def test_what_was_booked_before_connecting_is_written_then(robin, service, morning, at_pretend_google):
    book(service, morning, robin)
    deliver()
    connect_person(robin, at_pretend_google, ROBIN)
    deliver()
    assert len(entries(at_pretend_google, ROBIN)) == 1


def test_a_booking_asks_nothing_more_where_its_customer_has_a_calendar(robin, service, morning, at_pretend_google):
    with CaptureQueriesContext(database) as without:
        book(service, morning, robin)
    connect_person(robin, at_pretend_google, ROBIN)
    with CaptureQueriesContext(database) as with_one:
        book(service, morning + 3 * HOUR, robin)
    assert len(with_one) == len(without)
    assert Message.objects.filter(topic="appointments.write_to_calendars").count() == 1


def test_a_row_read_before_does_not_undo_that_somebody_keeps_a_calendar(robin, at_pretend_google):
    before = User.objects.get(pk=robin.pk)
    connect_person(robin, at_pretend_google, ROBIN)
    before.save()
    assert User.objects.get(pk=robin.pk).keeps_calendar


def test_a_customer_is_asked_about_what_they_deleted_there_in_their_settings(
    settings_client, connection, robin, service, morning, at_pretend_google
):
    made = book(service, morning, robin)
    deliver()
    read(connection)
    [event] = entries(at_pretend_google, ROBIN)
    at_pretend_google.google.remove(ROBIN, event["id"])
    read(connection)
    deliver()
    row = WrittenEvent.objects.get()
    page = reverse("my_google_edit", args=[row.uuid])
    item = InboxItem.objects.get(name=edits.NOTICE)
    led = settings_client.get(reverse("my_inbox_item", args=[item.pk]))["Location"]
    shown = settings_client.get(page)
    settings_client.post(page, {"seen": row.edited_at.isoformat(), "press": "put_back"})
    deliver()
    assert (row.edit, led) == (Edit.DELETED, page)
    assert shown.status_code == 200
    assert Appointment.objects.get(pk=made.pk).status == "confirmed"
    assert len(entries(at_pretend_google, ROBIN)) == 1


def test_another_zone_of_the_provider_is_written_to_their_customers_calendars(
    connection, robin, service, provider, morning, at_pretend_google
):
    book(service, morning, robin)
    deliver()

    week = {day: [(480, 1080)] for day in range(7)}
    providers.set_working_hours(provider=provider, actor=provider.user, week=week, time_zone="Europe/Berlin")
    deliver()

    [event] = entries(at_pretend_google, ROBIN)
    assert event["start"]["timeZone"] == "Europe/Berlin"


# --- Own clashes ------------------------------------------------------------------------------------------------------


def test_who_is_busy_elsewhere_is_warned_and_can_book(
    settings_client, connection, robin, service, morning, at_pretend_google
):
    put_busy(at_pretend_google, morning + HOUR / 2)
    read(connection)
    warned = settings_client.get(form_page(service, morning)).text
    made = book(service, morning, robin)
    assert f"{BUSY}, " in warned
    assert "Dentist" in warned
    assert "You can still book this one." in warned
    assert made.status == "confirmed"


@pytest.mark.parametrize("offset", [-1, 1])
def test_a_busy_time_that_only_touches_warns_nobody(
    offset, settings_client, connection, service, morning, at_pretend_google
):
    put_busy(at_pretend_google, morning + offset * HOUR)
    read(connection)
    assert BUSY not in settings_client.get(form_page(service, morning)).text


def test_nobody_else_reads_it_and_no_time_is_closed_by_it(
    client, connection, service, morning, at_pretend_google, provider
):
    put_busy(at_pretend_google, morning)
    read(connection)
    other = UserFactory(email_confirmed_at=clock.now())
    client.force_login(other)
    page = client.get(form_page(service, morning))
    assert (page.status_code, BUSY in page.text) == (200, False)
    assert not provider.busy_intervals.exists()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_warning_costs_one_query_however_much_there_is(
    count, settings_client, connection, service, morning, at_pretend_google
):
    [calendar] = connection.calendars.filter(is_primary=True)
    for n in range(count):
        calendar.busy_intervals.create(start=morning, end=morning + HOUR, event_id=f"{n}")
    settings_client.get(form_page(service, morning))
    with CaptureQueriesContext(database) as asked:
        settings_client.get(form_page(service, morning))
    assert sum("busyinterval" in one["sql"] for one in asked if "availab" not in one["sql"]) == 2


# --- Becoming a provider, and going -----------------------------------------------------------------------------------


def start_page(person):
    return providers.start_page(actor=person, values=about(name=person.name))


def test_who_becomes_a_provider_is_busy_from_the_start(connection, robin, at_pretend_google, morning):
    put_busy(at_pretend_google, morning)
    read(connection)
    start_page(robin)
    provider = Provider.objects.get(user=robin)
    assert list(provider.busy_intervals.values_list("start", flat=True)) == [morning]
    assert provider.calendar_state == CalendarState.WORKING


def test_a_draft_of_somebody_who_connected_nothing_stands_as_before(robin):
    assert start_page(robin).calendar_state == CalendarState.NONE


def test_a_busy_time_belongs_to_somebody(morning):
    row = BusyInterval(start=morning, end=morning + HOUR)
    with pytest.raises(ValidationError, match="busy_time_is_somebodys"):
        row.full_clean()


def test_a_copy_has_the_busy_times_of_a_customer_and_erasing_leaves_none(connection, robin, at_pretend_google, morning):
    put_busy(at_pretend_google, morning)
    read(connection)
    [section] = [each for each in personal_data.all_sections(robin) if each.name == "busy_times"]
    copied = [section.write(row)["title"] for row in section.rows]
    leave(robin)
    erase(robin)
    assert copied == ["Dentist"]
    assert not BusyInterval.objects.exists()
    assert not User.objects.get(pk=robin.pk).keeps_calendar


def test_a_connection_that_google_ended_is_told_to_a_customer_in_their_words(
    connection, robin, at_pretend_google, client, mailoutbox, morning
):
    at_pretend_google.google.revoke(ROBIN)
    read(connection)
    deliver()
    [mail] = [one for one in mailoutbox if "Sign in to Google" in one.subject]
    assert "What you book is not written to your calendar until you sign in." in mail.body
    assert "ustomers" not in mail.body
    assert PAGE in mail.body


def test_erasing_a_provider_removes_busy_times_of_no_calendar_too(provider, morning):
    BusyInterval.objects.create(provider=provider, start=morning, end=morning + HOUR)

    google_data.erase(provider.user)

    assert not BusyInterval.objects.exists()
