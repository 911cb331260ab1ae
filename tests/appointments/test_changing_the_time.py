"""Changing the time of an appointment: at once, or by a proposal that the other side answers before its deadline.

It is Monday 2 March 2026, 08:00 UTC; the appointment is on Tuesday at 10:00, and the cutoff two hours before it.
"""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from appointments import tasks
from appointments.exceptions import MoveRefused, PolicyRefused, ReasonMissing, SlotTaken, TermsChanged
from appointments.models import Appointment, AppointmentEvent, Hold, LateCancellation, Proposal
from appointments.queries import proposals as queries
from appointments.rules.moves import move_terms, possible_moves
from appointments.services import availability, proposals, transitions
from appointments.services.availability import Mine
from appointments.states import HoldKind, Role, Status, Verb
from calendar_sync.models import BusyInterval
from outbox.models import Message
from tests.factories.accounts import UserFactory
from tests.factories.providers import DateOverrideFactory
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


def test_whoever_accepts_a_new_time_for_a_request_confirms_it(requested):
    propose(requested, P)

    answer(proposals.accept_time, C)

    now = Appointment.objects.get()
    assert (now.status, now.agreed_at, times()) == (Status.CONFIRMED, NOW, NEW)
    assert requested.history.values_list("verb", "role", "from_status", "to_status")[0] == (
        "move", "customer", "requested", "confirmed",
    )  # fmt: skip


def test_price_fee_and_length_stay_as_agreed_whatever_the_service_is_now(confirmed, service):
    before = Appointment.objects.values("price", "currency", "platform_fee", "venue", "note").get()
    service.price, service.duration_minutes, service.slot_interval_minutes = 99, 30, 30
    service.save()

    propose(confirmed, C, start=WEDNESDAY_TEN + HOUR / 2)

    assert Appointment.objects.values(*before).get() == before
    now = Appointment.objects.get()
    assert (now.start, now.end - now.start) == (WEDNESDAY_TEN + HOUR / 2, HOUR)
    assert [hold.end - hold.start for hold in Hold.objects.all()] == [HOUR]


def test_the_new_time_is_held_with_the_buffers_that_the_service_has_now(confirmed, service):
    service.buffer_after_minutes = 30
    service.save()

    propose(confirmed, P)

    held = Hold.objects.get(kind=HoldKind.PROPOSAL)
    assert (held.start, held.end) == (WEDNESDAY_TEN, WEDNESDAY_TEN + 1.5 * HOUR)


@pytest.mark.parametrize("role", [C, P])
def test_neither_an_archived_service_nor_a_paused_page_stops_a_change_of_time(confirmed, service, role):
    service.is_active = False
    service.save()
    confirmed.provider.listing = "paused"
    confirmed.provider.save()

    assert propose(confirmed, role).changed


@pytest.mark.parametrize("role", [C, P])
@pytest.mark.parametrize("fields", [{"is_active": False}, {"banned_at": NOW}])
def test_nobody_changes_a_time_with_somebody_whose_account_is_closed_or_suspended(confirmed, by_hand, role, fields):
    other = actor_of(confirmed, P if role is C else C)
    type(other).objects.filter(pk=other.pk).update(**fields)

    with pytest.raises(PolicyRefused, match="account is"):
        propose(confirmed, role)

    assert times() == OLD
    type(other).objects.filter(pk=other.pk).update(is_active=True, banned_at=None)


# --- Until when -------------------------------------------------------------------------------------------------------

CUTOFF = TUESDAY_TEN - 2 * HOUR


@pytest.mark.parametrize("accepts", ["at once", "by hand"])
@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a_customer_may_change_the_time_up_to_the_cutoff_itself(confirmed, provider, accepts, seconds):
    provider.policy.accepts_at_once = accepts == "at once"
    provider.policy.save()

    with at(CUTOFF + seconds * SECOND):
        if seconds <= 0:
            assert propose(confirmed, C).changed
        else:
            with pytest.raises(PolicyRefused, match="less than 2 hours"):
                propose(confirmed, C)


