"""Time off with appointments inside: what lies inside, what becomes of it, and what that counts as.

It is Monday 2 March 2026, 08:00 UTC; `TUESDAY` is the whole of 3 March in London.
"""

from datetime import timedelta
from email.utils import parseaddr
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Ban, User
from appointments.exceptions import CountsForMore, InsideChanged, PolicyRefused, SlotTaken
from appointments.models import Appointment, AppointmentEvent, Hold, LateCancellation, Proposal
from appointments.rules.time_off import Claim, Way, usual_way
from appointments.services import availability, fair_use, holds, proposals, transitions
from appointments.services.time_off import Absence, cancel_inside, take_time_off, what_is_inside
from appointments.states import Role, Status
from outbox.models import Message
from outbox.testing import deliver
from providers.exceptions import TimeOffRefused
from providers.models import TimeOff
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory
from tests.invariants import check_all

from .conftest import NOW, TUESDAY_TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_london")]

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
MIDNIGHT = TUESDAY_TEN - 10 * HOUR
TUESDAY = (MIDNIGHT, MIDNIGHT + DAY)
LATE = TUESDAY_TEN - 12 * HOUR


@pytest.fixture
def three(book):
    """Three confirmed appointments of three customers on Tuesday, at 10:00, 12:00 and 14:00."""
    return [
        book(TUESDAY_TEN + n * 2 * HOUR, customer=UserFactory(name=f"{name} Doe")).appointment
        for n, name in enumerate(["Ann", "Ben", "Cat"])
    ]


def off(provider, ways=None, *, span=TUESDAY, at=NOW, **values):
    absence = Absence(*span, all_day=True, reason="Ill", public_word="Back on Wednesday")
    with time_machine.travel(at, tick=False):
        return take_time_off(provider=provider, absence=absence, actor=provider.user, ways=ways, **values)


def all_of(appointments, way=Way.CANCEL):
    return {one.reference: way for one in appointments}


def statuses(appointments):
    return [Appointment.objects.get(pk=one.pk).status for one in appointments]


def inside(provider, span=TUESDAY, **values):
    return what_is_inside(provider, span, now=NOW, **values)


def appointments_of(found):
    return [claim.appointment for claim in found.claims]


def ended(cleared):
    return [claim.appointment for claim in cleared.ended]


# --- What lies inside -----------------------------------------------------------------------------------------------


def test_what_lies_inside_is_what_can_still_be_ended_by_start(provider, service, book):
    late_one = book(TUESDAY_TEN + 3 * HOUR, customer=UserFactory()).appointment
    first = book(TUESDAY_TEN, customer=UserFactory()).appointment
    by_hand = ServiceFactory(provider=provider, duration_minutes=60, confirmation="by_hand")
    request = book(TUESDAY_TEN + 5 * HOUR, service=by_hand, customer=UserFactory()).appointment
    gone = book(TUESDAY_TEN + HOUR, customer=UserFactory()).appointment
    transitions.cancel_appointment(appointment=gone, actor=gone.customer, role=Role.CUSTOMER)
    holds.keep_time(service=service, start=TUESDAY_TEN + 6 * HOUR, browser="b" * 64)

    found = inside(provider)

    assert appointments_of(found) == [first, late_one, request]
    assert found.kept == 1
    assert inside(provider, with_kept=False).kept == 0
    assert appointments_of(inside(provider, customer=request.customer)) == [request]


@pytest.mark.parametrize(
    ("start", "end", "is_inside"),
    [
        (TUESDAY_TEN - HOUR, TUESDAY_TEN, False),
        (TUESDAY_TEN - HOUR, TUESDAY_TEN + SECOND, True),
        (TUESDAY_TEN + HOUR - SECOND, TUESDAY_TEN + 2 * HOUR, True),
        (TUESDAY_TEN + HOUR, TUESDAY_TEN + 2 * HOUR, False),
    ],
)
def test_an_appointment_lies_inside_by_its_own_time_and_not_by_its_buffers(provider, book, start, end, is_inside):
    with_buffers = ServiceFactory(
        provider=provider, duration_minutes=60, buffer_before_minutes=30, buffer_after_minutes=30
    )
    appointment = book(service=with_buffers).appointment

    assert appointments_of(inside(provider, (start, end))) == ([appointment] if is_inside else [])


