"""Other times offered instead of what a provider calls off: chosen, held, taken, passed, withdrawn and expired.

It is Monday 2 March 2026, 08:00 UTC in London; the provider is open on weekdays from 09:00 to 17:00.
"""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from appointments.exceptions import NotKept, OffersChanged, PolicyRefused, SlotTaken, TermsChanged
from appointments.models import Appointment, Hold, LateCancellation, Offer
from appointments.rules.offers import LEAST_TO_ANSWER
from appointments.rules.time_off import Way
from appointments.services import availability, booking, fair_use, holds, offers, proposals
from appointments.services.time_off import Absence, cancel_inside, take_time_off, what_is_inside
from appointments.states import OfferState, Role, Status
from appointments.tasks import end_offers
from outbox.models import Message
from outbox.testing import deliver
from providers import services as providers
from providers.models import Service
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory
from tests.factories.series import book_series
from tests.invariants import check_all

from .conftest import ANSWER_TIME, NOW, TUESDAY_TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_london")]

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
TUESDAY = (TUESDAY_TEN - 10 * HOUR, TUESDAY_TEN + 14 * HOUR)
DEADLINE = NOW + ANSWER_TIME


@pytest.fixture(autouse=True)
def _everything_holds(db):
    yield
    check_all()


def shown_for(provider, appointments, span=TUESDAY, **values):
    """The times that the page would show as offered instead of these."""
    ending = values.pop("ending", appointments)
    claims = {claim.appointment.pk: claim.appointment for claim in what_is_inside(provider, span, now=NOW).claims}
    wanted = [claims[one.pk] for one in appointments]
    found = offers.times_to_offer(provider, wanted, away=span, ending=ending, now=NOW, **values)
    return {reference: times.starts for reference, times in found.items()}


def off(provider, ways, offered, *, span=TUESDAY, at=NOW, seen=0):
    with time_machine.travel(at, tick=False):
        return take_time_off(
            provider=provider, absence=Absence(*span), actor=provider.user, ways=ways, offered=offered, seen=seen
        )


@pytest.fixture
def offered(provider, confirmed):
    """The three times that are offered instead of the customer's appointment on Tuesday at 10:00."""
    shown = shown_for(provider, [confirmed])
    off(provider, {confirmed.reference: Way.OFFER}, shown)
    return list(Offer.objects.filter(instead_of=confirmed))


def take(offer, service=None, customer=None, *, at=NOW, key=None, offered=True):
    service = service or offer.service
    service.provider = type(offer.provider).objects.select_related("policy", "user").get(pk=offer.provider_id)
    with time_machine.travel(at, tick=False):
        return booking.book_appointment(
            service=service,
            start=offer.start,
            customer=customer or offer.customer,
            terms=booking.terms_of(service, offered=offered),
            booking_key=key or uuid4().hex,
        )


def states():
    return [each.state for each in Offer.objects.order_by("start")]


def mark_at_the_deadline():
    """Let the job, which may be late, mark what expired."""
    with time_machine.travel(DEADLINE, tick=False):
        end_offers()
    assert states() == [OfferState.EXPIRED] * 3


def is_open(service, start, **values):
    return availability.may_book(service, start, now=values.pop("now", NOW), **values)


# --- Which times ------------------------------------------------------------------------------------------------------


def test_three_times_after_the_old_one_are_offered_one_in_each_half_of_a_day(provider, confirmed):
    shown = shown_for(provider, [confirmed])

    wednesday = TUESDAY_TEN + 23 * HOUR
    assert shown == {confirmed.reference: (wednesday, wednesday + 3 * HOUR, wednesday + DAY)}


def test_no_time_is_offered_twice_nor_where_the_customer_is_busy_elsewhere(provider, book, customer):
    first = book(TUESDAY_TEN).appointment
    second = book(TUESDAY_TEN + HOUR, customer=UserFactory()).appointment
    elsewhere = ServiceFactory(duration_minutes=60)
    wednesday = TUESDAY_TEN + 23 * HOUR
    Appointment.objects.create(
        customer=customer, provider=elsewhere.provider, service=elsewhere, status=Status.CONFIRMED, price=1,
        currency="GBP", start=wednesday, end=wednesday + HOUR, agreed_at=NOW, booking_key="elsewhere",
    )  # fmt: skip

    shown = shown_for(provider, [first, second])

    assert shown[first.reference][0] == wednesday + HOUR
    assert shown[second.reference][0] == wednesday
    assert len({*shown[first.reference], *shown[second.reference]}) == 6
    Appointment.objects.filter(provider=elsewhere.provider).delete()


