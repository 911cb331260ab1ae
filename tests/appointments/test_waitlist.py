"""Waitlists: joining, who is offered a time that becomes free, and taking, passing and losing it.

It is Monday 2 March 2026, 08:00 UTC in London; the provider is open on weekdays from 09:00 to 17:00. Tuesday has one
opening at ten, which is booked.
"""

import re
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from unittest import mock
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from appointments.exceptions import InsideChanged, JoinRefused, OfferClosed, OpenNow, PolicyRefused, SlotTaken
from appointments.models import Appointment, Hold, Offer, Proposal, WaitlistPlace
from appointments.rules.leaving import Waiting, fingerprint
from appointments.rules.time_off import Way
from appointments.rules.waitlist import MOST_PLACES
from appointments.services import (
    availability,
    booking,
    fair_use,
    holds,
    kept_times,
    leaving,
    offers,
    proposals,
    transitions,
    waitlist,
)
from appointments.services.time_off import Absence, cancel_inside, take_time_off, what_is_inside
from appointments.services.waitlist_offers import look_over, offer_freed
from appointments.states import OfferState, PlaceState, Role, Status
from appointments.tasks import end_offers, expire_requests, lapse_proposals, look_over_waitlists
from calendar_sync.models import BusyInterval
from outbox.models import Message
from outbox.testing import deliver
from providers import edit_stamps
from providers import services as providers
from providers.exceptions import ChangedMeanwhile
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory, give_hours
from tests.factories.waitlist import join, on, wish
from tests.invariants import check_all
from tests.providers.pages import send

from .conftest import NOW, TUESDAY_TEN

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("narrow")]

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
TUESDAY = date(2026, 3, 3)


@pytest.fixture(autouse=True)
def _everything_holds(db):
    yield
    check_all()


@pytest.fixture
def narrow(in_london):
    """The provider is open on Tuesdays from 10 to 11 alone."""
    give_hours(in_london, {1: [("10:00", "11:00")]})
    in_london.policy.max_per_day = in_london.policy.max_open = None
    in_london.policy.save()
    return in_london


@pytest.fixture
def first(confirmed, service):
    """The first place of the list, for Tuesday, when everything is booked."""
    return join(service, UserFactory(), **on(TUESDAY))


@pytest.fixture
def second(first, service):
    return join(service, UserFactory(), **on(TUESDAY))


def cancel(appointment, *, at=NOW, role=Role.CUSTOMER):
    actor = appointment.customer if role is Role.CUSTOMER else appointment.provider.user
    with time_machine.travel(at, tick=False):
        return transitions.cancel_appointment(appointment=appointment, actor=actor, role=role)


def offered_to(place):
    """The open offer to the place, None where nothing is offered."""
    return (
        Offer.objects.filter(place=place, state=OfferState.OPEN).select_related("customer", "place", "service").first()
    )


def loaded(offer):
    rows = Offer.objects.select_related(
        "customer", "service__provider__user", "service__provider__policy", "provider__user", "provider__policy"
    )
    joined = ("place__appointment__service", "place__appointment__provider__policy", "place__appointment__customer")
    return rows.select_related(*joined).get(pk=offer.pk)


def claim(offer, *, at=NOW, actor=None):
    offer = loaded(offer)
    with time_machine.travel(at, tick=False):
        terms = booking.terms_of(offer.service, offered=offer.is_promised)
        return waitlist.claim(offer=offer, actor=actor or offer.customer, terms=terms)


def is_open(service, start=TUESDAY_TEN, **values):
    return availability.may_book(service, start, now=values.pop("now", NOW), **values)


def book_again(service, start=TUESDAY_TEN, *, customer=None):
    return booking.book_appointment(
        service=service,
        start=start,
        customer=customer or UserFactory(),
        terms=booking.terms_of(service),
        booking_key=uuid4().hex,
    ).appointment


# --- Joining ----------------------------------------------------------------------------------------------------------


def test_joining_twice_is_one_place_that_waits_for_what_was_wanted_last(confirmed, service):
    person = UserFactory()
    one = join(service, person, **on(TUESDAY))
    again = join(service, person, parts=1, **on(TUESDAY))

    assert (again.pk, again.parts) == (one.pk, 1)
    assert WaitlistPlace.objects.count() == 1


def test_nobody_waits_for_what_is_open(service, customer):
    with pytest.raises(OpenNow) as refusal:
        join(service, customer, **on(TUESDAY))

    assert refusal.value.start == TUESDAY_TEN
    assert not WaitlistPlace.objects.exists()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"first_on": date(2026, 3, 5), "last_on": date(2026, 3, 4)}, "before"),
        ({"first_on": date(2026, 2, 1), "last_on": date(2026, 3, 1)}, "over"),
        ({"last_on": date(2026, 12, 1)}, "within"),
    ],
)
def test_dates_that_make_no_sense_are_refused(confirmed, service, changes, word):
    with pytest.raises(JoinRefused, match=word):
        join(service, UserFactory(), **changes)


def test_a_person_waits_in_ten_places_at_most(confirmed, provider, service):
    person = UserFactory()
    for _ in range(MOST_PLACES):
        join(ServiceFactory(provider=provider, duration_minutes=60), person, **on(TUESDAY))

    with pytest.raises(JoinRefused, match="10 places"):
        join(service, person, **on(TUESDAY))


def test_who_may_not_book_may_not_wait(confirmed, provider, service):
    blocked, unproven = UserFactory(), UserFactory(email_confirmed_at=None)
    providers.block_customer(provider=provider, actor=provider.user, customer=blocked)

    for person in (blocked, unproven, provider.user):
        with pytest.raises(PolicyRefused):
            join(service, person, **on(TUESDAY))


# --- Who is offered what becomes free ---------------------------------------------------------------------------------


def test_a_freed_time_is_offered_and_held_in_the_act_that_frees_it(confirmed, first, second, service):
    cancel(confirmed)

    offer = offered_to(first)
    assert (offer.start, offer.expires_at, offer.customer_id) == (TUESDAY_TEN, NOW + 30 * MINUTE, first.customer_id)
    assert offered_to(second) is None
    assert Hold.objects.get().offer_id == offer.pk
    assert not is_open(service)
    assert is_open(service, mine=availability.Mine(account_id=first.customer_id))
    with pytest.raises(SlotTaken):
        book_again(service)


def test_a_time_that_nobody_wants_opens_to_all_at_once(confirmed, service):
    join(service, UserFactory(), parts=4)

    cancel(confirmed)

    assert is_open(service) and not Offer.objects.exists()


@pytest.mark.parametrize("how", ["declined", "withdrawn", "expired"])
def test_a_request_that_ends_is_offered_on(requested, service, how):
    place = join(service, UserFactory(), **on(TUESDAY))
    provider = requested.provider
    if how == "declined":
        transitions.decline_request(appointment=requested, actor=provider.user)
    elif how == "withdrawn":
        transitions.withdraw_request(appointment=requested, actor=requested.customer)
    else:
        with time_machine.travel(requested.answer_by, tick=False):
            expire_requests()

    assert offered_to(place).start == TUESDAY_TEN