def test_the_cutoff_does_not_bind_the_provider_who_may_propose_until_the_start(confirmed):
    with at(TUESDAY_TEN - SECOND):
        assert propose(confirmed, P).changed
    with at(TUESDAY_TEN), pytest.raises(PolicyRefused, match="already started"):
        propose(confirmed, P, start=WEDNESDAY_TEN + HOUR)


def test_the_cutoff_does_not_stop_a_customer_from_answering_the_provider(confirmed):
    with at(CUTOFF + HOUR):
        propose(confirmed, P)

        assert answer(proposals.accept_time, C).changed


@pytest.mark.parametrize(
    ("answer_time", "start", "deadline"),
    [
        (timedelta(hours=3), WEDNESDAY_TEN, NOW + timedelta(hours=3)),
        (timedelta(days=9), WEDNESDAY_TEN, TUESDAY_TEN),
        (timedelta(days=9), TUESDAY_TEN - 2 * HOUR, TUESDAY_TEN - 2 * HOUR),
    ],
)
@pytest.mark.parametrize("role", [C, P])
def test_a_proposal_is_answered_within_the_answer_time_and_before_both_starts(
    confirmed, by_hand, role, answer_time, start, deadline
):
    by_hand.policy.answer_minutes = answer_time // timedelta(minutes=1)
    by_hand.policy.save()

    propose(confirmed, role, start=start)

    assert Proposal.objects.get().answer_by == Hold.objects.get(kind="proposal").expires_at == deadline


@pytest.mark.parametrize("act", [proposals.accept_time, proposals.decline_time])
def test_a_proposal_is_answered_before_its_deadline_and_not_at_it_however_late_the_job(confirmed, act):
    propose(confirmed, P)
    deadline = Proposal.objects.get().answer_by

    with at(deadline), pytest.raises(MoveRefused, match="not answered in time"):
        answer(act, C)
    with at(deadline + SECOND), pytest.raises(MoveRefused, match="not answered in time"):
        answer(act, C)
    with at(deadline), pytest.raises(MoveRefused, match="not answered in time"):
        answer(proposals.withdraw_time, P)
    with at(deadline - SECOND):
        assert answer(act, C).changed


def test_a_proposal_lapses_at_its_deadline_and_not_before(confirmed):
    propose(confirmed, P)
    made = Proposal.objects.get()

    with at(made.answer_by - SECOND), pytest.raises(MoveRefused):
        proposals.lapse_time(proposal=made)
    with at(made.answer_by):
        tasks.lapse_proposals()

    assert (times(), states()) == (OLD, ["lapsed"])
    assert confirmed.history.values_list("verb", "role", "start", "to_start")[0] == (
        "lapse", "system", TUESDAY_TEN, WEDNESDAY_TEN,
    )  # fmt: skip


def test_the_time_of_a_lapsed_proposal_is_free_before_any_job_marks_it(confirmed, book):
    propose(confirmed, P)
    deadline = Proposal.objects.get().answer_by

    with at(deadline - SECOND), pytest.raises(SlotTaken):
        book(start=WEDNESDAY_TEN, customer=UserFactory())
    with at(deadline):
        assert book(start=WEDNESDAY_TEN, customer=UserFactory()).changed
        assert propose(confirmed, P, start=WEDNESDAY_TEN + HOUR).changed

    assert states() == ["replaced", "open"]


def test_a_proposal_whose_time_was_lost_by_another_clock_cannot_be_accepted(confirmed):
    propose(confirmed, P)
    Hold.objects.filter(kind="proposal").delete()

    with pytest.raises(MoveRefused, match="not answered in time"):
        answer(proposals.accept_time, C)

    assert times() == OLD
    answer(proposals.withdraw_time, P)


def test_a_request_waits_for_as_long_as_the_provider_waits_for_the_customer(requested):
    first_deadline = requested.answer_by
    with at(first_deadline - HOUR):
        propose(requested, P)

        proposed = Proposal.objects.get().answer_by
        assert proposed == first_deadline - HOUR + ANSWER_TIME
        assert Appointment.objects.get().answer_by == proposed
    with at(proposed):
        tasks.lapse_proposals()
        assert states() == ["open"]
        tasks.expire_requests()

    assert (Appointment.objects.get().status, states()) == (Status.EXPIRED, ["ended"])


