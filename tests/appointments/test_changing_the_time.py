"""Changing the time of an appointment: at once, or by a proposal that the other side answers before its deadline.

It is Monday 2 March 2026, 08:00 UTC; the appointment is on Tuesday at 10:00, and the cutoff two hours before it.
"""

from datetime import timedelta

import pytest
import time_machine

from appointments.models import Appointment, Hold, Proposal
from appointments.services import proposals
from appointments.states import Role, Status
from tests.invariants import check_all

from .conftest import ANSWER_TIME, NOW, TUESDAY_TEN

pytestmark = pytest.mark.django_db

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
WEDNESDAY_TEN = TUESDAY_TEN + timedelta(days=1)
C, P = Role.CUSTOMER, Role.PROVIDER


@pytest.fixture(autouse=True)
def _everything_holds(db):
    yield
    check_all()


def at(moment):
    return time_machine.travel(moment, tick=False)


def actor_of(appointment, role):
    return appointment.customer if role is C else appointment.provider.user


def propose(appointment, role, start=WEDNESDAY_TEN, **more):
    actor = actor_of(appointment, role)
    return proposals.propose_time(appointment=appointment, start=start, actor=actor, role=role, **more)


def answer(service, role, proposal=None, **more):
    proposal = proposal or Proposal.objects.with_appointment().get(state="open")
    return service(proposal=proposal, actor=actor_of(proposal.appointment, role), role=role, **more)


def times():
    """The appointment's start, and the start and kind of each hold."""
    [start] = Appointment.objects.values_list("start", flat=True)
    return start, list(Hold.objects.order_by("start").values_list("start", "kind"))


def states():
    return list(Proposal.objects.order_by("pk").values_list("state", flat=True))


BOTH = (TUESDAY_TEN, [(TUESDAY_TEN, "appointment"), (WEDNESDAY_TEN, "proposal")])
OLD = (TUESDAY_TEN, [(TUESDAY_TEN, "appointment")])
NEW = (WEDNESDAY_TEN, [(WEDNESDAY_TEN, "appointment")])


# --- At once, or proposed ---------------------------------------------------------------------------------------------


def test_a_customer_moves_at_once_where_the_provider_accepts_at_once(confirmed):
    outcome = propose(confirmed, C, message="My train is late.")

    assert (outcome.changed, times(), states()) == (True, NEW, [])
    now = Appointment.objects.get()
    assert (now.status, now.end - now.start, now.sequence) == (Status.CONFIRMED, HOUR, 1)
    assert confirmed.history.values_list("verb", "role", "start", "to_start", "reason")[0] == (
        "move", "customer", TUESDAY_TEN, WEDNESDAY_TEN, "My train is late.",
    )  # fmt: skip


def test_at_a_provider_who_answers_by_hand_a_customer_proposes_and_both_times_are_held(confirmed, by_hand):
    outcome = propose(confirmed, C, message="My train is late.")

    assert (outcome.changed, times()) == (True, BOTH)
    made = Proposal.objects.get()
    assert (made.by, made.actor, made.old_start, made.start, made.end) == (
        "customer", confirmed.customer, TUESDAY_TEN, WEDNESDAY_TEN, WEDNESDAY_TEN + HOUR,
    )  # fmt: skip
    assert (made.message, made.answer_by, made.state) == ("My train is late.", NOW + ANSWER_TIME, "open")


def test_a_provider_always_proposes(confirmed):
    propose(confirmed, P)

    assert (times(), states()) == (BOTH, ["open"])


@pytest.mark.parametrize("role", [C, P])
def test_accepting_moves_the_appointment_and_releases_the_old_time(confirmed, by_hand, role):
    propose(confirmed, role)

    outcome = answer(proposals.accept_time, P if role is C else C)

    assert (outcome.changed, times(), states()) == (True, NEW, ["accepted"])
    assert Appointment.objects.get().status == Status.CONFIRMED


@pytest.mark.parametrize("role", [C, P])
def test_declining_and_withdrawing_keep_the_old_time_and_release_the_new(confirmed, by_hand, role):
    other = P if role is C else C
    propose(confirmed, role)
    answer(proposals.decline_time, other, reason="I am away.")
    propose(confirmed, role)
    answer(proposals.withdraw_time, role)

    assert (times(), states()) == (OLD, ["declined", "withdrawn"])
    assert [event.verb for event in confirmed.history.all()] == [
        "withdraw_time", "propose", "decline_time", "propose", "book",
    ]  # fmt: skip