def test_the_next_is_asked_once_one_passes_and_who_passed_keeps_the_place(confirmed, first, second):
    cancel(confirmed)

    assert offers.pass_one(offer=offered_to(first), actor=first.customer)

    assert offered_to(first) is None and offered_to(second).start == TUESDAY_TEN
    first.refresh_from_db()
    assert first.state == PlaceState.WAITING
    assert not offers.pass_one(offer=Offer.objects.get(place=first), actor=first.customer)


def test_nobody_else_passes_an_offer(confirmed, first, second):
    cancel(confirmed)

    with pytest.raises(PermissionDenied):
        offers.pass_one(offer=offered_to(first), actor=second.customer)


def test_the_next_is_asked_once_one_does_not_answer_and_then_it_opens_to_all(confirmed, first, second, service):
    cancel(confirmed)

    with time_machine.travel(NOW + 30 * MINUTE, tick=False):
        end_offers()
    assert offered_to(first) is None and offered_to(second).expires_at == NOW + 60 * MINUTE
    with time_machine.travel(NOW + 60 * MINUTE, tick=False):
        end_offers()

    assert not Offer.objects.open().exists()
    assert is_open(service, now=NOW + 60 * MINUTE)


def test_leaving_hands_the_offer_on(confirmed, first, second):
    cancel(confirmed)

    assert waitlist.leave(place=first, actor=first.customer)
    assert not waitlist.leave(place=first, actor=first.customer)

    first.refresh_from_db()
    assert first.state == PlaceState.LEFT
    assert [each.state for each in Offer.objects.order_by("pk")] == [OfferState.WITHDRAWN, OfferState.OPEN]
    assert offered_to(second)


def test_what_is_wanted_decides_and_not_the_order_alone(confirmed, service):
    join(service, UserFactory(), parts=0b110, **on(TUESDAY))
    join(service, UserFactory(), weekdays=0b1111101)
    busy = UserFactory()
    elsewhere = ServiceFactory(duration_minutes=60)
    Appointment.objects.create(
        customer=busy, provider=elsewhere.provider, service=elsewhere, status=Status.CONFIRMED, price=1,
        currency="GBP", start=TUESDAY_TEN, end=TUESDAY_TEN + HOUR, agreed_at=NOW, booking_key="elsewhere",
    )  # fmt: skip
    join(service, busy, **on(TUESDAY))
    fits = join(service, UserFactory(), **on(TUESDAY))

    cancel(confirmed)

    assert [each.place_id for each in Offer.objects.all()] == [fits.pk]
    Appointment.objects.filter(booking_key="elsewhere").delete()


def test_two_frees_at_one_place_give_one_offer(provider, book, service):
    give_hours(provider, {1: [("10:00", "12:00")]})
    one, two = book(TUESDAY_TEN).appointment, book(TUESDAY_TEN + HOUR, customer=UserFactory()).appointment
    place = join(service, UserFactory(), **on(TUESDAY))

    cancel(one)
    cancel(two)

    assert [each.start for each in Offer.objects.filter(place=place)] == [TUESDAY_TEN]
    assert is_open(service, TUESDAY_TEN + HOUR)


def test_who_is_blocked_meanwhile_is_passed_over(confirmed, first, second, provider):
    providers.block_customer(provider=provider, actor=provider.user, customer=first.customer)

    cancel(confirmed)

    assert offered_to(first) is None and offered_to(second)


def test_a_paused_page_offers_nothing_until_it_is_open_again(confirmed, first, provider):
    providers.pause_page(provider=provider, actor=provider.user)
    cancel(confirmed)
    assert not Offer.objects.exists()

    providers.resume_page(provider=provider, actor=provider.user)

    assert offered_to(first)


def _queries(provider):
    """The queries that answer the time which is free now, without what they do."""
    with transaction.atomic():
        with CaptureQueriesContext(connection) as made:
            assert len(offer_freed(provider.pk)) == 1
        transaction.set_rollback(True)
    return len(made)


def test_five_hundred_places_are_answered_in_as_many_queries_as_one(provider, confirmed, service):
    one = join(service, UserFactory(), **on(TUESDAY))
    with mock.patch("appointments.services.waitlist_offers.offer_freed", return_value=[]):
        cancel(confirmed)
    alone = _queries(provider)
    WaitlistPlace.objects.bulk_create(
        WaitlistPlace(
            customer=person, provider=provider, service=service, first_on=one.first_on, last_on=one.last_on,
            time_zone=one.time_zone,
        )
        for person in UserFactory.create_batch(499)
    )  # fmt: skip

    assert _queries(provider) == alone <= 19


# --- Taking it --------------------------------------------------------------------------------------------------------


def test_claiming_books_the_held_time_and_ends_the_place(confirmed, first, second):
    cancel(confirmed)
    offer = offered_to(first)

    made, again = claim(offer), claim(offer)

    assert (made.changed, again.changed, again.appointment.pk) == (True, False, made.appointment.pk)
    assert (made.appointment.start, made.appointment.status) == (TUESDAY_TEN, Status.CONFIRMED)
    offer.refresh_from_db(), first.refresh_from_db()
    assert (offer.state, offer.taken_as_id, first.state) == (OfferState.TAKEN, made.appointment.pk, PlaceState.BOOKED)
    assert Hold.objects.get().appointment_id == made.appointment.pk
    assert offered_to(second) is None


def test_an_offer_that_is_over_is_not_taken_even_where_the_time_is_open(confirmed, first, service):
    cancel(confirmed)
    offer = offered_to(first)

    with pytest.raises(OfferClosed):
        claim(offer, at=NOW + 30 * MINUTE)

    assert Appointment.objects.filter(status=Status.CONFIRMED).count() == 0


def test_booking_the_offered_time_on_any_page_takes_it(confirmed, first, service):
    cancel(confirmed)
    offer = offered_to(first)

    made = booking.book_appointment(
        service=service, start=TUESDAY_TEN, customer=first.customer, terms=booking.terms_of(service), booking_key="k"
    ).appointment

    offer.refresh_from_db(), first.refresh_from_db()
    assert (offer.state, offer.taken_as_id, first.state) == (OfferState.TAKEN, made.pk, PlaceState.BOOKED)


def test_where_requests_are_answered_by_hand_a_claim_is_a_request(requested, service):
    place = join(service, UserFactory(), **on(TUESDAY))
    transitions.withdraw_request(appointment=requested, actor=requested.customer)

    made = claim(offered_to(place)).appointment

    assert made.status == Status.REQUESTED


def test_what_is_forbidden_meanwhile_is_refused_at_the_claim_and_goes_to_the_next(confirmed, first, second, provider):
    cancel(confirmed)
    offer = offered_to(first)
    providers.block_customer(provider=provider, actor=provider.user, customer=first.customer)

    with pytest.raises(PolicyRefused):
        claim(offer)
    end_offers()

    assert offered_to(first) is None and offered_to(second)
    look_over_waitlists()
    first.refresh_from_db()
    assert first.state == PlaceState.LAPSED


def test_a_longer_notice_is_asked_at_the_claim(confirmed, first, provider):
    cancel(confirmed)
    provider.policy.notice_minutes = 48 * 60
    provider.policy.save()

    with pytest.raises(SlotTaken):
        claim(offered_to(first))


# --- An earlier time of an appointment --------------------------------------------------------------------------------


