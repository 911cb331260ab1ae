from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import transaction

from appointments import tasks
from appointments.exceptions import MoveRefused, PolicyRefused
from appointments.models import Appointment, AppointmentEvent, Hold
from appointments.services import transitions
from appointments.states import Role, Status, Verb
from outbox import dispatch
from outbox import services as outbox
from outbox.clock import database_now
from outbox.models import Message
from outbox.schedule import RUN_SCHEDULED
from tests.factories.accounts import UserFactory
from tests.factories.appointments import demanded_by

from .conftest import ANSWER_TIME, NOW, TUESDAY_TEN

pytestmark = pytest.mark.django_db


def published(verb_count=None):
    return sorted((m.topic, m.payload.get("to", "")) for m in Message.objects.filter(topic="notifications.send_mail"))


@pytest.fixture
def request_(by_hand, book):
    return book().appointment


def test_request_holds_its_time_and_waits_for_the_provider(request_):
    assert request_.status == Status.REQUESTED
    assert request_.answer_by == NOW + ANSWER_TIME
    assert list(request_.holds.values_list("start", "end")) == [(TUESDAY_TEN, TUESDAY_TEN + timedelta(hours=1))]
    assert list(request_.history.values_list("verb", "role", "from_status", "to_status")) == [
        ("request", "customer", "", "requested")
    ]


def test_accept_confirms_writes_history_and_tells_both(request_):
    Message.objects.all().delete()

    outcome = transitions.accept_request(appointment=request_, actor=request_.provider.user)

    assert outcome.changed
    assert Appointment.objects.get().status == Status.CONFIRMED
    assert Appointment.objects.get().sequence == 1
    assert list(request_.history.values_list("verb", "role", "from_status", "to_status", "at"))[0] == (
        "accept",
        "provider",
        "requested",
        "confirmed",
        NOW,
    )
    assert published() == [("notifications.send_mail", "customer"), ("notifications.send_mail", "provider")]
    assert request_.holds.count() == 1


@pytest.mark.parametrize(
    ("act", "role", "status"),
    [
        (transitions.decline_request, Role.PROVIDER, Status.DECLINED),
        (transitions.withdraw_request, Role.CUSTOMER, Status.CANCELLED),
    ],
)
def test_refusing_or_withdrawing_a_request_releases_its_time(request_, act, role, status):
    actor = request_.customer if role is Role.CUSTOMER else request_.provider.user

    act(appointment=request_, actor=actor, reason="Not this week")

    assert Appointment.objects.get().status == status
    assert Appointment.objects.get().closed_at == NOW
    assert not Hold.objects.exists()
    assert request_.history.first().reason == "Not this week"


def test_pressing_twice_does_it_once(confirmed):
    first = transitions.cancel_appointment(appointment=confirmed, actor=confirmed.customer, role=Role.CUSTOMER)
    second = transitions.cancel_appointment(appointment=confirmed, actor=confirmed.customer, role=Role.CUSTOMER)

    assert (first.changed, second.changed) == (True, False)
    assert list(confirmed.history.values_list("verb", flat=True)) == ["cancel", "book"]
    assert Message.objects.filter(topic="notifications.send_mail").count() == 4


def test_customer_cannot_cancel_after_the_cutoff_but_the_provider_can(confirmed):
    with time_machine.travel(TUESDAY_TEN - timedelta(hours=2) + timedelta(seconds=1), tick=False):
        with pytest.raises(PolicyRefused, match="less than 2 hours"):
            transitions.cancel_appointment(appointment=confirmed, actor=confirmed.customer, role=Role.CUSTOMER)

        transitions.cancel_appointment(appointment=confirmed, actor=confirmed.provider.user, role=Role.PROVIDER)

    assert Appointment.objects.get().ended_by == Role.PROVIDER


def test_customer_may_cancel_at_the_cutoff_itself(confirmed):
    with time_machine.travel(TUESDAY_TEN - timedelta(hours=2), tick=False):
        transitions.cancel_appointment(appointment=confirmed, actor=confirmed.customer, role=Role.CUSTOMER)

    assert Appointment.objects.get().status == Status.CANCELLED


def test_expired_request_cannot_be_accepted_even_when_the_job_is_late(request_):
    with time_machine.travel(request_.answer_by, tick=False):
        with pytest.raises(MoveRefused, match="not answered in time"):
            transitions.accept_request(appointment=request_, actor=request_.provider.user)
        transitions.expire_request(appointment=request_)

    assert Appointment.objects.get().status == Status.EXPIRED
    assert not Hold.objects.exists()