def test_a_provider_lengthens_a_request_by_one_answer_time_in_all(requested):
    first_deadline = requested.answer_by
    for moment in (first_deadline - HOUR, first_deadline + ANSWER_TIME - 2 * HOUR, first_deadline + ANSWER_TIME - HOUR):
        with at(moment):
            propose(requested, P, start=WEDNESDAY_TEN + timedelta(days=1), message=f"As of {moment}.")
            answer(proposals.withdraw_time, P)

    last = Proposal.objects.order_by("-pk").values_list("answer_by", flat=True)[0]
    assert last == Appointment.objects.get().answer_by == first_deadline + ANSWER_TIME


def test_a_customer_who_proposes_does_not_keep_the_own_request_waiting_for_longer(requested):
    with at(requested.answer_by - HOUR):
        propose(requested, C)

    assert Proposal.objects.get().answer_by == Appointment.objects.get().answer_by == requested.answer_by


def test_an_expired_request_has_no_new_time_proposed_before_the_job_marks_it(requested):
    with at(requested.answer_by), pytest.raises(MoveRefused, match="not answered in time"):
        propose(requested, P)


# --- Where to ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accepts", ["at once", "by hand"])
def test_a_customer_moves_to_what_is_open_and_learns_the_nearest_open_starts(confirmed, provider, book, accepts):
    book(start=WEDNESDAY_TEN, customer=UserFactory())
    provider.policy.accepts_at_once = accepts == "at once"
    provider.policy.save()
    refused = {
        WEDNESDAY_TEN: "That time is taken.",
        WEDNESDAY_TEN + HOUR / 4: "start at that minute",
        WEDNESDAY_TEN + 8 * HOUR: "not open for all of that time",
        NOW + HOUR: "too soon",
        NOW + timedelta(days=90): "too far ahead",
    }

    for start, words in refused.items():
        with pytest.raises(SlotTaken, match=words) as raised:
            propose(confirmed, C, start=start)
        assert raised.value.nearest or start > NOW + timedelta(days=61)
        assert all(propose_is_open(confirmed, nearest) for nearest in raised.value.nearest)
    assert (Appointment.objects.filter(start=TUESDAY_TEN).count(), states()) == (1, [])


def propose_is_open(appointment, start):
    service = availability.as_agreed(appointment)
    return availability.may_book(service, start, now=NOW, mine=Mine(moving=appointment.pk))


def test_the_own_time_does_not_stand_in_its_way_and_neither_do_its_caps(confirmed, provider):
    """An hour later by half, on a full day of a provider who takes no more in all."""
    provider.policy.max_per_day = provider.policy.max_open = provider.policy.max_week_per_customer = 1
    provider.policy.save()
    confirmed.service.slot_interval_minutes = 30
    confirmed.service.save()

    assert propose(confirmed, C, start=TUESDAY_TEN + HOUR / 2).changed


def test_the_shares_of_a_week_hold_for_a_move_to_that_week(confirmed, provider, book):
    provider.policy.max_week_per_customer = 2
    provider.policy.save()
    next_week = [TUESDAY_TEN + timedelta(days=days) for days in (14, 15)]
    for start in next_week:
        book(start=start)

    with pytest.raises(PolicyRefused, match="3 appointments with Maya within 7 days"):
        propose(confirmed, C, start=next_week[0] + HOUR)
    assert propose(confirmed, C).changed


@pytest.fixture
def two_a_week(by_hand):
    by_hand.policy.max_week_per_customer = 2
    by_hand.policy.save()


NEXT_WEEK = [TUESDAY_TEN + timedelta(days=days) for days in (14, 15, 16)]


def test_what_a_customer_proposes_counts_in_its_week_when_they_book(confirmed, book, two_a_week):
    propose(confirmed, C, start=NEXT_WEEK[0])
    book(start=NEXT_WEEK[1])

    with pytest.raises(PolicyRefused, match="3 appointments with Maya within 7 days"):
        book(start=NEXT_WEEK[2])
    with at(Proposal.objects.get().answer_by):
        assert book(start=NEXT_WEEK[2]).changed