def test_where_nothing_is_open_later_earlier_times_are_offered_and_where_nothing_is_none(provider, book):
    provider.policy.window_days = 3
    provider.policy.save()
    thursday = TUESDAY_TEN + 2 * DAY
    one = book(thursday).appointment
    span = (thursday - 10 * HOUR, thursday + 40 * HOUR)

    shown = shown_for(provider, [one], span)

    # The nearest before it: from Wednesday afternoon back.
    assert shown == {one.reference: (TUESDAY_TEN + 6 * HOUR, TUESDAY_TEN + 25 * HOUR, TUESDAY_TEN + 30 * HOUR)}
    assert shown_for(provider, [one], (NOW, thursday + 40 * HOUR)) == {}


def test_an_offered_time_leaves_time_to_answer_before_its_notice_begins(provider, book):
    today = NOW + 9 * HOUR - HOUR  # 16:00, the last start of the day
    one = book(today).appointment
    provider.policy.window_days = 0
    provider.policy.save()

    shown = shown_for(provider, [one], (today, today + HOUR))

    assert min(shown[one.reference]) - timedelta(minutes=provider.policy.notice_minutes) >= NOW + LEAST_TO_ANSWER


def test_whoever_may_not_book_is_offered_nothing(provider, service, book, customer):
    one, other = book(TUESDAY_TEN).appointment, book(TUESDAY_TEN + HOUR, customer=UserFactory()).appointment
    providers.block_customer(provider=provider, actor=provider.user, customer=customer)

    assert shown_for(provider, [one, other]).keys() == {other.reference}

    service.is_active = False
    service.save()
    assert shown_for(provider, [one, other]) == {}


def test_what_was_shown_stays_and_others_can_be_asked_for(provider, book):
    one, other = book(TUESDAY_TEN).appointment, book(TUESDAY_TEN + HOUR, customer=UserFactory()).appointment
    both = shown_for(provider, [one, other])

    alone = shown_for(provider, [other], shown=both)
    others = shown_for(provider, [one, other], shown=both, after={one.reference: max(both[one.reference])})

    assert alone == {other.reference: both[other.reference]}
    assert others[other.reference] == both[other.reference]
    assert min(others[one.reference]) > max(both[one.reference])


def test_the_caps_are_asked_as_if_what_ends_had_ended(provider, book):
    one, other = book(TUESDAY_TEN).appointment, book(TUESDAY_TEN + HOUR, customer=UserFactory()).appointment
    provider.policy.max_open, provider.policy.max_per_day = 2, 1
    provider.policy.save()

    shown = shown_for(provider, [one, other])

    days = [start.date() for starts in shown.values() for start in starts]
    assert len(days) == len(set(days)) == 6
    off(provider, {one.reference: Way.OFFER, other.reference: Way.OFFER}, shown)
    # Those offered together count as one, so that nobody else fits in.
    service = Service.objects.select_related("provider__policy").get()
    assert not is_open(service, TUESDAY_TEN + 13 * DAY)
    assert is_open(
        service, Offer.objects.filter(instead_of=one)[0].start, mine=availability.Mine(None, one.customer_id)
    )


@pytest.mark.parametrize("count", [1, 6])
def test_choosing_costs_the_same_whatever_the_number(provider, book, count):
    appointments = [book(TUESDAY_TEN + (n - 1) * HOUR, customer=UserFactory()).appointment for n in range(count)]
    claims = [claim.appointment for claim in what_is_inside(provider, TUESDAY, now=NOW).claims]

    with CaptureQueriesContext(connection) as queries:
        found = offers.times_to_offer(provider, claims, away=TUESDAY, ending=claims, now=NOW)

    assert len(found) == len(appointments)
    assert len(queries) == 6