def test_request_does_not_expire_before_its_time(request_):
    with pytest.raises(MoveRefused):
        transitions.expire_request(appointment=request_)

    assert Appointment.objects.get().status == Status.REQUESTED


def test_outcome_is_marked_from_the_start_on(confirmed):
    provider = confirmed.provider.user
    with time_machine.travel(TUESDAY_TEN - timedelta(seconds=1), tick=False), pytest.raises(PolicyRefused):
        transitions.mark_no_show(appointment=confirmed, actor=provider)
    with time_machine.travel(TUESDAY_TEN, tick=False):
        transitions.mark_no_show(appointment=confirmed, actor=provider)

    assert Appointment.objects.get().status == Status.NO_SHOW


def test_correction_works_both_ways_for_seven_days_and_pressing_twice_does_not_flip_it_back(confirmed):
    provider = confirmed.provider.user
    done_at = TUESDAY_TEN + timedelta(hours=1)
    with time_machine.travel(done_at, tick=False):
        transitions.complete_appointment(appointment=confirmed, actor=provider)
    with time_machine.travel(done_at + timedelta(days=7), tick=False):
        for _ in range(2):
            transitions.correct_outcome(appointment=confirmed, to=Status.NO_SHOW, actor=provider)
    assert Appointment.objects.get().status == Status.NO_SHOW
    with time_machine.travel(done_at + timedelta(days=7, seconds=1), tick=False), pytest.raises(PolicyRefused):
        transitions.correct_outcome(appointment=confirmed, to=Status.COMPLETED, actor=provider)

    assert confirmed.history.count() == 3


@pytest.mark.parametrize("to", sorted(set(Status) - {Status.COMPLETED, Status.NO_SHOW}))
def test_a_correction_leads_to_completed_or_no_show_and_nowhere_else(confirmed, to):
    with time_machine.travel(TUESDAY_TEN + timedelta(hours=1), tick=False):
        transitions.mark_no_show(appointment=confirmed, actor=confirmed.provider.user)
        with pytest.raises(MoveRefused):
            transitions.correct_outcome(appointment=confirmed, to=to, actor=confirmed.provider.user)

    assert Appointment.objects.get().status == Status.NO_SHOW


def test_it_completes_by_itself_a_day_after_its_end(confirmed):
    end = confirmed.end
    with time_machine.travel(end + timedelta(hours=24) - timedelta(seconds=1), tick=False), pytest.raises(MoveRefused):
        transitions.complete_by_itself(appointment=confirmed)
    with time_machine.travel(end + timedelta(hours=24), tick=False):
        transitions.complete_by_itself(appointment=confirmed)

    assert Appointment.objects.get().status == Status.COMPLETED
    assert confirmed.history.first().role == Role.SYSTEM


def test_nobody_acts_in_a_role_that_is_not_theirs(confirmed):
    stranger = UserFactory()
    for role in (Role.CUSTOMER, Role.PROVIDER, Role.STAFF, Role.SYSTEM):
        with pytest.raises(PermissionDenied):
            transitions.cancel_appointment(appointment=confirmed, actor=stranger, role=role)


ACTS = {
    Verb.ACCEPT: lambda a, actor, role: transitions.accept_request(appointment=a, actor=actor, role=role),
    Verb.DECLINE: lambda a, actor, role: transitions.decline_request(appointment=a, actor=actor, role=role),
    Verb.WITHDRAW: lambda a, actor, role: transitions.withdraw_request(appointment=a, actor=actor, role=role),
    Verb.CANCEL: lambda a, actor, role: transitions.cancel_appointment(appointment=a, actor=actor, role=role),
    Verb.COMPLETE: lambda a, actor, role: transitions.complete_appointment(appointment=a, actor=actor, role=role),
    Verb.NO_SHOW: lambda a, actor, role: transitions.mark_no_show(appointment=a, actor=actor, role=role),
}