def test_what_a_customer_proposes_counts_in_its_week_when_they_propose_for_another(confirmed, book, two_a_week):
    propose(confirmed, C, start=NEXT_WEEK[0])
    book(start=NEXT_WEEK[1])
    other = book(start=TUESDAY_TEN + 3 * HOUR).appointment

    with pytest.raises(PolicyRefused, match="3 appointments with Maya within 7 days"):
        propose(other, C, start=NEXT_WEEK[2])
    answer(proposals.withdraw_time, C)
    assert propose(other, C, start=NEXT_WEEK[2]).changed


def test_what_the_provider_proposes_does_not_count_in_the_customer_s_week(confirmed, book, two_a_week):
    propose(confirmed, P, start=NEXT_WEEK[0])
    book(start=NEXT_WEEK[1])

    assert book(start=NEXT_WEEK[2]).changed


@pytest.mark.parametrize("accepts", [True, False])
def test_a_customer_whose_email_is_not_confirmed_chooses_no_new_time(confirmed, provider, accepts):
    provider.policy.accepts_at_once = accepts
    provider.policy.save()
    confirmed.customer.email_confirmed_at = None
    confirmed.customer.save()

    with pytest.raises(PolicyRefused, match="Confirm your email address first"):
        propose(confirmed, C)
    assert propose(confirmed, P).changed


@pytest.mark.parametrize("role", [C, P])
@pytest.mark.parametrize("more", [SECOND, timedelta(microseconds=1)])
def test_a_new_time_is_in_whole_minutes(confirmed, by_hand, role, more):
    with pytest.raises(PolicyRefused, match="whole minutes"):
        propose(confirmed, role, start=WEDNESDAY_TEN + more, message="It suits me.")


def test_a_proposed_time_counts_on_the_daily_cap_of_its_date_and_once_on_its_own(confirmed, provider, book):
    provider.policy.max_per_day = 1
    provider.policy.save()
    propose(confirmed, P)

    with pytest.raises(SlotTaken, match="no more appointments on that day"):
        book(start=WEDNESDAY_TEN + 2 * HOUR, customer=UserFactory())
    propose(confirmed, P, start=TUESDAY_TEN + 2 * HOUR)
    provider.policy.max_per_day = 2
    provider.policy.save()
    assert book(start=TUESDAY_TEN + 4 * HOUR, customer=UserFactory()).changed


def test_the_cap_counts_the_proposed_time_in_the_provider_s_zone(confirmed, provider, book):
    """18:00 UTC on Tuesday is 23:45 there, and 18:15 is Wednesday."""
    provider.policy.max_per_day = 1
    provider.policy.save()
    propose(confirmed, P, start=TUESDAY_TEN + 8.25 * HOUR, message="Late, sorry.")

    with pytest.raises(SlotTaken, match="no more appointments on that day"):
        book(start=WEDNESDAY_TEN, customer=UserFactory())


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (WEDNESDAY_TEN + 8 * HOUR, "outside your working hours"),
        (WEDNESDAY_TEN + HOUR / 4, "start at that minute"),
        (NOW + HOUR, "sooner than your minimum notice"),
        (NOW + timedelta(days=90), "beyond your booking window"),
    ],
)
def test_a_provider_proposes_against_their_own_rules_and_says_why(confirmed, start, words):
    for blank in ("", " \n"):
        with pytest.raises(ReasonMissing, match=words):
            propose(confirmed, P, start=start, message=blank)

    assert propose(confirmed, P, start=start, message="The only hour I have.").changed
    assert (Proposal.objects.get().start, Proposal.objects.get().message) == (start, "The only hour I have.")


def test_a_provider_says_why_on_a_full_day(confirmed, provider, book):
    provider.policy.max_per_day = 1
    provider.policy.save()
    book(start=WEDNESDAY_TEN + 2 * HOUR, customer=UserFactory())

    with pytest.raises(ReasonMissing, match="no more appointments on that day"):
        propose(confirmed, P)
    assert propose(confirmed, P, message="I stay longer.").changed