@pytest.fixture
def later(provider, book):
    """The customer's second appointment with the provider, a week later."""
    give_hours(provider, {1: [("10:00", "11:00")]})
    return book(TUESDAY_TEN + 7 * DAY, customer=UserFactory()).appointment


def sooner(appointment):
    return join(appointment.service, appointment.customer, appointment=appointment)


def test_claiming_an_earlier_time_moves_the_appointment_and_frees_its_old_time(confirmed, later, service):
    place = sooner(later)
    next_week = join(service, UserFactory(), **on(TUESDAY + timedelta(days=7)))
    cancel(confirmed)
    offer = offered_to(place)
    assert offer.start == TUESDAY_TEN

    moved, again = claim(offer), claim(offer)

    later.refresh_from_db(), place.refresh_from_db(), offer.refresh_from_db()
    assert (moved.changed, again.changed) == (True, False)
    assert (later.start, later.status) == (TUESDAY_TEN, Status.CONFIRMED)
    assert (offer.state, place.state) == (OfferState.TAKEN, PlaceState.BOOKED)
    assert offered_to(next_week).start == TUESDAY_TEN + 7 * DAY


@pytest.mark.parametrize("is_at_once", [True, False])
def test_an_appointment_moves_by_an_offer_while_the_page_is_paused_as_by_any_reschedule(
    confirmed, later, provider, is_at_once
):
    place = sooner(later)
    cancel(confirmed)
    provider.policy.accepts_at_once = is_at_once
    provider.policy.save()
    providers.pause_page(provider=provider, actor=provider.user)

    moved = claim(offered_to(place)).appointment

    assert (moved.start == TUESDAY_TEN) == is_at_once == (not moved.proposals.exists())
    assert state_of(place) == PlaceState.BOOKED


def test_only_times_before_the_appointment_are_offered(provider, book, service, customer):
    one = book(TUESDAY_TEN, customer=UserFactory()).appointment
    two = book(TUESDAY_TEN + 7 * DAY).appointment
    place = sooner(one)

    cancel(two)

    assert offered_to(place) is None and is_open(service, TUESDAY_TEN + 7 * DAY)


@pytest.mark.parametrize("cap", ["max_per_day", "max_open"])
def test_an_earlier_time_under_a_cap_that_the_move_frees_is_offered_to_nobody_else(
    provider, book, service, customer, cap
):
    """Ten is busy elsewhere, and eleven is the only appointment that the provider takes."""
    give_hours(provider, {1: [("10:00", "12:00")]})
    later = book(TUESDAY_TEN + HOUR).appointment
    provider.policy.max_per_day = provider.policy.max_open = None
    setattr(provider.policy, cap, 1)
    provider.policy.save()
    busy = BusyInterval.objects.create(provider=provider, start=TUESDAY_TEN, end=TUESDAY_TEN + HOUR)
    other = join(service, UserFactory(), **on(TUESDAY))
    place = join(service, customer, appointment=later, **on(TUESDAY))
    busy.delete()

    look_over(provider.pk)

    assert offered_to(other) is None and offered_to(place).start == TUESDAY_TEN
    assert claim(offered_to(place)).appointment.start == TUESDAY_TEN
    assert WaitlistPlace.objects.get(pk=place.pk).state == PlaceState.BOOKED


def test_a_place_for_an_earlier_time_ends_with_its_appointment_and_the_next_is_asked(confirmed, later, service):
    place = sooner(later)
    other = join(service, UserFactory(), **on(TUESDAY))
    cancel(confirmed)
    assert offered_to(place)

    cancel(later)

    place.refresh_from_db()
    assert place.state == PlaceState.OVER and offered_to(place) is None
    assert offered_to(other).start == TUESDAY_TEN


def test_who_answers_by_hand_is_asked_about_the_move_and_both_times_stay_held(confirmed, later, by_hand):
    place = sooner(later)
    cancel(confirmed)

    moved = claim(offered_to(place)).appointment

    assert (moved.start, moved.proposals.get().start) == (TUESDAY_TEN + 7 * DAY, TUESDAY_TEN)
    assert Hold.objects.count() == 2
    place.refresh_from_db()
    assert place.state == PlaceState.BOOKED


def test_an_appointment_moves_by_no_offer_that_is_over(confirmed, later):
    place = sooner(later)
    cancel(confirmed)

    with pytest.raises(OfferClosed):
        claim(offered_to(place), at=NOW + 30 * MINUTE)

    later.refresh_from_db()
    assert later.start == TUESDAY_TEN + 7 * DAY


# --- What was taken and came to nothing -------------------------------------------------------------------------------


def end_request(taken, how):
    if how == "declined":
        transitions.decline_request(appointment=taken, actor=taken.provider.user)
    elif how == "withdrawn":
        transitions.withdraw_request(appointment=taken, actor=taken.customer)
    else:
        with time_machine.travel(taken.answer_by, tick=False):
            expire_requests()


@pytest.fixture
def taken(requested, service):
    """The request that the first place of a list of two became, and the two."""
    first, second = (join(service, UserFactory(), **on(TUESDAY)) for _ in range(2))
    transitions.decline_request(appointment=requested, actor=requested.provider.user)
    made = claim(offered_to(first)).appointment
    assert (made.status, state_of(first)) == (Status.REQUESTED, PlaceState.BOOKED)
    return made, first, second


def state_of(place):
    return WaitlistPlace.objects.get(pk=place.pk).state


@pytest.mark.parametrize("how", ["declined", "withdrawn", "expired"])
def test_who_requested_in_vain_waits_again_where_they_were_and_the_next_is_asked(taken, how):
    made, first, second = taken

    end_request(made, how)

    first.refresh_from_db()
    assert (first.state, first.closed_at) == (PlaceState.WAITING, None)
    assert offered_to(first) is None, "the very time that they asked for in vain"
    assert offered_to(second).start == TUESDAY_TEN


def test_what_was_requested_in_vain_is_not_offered_again_but_the_next_time_is(taken, provider):
    made, first, second = taken
    waitlist.leave(place=second, actor=second.customer)
    end_request(made, "declined")
    assert offered_to(first) is None and is_open(made.service)

    providers.set_working_hours(provider=provider, actor=provider.user, week={1: [(600, 660), (840, 900)]})

    assert offered_to(first).start == TUESDAY_TEN + 4 * HOUR


def test_a_confirmed_request_that_is_cancelled_gives_no_place_back(taken):
    made, first, _ = taken
    transitions.accept_request(appointment=made, actor=made.provider.user)
    made.refresh_from_db()

    cancel(made)

    assert state_of(first) == PlaceState.BOOKED


def test_a_place_whose_dates_are_over_does_not_come_back(taken):
    made, first, _ = taken
    Appointment.objects.filter(pk=made.pk).update(answer_by=made.start)

    with time_machine.travel(made.start + 14 * HOUR, tick=False):
        expire_requests()

    assert state_of(first) == PlaceState.OVER


def test_who_joined_again_meanwhile_has_one_place(taken, service):
    made, first, _ = taken
    anew = join(service, first.customer, **on(TUESDAY))

    end_request(made, "declined")

    assert (state_of(first), state_of(anew)) == (PlaceState.OVER, PlaceState.WAITING)


