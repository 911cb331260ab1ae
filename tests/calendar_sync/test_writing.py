"""Appointments and time off in the stand-in for Google: written, changed, deleted, and made to agree after faults."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from appointments.outside import google
from appointments.services import proposals, transitions
from appointments.states import Role
from calendar_sync.models import BusyInterval, Connection, GoogleCalendar, Note, WrittenEvent
from calendar_sync.services import connecting, leaving, writing, written
from calendar_sync.states import NoteKind, Problem, State, WhenChanged
from core import clock
from outbox import services as outbox
from outbox.testing import deliver
from providers import services as providers
from providers.models import BookingPolicy, Provider
from tests.appointments.lives import erase, leave
from tests.factories.providers import ServiceFactory

from .pretend import MAYA
from .world import DAY, HOUR, book, busy_times, cancel, connect, entries, read, starts, take_off, writes

pytestmark = pytest.mark.django_db


def write_again(connection):
    """Let what failed be due now, and write it."""
    Connection.objects.update(wait_until=None, writing_until=None)
    WrittenEvent.objects.exclude(write_at=None).update(write_at=clock.now())
    return writing.write_due(connection.pk)


# --- What is written --------------------------------------------------------------------------------------------------


def test_a_booked_appointment_stands_in_the_calendar_of_the_provider(appointment, at_pretend_google):
    [event] = entries(at_pretend_google)
    assert event["summary"] == "Mina Sato: Massage"
    assert datetime.fromisoformat(event["start"]["dateTime"]) == appointment.start
    assert datetime.fromisoformat(event["end"]["dateTime"]) == appointment.end
    assert event["status"] == "confirmed"
    assert f"Reference {appointment.reference}" in event["description"]
    assert event["reminders"] == {"useDefault": False, "overrides": [{"method": "popup", "minutes": 24 * 60}]}
    assert {one.send_updates for one in at_pretend_google.google.events.sent} == {"none"}
    assert Note.objects.filter(kind=NoteKind.WRITTEN).get().changed == 1


def test_a_cancelled_appointment_is_deleted_there(appointment, at_pretend_google):
    cancel(appointment)
    deliver()
    assert entries(at_pretend_google) == []
    assert not WrittenEvent.objects.exists()


def test_a_moved_appointment_is_moved_there_and_stays_one_event(appointment, at_pretend_google, morning):
    BookingPolicy.objects.update(accepts_at_once=True)
    [before] = entries(at_pretend_google)
    row = type(appointment).objects.with_people().get(pk=appointment.pk)
    proposals.propose_time(appointment=row, start=morning + 2 * HOUR, actor=row.customer, role=Role.CUSTOMER)
    deliver()
    [after] = entries(at_pretend_google)
    assert after["id"] == before["id"]
    assert starts(at_pretend_google) == [morning + 2 * HOUR]


def test_a_request_is_written_once_it_is_confirmed(service, morning, at_pretend_google):
    BookingPolicy.objects.update(accepts_at_once=False)
    request = book(service, morning)
    deliver()
    before = entries(at_pretend_google)
    transitions.accept_request(appointment=request, actor=request.provider.user)
    deliver()
    assert before == []
    assert starts(at_pretend_google) == [morning]


def test_a_request_is_written_as_tentative_where_the_provider_wants_that(service, morning, at_pretend_google):
    BookingPolicy.objects.update(accepts_at_once=False)
    Connection.objects.update(writes_requests=True)
    request = book(service, morning)
    deliver()
    before = [one["status"] for one in entries(at_pretend_google)]
    transitions.accept_request(appointment=request, actor=request.provider.user)
    deliver()
    assert before == ["tentative"]
    assert [one["status"] for one in entries(at_pretend_google)] == ["confirmed"]


@pytest.mark.django_db(transaction=True)
def test_time_off_is_written_with_whole_days_and_deleted_with_it(connected, provider, at_pretend_google, morning):
    connected.refresh_from_db()
    row = Provider.objects.select_related("user").get(pk=provider.pk)
    first = clock.day_bounds(clock.local(morning, provider.zone).date(), provider.zone)
    with transaction.atomic():
        off = take_off(row, first[0], first[1] + DAY, all_day=True, reason="Surgery")
    deliver()
    [event] = entries(at_pretend_google)
    providers.remove_time_off(time_off=off, actor=row.user)
    deliver()
    day = clock.local(morning, provider.zone).date()
    assert (event["summary"], event["start"], event["end"]) == (
        "Time off",
        {"date": f"{day}"},
        {"date": f"{day + 2 * DAY}"},
    )
    assert "Surgery" not in str(event)
    assert entries(at_pretend_google) == []


def test_what_was_agreed_before_connecting_is_written_then(provider, morning, at_pretend_google):
    service = ServiceFactory(provider=provider, duration_minutes=60)
    book(service, morning)
    deliver()
    connect(provider, at_pretend_google)
    deliver()
    assert starts(at_pretend_google) == [morning]


def test_nobody_is_written_anything_without_a_calendar_to_write_to(
    connected, service, provider, morning, at_pretend_google
):
    connecting.choose_calendars(connection=connected, busy=[], write_to=None, when_stale="pause", actor=provider.user)
    book(service, morning)
    deliver()
    assert writes(at_pretend_google) == []
    assert not WrittenEvent.objects.exists()


def test_another_calendar_to_write_to_gets_what_lies_ahead_and_the_first_one_loses_it(
    appointment, connected, provider, at_pretend_google
):
    other = at_pretend_google.google.add_calendar(MAYA, "Practice")
    connecting.read_list(connected.pk)
    connecting.choose_calendars(
        connection=connected,
        busy=connected.calendars.filter(is_primary=True),
        write_to=connected.calendars.get(google_id=other),
        when_stale="pause",
        actor=provider.user,
    )
    deliver()
    assert entries(at_pretend_google) == []
    assert [one["summary"] for one in at_pretend_google.google.entries(MAYA, other)] == ["Mina Sato: Massage"]
    assert GoogleCalendar.objects.filter(is_written_to=True).get().google_id == other


def test_the_name_of_an_erased_customer_goes_out_of_the_calendar_where_their_appointment_took_place(
    appointment, morning, at_pretend_google
):
    with clock.pretended(morning + 2 * HOUR):
        transitions.complete_appointment(appointment=appointment, actor=appointment.provider.user)
        deliver()
        leave(appointment.customer, seen=0)
        erase(appointment.customer)
    deliver()
    [event] = entries(at_pretend_google)
    assert event["summary"] == "Deleted customer: Massage"
    assert "Mina" not in str(event)


def test_an_appointment_that_was_over_when_a_calendar_was_connected_is_not_written(
    provider, morning, at_pretend_google
):
    made = book(ServiceFactory(provider=provider, duration_minutes=60), morning)
    deliver()
    with clock.pretended(morning + 2 * HOUR):
        connect(Provider.objects.get(pk=provider.pk), at_pretend_google)
        deliver()
        transitions.complete_appointment(appointment=made, actor=provider.user)
        deliver()
    assert entries(at_pretend_google) == []


def test_the_name_of_an_erased_provider_goes_out_of_their_customers_calendars(appointment):
    row = WrittenEvent.objects.get()
    google.forget(appointment.provider.user_id)
    row.refresh_from_db()
    assert row.write_at is not None


def test_time_off_that_is_made_longer_after_its_end_is_written(connected, provider, morning, at_pretend_google):
    row = Provider.objects.select_related("user").get(pk=provider.pk)
    take_off(row, morning, morning + HOUR)
    deliver()
    with clock.pretended(morning + 2 * HOUR):
        take_off(row, morning, morning + 5 * HOUR)
        deliver()
    [event] = entries(at_pretend_google)
    assert datetime.fromisoformat(event["end"]["dateTime"]) == morning + 5 * HOUR


def test_a_choice_made_during_a_turn_holds_for_the_events_that_are_left(
    service, connected, morning, at_pretend_google, monkeypatch
):
    BookingPolicy.objects.update(accepts_at_once=False)
    for n in range(2):
        book(service, morning + n * HOUR)
    deliver("appointments.write_to_calendars")
    save = writing._save_agreed

    def chosen_meanwhile(*args, **how):
        Connection.objects.update(writes_requests=True)
        return save(*args, **how)

    monkeypatch.setattr(writing, "_save_agreed", chosen_meanwhile)
    writing.write_due(connected.pk)
    assert starts(at_pretend_google) == [morning + HOUR]


# --- Our own events, read again ---------------------------------------------------------------------------------------


def test_an_event_of_ours_makes_nobody_busy_and_its_echo_causes_no_write(
    appointment, connected, provider, at_pretend_google
):
    sent = len(writes(at_pretend_google))
    read(connected)
    deliver()
    assert not BusyInterval.objects.exists()
    assert len(writes(at_pretend_google)) == sent


def test_the_time_of_a_cancelled_appointment_is_open_before_google_has_deleted_its_event(
    appointment, connected, provider, at_pretend_google
):
    cancel(appointment)
    read(connected)
    assert busy_times(provider) == []


def test_an_event_that_was_recoloured_stays_so_and_is_not_written_again(appointment, connected, at_pretend_google):
    [event] = entries(at_pretend_google)
    at_pretend_google.google.change(MAYA, event["id"], {"colorId": "5", "description": "Bring the towels"})
    sent = len(writes(at_pretend_google))
    read(connected)
    deliver()
    [after] = entries(at_pretend_google)
    assert (after["colorId"], after["description"]) == ("5", "Bring the towels")
    assert len(writes(at_pretend_google)) == sent
    assert WrittenEvent.objects.get().etag == after["etag"]


def test_events_are_known_again_after_disconnecting_and_connecting(appointment, connected, provider, at_pretend_google):
    [event] = entries(at_pretend_google)
    Connection.objects.all().delete()
    connect(Provider.objects.get(pk=provider.pk), at_pretend_google)
    read(Connection.objects.get())
    deliver()
    assert [one["id"] for one in entries(at_pretend_google)] == [event["id"]]
    assert not BusyInterval.objects.exists()


def test_an_event_whose_appointment_was_cancelled_while_nothing_was_connected_is_deleted_on_connecting(
    appointment, connected, provider, at_pretend_google
):
    Connection.objects.all().delete()
    cancel(appointment)
    deliver()
    connect(Provider.objects.get(pk=provider.pk), at_pretend_google)
    read(Connection.objects.get())
    deliver()
    assert entries(at_pretend_google) == []


def test_the_event_of_somebody_else_who_uses_dayline_is_a_busy_time_like_any_other(
    appointment, connected, provider, morning, at_pretend_google
):
    [event] = entries(at_pretend_google)
    at_pretend_google.google.put(
        MAYA, {key: event[key] for key in ("summary", "start", "end", "extendedProperties")} | {"id": "abcde12345"}
    )
    read(connected)
    assert busy_times(provider) == [(morning, morning + HOUR)]


# --- Faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 503, "after": True},
        {"close": True},
        {"close": True, "after": True, "times": 2},
        {"status": 200, "body": "<html>Welcome to the hotel</html>"},
        {"status": 200, "body": "<html>Welcome to the hotel</html>", "after": True},
        {"status": 429, "reason": "rateLimitExceeded", "retry_after": "120"},
        {"status": 403, "reason": "userRateLimitExceeded"},
        {"status": 403, "reason": "quotaExceeded"},
        {"status": 404, "reason": "notFound"},
        {"status": 400, "reason": "invalid"},
    ],
    ids=str,
)
def test_an_event_that_could_not_be_written_is_written_later_and_once(
    fault, service, connected, morning, at_pretend_google
):
    at_pretend_google.google.faults.add("events.insert", **fault)
    book(service, morning)
    deliver()
    failed = Note.objects.filter(kind=NoteKind.NOT_WRITTEN).exists()
    write_again(connected)
    row = WrittenEvent.objects.get()
    assert starts(at_pretend_google) == [morning]
    assert (row.write_at, row.failures, row.problem) == (None, 0, "")
    assert row.etag == entries(at_pretend_google)[0]["etag"]
    # httplib2 itself asks again where a connection ends, so that one such fault is none.
    assert failed or fault == {"close": True}


def test_a_lost_answer_to_a_move_and_to_a_deletion_is_made_good(appointment, connected, morning, at_pretend_google):
    BookingPolicy.objects.update(accepts_at_once=True)
    at_pretend_google.google.faults.add("events.patch", status=503, after=True)
    row = type(appointment).objects.with_people().get(pk=appointment.pk)
    proposals.propose_time(appointment=row, start=morning + 2 * HOUR, actor=row.customer, role=Role.CUSTOMER)
    deliver()
    write_again(connected)
    moved = starts(at_pretend_google)
    at_pretend_google.google.faults.add("events.delete", status=503, after=True)
    row.refresh_from_db()
    cancel(row)
    deliver()
    write_again(connected)
    assert moved == [morning + 2 * HOUR]
    assert entries(at_pretend_google) == []
    assert not WrittenEvent.objects.exists()


def test_an_account_that_is_asked_to_slow_down_is_left_alone(service, connected, morning, at_pretend_google):
    at_pretend_google.google.faults.add(
        "events.insert", status=429, reason="rateLimitExceeded", retry_after="600", times=9
    )
    for n in range(3):
        book(service, morning + n * HOUR)
    deliver()
    connected.refresh_from_db()
    assert len(writes(at_pretend_google)) == 1
    assert connected.wait_until >= clock.now() + timedelta(seconds=500)
    assert written.publish_due(now=clock.now()) == 0
    assert Note.objects.filter(kind=NoteKind.NOT_WRITTEN).get().problem == Problem.BUSY


def test_one_event_that_google_refuses_delays_no_other(service, connected, morning, at_pretend_google):
    at_pretend_google.google.faults.add("events.insert", status=400, reason="invalid")
    for n in range(3):
        book(service, morning + n * HOUR)
    written.compare(connected.user, now=clock.now())
    writing.write_due(connected.pk)
    assert len(entries(at_pretend_google)) == 2
    assert WrittenEvent.objects.exclude(problem="").get().problem == Problem.REFUSED


def test_a_worker_that_dies_between_googles_answer_and_ours_leaves_one_event(
    service, connected, morning, at_pretend_google, monkeypatch
):
    book(service, morning)
    written.compare(connected.user, now=clock.now())

    class Killed(BaseException):
        pass

    def die(*args):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(writing, "_save", die)
        with pytest.raises(Killed):
            writing.write_due(connected.pk)
    write_again(connected)
    assert starts(at_pretend_google) == [morning]
    assert WrittenEvent.objects.get().written_at is not None


@pytest.mark.parametrize("page", ["<html>Welcome to the hotel</html>", ""])
def test_a_deletion_that_some_proxy_answered_is_asked_of_google_again(page, appointment, connected, at_pretend_google):
    at_pretend_google.google.faults.add("events.delete", status=200, body=page)
    cancel(appointment)
    deliver()
    write_again(connected)
    assert entries(at_pretend_google) == []
    assert not WrittenEvent.objects.exists()


def test_a_dead_grant_stops_writing_and_signing_in_again_goes_on(service, connected, morning, at_pretend_google):
    at_pretend_google.google.revoke(MAYA)
    Connection.objects.update(access_until=clock.now())
    book(service, morning)
    deliver()
    connected.refresh_from_db()
    state, sent = connected.state, len(writes(at_pretend_google))
    Connection.objects.all().delete()
    connect(Provider.objects.get(pk=service.provider_id), at_pretend_google)
    deliver()
    assert (state, sent) == (State.SIGN_IN_AGAIN, 0)
    assert starts(at_pretend_google) == [morning]


def test_a_change_that_comes_while_its_event_is_being_written_is_written_after_it(
    appointment, connected, morning, at_pretend_google, monkeypatch
):
    written.compare(connected.user, now=clock.now())
    WrittenEvent.objects.update(content="")
    save, done = writing._save, []

    def cancelled_meanwhile(*args):
        if not done:
            done.append(cancel(appointment))
            deliver("appointments.write_to_calendars")
        return save(*args)

    monkeypatch.setattr(writing, "_save", cancelled_meanwhile)
    writing.write_due(connected.pk)
    assert entries(at_pretend_google) == []


def test_what_is_wanted_again_while_its_event_is_being_deleted_is_written_after_it(
    appointment, connected, morning, at_pretend_google, monkeypatch
):
    own = connected.calendars.get(is_written_to=True)
    how = {"connection": connected, "busy": [own], "when_stale": "pause", "actor": connected.user}
    connecting.choose_calendars(write_to=None, **how)
    save, done = writing._save, []

    def chosen_again(*args):
        if not done:
            done.append(connecting.choose_calendars(write_to=own, **how))
        return save(*args)

    monkeypatch.setattr(writing, "_save", chosen_again)
    writing.write_due(connected.pk)

    assert done == [None]
    assert starts(at_pretend_google) == [morning]


@pytest.mark.parametrize(
    ("step", "fault", "sent"),
    [("_wanted", {}, 0), ("_send", {}, 1), ("_send", {"status": 500}, 1), ("_send", {"status": 400}, 1)],
    ids=["before it is sent", "while it is sent", "while Google fails", "while Google refuses"],
)
@pytest.mark.parametrize("then", ["leaving", "gone", "connected anew"])
def test_a_connection_that_its_owner_ends_during_a_turn_ends_that_turn(
    step, fault, sent, then, service, connected, morning, at_pretend_google, monkeypatch, caplog
):
    """And nothing of it is an error, in the log or in the history."""
    if fault:
        at_pretend_google.google.faults.add("events.insert", **fault)
    book(service, morning)
    book(service, morning + 2 * HOUR)
    written.compare(connected.user, now=clock.now())
    original = getattr(writing, step)

    def ended_meanwhile(*args):
        result = original(*args) if step == "_wanted" else None
        connecting.disconnect(connection=connected, actor=connected.user)
        if then == "gone":
            Connection.objects.all().delete()
        elif then == "connected anew":
            Connection.objects.update(state=State.WORKING)
        return result or original(*args)

    monkeypatch.setattr(writing, step, ended_meanwhile)
    writing.write_due(connected.pk)
    assert len(writes(at_pretend_google)) == sent
    assert set(Note.objects.values_list("kind", flat=True)) <= {NoteKind.WRITTEN}
    assert then == "connected anew" or not Note.objects.exists()
    assert "google_event_not_written" not in caplog.text


def test_a_connection_is_written_to_by_one_process_at_a_time(appointment, connected, at_pretend_google):
    taken = writing._take_turn(connected.pk)
    with pytest.raises(writing.BeingWritten):
        writing.write_due(connected.pk)
    assert taken is not None


def test_what_became_due_without_a_message_is_found_by_the_poll(appointment, connected, morning, at_pretend_google):
    WrittenEvent.objects.update(write_at=clock.now(), content="")
    sent = len(writes(at_pretend_google))
    assert written.publish_due(now=clock.now()) == 1
    deliver(written.WRITE)
    assert len(writes(at_pretend_google)) == sent + 1
    assert written.publish_due(now=clock.now()) == 0


def test_a_whole_reading_misses_a_deleted_event_and_it_is_written_again(
    appointment, connected, at_pretend_google, morning
):
    Connection.objects.update(when_changed=WhenChanged.PUT_BACK)
    read(connected)
    [event] = entries(at_pretend_google)
    at_pretend_google.google.remove(MAYA, event["id"])
    GoogleCalendar.objects.update(sync_token="")
    read(connected)
    deliver()
    assert starts(at_pretend_google) == [morning]


@pytest.mark.parametrize("count", [1, 5])
def test_publishing_what_is_due_takes_as_many_queries_for_one_as_for_many(
    count, service, connected, morning, django_assert_num_queries
):
    for n in range(count):
        book(service, morning + n * HOUR)
    written.compare(connected.user, now=clock.now())
    with django_assert_num_queries(4):
        written.publish_due(now=clock.now())


# --- What could not be written, on the pages --------------------------------------------------------------------------


def test_time_off_that_google_refused_says_so_and_is_tried_again_by_a_press(
    connected, provider, morning, at_pretend_google, client
):
    at_pretend_google.google.faults.add("events.insert", status=400, reason="invalid")
    take_off(Provider.objects.select_related("user").get(pk=provider.pk), morning, morning + 2 * HOUR)
    deliver()
    client.force_login(provider.user)
    page, row = reverse("studio_time_off"), WrittenEvent.objects.get()
    said = client.get(page).text
    on_connection = client.get(reverse("studio_google")).text
    client.post(reverse("google_write_again", args=[row.uuid]))
    deliver()
    assert "Not in your Google Calendar yet: Google did not understand us." in said
    assert "1 is not written yet" in on_connection
    assert starts(at_pretend_google) == [morning]
    assert "Not in your Google Calendar" not in client.get(page).text
    assert client.post(reverse("google_write_again", args=[row.uuid])).status_code == 302


def test_sync_now_tries_again_what_failed(connected, service, morning, at_pretend_google, client):
    at_pretend_google.google.faults.add("events.insert", status=400, reason="invalid")
    book(service, morning)
    deliver()
    client.force_login(service.provider.user)
    client.post(reverse("google_sync", args=[connected.uuid]))
    deliver()
    assert starts(at_pretend_google) == [morning]


# --- Disconnecting ----------------------------------------------------------------------------------------------------


def end(connection, client, how):
    client.force_login(connection.user)
    return client.post(reverse("google_disconnect", args=[connection.uuid]), {"written": how}, follow=True)


def test_disconnecting_asks_what_becomes_of_what_stands_in_google(appointment, connected, client):
    client.force_login(connected.user)
    assert (
        "1 of your entries ahead stands in Google."
        in client.get(reverse("google_disconnect", args=[connected.uuid])).text
    )


def test_what_was_written_stays_in_google_where_it_is_to_stay(appointment, connected, at_pretend_google, client):
    end(connected, client, "leave")
    deliver()
    assert len(entries(at_pretend_google)) == 1
    assert not Connection.objects.exists()
    assert [call.method for call in at_pretend_google.google.calls][-1] == "revoke"


def test_what_lies_ahead_is_removed_from_google_before_the_grant_is_given_back(
    appointment, service, connected, morning, at_pretend_google, client
):
    past = book(service, morning + 3 * HOUR)
    deliver()
    WrittenEvent.objects.filter(key=past.uuid).update(end=clock.now() - HOUR)
    end(connected, client, "remove")
    deliver()
    assert starts(at_pretend_google) == [morning + 3 * HOUR]
    assert not Connection.objects.exists()
    assert [call.method for call in at_pretend_google.google.calls][-1] == "revoke"


def test_removing_is_tried_again_until_google_answers(appointment, connected, at_pretend_google, client):
    at_pretend_google.google.faults.add("events.delete", status=503)
    end(connected, client, "remove")
    with pytest.raises(outbox.Retry):
        deliver()
    assert len(entries(at_pretend_google)) == 1
    connecting.revoke(connected.pk, is_last_try=False)
    assert entries(at_pretend_google) == []
    assert not Connection.objects.exists()


def test_erasing_a_provider_removes_what_stands_in_their_google_calendar_also_what_is_over(
    appointment, connected, morning, at_pretend_google
):
    with clock.pretended(morning + 2 * HOUR):
        transitions.complete_appointment(appointment=appointment, actor=appointment.provider.user)
        deliver()
        person = appointment.provider.user
        leave(person, seen=0)
        erase(person)
    deliver()
    assert entries(at_pretend_google) == []
    assert not WrittenEvent.objects.exists()


def test_one_event_that_google_refuses_to_delete_keeps_no_other_from_being_removed(
    appointment, service, connected, morning, at_pretend_google, client
):
    book(service, morning + 3 * HOUR)
    deliver()
    at_pretend_google.google.faults.add("events.delete", status=403, reason="forbiddenForNonOrganizer")
    end(connected, client, "remove")
    deliver()
    assert len(entries(at_pretend_google)) == 1
    assert not Connection.objects.exists()


def test_an_event_whose_answer_was_lost_is_removed_too(service, connected, morning, at_pretend_google, client):
    at_pretend_google.google.faults.add("events.insert", status=503, after=True)
    book(service, morning)
    deliver("appointments.write_to_calendars")
    writing.write_due(connected.pk)
    end(connected, client, "remove")
    deliver(leaving.REVOKE)
    assert entries(at_pretend_google) == []


def test_who_connects_again_while_events_are_removed_keeps_them_and_the_access(
    appointment, connected, at_pretend_google, client
):
    end(connected, client, "remove")
    leaving_row = Connection.objects.get()
    Connection.objects.update(state=State.WORKING, state_since=clock.now() + HOUR)
    writing.remove_all(leaving_row)
    connecting.revoke(connected.pk, is_last_try=False)
    assert len(entries(at_pretend_google)) == 1
    assert Connection.objects.get().state == State.WORKING
    assert not [call for call in at_pretend_google.google.calls if call.method == "revoke"]


def test_the_page_says_what_waits_for_a_sign_in(client, appointment, at_pretend_google):
    at_pretend_google.google.revoke(MAYA)
    read(Connection.objects.get())
    cancel(appointment)
    deliver()
    client.force_login(appointment.provider.user)

    shown = client.get(reverse("studio_google")).text

    assert "Until you sign in" in shown
    assert "1 change waits to be written to Google." in shown