def test_a_provider_proposes_nothing_over_another_hold_or_busy_time_whatever_they_write(confirmed, provider, book):
    book(start=WEDNESDAY_TEN, customer=UserFactory())
    busy = WEDNESDAY_TEN + 9 * HOUR
    BusyInterval.objects.create(provider=provider, start=busy, end=busy + HOUR)
    proposed_elsewhere = book(start=TUESDAY_TEN + 3 * HOUR, customer=UserFactory()).appointment
    propose(proposed_elsewhere, P, start=WEDNESDAY_TEN + 4 * HOUR)

    for start in (WEDNESDAY_TEN + HOUR / 2, busy - HOUR / 2, WEDNESDAY_TEN + 4 * HOUR, TUESDAY_TEN + 3 * HOUR):
        with pytest.raises(SlotTaken, match="taken") as raised:
            propose(confirmed, P, start=start, message="I insist.")
        assert len(raised.value.nearest) == 3
    with pytest.raises(PolicyRefused, match="lies ahead"):
        propose(confirmed, P, start=NOW, message="I insist.")


def test_a_date_that_was_closed_needs_a_reason_too(confirmed, provider):
    DateOverrideFactory(provider=provider, start_on=WEDNESDAY_TEN.date(), ranges=[])

    with pytest.raises(ReasonMissing):
        propose(confirmed, P)


@pytest.mark.parametrize("role", [C, P])
def test_the_time_that_it_has_is_no_new_time(confirmed, by_hand, role):
    with pytest.raises(MoveRefused, match="at that time already"):
        propose(confirmed, role, start=TUESDAY_TEN, at_once=False)


# --- One at a time ----------------------------------------------------------------------------------------------------


def test_suggesting_another_time_replaces_the_other_side_s_proposal_and_frees_its_time(confirmed, by_hand, book):
    propose(confirmed, P)
    propose(confirmed, C, start=WEDNESDAY_TEN + HOUR)

    assert states() == ["replaced", "open"]
    assert times()[1] == [(TUESDAY_TEN, "appointment"), (WEDNESDAY_TEN + HOUR, "proposal")]
    assert book(start=WEDNESDAY_TEN, customer=UserFactory()).changed
    with pytest.raises(MoveRefused, match="Another new time was proposed"):
        answer(proposals.accept_time, C, Proposal.objects.with_appointment().order_by("pk")[0])


@pytest.mark.parametrize(("one", "other"), [(P, C), (C, P)])
def test_choosing_the_time_that_the_other_side_proposes_accepts_it(confirmed, provider, one, other):
    provider.policy.accepts_at_once = False
    provider.policy.save()
    propose(confirmed, one)

    outcome = propose(Appointment.objects.with_people().get(), other, message="That suits me, too.")

    assert (outcome.changed, states(), times()) == (
        True,
        ["accepted"],
        (WEDNESDAY_TEN, [(WEDNESDAY_TEN, "appointment")]),
    )
    entry = AppointmentEvent.objects.latest("pk")
    assert (entry.verb, entry.role, entry.reason) == ("move", other, "That suits me, too.")


def test_a_move_at_once_ends_what_the_other_side_proposed(confirmed):
    propose(confirmed, P)
    propose(confirmed, C, start=WEDNESDAY_TEN + HOUR)

    assert (states(), times()) == (
        ["ended"],
        (WEDNESDAY_TEN + HOUR, [(WEDNESDAY_TEN + HOUR, "appointment")]),
    )


def test_one_s_own_proposal_is_replaced_by_a_newer_one(confirmed):
    propose(confirmed, P)
    propose(confirmed, P, start=WEDNESDAY_TEN + HOUR / 2, message="Half an hour later is better.")

    assert states() == ["replaced", "open"]


def dropped(appointment):
    """Which new time each entry says it replaced, the newest first."""
    return list(appointment.history.values_list("verb", "dropped_start"))


@pytest.mark.parametrize("by", [C, P])
def test_the_entry_of_a_newer_suggestion_names_the_time_that_it_replaced(confirmed, by_hand, by):
    propose(confirmed, P)
    propose(confirmed, by, start=WEDNESDAY_TEN + HOUR)

    assert dropped(confirmed) == [("propose", WEDNESDAY_TEN), ("propose", None), ("book", None)]