def test_who_is_blocked_meanwhile_does_not_wait_again(taken, provider):
    made, first, _ = taken
    providers.block_customer(provider=provider, actor=provider.user, customer=first.customer)

    end_request(made, "declined")

    assert state_of(first) == PlaceState.OVER


def test_a_ban_gives_nobody_a_place_back(taken):
    made, first, second = taken
    with transaction.atomic():
        fair_use.ban(first.customer, now=NOW)
        transitions.end_all_ahead(first.customer)

    assert Appointment.objects.get(pk=made.pk).status == Status.CANCELLED
    assert state_of(first) == PlaceState.OVER and offered_to(second)


@pytest.fixture
def proposed(confirmed, later, by_hand):
    """An earlier time that was taken, and waits for the provider's answer, with its place."""
    place = sooner(later)
    cancel(confirmed)
    claim(offered_to(place))
    later.refresh_from_db()
    proposal = later.proposals.get()
    proposal.appointment = later
    assert state_of(place) == PlaceState.BOOKED
    return proposal, place


@pytest.mark.parametrize("how", ["declined", "withdrawn", "lapsed", "replaced", "overtaken"])
def test_an_earlier_time_that_comes_to_nothing_gives_the_place_back(proposed, provider, how):
    proposal, place = proposed
    one, anybody = proposal.appointment, provider.user
    if how == "declined":
        proposals.decline_time(proposal=proposal, actor=anybody, role=Role.PROVIDER)
    elif how == "withdrawn":
        proposals.withdraw_time(proposal=proposal, actor=one.customer, role=Role.CUSTOMER)
    elif how == "lapsed":
        with time_machine.travel(proposal.answer_by, tick=False):
            proposals.lapse_time(proposal=proposal)
    elif how == "replaced":
        proposals.propose_time(
            appointment=one, start=one.start + DAY, actor=anybody, role=Role.PROVIDER, message="Rather then"
        )
    else:
        cancel(one)

    place.refresh_from_db()
    assert offered_to(place) is None
    assert place.state == (PlaceState.OVER if how == "overtaken" else PlaceState.WAITING)


def test_an_earlier_time_that_is_accepted_ends_the_place(proposed, provider):
    proposal, place = proposed

    proposals.accept_time(proposal=proposal, actor=provider.user, role=Role.PROVIDER)

    assert state_of(place) == PlaceState.BOOKED


def test_a_place_that_was_met_stays_so_whatever_else_is_proposed_in_vain(confirmed, later, provider):
    place = sooner(later)
    cancel(confirmed)
    claim(offered_to(place))
    provider.policy.accepts_at_once = False
    provider.policy.save()
    later = Appointment.objects.with_people().with_proposal().get(pk=later.pk)
    with time_machine.travel(NOW + MINUTE, tick=False):
        proposals.propose_time(appointment=later, start=later.start + 7 * DAY, actor=later.customer, role=Role.CUSTOMER)
        proposals.decline_time(proposal=later.proposals.get(), actor=provider.user, role=Role.PROVIDER)

    assert state_of(place) == PlaceState.BOOKED


def test_taking_in_vain_and_then_for_good_ends_the_place(proposed, provider):
    proposal, place = proposed
    proposals.decline_time(proposal=proposal, actor=provider.user, role=Role.PROVIDER)
    give_hours(provider, {1: [("10:00", "11:00")], 3: [("10:00", "11:00")]})
    offer_freed(provider.pk, now=NOW)
    again = claim(offered_to(place), at=NOW + MINUTE).appointment
    latest = again.proposals.get(start=TUESDAY_TEN + 2 * DAY)

    with time_machine.travel(NOW + 2 * MINUTE, tick=False):
        proposals.accept_time(proposal=latest, actor=provider.user, role=Role.PROVIDER)

    assert state_of(place) == PlaceState.BOOKED


# --- Other ways by which time becomes free ----------------------------------------------------------------------------


def test_moving_away_frees_the_old_time(provider, confirmed, first):
    give_hours(provider, {1: [("10:00", "11:00")], 3: [("10:00", "11:00")]})

    proposals.propose_time(
        appointment=confirmed, start=TUESDAY_TEN + 2 * DAY, actor=confirmed.customer, role=Role.CUSTOMER
    )

    assert offered_to(first).start == TUESDAY_TEN


@pytest.mark.parametrize("how", ["declined", "withdrawn", "lapsed"])
def test_a_proposed_time_that_is_not_taken_is_offered(provider, confirmed, service, how):
    proposals.propose_time(
        appointment=confirmed, start=TUESDAY_TEN + 7 * DAY, actor=provider.user, role=Role.PROVIDER, message="Please"
    )
    confirmed.refresh_from_db()
    proposal = confirmed.proposals.get()
    proposal.appointment = confirmed
    place = join(service, UserFactory(), **on(TUESDAY + timedelta(days=7)))

    if how == "declined":
        proposals.decline_time(proposal=proposal, actor=confirmed.customer, role=Role.CUSTOMER)
    elif how == "withdrawn":
        proposals.withdraw_time(proposal=proposal, actor=provider.user, role=Role.PROVIDER)
    else:
        with time_machine.travel(proposal.answer_by, tick=False):
            proposals.lapse_time(proposal=proposal)

    assert offered_to(place).start == TUESDAY_TEN + 7 * DAY


def test_longer_hours_are_offered(provider, first):
    providers.set_working_hours(provider=provider, actor=provider.user, week={1: [(600, 720)]})

    assert offered_to(first).start == TUESDAY_TEN + HOUR


def test_hours_of_a_date_are_offered_and_so_is_the_week_once_they_are_removed(provider, confirmed, first):
    override = providers.save_override(
        provider=provider, actor=provider.user, start_on=TUESDAY, end_on=TUESDAY, ranges=[(720, 780)]
    )
    assert offered_to(first).start == TUESDAY_TEN + 2 * HOUR
    waitlist.leave(place=first, actor=first.customer)
    transitions.cancel_appointment(appointment=confirmed, actor=provider.user, role=Role.PROVIDER)
    other = join(confirmed.service, UserFactory(), parts=1, **on(TUESDAY))

    providers.remove_override(override=override, actor=provider.user)

    assert offered_to(other).start == TUESDAY_TEN


def test_time_off_that_is_removed_is_offered(provider, service):
    off = take_time_off(
        provider=provider, absence=Absence(TUESDAY_TEN - HOUR, TUESDAY_TEN + 2 * HOUR), actor=provider.user
    ).time_off
    place = join(service, UserFactory(), **on(TUESDAY))

    providers.remove_time_off(time_off=off, actor=provider.user)

    assert offered_to(place).start == TUESDAY_TEN


def test_time_off_offers_none_of_what_it_ends(provider, confirmed, first):
    take_time_off(
        provider=provider,
        absence=Absence(TUESDAY_TEN - HOUR, TUESDAY_TEN + 2 * HOUR),
        actor=provider.user,
        ways={confirmed.reference: Way.CANCEL},
    )

    assert not Offer.objects.exists()


def test_a_cleared_day_is_offered_to_those_who_wait(provider, confirmed, first):
    cancel_inside(
        provider=provider,
        span=(TUESDAY_TEN - HOUR, TUESDAY_TEN + 2 * HOUR),
        actor=provider.user,
        ways={confirmed.reference: Way.CANCEL},
    )

    assert offered_to(first).start == TUESDAY_TEN


