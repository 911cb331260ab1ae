"""Meet links that come while something else happens to their appointment, in real processes."""

import os
from unittest import mock
from uuid import UUID

import pytest

from accounts.models import User
from appointments.models import Appointment
from appointments.services import join_links, transitions
from appointments.states import Role, Status
from calendar_sync.models import Connection, WrittenEvent
from calendar_sync.services import writing
from calendar_sync.states import Meet
from core import clock
from notifications.models import InboxItem, Kind
from outbox.models import Message
from outbox.testing import deliver
from providers.models import Provider
from tests.calendar_sync.world import book, connect, entries
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours
from tests.invariants import check_all
from tests.processes import meet

LINK = "https://meet.google.com/abc-defg-hij"


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()


@pytest.fixture
def provider(transactional_db):
    provider = ProviderFactory(time_zone="Asia/Kathmandu", is_online=True, policy__notice_minutes=0)
    give_hours(provider, {day: [("00:00", "24:00")] for day in range(7)})
    return provider


@pytest.fixture
def appointment(provider, morning, at_pretend_google):
    """Online, confirmed, and to be written into a calendar that makes links."""
    connect(provider, at_pretend_google)
    Connection.objects.update(makes_meet=True)
    service = ServiceFactory(provider=Provider.objects.get(pk=provider.pk), duration_minutes=60, venue="online")
    made = book(service, morning)
    deliver("appointments.write_to_calendars")
    return made


# --- What the processes do --------------------------------------------------------------------------------------------


def take(key, owner, folder, size):
    person = User.objects.get(pk=owner)
    meet(folder, size)
    return join_links.take_link(key=UUID(key), owner=person)


def promise(appointment_pk, folder, size):
    row = Appointment.objects.get(pk=appointment_pk)
    meet(folder, size)
    return bool(join_links.promise_links([row]))


def fail(key, owner, folder, size):
    """Google makes no link, and the appointment is told to look."""
    person = User.objects.get(pk=owner)
    meet(folder, size)
    WrittenEvent.objects.update(meet=Meet.FAILED, meet_since=None)
    join_links.take_link(key=UUID(key), owner=person)


def tell(provider, customer, folder, size):
    meet(folder, size)
    return join_links.tell_links(provider=provider, customer=customer)


def cancel(appointment_pk, folder, size):
    row = Appointment.objects.with_people().get(pk=appointment_pk)
    meet(folder, size)
    transitions.cancel_appointment(appointment=row, actor=row.provider.user, role=Role.PROVIDER, seen=1)


def write_and_die(connection_pk):
    """A writer that is killed between Google's answer and our commit."""
    with mock.patch.object(writing, "_save", lambda *args: os._exit(9)):
        writing.write_due(connection_pk)


def values(outcomes):
    assert [outcome.traceback for outcome in outcomes if not outcome.ok] == []
    return [outcome.value for outcome in outcomes]


# --- What holds afterwards --------------------------------------------------------------------------------------------


def test_a_writer_killed_between_googles_answer_and_our_commit_leaves_one_link(
    run_calls, appointment, at_pretend_google
):
    [connection] = Connection.objects.all()
    [killed] = run_calls([(write_and_die, connection.pk)])
    at_pretend_google.google.clock.advance(3)
    with clock.pretended(clock.now() + 2 * writing.LEASE):
        writing.write_due(connection.pk)
    [event] = entries(at_pretend_google)
    row = WrittenEvent.objects.get()
    asked = {
        call.body["conferenceData"]["createRequest"]["requestId"]
        for call in at_pretend_google.google.calls
        if call.body and "conferenceData" in call.body
    }

    assert killed.error == "Died"
    assert (row.meet, row.meet_link) == (Meet.READY, event["hangoutLink"])
    assert len(asked) == 1


def test_a_link_taken_by_several_workers_while_the_appointment_is_cancelled_changes_it_once(
    run_calls, tmp_path, appointment
):
    WrittenEvent.objects.update(meet=Meet.READY, meet_link=LINK)
    owner, folder = appointment.provider.user_id, str(tmp_path)
    calls = [(take, appointment.uuid.hex, owner, folder, 4)] * 3 + [(cancel, appointment.pk, folder, 4)]

    *took, _ = values(run_calls(calls))
    row = Appointment.objects.get()

    assert sorted(took) == [False, False, True]
    assert (row.status, row.join_link) == (Status.CANCELLED, LINK)
    assert row.sequence == appointment.sequence + 1


def test_a_link_told_by_several_workers_is_told_once(run_calls, tmp_path, appointment):
    Appointment.objects.update(join_link=LINK)
    WrittenEvent.objects.update(meet=Meet.READY, meet_link=LINK)
    calls = [(tell, appointment.provider_id, appointment.customer_id, str(tmp_path), 4)] * 4

    assert sorted(values(run_calls(calls))) == [0, 0, 0, 1]
    assert InboxItem.objects.filter(kind=Kind.JOIN).count() == 1


def test_a_page_that_promises_a_link_while_google_fails_to_make_it_has_it_told_that_none_comes(
    run_calls, tmp_path, appointment
):
    """Whichever is first: either the page says nothing, or its reader is told."""
    owner, folder = appointment.provider.user_id, str(tmp_path)

    is_promised, _ = values(
        run_calls([(promise, appointment.pk, folder, 2), (fail, appointment.uuid.hex, owner, folder, 2)])
    )

    is_noted = Appointment.objects.get().link_promised_at is not None
    assert is_promised == is_noted == Message.objects.filter(topic=join_links.TELL).exists()
