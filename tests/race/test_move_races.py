"""Changes of time at once, in real processes: one of two that can't both be wins, and the other is told."""

from datetime import UTC, datetime, timedelta
from unittest import mock
from uuid import uuid4

import pytest
import time_machine

from accounts.models import User
from appointments.models import Appointment, AppointmentEvent, Hold, LateCancellation, Proposal
from appointments.services import booking, proposals, transitions
from appointments.states import Role, Status
from core import clock
from outbox.models import Message
from providers.models import Service
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours
from tests.invariants import check_all
from tests.processes import meet

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()


def day_at(hour, days=7):
    """An hour of a day ahead: real processes run by the real clock."""
    day = clock.now().date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@pytest.fixture
def service():
    provider = ProviderFactory(time_zone="UTC", policy__notice_minutes=0, policy__cancellation_cutoff_minutes=0)
    give_hours(provider, {day: [("00:00", "24:00")] for day in range(7)})
    return ServiceFactory(provider=provider, duration_minutes=60, slot_interval_minutes=60)


def booked(service, start, customer=None):
    customer = customer or UserFactory()
    wanted = booking.Wanted(service, (start,), customer, booking.terms_of(service), uuid4().hex)
    return booking.place(wanted)[0].appointment


def answers_by_hand(service):
    service.provider.policy.accepts_at_once = False
    service.provider.policy.save()


def proposed(appointment, role, start):
    actor = appointment.customer if role == "customer" else appointment.provider.user
    proposals.propose_time(appointment=appointment, start=start, actor=actor, role=Role(role))
    return Proposal.objects.get(state="open")


def told():
    """How many mails wait to be sent about changes of time."""
    return Message.objects.filter(
        payload__event__in=list(AppointmentEvent.objects.exclude(verb="book").values_list("pk", flat=True))
    ).count()


# --- What the processes do --------------------------------------------------------------------------------------------


def change_time(appointment_pk, role, start, folder, size):
    one = Appointment.objects.with_people().get(pk=appointment_pk)
    actor = one.customer if role == "customer" else one.provider.user
    meet(folder, size)
    start = datetime.fromisoformat(start)
    return proposals.propose_time(appointment=one, start=start, actor=actor, role=Role(role)).changed


def settle(act, proposal_pk, role, folder, size):
    made = Proposal.objects.with_appointment().get(pk=proposal_pk)
    one = made.appointment
    actor = one.customer if role == "customer" else one.provider.user
    meet(folder, size)
    return getattr(proposals, act)(proposal=made, actor=actor, role=Role(role)).changed


def lapse(proposal_pk, folder, size):
    """Let it lapse, as the job does whose clock says that its time is over."""
    made = Proposal.objects.with_appointment().get(pk=proposal_pk)
    meet(folder, size)
    with time_machine.travel(made.answer_by):
        return proposals.lapse_time(proposal=made).changed


def cancel(appointment_pk, role, folder, size):
    one = Appointment.objects.with_people().get(pk=appointment_pk)
    actor = one.customer if role == "customer" else one.provider.user
    meet(folder, size)
    return transitions.cancel_appointment(appointment=one, actor=actor, role=Role(role)).changed


def book(service_pk, customer_pk, start, folder, size):
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=service_pk)
    customer = User.objects.get(pk=customer_pk)
    meet(folder, size)
    return bool(booked(service, datetime.fromisoformat(start), customer))


# --- For the same time ------------------------------------------------------------------------------------------------


def test_of_many_who_move_to_one_time_one_gets_it(run_calls, tmp_path, service):
    wanted, rows = day_at(15), [booked(service, day_at(8 + n)) for n in range(4)]

    outcomes = run_calls([(change_time, one.pk, "customer", wanted.isoformat(), str(tmp_path), 4) for one in rows])

    assert sorted(outcome.error for outcome in outcomes) == ["", *["SlotTaken"] * 3]
    assert Appointment.objects.filter(start=wanted).count() == 1
    assert Hold.objects.count() == 4


def test_a_move_and_bookings_of_its_new_time_leave_one_of_them(run_calls, tmp_path, service):
    wanted, one = day_at(15), booked(service, day_at(8))

    outcomes = run_calls(
        [
            (change_time, one.pk, "customer", wanted.isoformat(), str(tmp_path), 4),
            *[(book, service.pk, UserFactory().pk, wanted.isoformat(), str(tmp_path), 4) for _ in range(3)],
        ]
    )

    assert sorted(outcome.error for outcome in outcomes) == ["", *["SlotTaken"] * 3]
    assert Appointment.objects.filter(start=wanted).count() == 1


def test_a_proposal_and_bookings_of_its_time_leave_one_of_them(run_calls, tmp_path, service):
    wanted, one = day_at(15), booked(service, day_at(8))

    outcomes = run_calls(
        [
            (change_time, one.pk, "provider", wanted.isoformat(), str(tmp_path), 4),
            *[(book, service.pk, UserFactory().pk, wanted.isoformat(), str(tmp_path), 4) for _ in range(3)],
        ]
    )

    assert sorted(outcome.error for outcome in outcomes) == ["", *["SlotTaken"] * 3]
    assert Appointment.objects.filter(start=wanted).count() + Proposal.objects.filter(state="open").count() == 1


def test_two_who_change_places_never_deadlock(run_calls, tmp_path, service):
    """Each wants the other's time, which is free only once the other has left it."""
    rows = [booked(service, day_at(8)), booked(service, day_at(9))]

    outcomes = run_calls(
        [
            (change_time, one.pk, "customer", other.start.isoformat(), str(tmp_path), 2)
            for one, other in zip(rows, reversed(rows), strict=True)
        ]
    )

    assert [outcome.error for outcome in outcomes] == ["SlotTaken"] * 2