def test_time_off_over_an_offered_time_takes_it_back_and_offers_it_to_nobody(provider, confirmed, first, second):
    cancel(confirmed)

    take_time_off(provider=provider, absence=Absence(TUESDAY_TEN, TUESDAY_TEN + HOUR), actor=provider.user)

    assert [each.state for each in Offer.objects.all()] == [OfferState.WITHDRAWN]


def test_a_shorter_service_is_offered(provider, service, book):
    service.buffer_after_minutes = 30
    service.save()
    give_hours(provider, {1: [("10:00", "12:00")]})
    book(TUESDAY_TEN, customer=UserFactory())
    place = join(service, UserFactory(), **on(TUESDAY))
    assert not is_open(service, TUESDAY_TEN + HOUR)

    providers.save_service(
        provider=provider, actor=provider.user, service=service, seen=edit_stamps.of_service(service),
        values={"slot_interval_minutes": 30, "duration_minutes": 30},
    )  # fmt: skip

    assert offered_to(place).start == TUESDAY_TEN + 90 * MINUTE


def test_a_policy_that_allows_more_is_offered(provider, service, book):
    give_hours(provider, {1: [("10:00", "12:00")]})
    book(TUESDAY_TEN, customer=UserFactory())
    provider.policy.max_per_day = 1
    provider.policy.save()
    place = join(service, UserFactory(), **on(TUESDAY))

    providers.save_policy(
        provider=provider, actor=provider.user, values={"max_per_day": 2}, seen=edit_stamps.of_policy(provider.policy)
    )

    assert offered_to(place).start == TUESDAY_TEN + HOUR


def test_a_kept_time_that_runs_out_is_offered_by_the_job(service):
    holds.keep_time(service=service, start=TUESDAY_TEN, browser="b" * 64)
    place = join(service, UserFactory(), **on(TUESDAY))

    with time_machine.travel(NOW + holds.KEPT_FOR, tick=False):
        look_over_waitlists()

    assert offered_to(place).start == TUESDAY_TEN


def test_a_day_that_enters_the_booking_window_is_offered_by_the_job(provider, service):
    provider.policy.window_days = 0
    provider.policy.save()
    place = join(service, UserFactory(), **on(TUESDAY))

    for minute in range(5):
        with time_machine.travel(NOW + DAY - 6 * HOUR + minute * MINUTE, tick=False):
            look_over_waitlists()

    assert offered_to(place).start == TUESDAY_TEN


def test_passing_other_times_that_were_offered_offers_them_on(provider, confirmed, service):
    give_hours(provider, {1: [("10:00", "11:00")], 3: [("10:00", "11:00")]})
    span = (TUESDAY_TEN, TUESDAY_TEN + HOUR)
    claims = what_is_inside(provider, span, now=NOW).claims
    shown = offers.times_to_offer(provider, [claims[0].appointment], away=span, now=NOW)[confirmed.reference].starts
    cancel_inside(
        provider=provider, span=span, actor=provider.user, ways={confirmed.reference: Way.OFFER},
        offered={confirmed.reference: shown},
    )  # fmt: skip
    thursday = date(2026, 3, 5)
    place = join(service, UserFactory(), **on(thursday))

    confirmed.refresh_from_db()
    offers.pass_offers(appointment=confirmed, actor=confirmed.customer)

    assert offered_to(place).start == TUESDAY_TEN + 2 * DAY


# --- What makes places and offers lapse -------------------------------------------------------------------------------


def ban(person):
    with transaction.atomic():
        fair_use.ban(User.objects.select_for_update().get(pk=person.pk), now=NOW)


def test_a_ban_ends_places_and_offers_and_a_job_offers_the_time_on(confirmed, first, second):
    cancel(confirmed)

    ban(first.customer)

    first.refresh_from_db()
    assert first.state == PlaceState.LAPSED
    assert not Offer.objects.open().exists()
    deliver("appointments.answer_waitlist")
    assert offered_to(second)


def test_a_banned_provider_offers_nothing(confirmed, first, provider):
    ban(provider.user)
    transitions.end_all_ahead(User.objects.get(pk=provider.user_id))

    assert not Offer.objects.exists()


def test_a_closed_account_is_offered_nothing_and_its_place_ends(confirmed, first, second):
    User.objects.filter(pk=first.customer_id).update(is_active=False)

    cancel(confirmed)
    look_over_waitlists()

    first.refresh_from_db()
    assert first.state == PlaceState.LAPSED and offered_to(second)


def leave_the_site(person):
    shown = leaving.as_shown(person, now=NOW)
    leaving.leave(person=person, seen=0, shown=shown)


def test_who_deletes_the_account_waits_no_more_and_leaves_what_was_theirs_to_those_who_wait(confirmed, first, second):
    leave_the_site(first.customer)
    first.refresh_from_db()
    assert first.state == PlaceState.LAPSED

    leave_the_site(confirmed.customer)

    assert offered_to(second).start == TUESDAY_TEN


def test_a_provider_who_deletes_the_account_offers_nothing(confirmed, first, provider):
    leave_the_site(provider.user)

    assert not Offer.objects.exists()
    look_over_waitlists()
    first.refresh_from_db()
    assert first.state == PlaceState.LAPSED


def test_places_end_with_their_last_date(confirmed, first):
    with time_machine.travel(NOW + 3 * DAY, tick=False):
        look_over_waitlists()

    first.refresh_from_db()
    assert first.state == PlaceState.OVER


# --- The provider -----------------------------------------------------------------------------------------------------


def test_a_provider_removes_somebody_with_a_reason_and_their_offer_goes_on(confirmed, first, second, provider):
    cancel(confirmed)

    assert waitlist.remove(place=first, actor=provider.user, reason="Please call us")
    assert not waitlist.remove(place=first, actor=provider.user)

    first.refresh_from_db()
    assert (first.state, first.reason) == (PlaceState.REMOVED, "Please call us")
    assert offered_to(second)
    with pytest.raises(PermissionDenied):
        waitlist.remove(place=second, actor=first.customer)


def test_a_provider_offers_a_time_to_whom_they_choose(confirmed, first, second, provider, service):
    give_hours(provider, {1: [("10:00", "11:00")], 3: [("10:00", "11:00")]})
    thursday = TUESDAY_TEN + 2 * DAY

    offer = waitlist.offer_by_hand(place=second, start=thursday, actor=provider.user)

    assert (offer.start, offer.by_hand, offer.place_id) == (thursday, True, second.pk)
    assert not is_open(service, thursday)
    with pytest.raises(PolicyRefused, match="already"):
        waitlist.offer_by_hand(place=second, start=thursday, actor=provider.user)
    with pytest.raises(SlotTaken):
        waitlist.offer_by_hand(place=first, start=TUESDAY_TEN, actor=provider.user)


def test_what_a_provider_offers_by_hand_is_confirmed_at_once(requested, service, provider):
    place = join(service, UserFactory(), **on(TUESDAY))
    offer = waitlist.offer_by_hand(place=place, start=TUESDAY_TEN + 7 * DAY, actor=provider.user)

    assert claim(offer).appointment.status == Status.CONFIRMED


# --- When somebody is asked -------------------------------------------------------------------------------------------