def test_what_has_begun_and_a_request_past_its_deadline_lie_inside_no_more(provider, book):
    confirmed = book(TUESDAY_TEN).appointment
    by_hand = ServiceFactory(provider=provider, duration_minutes=60, confirmation="by_hand")
    request = book(TUESDAY_TEN + 2 * HOUR, service=by_hand, customer=UserFactory()).appointment

    def at(moment):
        return appointments_of(what_is_inside(provider, TUESDAY, now=moment))

    assert at(TUESDAY_TEN - SECOND)[:1] == [confirmed]
    assert confirmed not in at(TUESDAY_TEN)
    assert request in at(request.answer_by - SECOND)
    assert request not in at(request.answer_by)


def test_what_starts_soon_is_kept_unless_the_provider_says_otherwise(book):
    appointment = book().appointment

    ways = [usual_way(Claim(appointment), TUESDAY_TEN - 2 * HOUR - after) for after in (SECOND, timedelta(0))]

    assert ways == [Way.OFFER, Way.KEEP]


# --- The act --------------------------------------------------------------------------------------------------------


def test_all_of_it_happens_in_one_act_and_each_customer_is_told_once(provider, three):
    ways = all_of(three[:2]) | {three[2].reference: Way.KEEP}

    cleared = off(provider, ways, word="Sorry for this.")

    assert (ended(cleared), cleared.changed, cleared.banned, cleared.merged) == (three[:2], True, False, 0)
    assert statuses(three) == [Status.CANCELLED, Status.CANCELLED, Status.CONFIRMED]
    row = TimeOff.objects.get()
    assert (row, row.start, row.end, row.reason) == (cleared.time_off, *TUESDAY, "Ill")
    events = AppointmentEvent.objects.filter(verb="cancel")
    assert len({event.occasion for event in events}) == 1
    assert {event.reason for event in events} == {"Sorry for this."}
    deliver()
    cancelled = [one for one in mail.outbox if one.subject.startswith(("Cancelled", "2 "))]
    readers = [three[0].customer, three[1].customer, provider.user]
    assert sorted(parseaddr(one.to[0])[1] for one in cancelled) == sorted(reader.email for reader in readers)
    assert not any("Ill" in one.body for one in mail.outbox)
    to_customers = [one for one in cancelled if provider.user.email not in one.to[0]]
    assert ["Sorry for this." in one.body for one in to_customers] == [True, True]
    check_all()


def test_the_time_is_closed_for_booking_and_what_was_kept_stays(provider, service, three, book):
    off(provider, all_of(three, Way.KEEP))

    assert statuses(three) == [Status.CONFIRMED] * 3
    assert availability.slots_between(service, *TUESDAY, now=NOW) == []
    with pytest.raises(SlotTaken):
        book(TUESDAY_TEN + 5 * HOUR, customer=UserFactory())
    check_all()


def test_a_request_inside_is_declined_and_counts_for_nothing_however_near(provider, book, by_hand):
    request = book(NOW + 3 * HOUR).appointment

    off(provider, all_of([request], Way.DECLINE), span=(NOW, NOW + 12 * HOUR))

    assert statuses([request]) == [Status.DECLINED]
    assert not LateCancellation.objects.exists()


def test_kept_times_inside_are_released_and_those_outside_are_not(provider, service):
    holds.keep_time(service=service, start=TUESDAY_TEN, browser="a" * 64)
    outside = holds.keep_time(service=service, start=TUESDAY_TEN + DAY, browser="b" * 64)

    off(provider)

    assert list(Hold.objects.all()) == [outside]


def test_several_late_ones_count_once_and_exactly_twelve_hours_is_late(provider, three):
    off(provider, all_of(three), at=LATE, seen=1)

    assert LateCancellation.objects.filter(person=provider.user).count() == 1
    check_all()


def test_a_second_before_twelve_hours_counts_for_nothing(provider, three):
    off(provider, all_of(three), at=LATE - SECOND)

    assert not LateCancellation.objects.exists()


def test_more_than_was_shown_is_refused_whole(provider, three):
    with pytest.raises(CountsForMore):
        off(provider, all_of(three), at=LATE, seen=0)

    assert statuses(three) == [Status.CONFIRMED] * 3
    assert not TimeOff.objects.exists()