# --- The act ----------------------------------------------------------------------------------------------------------


def test_cancelling_with_other_times_holds_them_until_the_deadline(provider, service, confirmed, customer):
    shown = shown_for(provider, [confirmed])
    starts = shown[confirmed.reference]

    done = off(provider, {confirmed.reference: Way.OFFER}, shown)

    assert (len(done.ended), done.offered, done.banned) == (1, 3, False)
    assert Appointment.objects.get().status == Status.CANCELLED
    made = list(Offer.objects.all())
    assert [(each.start, each.end, each.expires_at) for each in made] == [(at, at + HOUR, DEADLINE) for at in starts]
    assert {(each.customer, each.provider, each.service, each.state) for each in made} == {
        (customer, provider, service, OfferState.OPEN)
    }
    for at in starts:
        assert not is_open(service, at)
        assert is_open(service, at, mine=availability.Mine(None, customer.pk))
        assert not is_open(service, at, mine=availability.Mine(None, UserFactory().pk))
        assert not is_open(service, at, now=DEADLINE - SECOND)
        assert is_open(service, at, now=DEADLINE)


def test_the_deadline_is_never_later_than_the_notice_of_the_first_time(provider, confirmed):
    provider.policy.answer_minutes = 7 * 24 * 60
    provider.policy.save()

    shown = shown_for(provider, [confirmed])
    off(provider, {confirmed.reference: Way.OFFER}, shown)

    notice = timedelta(minutes=provider.policy.notice_minutes)
    assert {each.expires_at for each in Offer.objects.all()} == {min(shown[confirmed.reference]) - notice}


def test_a_request_is_declined_with_other_times(provider, requested):
    shown = shown_for(provider, [requested])

    off(provider, {requested.reference: Way.OFFER}, shown)

    requested.refresh_from_db()
    assert requested.status == Status.DECLINED
    assert states() == [OfferState.OPEN] * 3


def test_a_cleared_day_offers_other_times_outside_of_it(provider, confirmed):
    shown = shown_for(provider, [confirmed])

    done = cancel_inside(
        provider=provider, span=TUESDAY, actor=provider.user, ways={confirmed.reference: Way.OFFER}, offered=shown
    )

    assert done.offered == 3
    inside = [TUESDAY_TEN]
    assert not {*inside} & {each.start for each in Offer.objects.all()}


@pytest.mark.parametrize("starts", [(), (TUESDAY_TEN,), (TUESDAY_TEN + DAY, TUESDAY_TEN + DAY)])
def test_times_that_are_none_taken_or_doubled_are_refused_and_nothing_is_cancelled(provider, confirmed, starts):
    with pytest.raises(OffersChanged):
        off(provider, {confirmed.reference: Way.OFFER}, {confirmed.reference: starts})

    assert (Appointment.objects.get().status, Offer.objects.count()) == (Status.CONFIRMED, 0)
    assert not provider.time_off.exists()


def test_a_time_that_somebody_booked_meanwhile_is_refused(provider, confirmed, book):
    shown = shown_for(provider, [confirmed])
    book(shown[confirmed.reference][1], customer=UserFactory())

    with pytest.raises(OffersChanged):
        off(provider, {confirmed.reference: Way.OFFER}, shown)


def test_an_act_that_bans_offers_nothing(provider, confirmed):
    shown = shown_for(provider, [confirmed])
    for days in (1, 2):
        LateCancellation.objects.create(person=provider.user, occasion=uuid4(), at=NOW - days * DAY)
    late = TUESDAY_TEN - 12 * HOUR

    done = off(provider, {confirmed.reference: Way.OFFER}, shown, at=late, seen=3)

    assert (done.banned, done.offered, Offer.objects.count()) == (True, 0, 0)


def test_time_off_over_offered_times_takes_them_back(provider, service, offered):
    first = offered[0]

    done = off(provider, {}, {}, span=(first.start, first.end))

    assert (done.taken_back, done.changed) == (1, True)
    assert states() == [OfferState.WITHDRAWN, OfferState.OPEN, OfferState.OPEN]


# --- Taking one -------------------------------------------------------------------------------------------------------


