"""Meet links that a customer was told to expect: noted when a mail or a page says so, and told once if none comes."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from appointments import links
from appointments.models import Appointment
from appointments.outside import google
from appointments.services import join_links
from appointments.states import Role
from calendar_sync.google_api.errors import SignInNeeded
from calendar_sync.models import Connection, WrittenEvent
from calendar_sync.services import connecting, edits, health
from calendar_sync.states import Problem, State
from core import clock
from notifications.models import Kind, SentMail
from outbox.models import Message
from outbox.testing import deliver
from providers.models import Service
from tests.factories.accounts import UserFactory

from .joining import choose, link_of, look, make_ready, tell, to_mina
from .pretend import MAYA
from .world import HOUR, book, cancel, entries, read

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def appointment(talk):
    """Booked online and confirmed by a mail that says that the link follows."""
    return talk


def promised(appointment):
    appointment.refresh_from_db()
    return appointment.link_promised_at is not None


def says_none_comes(mail):
    assert mail.subject.startswith("No link to join: ")
    assert "There is no link to join." in mail.body
    assert "We said that a link to join would follow, but none comes." in mail.body
    assert "meet.google.com" not in mail.body
    return True


# --- What is noted ----------------------------------------------------------------------------------------------------


def test_a_confirmation_that_says_so_promises_a_link_and_one_that_does_not_promises_none(
    appointment, online, morning, at_pretend_google
):
    Connection.objects.update(makes_meet=False)
    other = book(online, morning + 2 * HOUR, appointment.customer)
    deliver()
    first, second = to_mina()
    assert ("The link to join follows" in first.body, promised(appointment)) == (True, True)
    assert ("The link to join follows" in second.body, promised(other)) == (False, False)


def test_a_confirmation_that_is_not_sent_promises_nothing(online, morning, at_pretend_google):
    made = book(online, morning)
    Message.objects.filter(topic="notifications.send_mail").delete()
    deliver()
    assert not promised(made)


@pytest.mark.parametrize("page", ["my_appointment", "link"])
def test_a_page_says_so_to_the_customer_and_notes_nothing(appointment, client, page):
    Appointment.objects.update(link_promised_at=None)
    row = Appointment.objects.get()
    if page == "my_appointment":
        client.force_login(row.customer)
        address = reverse(page, args=[row.reference])
    else:
        address = reverse(page, args=[links.token_for(row, Role.CUSTOMER, now=clock.now())])
    assert "The link is on its way; we email it to you" in client.get(address).text
    assert not promised(appointment), "nothing changes by looking at a page"


def test_the_providers_page_promises_the_customer_nothing(appointment, client):
    Appointment.objects.update(link_promised_at=None)
    client.force_login(appointment.provider.user)
    assert "Google is making the link" in client.get(reverse("studio_appointment", args=[appointment.reference])).text
    assert not promised(appointment)


def test_no_link_is_promised_that_does_not_come_any_more(appointment):
    Appointment.objects.update(link_promised_at=None)
    WrittenEvent.objects.update(meet="failed", meet_since=None)
    appointment.refresh_from_db()
    assert not join_links.promise_links([appointment])
    assert not promised(appointment)


# --- None comes -------------------------------------------------------------------------------------------------------


def failed(connection, server):
    server.google.meets.fails = True
    make_ready(server)


def refused(connection, server):
    server.google.faults.add("events.patch", status=403, reason="forbiddenForNonOrganizer", times=99)
    server.google.faults.add("events.get", status=403, reason="forbiddenForNonOrganizer", times=99)
    look()


def removed(connection, server):
    [event] = entries(server)
    server.google.change(MAYA, event["id"], {"conferenceData": None})
    read(connection)
    deliver()
    look()


def unticked(connection, server):
    choose(connection, makes_meet=False)


def disconnected(connection, server):
    connecting.disconnect(connection=connection, actor=connection.user)
    deliver()


@pytest.mark.parametrize("happens", [failed, refused, removed, unticked, disconnected])
def test_whoever_was_promised_a_link_is_told_once_that_none_comes(appointment, makes_meet, at_pretend_google, happens):
    happens(makes_meet, at_pretend_google)
    [told] = tell()
    assert says_none_comes(told)
    assert not promised(appointment)
    assert join_links.tell_links(provider=appointment.provider_id, customer=appointment.customer_id) == 0
    assert tell() == []
    assert SentMail.objects.filter(kind=Kind.JOIN).count() == 1


def test_a_link_of_what_was_not_even_written_is_missed_too(online, morning, makes_meet, at_pretend_google):
    mina = UserFactory(name="Mina Sato", email="mina@mail.example", email_confirmed_at=clock.now())
    book(online, morning, mina)
    deliver("notifications.send_mail")
    [confirmed] = to_mina()
    connecting.disconnect(connection=makes_meet, actor=makes_meet.user)
    deliver()
    assert "The link to join follows" in confirmed.body
    assert says_none_comes(tell()[0])


def test_who_was_promised_nothing_is_told_nothing(appointment, makes_meet, at_pretend_google):
    Appointment.objects.update(link_promised_at=None)
    failed(makes_meet, at_pretend_google)
    assert tell() == []


def test_nobody_is_told_of_a_missing_link_to_what_is_cancelled(appointment, makes_meet, at_pretend_google):
    failed(makes_meet, at_pretend_google)
    cancel(appointment)
    [told] = tell()
    assert "cancelled" in told.subject.lower()


def test_nobody_is_told_of_a_missing_link_to_what_is_over(appointment, makes_meet, at_pretend_google):
    failed(makes_meet, at_pretend_google)
    with time_machine.travel(appointment.end, tick=False):
        assert join_links.tell_links(provider=appointment.provider_id, customer=appointment.customer_id) == 0


def test_a_mail_about_a_missing_link_is_not_sent_once_the_appointment_is_cancelled(
    appointment, makes_meet, at_pretend_google
):
    failed(makes_meet, at_pretend_google)
    join_links.tell_links(provider=appointment.provider_id, customer=appointment.customer_id)
    cancel(appointment)
    tell()
    assert SentMail.objects.get(kind=Kind.JOIN).reason == "the appointment does not take place, or is over"


def test_the_mail_says_what_the_provider_says_of_the_service(appointment, makes_meet, at_pretend_google):
    Service.objects.update(description="I call you: keep your phone beside you.")
    failed(makes_meet, at_pretend_google)
    [told] = tell()
    assert "says of Talk stands below. If you don’t know how to join, reply to this mail" in told.body
    assert "I call you: keep your phone beside you." in told.body


def test_a_link_that_came_and_went_before_it_was_told_is_missed_all_the_same(
    appointment, makes_meet, at_pretend_google
):
    make_ready(at_pretend_google)
    choose(makes_meet, makes_meet=False)
    assert says_none_comes(tell()[0])


def test_a_link_whose_mail_was_never_sent_is_missed_all_the_same_and_once(appointment, makes_meet, at_pretend_google):
    make_ready(at_pretend_google)
    join_links.tell_links(provider=appointment.provider_id, customer=appointment.customer_id)
    own = makes_meet.calendars.get(is_primary=True)
    connecting.choose_calendars(
        connection=makes_meet, busy=[own], write_to=own, when_stale="pause", actor=makes_meet.user
    )
    deliver("calendar_sync.hand_links")
    [told] = tell()
    assert says_none_comes(told)


def test_a_link_that_is_told_keeps_the_promise(appointment, makes_meet, at_pretend_google):
    make_ready(at_pretend_google)
    tell()
    choose(makes_meet, makes_meet=False)
    [gone] = tell()
    assert gone.subject.startswith("No link to join any more: ")
    assert tell() == []


def test_one_that_comes_after_all_is_told(appointment, makes_meet, at_pretend_google):
    failed(makes_meet, at_pretend_google)
    tell()
    at_pretend_google.google.meets.fails = False
    choose(makes_meet)
    make_ready(at_pretend_google)
    [told] = tell()
    assert told.subject.startswith("Link to join: ")
    assert link_of(appointment) in told.body


# --- None comes yet ---------------------------------------------------------------------------------------------------


def sign_out(connection):
    connection.refresh_from_db()
    health.ask_to_sign_in(connection, SignInNeeded(Problem.SIGN_IN, "gone"))
    deliver()


def due():
    return Message.objects.filter(topic=join_links.TELL).latest("due_at").due_at


def test_a_link_that_waits_for_a_sign_in_is_given_a_day(appointment, makes_meet, at_pretend_google):
    sign_out(makes_meet)
    at = due()
    early = tell()
    with time_machine.travel(clock.now() + DAY + 2 * MINUTE, tick=False):
        [late] = tell()
    assert early == []
    assert DAY <= at - clock.now() < DAY + 2 * MINUTE
    assert says_none_comes(late)


def test_a_link_that_waits_for_a_sign_in_is_given_up_two_hours_before_the_start(
    appointment, makes_meet, at_pretend_google
):
    with time_machine.travel(appointment.start - 5 * HOUR, tick=False):
        sign_out(makes_meet)
    assert appointment.start - 2 * HOUR < due() <= appointment.start - 2 * HOUR + MINUTE


def test_nobody_is_told_where_the_provider_signed_in_meanwhile(appointment, makes_meet, at_pretend_google):
    sign_out(makes_meet)
    Connection.objects.update(state=State.WORKING, refresh_token="r")
    with time_machine.travel(clock.now() + DAY + 2 * MINUTE, tick=False):
        assert tell() == []
    assert promised(appointment)


def test_a_link_that_waits_is_given_up_later_where_the_appointment_was_moved(
    appointment, makes_meet, at_pretend_google
):
    with time_machine.travel(appointment.start - 5 * HOUR, tick=False):
        sign_out(makes_meet)
    Appointment.objects.update(start=appointment.start + DAY, end=appointment.end + DAY)
    with time_machine.travel(appointment.start - 2 * HOUR + MINUTE, tick=False):
        tell()
    assert (due() - appointment.start + 5 * HOUR) // MINUTE == DAY // MINUTE


def test_a_link_that_waits_is_given_up_earlier_where_the_appointment_was_moved_nearer(appointment, makes_meet, morning):
    with time_machine.travel(appointment.start - 20 * HOUR, tick=False):
        sign_out(makes_meet)
    Message.objects.filter(topic=join_links.TELL).delete()
    Appointment.objects.update(start=appointment.start - 12 * HOUR, end=appointment.end - 12 * HOUR)
    with time_machine.travel(appointment.start - 19 * HOUR, tick=False):
        google.write([appointment.pk])
    assert due() == appointment.start - 14 * HOUR + MINUTE


def test_a_link_of_an_event_that_was_deleted_there_waits_for_its_owners_answer(
    appointment, makes_meet, at_pretend_google
):
    [event] = entries(at_pretend_google)
    at_pretend_google.google.remove(MAYA, event["id"])
    read(makes_meet)
    look()
    assert edits.open_for(makes_meet.user).exists()
    assert tell() == []
    with time_machine.travel(clock.now() + DAY + 2 * MINUTE, tick=False):
        assert says_none_comes(tell()[0])