def test_the_third_bans_ends_everything_and_the_time_off_stays(provider, three, book):
    others_service = ServiceFactory(duration_minutes=60)
    elsewhere = book(TUESDAY_TEN + 2 * DAY, service=others_service, customer=provider.user).appointment
    ahead = book(TUESDAY_TEN + 2 * DAY, customer=UserFactory()).appointment
    for hours in (1, 2):
        fair_use.note_late(provider.user, occasion=uuid4(), now=LATE - hours * HOUR)
    ways = all_of(three[:1]) | all_of(three[1:], Way.KEEP)

    cleared = off(provider, ways, at=LATE, seen=3)

    assert cleared.banned
    assert statuses([*three, ahead, elsewhere]) == [Status.CANCELLED] * 5
    assert Ban.objects.get().user == provider.user
    assert TimeOff.objects.get() == cleared.time_off
    check_all()


def test_what_the_person_was_not_asked_about_is_refused_whole(provider, three):
    with pytest.raises(InsideChanged):
        off(provider, all_of(three[:2]))

    assert statuses(three) == [Status.CONFIRMED] * 3
    assert not TimeOff.objects.exists()


def test_a_request_that_was_accepted_meanwhile_is_not_cancelled_unasked(provider, book, by_hand):
    request = book().appointment
    transitions.accept_request(appointment=request, actor=provider.user)

    with pytest.raises(InsideChanged):
        off(provider, all_of([request], Way.DECLINE))

    assert statuses([request]) == [Status.CONFIRMED]


def test_what_the_customer_cancelled_meanwhile_stands_in_nobodys_way(provider, three):
    transitions.cancel_appointment(appointment=three[0], actor=three[0].customer, role=Role.CUSTOMER)

    cleared = off(provider, all_of(three))

    assert ended(cleared) == three[1:]


def test_the_same_form_sent_twice_acts_once(provider, three):
    first, second = (off(provider, all_of(three)) for _ in range(2))

    assert (first.changed, second.changed) == (True, False)
    assert ended(second) == []
    assert TimeOff.objects.count() == 1
    assert AppointmentEvent.objects.filter(verb="cancel").count() == 3


def test_it_merges_with_what_it_meets_and_says_so(provider):
    off(provider, span=(MIDNIGHT - DAY, MIDNIGHT + HOUR))

    cleared = off(provider)

    assert cleared.merged == 1
    assert (cleared.time_off.start, cleared.time_off.end) == (MIDNIGHT - DAY, MIDNIGHT + DAY)


def test_a_refused_time_cancels_nothing(provider, three):
    with pytest.raises(TimeOffRefused):
        off(provider, all_of(three), span=(MIDNIGHT, MIDNIGHT + 400 * DAY))

    assert statuses(three) == [Status.CONFIRMED] * 3


def test_nobody_takes_time_off_for_somebody_else_nor_while_suspended(provider):
    stranger = ProviderFactory().user
    absence = Absence(*TUESDAY)
    with pytest.raises(PermissionDenied):
        take_time_off(provider=provider, absence=absence, actor=stranger)
    User.objects.filter(pk=provider.user_id).update(banned_at=NOW)
    with pytest.raises(PolicyRefused):
        take_time_off(provider=provider, absence=absence, actor=provider.user)

    assert not TimeOff.objects.exists()


def test_a_cleared_day_is_open_again_and_may_be_that_of_one_customer(provider, service, three):
    cleared = cancel_inside(
        provider=provider, span=TUESDAY, actor=provider.user, ways=all_of(three[1:2]), customer=three[1].customer
    )

    assert ended(cleared) == three[1:2]
    assert statuses(three) == [Status.CONFIRMED, Status.CANCELLED, Status.CONFIRMED]
    assert not TimeOff.objects.exists()
    assert three[1].start in availability.slots_between(service, *TUESDAY, now=NOW)
    again = cancel_inside(provider=provider, span=TUESDAY, actor=provider.user, ways={}, customer=three[1].customer)
    assert not again.changed


def test_the_search_learns_of_it_also_where_nothing_is_cancelled(provider):
    off(provider)

    assert Message.objects.filter(topic="appointments.refresh_openings").count() == 1