def test_taking_one_books_it_and_opens_the_others_at_once(service, offered, customer):
    first, second, third = offered

    made = take(second).appointment

    assert (made.status, made.start, made.customer) == (Status.CONFIRMED, second.start, customer)
    assert states() == [OfferState.PASSED, OfferState.TAKEN, OfferState.PASSED]
    second.refresh_from_db()
    assert (second.taken_as, second.closed_at) == (made, NOW)
    assert [is_open(service, each.start) for each in offered] == [True, False, True]
    assert Hold.objects.count() == 1


def test_an_offered_time_is_confirmed_at_once_where_requests_are_answered_by_hand(by_hand, requested):
    shown = shown_for(by_hand, [requested])
    off(by_hand, {requested.reference: Way.OFFER}, shown)
    offer = Offer.objects.first()

    with pytest.raises(TermsChanged):
        take(offer, offered=False)
    made = take(offer).appointment

    assert (made.status, made.agreed_at) == (Status.CONFIRMED, NOW)


def test_nobody_else_can_book_an_offered_time_before_its_deadline(service, offered):
    other = UserFactory()

    with pytest.raises(SlotTaken):
        take(offered[0], customer=other, at=DEADLINE - SECOND)
    made = take(offered[0], customer=other, at=DEADLINE).appointment

    assert made.customer == other
    assert states() == [OfferState.OPEN] * 3
    mark_at_the_deadline()


def test_after_the_deadline_the_customer_books_it_like_anybody(offered):
    made = take(offered[0], at=DEADLINE).appointment

    assert made.customer == offered[0].customer
    mark_at_the_deadline()


def test_the_same_key_takes_it_once(offered):
    first = take(offered[0], key="k")
    again = take(offered[0], key="k")

    assert (first.changed, again.changed) == (True, False)
    assert first.appointment == again.appointment


def test_booking_something_else_over_an_offered_time_passes_that_one_alone(provider, offered, customer):
    other = ServiceFactory(provider=provider, duration_minutes=60)

    take(offered[0], service=other, offered=False)

    assert states() == [OfferState.PASSED, OfferState.OPEN, OfferState.OPEN]


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_series_takes_no_offered_time_and_passes_what_it_meets(provider, service, offered, customer, by_hand):
    provider.policy.accepts_at_once = not by_hand
    provider.policy.save()
    service.repeats, service.max_occurrences = True, 52
    service.save()
    again = type(service).objects.select_related("provider__policy", "provider__user").get(pk=service.pk)

    book_series(again, customer, [offered[0].start, offered[2].start])

    assert states() == [OfferState.PASSED, OfferState.OPEN, OfferState.PASSED]


def test_nobody_moves_an_appointment_to_a_time_that_is_offered_to_them(offered, book, customer):
    other = book(TUESDAY_TEN + 6 * DAY).appointment
    mine = availability.Mine(None, customer.pk, other.pk)

    assert not availability.may_book(availability.as_agreed(other), offered[1].start, now=NOW, mine=mine)
    with pytest.raises(SlotTaken) as refused:
        proposals.propose_time(appointment=other, start=offered[1].start, actor=customer, role=Role.CUSTOMER)
    assert offered[1].start not in refused.value.nearest


def test_a_longer_time_that_only_meets_an_offered_one_is_not_said_to_be_held(provider, offered, customer):
    long = ServiceFactory(provider=provider, duration_minutes=120, slot_interval_minutes=60)
    start, keeper = offered[0].start, {"browser": "b" * 64, "account": customer}
    with pytest.raises(NotKept, match="it is held for you already"):
        holds.keep_time(service=offered[0].service, start=start, **keeper)
    with pytest.raises(NotKept, match="can’t be kept"):
        holds.keep_time(service=long, start=start, **keeper)


def test_the_rules_between_the_two_are_asked_again(provider, offered, customer):
    providers.block_customer(provider=provider, actor=provider.user, customer=customer)

    with pytest.raises(PolicyRefused):
        take(offered[0])