# By hand, not read from the table under test: what each verb leaves, where it leads, and whose it is of these two.
LEADS = {
    Verb.ACCEPT: (Status.REQUESTED, Status.CONFIRMED, {Role.PROVIDER}),
    Verb.DECLINE: (Status.REQUESTED, Status.DECLINED, {Role.PROVIDER}),
    Verb.WITHDRAW: (Status.REQUESTED, Status.CANCELLED, {Role.CUSTOMER}),
    Verb.CANCEL: (Status.CONFIRMED, Status.CANCELLED, {Role.CUSTOMER, Role.PROVIDER}),
    Verb.COMPLETE: (Status.CONFIRMED, Status.COMPLETED, {Role.PROVIDER}),
    Verb.NO_SHOW: (Status.CONFIRMED, Status.NO_SHOW, {Role.PROVIDER}),
}


@pytest.mark.parametrize("verb", ACTS)
@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.PROVIDER])
def test_only_the_moves_of_the_table_happen(confirmed, verb, status, role):
    """From the start on, with the deadline ahead: whatever the table doesn't have is refused or already done."""
    start = datetime(2026, 3, 2, 7, tzinfo=UTC) if verb in {Verb.COMPLETE, Verb.NO_SHOW} else TUESDAY_TEN
    fields = demanded_by(status, NOW) | {"answer_by": TUESDAY_TEN}
    Appointment.objects.update(status=status, start=start, **fields)
    actor = confirmed.customer if role is Role.CUSTOMER else confirmed.provider.user
    leaves, to, roles = LEADS[verb]
    allowed = status == leaves and role in roles

    try:
        changed = ACTS[verb](confirmed, actor, role).changed
    except (MoveRefused, PolicyRefused):
        changed = False

    assert changed == allowed
    assert Appointment.objects.get().status == (to if allowed else status)
    assert AppointmentEvent.objects.count() == (2 if allowed else 1)


def test_history_is_never_changed_or_deleted(confirmed):
    entry = confirmed.history.get()

    for attempt in (entry.save, entry.delete, AppointmentEvent.objects.all().delete):
        with pytest.raises(TypeError):
            attempt()
    with pytest.raises(TypeError):
        AppointmentEvent.objects.update(reason="rewritten")


@pytest.mark.parametrize(("task", "waits"), [(tasks.expire_requests, "request"), (tasks.complete_past, "confirmed")])
def test_one_appointment_that_cannot_be_ended_keeps_none_of_the_others_waiting(
    task, waits, book, provider, monkeypatch, caplog
):
    provider.policy.accepts_at_once = waits == "confirmed"
    provider.policy.save()
    first, second = book().appointment, book(start=TUESDAY_TEN + timedelta(hours=2)).appointment
    name = "expire_request" if waits == "request" else "complete_by_itself"
    service = getattr(transitions, name)

    def broken_for_the_first(*, appointment):
        if appointment.pk == first.pk:
            raise ZeroDivisionError
        return service(appointment=appointment)

    monkeypatch.setattr(transitions, name, broken_for_the_first)
    with time_machine.travel(TUESDAY_TEN + timedelta(days=3), tick=False):
        task()

    first.refresh_from_db()
    second.refresh_from_db()
    assert first.status == (Status.REQUESTED if waits == "request" else Status.CONFIRMED)
    assert second.status == (Status.EXPIRED if waits == "request" else Status.COMPLETED)
    assert first.reference in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("lost_after", [1, 2])
def test_a_long_run_keeps_its_lease_and_stops_at_once_when_another_worker_took_it(book, monkeypatch, lost_after):
    for n in range(3):
        book(start=TUESDAY_TEN + timedelta(hours=n))
    with transaction.atomic():
        outbox.publish(RUN_SCHEDULED, key="appointments.complete_past", payload={"name": "appointments.complete_past"})
    run = Message.objects.filter(topic=RUN_SCHEDULED)
    service, ends = transitions.complete_by_itself, []

    def slow(*, appointment):
        ends.append(run.get().leased_until)
        # Almost over; and then somebody else has it.
        run.update(leased_until=database_now(), due_at=database_now())
        if len(ends) == lost_after:
            run.update(lease_token=None)
        return service(appointment=appointment)

    monkeypatch.setattr(transitions, "complete_by_itself", slow)
    Message.objects.exclude(topic=RUN_SCHEDULED).delete()
    with time_machine.travel(TUESDAY_TEN + timedelta(days=3), tick=False):
        dispatch.handle(dispatch.claim())

    assert Appointment.objects.filter(status=Status.COMPLETED).count() == lost_after
    # Each step found a whole lease ahead of it.
    assert len(ends) == lost_after
    assert all(end > database_now() + timedelta(seconds=60) for end in ends)
    assert run.get().done_at is None
