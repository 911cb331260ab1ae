"""Offered times and who takes, passes, withdraws, expires or clears them at once, in real processes: one is first."""

from datetime import datetime
from uuid import uuid4

import pytest
import time_machine

from accounts.models import User
from appointments.models import Appointment, Hold, Offer
from appointments.rules.time_off import Way
from appointments.services import booking, offers
from appointments.services.offers import times_to_offer
from appointments.services.time_off import Absence, cancel_inside, take_time_off, what_is_inside
from appointments.states import OfferState, Status
from core import clock
from providers.models import Provider, Service
from tests.factories.accounts import UserFactory
from tests.invariants import check_all
from tests.processes import meet

from .test_ban_races import HOUR, booked, make_service, soon


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()


def offered(service, customer=None, *, start=None):
    """The times offered to a customer instead of an appointment in thirty hours."""
    one = booked(service, customer or UserFactory(), start or soon(30))
    provider = Provider.objects.select_related("policy", "user").get(pk=service.provider_id)
    span = one.start, one.end
    [claim] = what_is_inside(provider, span, now=clock.now()).claims
    shown = times_to_offer(provider, [claim.appointment], away=span, now=clock.now())
    given = {one.reference: shown[one.reference].starts}
    cancel_inside(provider=provider, span=span, actor=provider.user, ways={one.reference: Way.OFFER}, offered=given)
    return list(Offer.objects.filter(instead_of=one))


# --- What the processes do --------------------------------------------------------------------------------------------


def take(offer_pk, customer_pk, folder, size, key=""):
    """Book the time of the offer, as its customer or as somebody else."""
    offer = Offer.objects.get(pk=offer_pk)
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=offer.service_id)
    customer = User.objects.get(pk=customer_pk)
    terms = booking.terms_of(service, offered=True)
    meet(folder, size)
    [outcome] = booking.place(booking.Wanted(service, (offer.start,), customer, terms, key or uuid4().hex))
    return [outcome.appointment.start.isoformat(), outcome.changed]


def pass_all(offer_pk, folder, size):
    offer = Offer.objects.select_related("instead_of__customer").get(pk=offer_pk)
    meet(folder, size)
    return offers.pass_offers(appointment=offer.instead_of, actor=offer.customer)


def withdraw(offer_pk, folder, size):
    offer = Offer.objects.select_related("instead_of", "provider__user").get(pk=offer_pk)
    meet(folder, size)
    return offers.withdraw_offers(appointment=offer.instead_of, actor=offer.provider.user)


def expire(offer_pk, folder, size):
    """Let the job mark what expired, by a clock that is past the deadline."""
    offer = Offer.objects.get(pk=offer_pk)
    meet(folder, size)
    with time_machine.travel(offer.expires_at, tick=False):
        return offers.expire_offers(offer=offer)


def offer_again(provider_pk, reference, starts, folder, size):
    """Clear an appointment and offer these times, which others may book in the same moment."""
    provider = Provider.objects.select_related("policy", "user").get(pk=provider_pk)
    one = Appointment.objects.get(reference=reference)
    given = {reference: tuple(datetime.fromisoformat(each) for each in starts)}
    meet(folder, size)
    done = take_time_off(
        provider=provider,
        absence=Absence(one.start, one.end),
        actor=provider.user,
        ways={reference: Way.OFFER},
        offered=given,
    )
    return done.offered


def book_at(service_pk, customer_pk, start, folder, size):
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=service_pk)
    customer = User.objects.get(pk=customer_pk)
    meet(folder, size)
    return booked(service, customer, datetime.fromisoformat(start)).status


def states():
    return sorted(each.state for each in Offer.objects.all())


def taken():
    return Appointment.objects.filter(status=Status.CONFIRMED).count()


# --- One offer --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", range(3))
def test_two_tabs_that_choose_different_times_take_one(run_calls, tmp_path, turn):
    found = offered(make_service(confirmation="by_hand"))
    folder = str(tmp_path)

    outcomes = run_calls([(take, each.pk, each.customer_id, folder, 3) for each in found])

    # The times are confirmed at once only while they are offered, so that the later tabs are asked about their terms.
    assert sorted(outcome.error for outcome in outcomes) == ["", "TermsChanged", "TermsChanged"]
    assert states() == [OfferState.PASSED, OfferState.PASSED, OfferState.TAKEN]
    assert (taken(), Hold.objects.count()) == (1, 1)


