"""Writers of one connection, against each other and against changes on both sides, in real processes."""

import os
from datetime import datetime
from unittest import mock

import pytest

from appointments.models import Appointment
from appointments.outside import google
from appointments.services import proposals, transitions
from appointments.states import Role
from calendar_sync.google_api.calendars import CalendarApi
from calendar_sync.models import Connection, GoogleCalendar
from calendar_sync.services import connecting, writing
from calendar_sync.states import WhenChanged, WhenStale
from core import clock
from outbox.testing import deliver
from providers.models import BookingPolicy, Provider
from tests.calendar_sync.pretend import MAYA
from tests.calendar_sync.two_sides import TwoSides
from tests.calendar_sync.world import HOUR, book, connect, hour_from, starts, writes
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours
from tests.invariants import check_all
from tests.processes import meet


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()


@pytest.fixture
def provider(transactional_db):
    provider = ProviderFactory(time_zone="Asia/Kathmandu", policy__notice_minutes=0)
    give_hours(provider, {day: [("00:00", "24:00")] for day in range(7)})
    return provider


@pytest.fixture
def sides(provider, connected, morning, at_pretend_google):
    """The provider and Maya's calendar, with one appointment that is to be written."""
    service = ServiceFactory(provider=provider, duration_minutes=60)
    connection = Connection.objects.select_related("user").get(pk=connected.pk)
    service.provider.user = connection.user
    sides = TwoSides(at_pretend_google.google, MAYA, connection, service, morning, 0)
    book(service, morning)
    sides.tell()
    return sides


# --- What the processes do --------------------------------------------------------------------------------------------


def write(connection_pk, folder, size):
    meet(folder, size)
    return turn_of(connection_pk)


def turn_of(connection_pk):
    """How many events a turn wrote; None where another process had it."""
    try:
        return writing.write_due(connection_pk)
    except writing.BeingWritten:
        return None


def write_and_die(connection_pk):
    """A writer that is killed between Google's answer and our commit."""
    with mock.patch.object(writing, "_save", lambda *args: os._exit(9)):
        writing.write_due(connection_pk)


def cancel(appointment_pk, folder, size):
    row = Appointment.objects.with_people().get(pk=appointment_pk)
    meet(folder, size)
    transitions.cancel_appointment(appointment=row, actor=row.provider.user, role=Role.PROVIDER, seen=1)
    google.write([row.pk])


def move_here(appointment_pk, start, folder, size):
    row = Appointment.objects.with_people().get(pk=appointment_pk)
    meet(folder, size)
    at = datetime.fromisoformat(start)
    proposals.propose_time(appointment=row, start=at, actor=row.customer, role=Role.CUSTOMER)
    google.write([row.pk])


def move_there(token, event_id, start, folder, size):
    """What the owner of the calendar does in another program."""
    api = CalendarApi(token)
    meet(folder, size)
    api.patch("primary", event_id, hour_from(datetime.fromisoformat(start)))


def disconnect(connection_pk, folder, size):
    connection = Connection.objects.select_related("user").get(pk=connection_pk)
    meet(folder, size)
    return connecting.disconnect(connection=connection, actor=connection.user)


def write_elsewhere(connection_pk, google_id, folder, size):
    connection = Connection.objects.select_related("user").get(pk=connection_pk)
    other = connection.calendars.get(google_id=google_id)
    meet(folder, size)
    connecting.choose_calendars(
        connection=connection, busy=[], write_to=other, when_stale=WhenStale.PAUSE, actor=connection.user
    )


# --- What holds afterwards --------------------------------------------------------------------------------------------


def values(outcomes):
    assert [outcome.traceback for outcome in outcomes if not outcome.ok] == []
    return [outcome.value for outcome in outcomes]


def agree(sides):
    """Let everything that waits come to its end; returns what the two sides do not agree about."""
    sides.settle()
    return sides.disagreements()


def test_of_four_workers_at_once_one_writes_an_event(run_calls, tmp_path, sides, at_pretend_google):
    wrote = values(run_calls([(write, sides.connection.pk, str(tmp_path), 4)] * 4))

    assert sum(each or 0 for each in wrote) == 1
    assert len(writes(at_pretend_google)) == 1
    assert agree(sides) == []


def test_a_writer_killed_between_googles_answer_and_our_commit_leaves_one_event(
    run_calls, sides, morning, at_pretend_google
):
    [killed] = run_calls([(write_and_die, sides.connection.pk)])
    there, next_one = starts(at_pretend_google), turn_of(sides.connection.pk)

    assert (killed.error, there, next_one) == ("Died", [morning], None)
    with clock.pretended(clock.now() + 2 * writing.LEASE):
        assert turn_of(sides.connection.pk) == 1
    assert starts(at_pretend_google) == [morning]
    assert agree(sides) == []


def test_an_appointment_cancelled_while_it_is_written_leaves_no_event(run_calls, tmp_path, sides, at_pretend_google):
    calls = [
        (write, sides.connection.pk, str(tmp_path), 3),
        (cancel, Appointment.objects.get().pk, str(tmp_path), 3),
        (write, sides.connection.pk, str(tmp_path), 3),
    ]

    values(run_calls(calls))

    assert agree(sides) == []
    assert starts(at_pretend_google) == []


@pytest.mark.parametrize("choice", WhenChanged)
def test_moved_here_and_at_google_at_the_same_moment_the_time_here_stands(
    run_calls, tmp_path, sides, choice, morning, at_pretend_google
):
    writing.write_due(sides.connection.pk)
    Connection.objects.update(when_changed=choice)
    BookingPolicy.objects.update(accepts_at_once=True)
    [event] = at_pretend_google.google.entries(MAYA)
    calls = [
        (move_here, Appointment.objects.get().pk, (morning + 2 * HOUR).isoformat(), str(tmp_path), 3),
        (move_there, sides.connection.access_token, event["id"], (morning + 4 * HOUR).isoformat(), str(tmp_path), 3),
        (write, sides.connection.pk, str(tmp_path), 3),
    ]

    values(run_calls(calls))

    assert agree(sides) == []
    assert starts(at_pretend_google) == [morning + 2 * HOUR]


def test_a_connection_that_ends_while_it_is_written_to_is_gone_and_known_again_later(
    run_calls, tmp_path, sides, morning, at_pretend_google
):
    calls = [(write, sides.connection.pk, str(tmp_path), 2), (disconnect, sides.connection.pk, str(tmp_path), 2)]

    values(run_calls(calls))

    assert not GoogleCalendar.objects.exists()
    deliver("calendar_sync.revoke")
    assert not Connection.objects.exists()
    again = connect(Provider.objects.get(pk=sides.service.provider_id), at_pretend_google)
    sides.connection = Connection.objects.select_related("user").get(pk=again.pk)
    assert agree(sides) == []
    assert starts(at_pretend_google) == [morning]


def test_another_calendar_chosen_while_one_is_written_to_has_the_event_alone(
    run_calls, tmp_path, sides, morning, at_pretend_google
):
    other = at_pretend_google.google.add_calendar(MAYA, "Practice")
    connecting.read_list(sides.connection.pk)
    calls = [
        (write, sides.connection.pk, str(tmp_path), 2),
        (write_elsewhere, sides.connection.pk, other, str(tmp_path), 2),
    ]

    values(run_calls(calls))

    sides.settle()
    assert starts(at_pretend_google) == []
    [event] = at_pretend_google.google.entries(MAYA, other)
    assert datetime.fromisoformat(event["start"]["dateTime"]) == morning