# --- Of one appointment -----------------------------------------------------------------------------------------------


def test_one_move_pressed_in_six_tabs_happens_once(run_calls, tmp_path, service):
    one = booked(service, day_at(8))
    call = (change_time, one.pk, "customer", day_at(15).isoformat(), str(tmp_path), 6)

    outcomes = run_calls([call] * 6)

    assert sorted(outcome.value for outcome in outcomes) == [False] * 5 + [True]
    assert (one.history.count(), told()) == (2, 2)


def test_two_proposals_at_once_leave_the_later_one_open_and_both_in_the_history(run_calls, tmp_path, service):
    answers_by_hand(service)
    service.confirmation = "by_hand"
    one = booked(service, day_at(8))
    transitions.accept_request(appointment=one, actor=one.provider.user)

    outcomes = run_calls(
        [
            (change_time, one.pk, "customer", day_at(14).isoformat(), str(tmp_path), 2),
            (change_time, one.pk, "provider", day_at(16).isoformat(), str(tmp_path), 2),
        ]
    )

    assert [(outcome.error, outcome.value) for outcome in outcomes] == [("", True)] * 2, outcomes[0].traceback
    assert sorted(Proposal.objects.values_list("state", flat=True)) == ["open", "replaced"]
    assert Hold.objects.count() == 2


@pytest.mark.parametrize("settled", ["declined", "withdrawn", "lapsed"])
def test_accepting_against_another_end_of_the_proposal_leaves_one(run_calls, tmp_path, service, settled):
    one = booked(service, day_at(8))
    made = proposed(one, "provider", day_at(15))
    against = {
        "declined": (settle, "decline_time", made.pk, "customer", str(tmp_path), 2),
        "withdrawn": (settle, "withdraw_time", made.pk, "provider", str(tmp_path), 2),
        "lapsed": (lapse, made.pk, str(tmp_path), 2),
    }[settled]

    outcomes = run_calls([(settle, "accept_time", made.pk, "customer", str(tmp_path), 2), against])

    assert sorted(outcome.error for outcome in outcomes) == ["", "MoveRefused"]
    made.refresh_from_db()
    one.refresh_from_db()
    assert made.state == ("accepted" if outcomes[0].ok else settled)
    assert one.start == (day_at(15) if outcomes[0].ok else day_at(8))
    assert (one.history.count(), Hold.objects.count()) == (3, 1)


@pytest.mark.parametrize("role", ["customer", "provider"])
def test_a_move_against_cancelling_leaves_it_cancelled(run_calls, tmp_path, service, role):
    one = booked(service, day_at(8))

    moved, cancelled = run_calls(
        [
            (change_time, one.pk, "customer", day_at(15).isoformat(), str(tmp_path), 2),
            (cancel, one.pk, role, str(tmp_path), 2),
        ]
    )

    assert (cancelled.error, cancelled.value, moved.error) in {("", True, ""), ("", True, "MoveRefused")}
    assert (Appointment.objects.get().status, Hold.objects.count()) == (Status.CANCELLED, 0)


def test_accepting_against_cancelling_leaves_it_cancelled(run_calls, tmp_path, service):
    one = booked(service, day_at(8))
    made = proposed(one, "provider", day_at(15))

    accepted, cancelled = run_calls(
        [
            (settle, "accept_time", made.pk, "customer", str(tmp_path), 2),
            (cancel, one.pk, "provider", str(tmp_path), 2),
        ]
    )

    assert (cancelled.error, cancelled.value, accepted.error) in {("", True, ""), ("", True, "MoveRefused")}
    assert (Appointment.objects.get().status, Hold.objects.count()) == (Status.CANCELLED, 0)
    assert Proposal.objects.get().state == ("accepted" if accepted.ok else "ended")


def test_a_ban_against_moves_of_what_it_ends_leaves_nothing_that_lies_ahead(run_calls, tmp_path, service):
    customer = UserFactory()
    for days in (1, 2):
        at = clock.now() - timedelta(days=days)
        LateCancellation.objects.create(person=customer, occasion=uuid4(), at=at)
    soon = clock.now().replace(minute=0, second=0, microsecond=0) + 3 * HOUR
    late, one, other = booked(service, soon, customer), *(booked(service, day_at(8 + n), customer) for n in range(2))
    made = proposed(other, "provider", day_at(18))

    banned, *others = run_calls(
        [
            (cancel, late.pk, "customer", str(tmp_path), 3),
            (change_time, one.pk, "customer", day_at(15).isoformat(), str(tmp_path), 3),
            (settle, "accept_time", made.pk, "customer", str(tmp_path), 3),
        ]
    )

    assert (banned.error, banned.value) == ("", True), banned.traceback
    assert {outcome.error for outcome in others} <= {"", "MoveRefused", "PolicyRefused"}
    assert set(Appointment.objects.values_list("status", flat=True)) == {Status.CANCELLED}
    assert Hold.objects.count() == 0


def change_time_without_looking(appointment_pk, role, start, folder, size):
    with mock.patch.object(transitions.times, "check_start"):
        return change_time(appointment_pk, role, start, folder, size)


def test_the_constraint_alone_stops_what_the_check_would_have(run_calls, tmp_path, service):
    wanted, rows = day_at(15), [booked(service, day_at(8 + n)) for n in range(3)]

    outcomes = run_calls(
        [(change_time_without_looking, one.pk, "customer", wanted.isoformat(), str(tmp_path), 3) for one in rows]
    )

    assert sorted(outcome.error for outcome in outcomes) == ["", "SlotTaken", "SlotTaken"]
    assert outcomes[0].message in {"", "That time was just taken."}