def test_an_act_costs_the_same_queries_for_one_appointment_and_for_many(provider, book):
    costs = []
    for day, number in ((TUESDAY_TEN, 1), (TUESDAY_TEN + DAY, 6)):
        rows = [book(day + n * HOUR, customer=UserFactory()).appointment for n in range(number)]
        span = (day - 10 * HOUR, day + 14 * HOUR)
        with CaptureQueriesContext(connection) as queries:
            off(provider, all_of(rows), span=span)
        costs.append(len(queries))

    assert costs[0] == costs[1]


def test_looking_inside_costs_three_queries(provider, three, django_assert_num_queries):
    with django_assert_num_queries(3):
        [(one.customer.name, one.service.name, one.where) for one in appointments_of(inside(provider))]


# --- Proposed times -------------------------------------------------------------------------------------------------


def propose(appointment, start, role=Role.PROVIDER):
    actor = appointment.customer if role is Role.CUSTOMER else appointment.provider.user
    return proposals.propose_time(appointment=appointment, start=start, actor=actor, role=role, message="x")


def test_a_proposed_time_lies_inside_where_its_appointment_does_not(provider, book):
    elsewhere = book(TUESDAY_TEN + DAY).appointment
    propose(elsewhere, TUESDAY_TEN)

    [claim] = inside(provider).claims
    [there] = inside(provider, (TUESDAY[0] + DAY, TUESDAY[1] + DAY)).claims

    assert (claim.appointment, claim.start, claim.way_to_end) == (elsewhere, TUESDAY_TEN, Way.TAKE_BACK)
    assert (there.proposed, there.way_to_end) == (None, Way.CANCEL)
    assert [usual_way(one, NOW) for one in (claim, there)] == [Way.KEEP, Way.KEEP]


def test_taking_a_proposed_time_back_leaves_the_appointment_as_it_was(provider, service, book):
    elsewhere = book(TUESDAY_TEN + DAY).appointment
    propose(elsewhere, TUESDAY_TEN)

    off(provider, {elsewhere.reference: Way.TAKE_BACK})

    elsewhere.refresh_from_db()
    assert (elsewhere.status, elsewhere.start) == (Status.CONFIRMED, TUESDAY_TEN + DAY)
    assert Proposal.objects.get().state == "withdrawn"
    assert not LateCancellation.objects.exists()
    check_all()


def test_a_time_that_the_customer_proposed_is_declined(provider, book, by_hand):
    elsewhere = book(TUESDAY_TEN + DAY).appointment
    transitions.accept_request(appointment=elsewhere, actor=provider.user)
    propose(elsewhere, TUESDAY_TEN, Role.CUSTOMER)

    off(provider, {elsewhere.reference: Way.DECLINE})

    elsewhere.refresh_from_db()
    assert (elsewhere.status, Proposal.objects.get().state) == (Status.CONFIRMED, "declined")
    check_all()


def test_cancelling_ends_the_proposal_of_its_appointment(provider, book):
    one = book().appointment
    propose(one, TUESDAY_TEN + DAY)

    off(provider, all_of([one]))

    assert statuses([one]) == [Status.CANCELLED]
    assert Proposal.objects.get().state == "ended"
    check_all()


def test_a_proposed_time_that_was_accepted_meanwhile_is_asked_about_anew(provider, book):
    elsewhere = book(TUESDAY_TEN + DAY).appointment
    propose(elsewhere, TUESDAY_TEN)
    proposals.accept_time(proposal=Proposal.objects.get(), actor=elsewhere.customer, role=Role.CUSTOMER)

    with pytest.raises(InsideChanged):
        off(provider, {elsewhere.reference: Way.TAKE_BACK})

    assert not TimeOff.objects.exists()


def test_a_lapsed_proposal_claims_no_time(provider, book):
    elsewhere = book(TUESDAY_TEN + DAY).appointment
    propose(elsewhere, TUESDAY_TEN)
    answer_by = Proposal.objects.get().answer_by

    found = [what_is_inside(provider, TUESDAY, now=answer_by - before).claims for before in (SECOND, timedelta(0))]

    assert [len(claims) for claims in found] == [1, 0]