def test_the_entry_of_a_move_at_once_names_the_time_that_it_ended(confirmed):
    propose(confirmed, P)
    propose(confirmed, C, start=WEDNESDAY_TEN + HOUR)

    assert dropped(confirmed) == [("move", WEDNESDAY_TEN), ("propose", None), ("book", None)]


def test_no_entry_says_of_a_time_that_it_was_replaced_where_it_was_accepted_or_proposed_anew(confirmed, by_hand):
    propose(confirmed, P)
    propose(confirmed, P, message="In other words.")
    answer(proposals.accept_time, C)

    assert dropped(confirmed) == [("move", None), ("propose", None), ("propose", None), ("book", None)]


def test_no_entry_says_of_a_time_that_it_was_replaced_where_nobody_could_answer_any_more(confirmed, by_hand):
    propose(confirmed, P)

    with at(Proposal.objects.get().answer_by):
        propose(confirmed, P, start=WEDNESDAY_TEN + HOUR)

    assert dropped(confirmed) == [("propose", None), ("propose", None), ("book", None)]


def test_the_own_proposal_is_for_the_other_side_to_answer_and_for_nobody_else_to_withdraw(confirmed):
    propose(confirmed, P)

    for act in (proposals.accept_time, proposals.decline_time):
        with pytest.raises(MoveRefused, match="other side"):
            answer(act, P)
    with pytest.raises(MoveRefused, match="Only the side"):
        answer(proposals.withdraw_time, C)
    assert times() == BOTH


def test_nobody_answers_in_a_role_that_is_not_theirs(confirmed):
    propose(confirmed, P)
    made, stranger = Proposal.objects.with_appointment().get(), UserFactory()

    for role in (C, P, Role.STAFF):
        with pytest.raises(PermissionDenied):
            proposals.accept_time(proposal=made, actor=stranger, role=role)
        with pytest.raises(PermissionDenied):
            proposals.propose_time(appointment=confirmed, start=WEDNESDAY_TEN, actor=stranger, role=role)


def test_staff_propose_and_answer_for_the_provider(confirmed, by_hand):
    staff = UserFactory(is_staff=True)
    act = {"actor": staff, "role": Role.STAFF}

    proposals.propose_time(appointment=confirmed, start=WEDNESDAY_TEN, **act)
    with pytest.raises(MoveRefused, match="other side"):
        proposals.accept_time(proposal=Proposal.objects.get(), **act)
    propose(confirmed, C, start=WEDNESDAY_TEN + HOUR)
    proposals.accept_time(proposal=Proposal.objects.get(state="open"), **act)

    assert (Appointment.objects.get().start, states()) == (WEDNESDAY_TEN + HOUR, ["replaced", "accepted"])


# --- Twice, and too late ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accepts", ["at once", "by hand"])
def test_asking_twice_asks_once(confirmed, provider, accepts):
    provider.policy.accepts_at_once = accepts == "at once"
    provider.policy.save()

    outcomes = [propose(confirmed, C).changed for _ in range(2)]

    assert (outcomes, confirmed.history.count()) == ([True, False], 2)


@pytest.mark.parametrize(
    ("act", "role"), [(proposals.accept_time, C), (proposals.decline_time, C), (proposals.withdraw_time, P)]
)
def test_answering_twice_answers_once(confirmed, act, role):
    propose(confirmed, P)
    made = Proposal.objects.with_appointment().get()

    outcomes = [answer(act, role, made).changed for _ in range(2)]

    assert (outcomes, confirmed.history.count()) == ([True, False], 3)


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ((proposals.decline_time, C), "was declined"),
        ((proposals.withdraw_time, P), "was withdrawn"),
        ((proposals.accept_time, C), "was accepted"),
    ],
)
def test_what_is_settled_is_answered_with_how_it_was_settled(confirmed, first, words):
    act, role = first
    propose(confirmed, P)
    made = Proposal.objects.with_appointment().get()
    answer(act, role, made)
    others = {proposals.decline_time: C, proposals.withdraw_time: P, proposals.accept_time: C}

    for other, by in others.items():
        if other is not act:
            with pytest.raises(MoveRefused, match=words):
                answer(other, by, made)