def test_at_night_the_time_is_held_at_once_and_its_customer_asked_in_the_morning(confirmed, first):
    User.objects.filter(pk=first.customer_id).update(time_zone="Europe/London")
    late = NOW + 15 * HOUR  # 23:00

    with mock.patch("appointments.services.waitlist_offers.offer_freed", return_value=[]):
        cancel(confirmed)
    with time_machine.travel(late, tick=False), transaction.atomic():
        [offer] = offer_freed(confirmed.provider_id)

    morning = datetime(2026, 3, 3, 7, tzinfo=UTC)
    assert offer.start == TUESDAY_TEN
    assert offer.expires_at == morning + 20 * MINUTE  # a third of the hour before the notice begins
    told = Message.objects.get(key__startswith="appointments.place_opened")
    assert told.due_at == morning


# --- Clocks -----------------------------------------------------------------------------------------------------------


def test_a_clock_that_is_set_back_undoes_no_offer_and_one_set_forward_ends_it_for_good(
    confirmed, first, second, service
):
    cancel(confirmed)
    with time_machine.travel(NOW - 3 * HOUR, tick=False):
        end_offers()
        look_over_waitlists()
        assert offered_to(first)
        with pytest.raises(SlotTaken):
            book_again(service)

    with time_machine.travel(NOW + 30 * MINUTE, tick=False):
        end_offers()
    end_offers()
    look_over_waitlists()

    assert offered_to(first) is None and offered_to(second)
    with pytest.raises(OfferClosed):
        claim(Offer.objects.get(place=first))


# --- Beside other offers and services ---------------------------------------------------------------------------------


def test_booking_what_is_offered_as_an_earlier_time_is_a_second_appointment_and_passes_the_offer(
    confirmed, later, service
):
    place = sooner(later)
    cancel(confirmed)

    made = booking.book_appointment(
        service=service, start=TUESDAY_TEN, customer=later.customer, terms=booking.terms_of(service), booking_key="k"
    ).appointment

    assert (made.start, Offer.objects.get(place=place).state) == (TUESDAY_TEN, OfferState.PASSED)
    later.refresh_from_db(), place.refresh_from_db()
    assert (later.start, place.state) == (TUESDAY_TEN + 7 * DAY, PlaceState.WAITING)


def test_an_earlier_time_is_held_for_as_long_as_was_agreed(confirmed, later, service):
    place = sooner(later)
    service.duration_minutes, service.slot_interval_minutes = 30, 60
    service.save()

    cancel(confirmed)

    offer = offered_to(place)
    assert offer.end - offer.start == HOUR == offer.hold.end - offer.hold.start


def test_a_paused_service_is_offered_to_nobody(provider, confirmed, first, service):
    providers.pause_service(service=service, actor=provider.user)
    cancel(confirmed)
    assert not Offer.objects.exists()

    providers.resume_service(service=service, actor=provider.user)

    assert offered_to(first)


def test_who_takes_one_of_three_offered_times_leaves_the_others_to_those_who_wait(provider, confirmed, service):
    give_hours(provider, {1: [("10:00", "11:00")], 3: [("10:00", "11:00")]})
    span = (TUESDAY_TEN, TUESDAY_TEN + HOUR)
    one = what_is_inside(provider, span, now=NOW).claims[0].appointment
    shown = offers.times_to_offer(provider, [one], away=span, now=NOW)[confirmed.reference].starts
    ways = {confirmed.reference: Way.OFFER}
    cancel_inside(provider=provider, span=span, actor=provider.user, ways=ways, offered={confirmed.reference: shown})
    place = join(service, UserFactory(), **on(shown[1].date()))

    booking.book_appointment(
        service=service,
        start=shown[0],
        customer=confirmed.customer,
        terms=booking.terms_of(service, offered=True),
        booking_key="taken",
    )

    assert offered_to(place).start == shown[1]


def test_who_waits_for_something_else_from_now_on_gives_up_what_is_offered(confirmed, first, second):
    cancel(confirmed)
    assert offered_to(first)

    join(first.service, first.customer, **on(TUESDAY + timedelta(days=1)))

    assert offered_to(first) is None and offered_to(second)
    assert Message.objects.filter(topic="appointments.refresh_openings").exists()


def test_a_place_that_is_offered_something_may_be_changed_and_keeps_what_still_fits(confirmed, first):
    cancel(confirmed)
    offer = offered_to(first)

    join(first.service, first.customer, parts=1, **on(TUESDAY))

    assert offered_to(first) == offer


# --- What the world does in between -----------------------------------------------------------------------------------


def tuesdays_and_thursdays(provider):
    give_hours(provider, {1: [("10:00", "11:00")], 3: [("10:00", "11:00")]})
    return TUESDAY_TEN + 2 * DAY


def test_an_earlier_time_that_has_become_a_later_one_is_not_taken(confirmed, later, provider):
    give_hours(provider, {0: [("12:00", "13:00")], 1: [("10:00", "11:00")]})
    place = join(later.service, later.customer, appointment=later, **on(TUESDAY))
    cancel(confirmed)
    offer = offered_to(place)
    monday = NOW + 4 * HOUR
    with mock.patch("appointments.services.waitlist_offers.offer_freed", return_value=[]):
        _move_by_proposal(later, monday, provider)

    with pytest.raises(OfferClosed):
        claim(offer)

    later.refresh_from_db()
    assert later.start == monday


def _move_by_proposal(appointment, start, provider):
    proposals.propose_time(
        appointment=appointment, start=start, actor=provider.user, role=Role.PROVIDER, message="Come earlier"
    )
    proposal = appointment.proposals.get()
    proposal.appointment = Appointment.objects.with_people().get(pk=appointment.pk)
    proposals.accept_time(proposal=proposal, actor=appointment.customer, role=Role.CUSTOMER)


def test_a_paused_page_takes_back_what_is_no_earlier_time_any_more(confirmed, later, provider):
    give_hours(provider, {0: [("12:00", "13:00")], 1: [("10:00", "11:00")]})
    place = join(later.service, later.customer, appointment=later, **on(TUESDAY))
    cancel(confirmed)
    assert offered_to(place)
    providers.pause_page(provider=provider, actor=provider.user)

    _move_by_proposal(later, NOW + 4 * HOUR, provider)

    assert offered_to(place) is None


def test_an_offer_that_is_over_counts_as_let_go_before_the_job_has_run(provider, book, service):
    thursday = tuesdays_and_thursdays(provider)
    one, two = book(TUESDAY_TEN).appointment, book(thursday, customer=UserFactory()).appointment
    week = {"first_on": TUESDAY, "last_on": TUESDAY + timedelta(days=2)}
    first, second = join(service, UserFactory(), **week), join(service, UserFactory(), **week)
    cancel(one)
    assert offered_to(first).start == TUESDAY_TEN

    cancel(two, at=NOW + 30 * MINUTE)

    # The first in line let Tuesday go and is asked about Thursday; Tuesday goes to the second.
    assert [offered_to(place).start for place in (first, second)] == [thursday, TUESDAY_TEN]
    assert not is_open(service, thursday, now=NOW + 30 * MINUTE)