def test_one_form_sent_several_times_takes_one(run_calls, tmp_path):
    first, *_ = offered(make_service())
    folder = str(tmp_path)

    outcomes = run_calls([(take, first.pk, first.customer_id, folder, 4, "key")] * 4)

    assert sorted(outcome.value[1] for outcome in outcomes) == [False, False, False, True]
    assert (taken(), Hold.objects.count()) == (1, 1)


@pytest.mark.parametrize("turn", range(3))
def test_nobody_else_gets_a_time_while_its_customer_takes_it(run_calls, tmp_path, turn):
    first, *_ = offered(make_service())
    others, folder = [UserFactory() for _ in range(3)], str(tmp_path)

    outcomes = run_calls(
        [(take, first.pk, person, folder, 4) for person in (first.customer_id, *(each.pk for each in others))]
    )

    assert outcomes[0].error == ""
    assert {outcome.error for outcome in outcomes[1:]} == {"SlotTaken"}
    assert Appointment.objects.get(status=Status.CONFIRMED).customer_id == first.customer_id


@pytest.mark.parametrize("end", [pass_all, withdraw])
@pytest.mark.parametrize("turn", range(3))
def test_taking_and_ending_in_the_same_moment_give_one_result(run_calls, tmp_path, end, turn):
    first, *_ = offered(make_service(confirmation="by_hand"))
    folder = str(tmp_path)

    took, ended = run_calls([(take, first.pk, first.customer_id, folder, 2), (end, first.pk, folder, 2)])

    assert ended.error == ""
    if took.error:
        assert (took.error, ended.value, taken()) == ("TermsChanged", True, 0)
        assert len(set(states())) == 1
    else:
        assert (ended.value, taken()) == (False, 1)
        assert states() == [OfferState.PASSED, OfferState.PASSED, OfferState.TAKEN]


@pytest.mark.parametrize("turn", range(3))
def test_taking_and_expiring_in_the_same_moment_give_one_result(run_calls, tmp_path, turn):
    first, *_ = offered(make_service(confirmation="by_hand"))
    folder = str(tmp_path)

    took, expired = run_calls([(take, first.pk, first.customer_id, folder, 2), (expire, first.pk, folder, 2)])

    assert expired.error == ""
    assert (took.error, expired.value) in [("", False), ("TermsChanged", True)]
    assert states() in (
        [OfferState.PASSED, OfferState.PASSED, OfferState.TAKEN],
        [OfferState.EXPIRED] * 3,
    )


# --- Making them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", range(3))
def test_a_time_is_offered_or_booked_and_where_it_is_booked_nothing_is_cancelled(run_calls, tmp_path, turn):
    service, start = make_service(), soon(30)
    one, folder = booked(service, UserFactory(), start), str(tmp_path)
    starts = [(start + n * HOUR).isoformat() for n in (3, 5, 7)]

    off, booking_ = run_calls(
        [
            (offer_again, service.provider_id, one.reference, starts, folder, 2),
            (book_at, service.pk, UserFactory().pk, starts[1], folder, 2),
        ]
    )

    one.refresh_from_db()
    assert (off.error, booking_.error, one.status) in [
        ("", "SlotTaken", Status.CANCELLED),
        ("OffersChanged", "", Status.CONFIRMED),
    ]
    assert Offer.objects.count() == (0 if off.error else 3)


def test_the_same_form_pressed_at_once_offers_once(run_calls, tmp_path):
    service, start = make_service(), soon(30)
    one, folder = booked(service, UserFactory(), start), str(tmp_path)
    starts = [(start + n * HOUR).isoformat() for n in (3, 5, 7)]

    outcomes = run_calls([(offer_again, service.provider_id, one.reference, starts, folder, 4)] * 4)

    assert [outcome.error for outcome in outcomes] == [""] * 4
    assert sorted(outcome.value for outcome in outcomes) == [0, 0, 0, 3]


@pytest.mark.parametrize("turn", range(3))
def test_time_off_over_an_offered_time_takes_it_back_or_is_asked_about_who_took_it(run_calls, tmp_path, turn):
    service = make_service(confirmation="by_hand")
    first, *_ = offered(service)
    folder = str(tmp_path)

    took, off = run_calls(
        [
            (take, first.pk, first.customer_id, folder, 2),
            (take_off_over, first.pk, folder, 2),
        ]
    )

    assert (took.error, off.error) in [("", "InsideChanged"), ("TermsChanged", ""), ("SlotTaken", "")]


def take_off_over(offer_pk, folder, size):
    offer = Offer.objects.get(pk=offer_pk)
    provider = Provider.objects.select_related("policy", "user").get(pk=offer.provider_id)
    meet(folder, size)
    return take_time_off(provider=provider, absence=Absence(offer.start, offer.end), actor=provider.user).taken_back