def test_what_was_shown_is_what_happens_or_the_terms_have_changed(confirmed, provider):
    with pytest.raises(TermsChanged):
        propose(confirmed, C, at_once=False)
    provider.policy.accepts_at_once = False
    provider.policy.save()
    with pytest.raises(TermsChanged):
        propose(confirmed, C, at_once=True)

    assert times() == OLD
    # Nothing was shown, and the row in hand is older than the provider's change.
    assert (propose(confirmed, C).changed, times()) == (True, BOTH)


ENDS = {
    "cancelled": lambda one: transitions.cancel_appointment(appointment=one, actor=one.customer, role=C),
    "accepted as it was": lambda one: transitions.accept_request(appointment=one, actor=one.provider.user),
    "declined": lambda one: transitions.decline_request(appointment=one, actor=one.provider.user),
    "withdrawn": lambda one: transitions.withdraw_request(appointment=one, actor=one.customer),
}


@pytest.mark.parametrize("what", ENDS)
def test_what_is_proposed_ends_with_the_appointment_it_is_for(book, provider, what):
    provider.policy.accepts_at_once = what == "cancelled"
    provider.policy.save()
    one = book().appointment
    propose(one, P)
    made = Proposal.objects.with_appointment().get()

    ENDS[what](Appointment.objects.with_people().get())

    assert (states(), Hold.objects.filter(kind="proposal").count()) == (["ended"], 0)
    with pytest.raises(MoveRefused):
        answer(proposals.accept_time, C, made)


@pytest.mark.parametrize("what", ["complete_appointment", "mark_no_show"])
def test_what_nobody_marked_as_lapsed_ends_with_the_mark_of_the_outcome(confirmed, what):
    propose(confirmed, P)

    with at(TUESDAY_TEN + HOUR):
        getattr(transitions, what)(appointment=confirmed, actor=confirmed.provider.user)

    assert (states(), times()) == (["ended"], OLD)


def test_a_ban_ends_what_was_proposed_with_the_appointments(confirmed, book):
    for days in (1, 2):
        before = NOW - timedelta(days=days)
        LateCancellation.objects.create(person=confirmed.customer, occasion=uuid4(), at=before)
    propose(confirmed, P)
    late = book(start=NOW + timedelta(hours=4)).appointment

    outcome = transitions.cancel_appointment(appointment=late, actor=late.customer, role=C)

    assert (outcome.banned, states(), Hold.objects.count()) == (True, ["ended"], 0)


# --- What it costs ----------------------------------------------------------------------------------------------------


def test_each_act_costs_few_queries(confirmed, provider, django_assert_num_queries):
    # savepoint, providers twice, people, appointments, proposals; hours, overrides, taken, counts; what the customer
    # has, their dealings; holds that ran out, the old hold, the new one; status, proposals; history, jobs, savepoint;
    # where a new time is answered, the waitlist places that ended with it
    with django_assert_num_queries(22):
        propose(confirmed, C)
    provider.policy.accepts_at_once = False
    provider.policy.save()
    with django_assert_num_queries(22):
        propose(confirmed, C, start=TUESDAY_TEN, at_once=False)
    with django_assert_num_queries(19):
        answer(proposals.accept_time, P)


def test_jobs_go_out_for_the_search_and_for_who_has_to_know(confirmed, by_hand):
    Message.objects.all().delete()

    propose(confirmed, C)

    sent = [(m.topic, m.payload.get("to")) for m in Message.objects.order_by("pk")]
    assert sorted(sent, key=str) == [
        ("appointments.refresh_openings", None),
        ("notifications.send_mail", "provider"),
    ]


# --- Who has to answer ------------------------------------------------------------------------------------------------