def test_a_time_is_offered_by_hand_right_after_the_last_one_ran_out(confirmed, first, provider):
    thursday = tuesdays_and_thursdays(provider)
    cancel(confirmed)

    with time_machine.travel(NOW + 30 * MINUTE, tick=False):
        offer = waitlist.offer_by_hand(place=first, start=thursday, actor=provider.user)

    assert offer.start == thursday
    assert [each.state for each in Offer.objects.order_by("pk")] == [OfferState.EXPIRED, OfferState.OPEN]


def test_a_new_time_that_accepting_drops_is_offered(requested, provider, service):
    thursday = tuesdays_and_thursdays(provider)
    proposals.propose_time(
        appointment=requested, start=thursday, actor=requested.customer, role=Role.CUSTOMER, message="Rather then"
    )
    place = join(service, UserFactory(), **on(thursday.date()))

    requested.refresh_from_db()
    transitions.accept_request(appointment=requested, actor=provider.user)

    assert offered_to(place).start == thursday


# --- Deleting an account ----------------------------------------------------------------------------------------------


def deletion_lines(client, person):
    client.force_login(person)
    return " ".join(re.sub(r"<[^>]+>", " ", client.get("/my/settings/data/delete/").text).split())


def test_the_page_of_deletion_counts_places_and_offers_of_both_sides(first, second, confirmed, service, client):
    join(service, first.customer, appointment=book_again(service, TUESDAY_TEN + 7 * DAY, customer=first.customer))
    before = deletion_lines(client, first.customer)
    cancel(confirmed)

    after = deletion_lines(client, first.customer)
    providers_own = deletion_lines(client, service.provider.user)

    assert "2 waitlist places are withdrawn." in before
    assert "offered to you" not in before
    assert "2 waitlist places are withdrawn. 1 time offered to you is given up." in after
    assert "1 waitlist place is withdrawn." in deletion_lines(client, second.customer)
    assert "1 time that you offer is taken back." in providers_own
    assert "waitlist place" not in providers_own


@pytest.mark.parametrize("side", ["customer", "provider"])
def test_the_page_of_deletion_comes_back_where_a_place_or_an_offer_has_come_since(first, confirmed, service, side):
    person = first.customer if side == "customer" else service.provider.user
    shown = leaving.as_shown(person, now=NOW)
    cancel(confirmed)
    if side == "provider":
        # What lies ahead of the provider has become less, and that alone is not what is asked here.
        assert leaving.what_lies_ahead(person, now=NOW) == []
        shown = fingerprint([], Waiting())

    with pytest.raises(InsideChanged):
        leaving.leave(person=person, seen=0, shown=shown)

    assert leaving.leave(person=person, seen=0, shown=leaving.as_shown(person, now=NOW)).changed


def test_the_page_of_deletion_comes_back_where_a_place_has_ended_since(first, provider):
    shown = leaving.as_shown(first.customer, now=NOW)
    waitlist.remove(place=first, actor=provider.user)

    with pytest.raises(InsideChanged):
        leaving.leave(person=first.customer, seen=0, shown=shown)


# --- Who can take what is offered -------------------------------------------------------------------------------------


def test_an_earlier_time_in_a_week_that_is_full_goes_to_the_next(confirmed, later, provider, service):
    thursday = tuesdays_and_thursdays(provider)
    booking.book_appointment(
        service=service,
        start=thursday,
        customer=later.customer,
        terms=booking.terms_of(service),
        booking_key="thursday",
    )
    provider.policy.max_week_per_customer = 1
    provider.policy.save()
    place, other = sooner(later), join(service, UserFactory(), **on(TUESDAY))

    cancel(confirmed)

    assert offered_to(place) is None and offered_to(other).start == TUESDAY_TEN


@pytest.mark.parametrize("together", [True, False])
def test_nobody_is_offered_more_than_their_share(provider, service, book, together):
    give_hours(provider, {1: [("10:00", "12:00")]})
    other = ServiceFactory(provider=provider, duration_minutes=60)
    provider.policy.max_week_per_customer = 1
    provider.policy.save()
    one, two = book(TUESDAY_TEN).appointment, book(TUESDAY_TEN + HOUR, customer=UserFactory()).appointment
    greedy = UserFactory()
    places = [
        join(service, greedy, **on(TUESDAY)),
        join(other, greedy, **on(TUESDAY)),
        join(service, UserFactory(), **on(TUESDAY)),
    ]

    with (
        mock.patch("appointments.services.waitlist_offers.offer_freed", return_value=[]) if together else nullcontext()
    ):
        cancel(one)
        cancel(two)
    if together:
        with transaction.atomic():
            offer_freed(provider.pk)

    assert [bool(offered_to(place)) for place in places] == [True, False, True]


def test_what_is_offered_to_move_an_appointment_counts_as_no_further_one(provider, confirmed, later, service, book):
    give_hours(provider, {1: [("10:00", "12:00")]})
    two = book(TUESDAY_TEN + HOUR, customer=UserFactory()).appointment
    place = join(service, later.customer, appointment=later, **on(TUESDAY))
    cancel(confirmed)
    assert offered_to(place)
    other = join(service, later.customer, **on(TUESDAY))
    provider.policy.max_week_per_customer = 2
    provider.policy.save()

    cancel(two)

    assert offered_to(other).start == TUESDAY_TEN + HOUR


def test_a_place_is_changed_only_from_the_wish_that_was_seen(first):
    tuesdays, mornings = wish(first.provider, **on(TUESDAY)), wish(first.provider, **on(TUESDAY), parts=1)
    seen = waitlist.wish_of(first)

    changed = waitlist.change(place=first, actor=first.customer, wish=mornings, seen=seen)
    again = waitlist.change(place=first, actor=first.customer, wish=mornings, seen=seen)

    assert (changed.changed, again.changed) == (True, False)
    with pytest.raises(ChangedMeanwhile):
        waitlist.change(place=first, actor=first.customer, wish=tuesdays, seen=seen)
    assert waitlist.wish_of(WaitlistPlace.objects.get()) == mornings


def test_who_left_does_not_come_back_by_changing_the_wish(first, second):
    stale = WaitlistPlace.objects.with_people().get(pk=first.pk)
    waitlist.leave(place=first, actor=first.customer)

    with pytest.raises(JoinRefused, match="not on this waitlist any more"):
        waitlist.change(place=stale, actor=first.customer, wish=wish(first.provider, **on(TUESDAY)))

    assert list(WaitlistPlace.objects.waiting()) == [second]


def test_blocking_somebody_hands_on_what_was_offered_to_them_in_the_same_act(confirmed, first, second, provider):
    cancel(confirmed)
    assert offered_to(first)

    providers.block_customer(provider=provider, actor=provider.user, customer=first.customer)

    first.refresh_from_db()
    assert (first.state, offered_to(first)) == (PlaceState.LAPSED, None)
    assert offered_to(second).start == TUESDAY_TEN


@pytest.mark.parametrize(
    ("row", "closing", "opening"),
    [
        # Tuesday at ten is still Monday in London.
        ("provider", {"time_zone": "Pacific/Kiritimati"}, {"time_zone": "Europe/London"}),
        ("service", {"duration_minutes": 75}, {"duration_minutes": 60}),
    ],
)
def test_what_staff_open_is_offered_in_the_same_act(client, provider, service, row, closing, opening):
    edited = provider if row == "provider" else service
    type(edited).objects.filter(pk=edited.pk).update(**closing)
    place = join(service, UserFactory(), time_zone="Europe/London", **on(TUESDAY))
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    answer = send(client, reverse(f"admin:providers_{row}_change", args=[edited.pk]), "name", **opening)

    assert answer.status_code == 302
    assert offered_to(place).start == TUESDAY_TEN