def test_a_visitor_s_browser_is_not_kept_a_time_that_is_held_for_the_account_already(service, offered, customer):
    with pytest.raises(PolicyRefused) as refusal:
        holds.keep_time(service=service, start=offered[0].start, browser="b" * 64, account=customer)

    assert "held for you" in str(refusal.value)
    assert Hold.objects.filter(kind="kept").count() == 0


# --- Passing, withdrawing, expiring -----------------------------------------------------------------------------------


def test_passing_opens_them_all_and_pressing_twice_does_it_once(service, offered, customer, confirmed):
    assert offers.pass_offers(appointment=confirmed, actor=customer)
    assert not offers.pass_offers(appointment=confirmed, actor=customer)

    assert states() == [OfferState.PASSED] * 3
    assert all(is_open(service, each.start) for each in offered)
    assert Message.objects.filter(topic="appointments.refresh_openings", key__contains=":").exists()


def test_the_provider_withdraws_them(service, offered, confirmed, provider):
    assert offers.withdraw_offers(appointment=confirmed, actor=provider.user)

    assert states() == [OfferState.WITHDRAWN] * 3
    assert all(is_open(service, each.start) for each in offered)


def test_whoever_is_offered_nothing_any_more_is_told_once(offered, confirmed, customer, provider):
    deliver()
    mail.outbox.clear()

    for _ in range(2):
        offers.withdraw_offers(appointment=confirmed, actor=provider.user)
    deliver()

    [told] = mail.outbox
    assert customer.email in told.to[0]
    assert told.subject == f"No longer offered: other times with {provider.name}"
    assert "They are not held for you any more." in told.body


def test_nobody_is_told_while_another_of_the_times_is_offered_nor_of_what_they_passed(provider, offered, customer):
    deliver()
    mail.outbox.clear()
    take_time_off(
        provider=provider, actor=provider.user, absence=Absence(offered[0].start, offered[0].end), ways={}, seen=0
    )
    deliver()
    assert mail.outbox == []
    assert states() == [OfferState.WITHDRAWN, OfferState.OPEN, OfferState.OPEN]

    offers.pass_offers(appointment=offered[0].instead_of, actor=customer)
    deliver()
    assert mail.outbox == []


def test_a_ban_says_nothing_of_offers_to_the_banned_and_all_to_the_others(provider, offered, customer):
    deliver()
    mail.outbox.clear()
    fair_use.ban(provider.user, now=NOW)
    deliver()
    assert [message.subject for message in mail.outbox if customer.email in message.to[0]] == [
        f"No longer offered: other times with {provider.name}"
    ]


def test_only_its_own_side_passes_or_withdraws(offered, confirmed, customer, provider):
    with pytest.raises(PermissionDenied):
        offers.pass_offers(appointment=confirmed, actor=provider.user)
    with pytest.raises(PermissionDenied):
        offers.withdraw_offers(appointment=confirmed, actor=customer)

    assert states() == [OfferState.OPEN] * 3


def test_the_job_marks_what_expired_and_not_a_moment_before(offered):
    with time_machine.travel(DEADLINE - SECOND, tick=False):
        end_offers()
    assert states() == [OfferState.OPEN] * 3

    mark_at_the_deadline()
    assert not Hold.objects.exists()


@pytest.mark.parametrize(
    "gone", ["blocked", "archived", "customer closed", "provider closed", "customer leaves", "provider leaves"]
)
def test_the_job_takes_back_what_nobody_can_take(provider, service, offered, customer, gone):
    if gone == "blocked":
        providers.block_customer(provider=provider, actor=provider.user, customer=customer)
    elif gone == "archived":
        service.is_active = False
        service.save()
    else:
        person = customer if gone.startswith("customer") else provider.user
        closed = {"leaves_at": NOW} if gone.endswith("leaves") else {"is_active": False}
        User.objects.filter(pk=person.pk).update(**closed)

    end_offers()

    assert states() == [OfferState.WITHDRAWN] * 3


@pytest.mark.parametrize("side", ["customer", "provider"])
def test_a_ban_of_either_side_takes_them_back_at_once(provider, offered, customer, side):
    fair_use.ban(customer if side == "customer" else provider.user, now=NOW)

    assert states() == [OfferState.WITHDRAWN] * 3
    assert not Hold.objects.exists()