def test_each_side_finds_what_it_has_to_answer_soonest_first_in_one_query(
    book, provider, customer, django_assert_num_queries
):
    rows = [book(start=TUESDAY_TEN + n * HOUR).appointment for n in range(4)]
    provider.policy.accepts_at_once = False
    provider.policy.save()
    for n, (row, role) in enumerate(zip(rows, (P, C, P, C), strict=True)):
        with at(NOW + (4 - n) * HOUR):
            propose(row, role, start=WEDNESDAY_TEN + n * HOUR)
    other = book(start=TUESDAY_TEN + 5 * HOUR, customer=UserFactory()).appointment
    propose(other, P, start=WEDNESDAY_TEN + 5 * HOUR)
    soon = NOW + 5 * HOUR
    deadlines = {one.appointment_id: one.answer_by for one in Proposal.objects.all()}

    with django_assert_num_queries(1):
        mine = list(queries.proposals_to_customer(customer, now=soon))
        assert [one.appointment.provider.user.name for one in mine] == [provider.user.name] * 2
    with django_assert_num_queries(1):
        theirs = list(queries.proposals_to_provider(provider, now=soon))
        assert [one.appointment.customer for one in theirs] == [customer] * 2
    assert [one.appointment_id for one in mine] == [rows[2].pk, rows[0].pk]
    assert [one.appointment_id for one in theirs] == [rows[3].pk, rows[1].pk]
    assert list(queries.proposals_to_customer(customer, now=max(deadlines.values()))) == []


def test_an_appointment_comes_with_its_open_proposal_and_with_no_other(confirmed, by_hand, django_assert_num_queries):
    propose(confirmed, P)
    answer(proposals.decline_time, C)
    assert Appointment.objects.with_people().get().open_proposal is None
    propose(confirmed, P)

    for preload in ("with_people", "with_names", "with_provider", "with_customer", "with_proposal"):
        with django_assert_num_queries(1):
            row = getattr(Appointment.objects, preload)().get()
            assert (row.open_proposal.start, row.open_proposal.appointment) == (WEDNESDAY_TEN, row)
    assert queries.latest_proposal(confirmed).state == "open"
    answer(proposals.withdraw_time, P)
    assert queries.latest_proposal(confirmed).state == "withdrawn"


def test_the_terms_say_what_the_services_do(confirmed, provider):
    """Before, at and after the cutoff, for each side, at once and by hand."""
    row = Appointment.objects.with_people().get()
    seen = {}
    for at_once in (True, False):
        row.provider.policy.accepts_at_once = at_once
        for role in (C, P):
            for seconds in (-1, 0, 1):
                now = CUTOFF + seconds * SECOND
                terms = move_terms(row, role=role, policy=row.provider.policy, now=now, start=WEDNESDAY_TEN)
                seen[at_once, role, seconds] = (terms.allowed, terms.at_once, terms.answer_by)

    in_time = {-1: TUESDAY_TEN, 0: TUESDAY_TEN, 1: TUESDAY_TEN}
    assert seen == {
        **{(True, C, seconds): (seconds <= 0, True, None) for seconds in in_time},
        **{(False, C, seconds): (seconds <= 0, False, TUESDAY_TEN if seconds <= 0 else None) for seconds in in_time},
        **{(at_once, P, s): (True, False, TUESDAY_TEN) for at_once in (True, False) for s in in_time},
    }
    terms = move_terms(row, role=C, policy=row.provider.policy, now=NOW)
    assert (terms.until, terms.sentence, terms.answer_by) == (
        CUTOFF, f"The present time stays until {provider.first_name} accepts the new one.", None,
    )  # fmt: skip


def test_pages_offer_the_buttons_of_answering_to_who_has_to_answer(confirmed):
    propose(confirmed, P)
    row = Appointment.objects.with_people().get()
    answering = {Verb.MOVE, Verb.DECLINE_TIME, Verb.WITHDRAW_TIME}

    def offered(role, now=NOW):
        return possible_moves(row, role=role, policy=row.provider.policy, now=now) & answering

    assert offered(C) == {Verb.MOVE, Verb.DECLINE_TIME}
    assert offered(P) == {Verb.WITHDRAW_TIME}
    assert offered(C, row.open_proposal.answer_by) == offered(P, row.open_proposal.answer_by) == set()