# --- Times that somebody keeps while they book ------------------------------------------------------------------------


BROWSER = "b" * 64


@pytest.fixture
def kept(service):
    """A person waits for the one time, which somebody else keeps."""
    holds.keep_time(service=service, start=TUESDAY_TEN, browser=BROWSER)
    return join(service, UserFactory(), **on(TUESDAY))


@pytest.mark.parametrize("how", ["released", "left"])
def test_a_kept_time_that_is_given_up_is_offered_in_the_same_act(kept, service, provider, how):
    if how == "released":
        kept_times.release_kept_time(browser=BROWSER)
    else:
        kept_times.leave_kept_time(browser=BROWSER, provider=provider.slug, start=TUESDAY_TEN)

    assert offered_to(kept).start == TUESDAY_TEN


def elsewhere():
    """Keep another provider's time in the same browser."""
    other = ServiceFactory(duration_minutes=60)
    give_hours(other.provider, {1: [("10:00", "11:00")]})
    holds.keep_time(service=other, start=TUESDAY_TEN, browser=BROWSER)


def test_a_kept_time_that_is_given_up_for_another_providers_is_closed_until_a_job_has_offered_it(kept, service):
    elsewhere()
    with pytest.raises(SlotTaken):
        book_again(service)
    deliver("appointments.answer_waitlist")

    assert offered_to(kept).start == TUESDAY_TEN
    assert holds.kept_time(BROWSER, now=NOW).provider_id != kept.provider_id


def test_a_kept_time_that_is_given_up_where_nobody_waits_is_open_at_once(service):
    holds.keep_time(service=service, start=TUESDAY_TEN, browser=BROWSER)
    elsewhere()

    assert is_open(service) and book_again(service).is_confirmed
    assert not Message.objects.filter(topic="appointments.answer_waitlist").exists()


def test_a_kept_time_that_is_given_up_for_another_of_the_same_provider_is_closed_until_it_is_offered(provider, service):
    give_hours(provider, {1: [("10:00", "11:00"), ("13:00", "14:00")]})
    holds.keep_time(service=service, start=TUESDAY_TEN, browser=BROWSER)
    place = join(service, UserFactory(), parts=0b001, **on(TUESDAY))

    holds.keep_time(service=service, start=TUESDAY_TEN + 3 * HOUR, browser=BROWSER)
    assert not is_open(service)
    deliver("appointments.answer_waitlist")

    assert offered_to(place).start == TUESDAY_TEN


@pytest.mark.parametrize("how", ["kept", "offered", "proposed"])
def test_a_time_that_runs_out_is_closed_until_the_job_has_offered_it(provider, confirmed, service, book, how):
    """The job runs each minute; if it does not, the time is open to all after two."""
    over = NOW + HOUR
    if how == "proposed":
        give_hours(provider, {1: [("10:00", "12:00")]})
        proposals.propose_time(appointment=confirmed, start=TUESDAY_TEN + HOUR, actor=provider.user, role=Role.PROVIDER)
        start = TUESDAY_TEN + HOUR
    elif how == "offered":
        join(service, UserFactory(), **on(TUESDAY))
        cancel(confirmed)
        start = TUESDAY_TEN
    else:
        cancel(confirmed)
        start = TUESDAY_TEN
        holds.keep_time(service=service, start=start, browser=BROWSER)
    place = join(service, UserFactory(), **on(TUESDAY))
    Hold.objects.exclude(expires_at=None).update(expires_at=over)
    Offer.objects.update(expires_at=over)
    Proposal.objects.update(answer_by=over)

    with time_machine.travel(over + MINUTE, tick=False):
        assert not is_open(service, start, now=over + MINUTE)
        with pytest.raises(SlotTaken):
            book_again(service, start)
        assert is_open(service, start, now=over + availability.OFFERED_WITHIN)
        for run in (end_offers, lapse_proposals, look_over_waitlists):
            run()

        assert offered_to(place).start == start


def test_who_let_an_offered_time_run_out_does_not_book_it_before_the_next_is_asked(confirmed, first, second, service):
    cancel(confirmed)
    late = offered_to(first)

    with time_machine.travel(late.expires_at, tick=False):
        # No page shows it to them either: that it can't be booked is also what the constraint alone would say.
        assert not is_open(service, now=late.expires_at, mine=availability.Mine(account_id=late.customer_id))
        with pytest.raises(SlotTaken):
            book_again(service, customer=late.customer)
        end_offers()

    assert offered_to(second).start == TUESDAY_TEN


def test_who_keeps_a_time_books_it_although_it_has_just_run_out(kept, service):
    terms, who = booking.terms_of(service), UserFactory()
    with time_machine.travel(NOW + holds.KEPT_FOR, tick=False):
        wanted = booking.Wanted(service, (TUESDAY_TEN,), who, terms, "key", browser=BROWSER)
        [outcome] = booking.place(wanted)

    assert outcome.appointment.is_confirmed and offered_to(kept) is None


def test_what_nobody_wants_of_what_ran_out_is_open_once_the_job_has_run(provider, confirmed, service):
    give_hours(provider, {1: [("10:00", "12:00")]})
    join(service, UserFactory(), parts=0b110, **on(TUESDAY))
    holds.keep_time(service=service, start=TUESDAY_TEN + HOUR, browser=BROWSER)

    with time_machine.travel(NOW + holds.KEPT_FOR, tick=False):
        assert not is_open(service, TUESDAY_TEN + HOUR, now=NOW + holds.KEPT_FOR)
        look_over_waitlists()

        assert is_open(service, TUESDAY_TEN + HOUR, now=NOW + holds.KEPT_FOR)
    assert not Offer.objects.exists()


def test_a_kept_time_where_nobody_waits_starts_no_job(service):
    holds.keep_time(service=service, start=TUESDAY_TEN, browser=BROWSER)

    kept_times.release_kept_time(browser=BROWSER)

    assert not Message.objects.filter(topic="appointments.answer_waitlist").exists()


# --- At night ---------------------------------------------------------------------------------------------------------


def test_what_is_offered_and_taken_back_in_one_night_wakes_nobody(provider, confirmed, first):
    User.objects.filter(pk=first.customer_id).update(time_zone="Europe/London")
    with mock.patch("appointments.services.waitlist_offers.offer_freed", return_value=[]):
        cancel(confirmed)
    with time_machine.travel(NOW + 15 * HOUR, tick=False):
        with transaction.atomic():
            assert offer_freed(provider.pk)
        take_time_off(provider=provider, absence=Absence(TUESDAY_TEN, TUESDAY_TEN + HOUR), actor=provider.user)

    morning = datetime(2026, 3, 3, 7, tzinfo=UTC)
    assert {each.due_at for each in Message.objects.filter(key__startswith="appointments.place_")} == {morning}
    with time_machine.travel(morning, tick=False):
        deliver()
    assert not [letter for letter in mail.outbox if first.customer.email in letter.to[0]]
