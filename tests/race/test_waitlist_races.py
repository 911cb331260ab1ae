"""A time that becomes free while somebody waits for it, and who takes, passes, expires or books it at once, in real
processes: it goes to one of them, and at no instant to all."""

from datetime import datetime
from uuid import uuid4

import pytest
import time_machine

from accounts.models import User
from appointments.models import Appointment, Hold, Offer, WaitlistPlace
from appointments.services import booking, holds, kept_times, offers, transitions, waitlist
from appointments.services.waitlist_offers import look_over
from appointments.states import OfferState, PlaceState, Role, Status
from core import clock
from providers.models import Service
from tests.factories.accounts import UserFactory
from tests.factories.providers import give_hours
from tests.factories.waitlist import join, on, wish
from tests.invariants import check_all
from tests.processes import meet

from .test_ban_races import HOUR, booked, make_service, soon


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()
    for provider in WaitlistPlace.objects.values_list("provider", flat=True).distinct():
        assert not look_over(provider), "a time that somebody waits for was open to all"


BROWSER = "b" * 64


def narrow(hours=1, **values):
    """A service that can be booked on one day at so many hours, and its appointments there, which take all of them."""
    service, start = make_service(**values), soon(30).replace(hour=10)
    give_hours(service.provider, {start.weekday(): [("10:00", f"{10 + hours}:00")]})
    taken = [booked(service, UserFactory(), start + n * HOUR) for n in range(hours)]
    return service, taken


def wait(service, taken, people=1):
    return [join(service, UserFactory(), **on(taken[0].start.date())) for _ in range(people)]


def free(one):
    transitions.cancel_appointment(appointment=one, actor=one.customer, role=Role.CUSTOMER)


# --- What the processes do --------------------------------------------------------------------------------------------


def loaded(offer_pk):
    joined = ("customer", "place__appointment__service", "service__provider__user", "service__provider__policy")
    return Offer.objects.select_related(*joined).get(pk=offer_pk)


def claim(offer_pk, folder, size):
    offer = loaded(offer_pk)
    terms = booking.terms_of(offer.service, offered=offer.is_promised)
    meet(folder, size)
    return waitlist.claim(offer=offer, actor=offer.customer, terms=terms).changed


def pass_it(offer_pk, folder, size):
    offer = loaded(offer_pk)
    meet(folder, size)
    return offers.pass_one(offer=offer, actor=offer.customer)


def expire(offer_pk, folder, size):
    """Let the job mark what expired, by a clock that is past the deadline."""
    offer = loaded(offer_pk)
    meet(folder, size)
    with time_machine.travel(offer.expires_at, tick=False):
        return offers.expire_offers(offer=offer)


def leave(place_pk, folder, size):
    place = WaitlistPlace.objects.select_related("customer").get(pk=place_pk)
    meet(folder, size)
    return waitlist.leave(place=place, actor=place.customer)


def cancel(appointment_pk, folder, size):
    one = Appointment.objects.select_related("customer", "provider__user").get(pk=appointment_pk)
    meet(folder, size)
    return transitions.cancel_appointment(appointment=one, actor=one.customer, role=Role.CUSTOMER).changed


def book(service_pk, customer_pk, start, folder, size):
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=service_pk)
    customer, terms = User.objects.get(pk=customer_pk), booking.terms_of(service)
    meet(folder, size)
    wanted = booking.Wanted(service, (datetime.fromisoformat(start),), customer, terms, uuid4().hex)
    [outcome] = booking.place(wanted)
    return outcome.appointment.status


def give_up(folder, size):
    meet(folder, size)
    kept_times.release_kept_time(browser=BROWSER)


def sweep(provider_pk, folder, size):
    """Let the job look over a list whose kept time has just run out."""
    meet(folder, size)
    with time_machine.travel(clock.now() + holds.KEPT_FOR, tick=False):
        return len(look_over(provider_pk))


def book_late(service_pk, customer_pk, start, folder, size):
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=service_pk)
    customer, terms = User.objects.get(pk=customer_pk), booking.terms_of(service)
    meet(folder, size)
    with time_machine.travel(clock.now() + holds.KEPT_FOR, tick=False):
        wanted = booking.Wanted(service, (datetime.fromisoformat(start),), customer, terms, uuid4().hex)
        [outcome] = booking.place(wanted)
        return outcome.appointment.status


def join_now(service_pk, customer_pk, day, folder, size):
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=service_pk)
    customer, wanted = (
        User.objects.get(pk=customer_pk),
        wish(service.provider, **on(datetime.fromisoformat(day).date())),
    )
    meet(folder, size)
    return waitlist.join(service=service, actor=customer, wish=wanted).changed


def states():
    return [each.state for each in Offer.objects.order_by("pk")]


def confirmed():
    return Appointment.objects.filter(status=Status.CONFIRMED)


# --- The time that becomes free ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", range(3))
def test_nobody_books_a_time_in_the_moment_in_which_it_becomes_free_for_somebody_who_waits(run_calls, tmp_path, turn):
    service, [one] = narrow()
    [place] = wait(service, [one])
    folder, start = str(tmp_path), one.start.isoformat()

    freed, *others = run_calls(
        [(cancel, one.pk, folder, 4), *((book, service.pk, UserFactory().pk, start, folder, 4) for _ in range(3))]
    )

    assert freed.value is True
    assert {outcome.error for outcome in others} == {"SlotTaken"}
    assert Offer.objects.get().place_id == place.pk and Hold.objects.count() == 1


@pytest.mark.parametrize("turn", range(3))
def test_two_times_that_become_free_at_once_give_one_place_one_offer(run_calls, tmp_path, turn):
    service, taken = narrow(2)
    wait(service, taken)

    outcomes = run_calls([(cancel, one.pk, str(tmp_path), 2) for one in taken])

    assert [outcome.value for outcome in outcomes] == [True, True]
    assert states() == [OfferState.OPEN] and Hold.objects.count() == 1


@pytest.mark.parametrize("turn", range(3))
def test_two_times_that_become_free_at_once_give_two_places_one_offer_each(run_calls, tmp_path, turn):
    service, taken = narrow(2)
    places = wait(service, taken, 2)

    run_calls([(cancel, one.pk, str(tmp_path), 2) for one in taken])

    assert {each.place_id for each in Offer.objects.open()} == {place.pk for place in places}
    assert {each.start for each in Offer.objects.open()} == {one.start for one in taken}


@pytest.mark.parametrize("turn", range(4))
def test_who_joins_in_the_moment_in_which_a_time_becomes_free_is_offered_it_or_told_that_it_is_open(
    run_calls, tmp_path, turn
):
    service, [one] = narrow()
    folder, day = str(tmp_path), one.start.isoformat()

    freed, joined = run_calls([(cancel, one.pk, folder, 2), (join_now, service.pk, UserFactory().pk, day, folder, 2)])

    assert freed.value is True
    assert (joined.error, states()) in [("", [OfferState.OPEN]), ("OpenNow", [])]


def test_one_form_sent_several_times_joins_once(run_calls, tmp_path):
    service, [one] = narrow()
    person, folder = UserFactory(), str(tmp_path)

    outcomes = run_calls([(join_now, service.pk, person.pk, one.start.isoformat(), folder, 4)] * 4)

    assert sorted(outcome.value for outcome in outcomes) == [False, False, False, True]
    assert WaitlistPlace.objects.count() == 1


@pytest.fixture
def kept(transactional_db):
    """A service, the start of its one time, which a browser keeps, and a place that waits for that."""
    service, [one] = narrow()
    free(one)
    holds.keep_time(service=service, start=one.start, browser=BROWSER)
    [place] = wait(service, [one])
    return service, one.start, place


@pytest.mark.parametrize("turn", range(3))
def test_nobody_books_a_kept_time_in_the_moment_in_which_it_is_given_up(run_calls, tmp_path, kept, turn):
    service, start, place = kept
    folder = str(tmp_path)

    given_up, *others = run_calls(
        [
            (give_up, folder, 3),
            *((book, service.pk, UserFactory().pk, start.isoformat(), folder, 3) for _ in range(2)),
        ]
    )

    assert given_up.error == "" and {outcome.error for outcome in others} == {"SlotTaken"}
    assert Offer.objects.get().place_id == place.pk and Hold.objects.count() == 1


@pytest.mark.parametrize("turn", range(3))
def test_nobody_books_a_kept_time_in_the_moment_in_which_it_has_run_out(run_calls, tmp_path, kept, turn):
    """The job that offers it and those who book it come at once, by a clock that is past its end."""
    service, start, place = kept
    folder = str(tmp_path)

    swept, *others = run_calls(
        [
            (sweep, service.provider_id, folder, 3),
            *((book_late, service.pk, UserFactory().pk, start.isoformat(), folder, 3) for _ in range(2)),
        ]
    )

    assert swept.value == 1 and {outcome.error for outcome in others} == {"SlotTaken"}
    assert Offer.objects.get().place_id == place.pk and Hold.objects.count() == 1


# --- The offer --------------------------------------------------------------------------------------------------------


@pytest.fixture
def opened(transactional_db):
    """What is offered to the first of two who wait."""
    service, [one] = narrow()
    wait(service, [one], 2)
    free(one)
    return Offer.objects.get()


def test_two_tabs_take_it_once(run_calls, tmp_path, opened):
    outcomes = run_calls([(claim, opened.pk, str(tmp_path), 4)] * 4)

    assert sorted(outcome.value for outcome in outcomes) == [False, False, False, True]
    assert (confirmed().count(), states(), Hold.objects.count()) == (1, [OfferState.TAKEN], 1)


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("end", [pass_it, expire])
def test_taking_and_ending_in_one_moment_give_one_result(run_calls, tmp_path, opened, end, turn):
    folder = str(tmp_path)

    took, ended = run_calls([(claim, opened.pk, folder, 2), (end, opened.pk, folder, 2)])

    assert ended.error == ""
    second = WaitlistPlace.objects.order_by("pk")[1]
    if took.error:
        assert (took.error, ended.value, confirmed().count()) == ("OfferClosed", True, 0)
        assert Offer.objects.open().get().place_id == second.pk
    else:
        assert (ended.value, confirmed().count(), states()) == (False, 1, [OfferState.TAKEN])


@pytest.mark.parametrize("turn", range(3))
def test_taking_and_leaving_in_one_moment_give_one_result(run_calls, tmp_path, opened, turn):
    folder = str(tmp_path)

    took, left = run_calls([(claim, opened.pk, folder, 2), (leave, opened.place_id, folder, 2)])

    place = WaitlistPlace.objects.get(pk=opened.place_id)
    if took.error:
        assert (took.error, left.value, place.state, confirmed().count()) == ("OfferClosed", True, PlaceState.LEFT, 0)
    else:
        assert (left.value, place.state, confirmed().count()) == (False, PlaceState.BOOKED, 1)


@pytest.mark.parametrize("turn", range(3))
def test_passing_hands_on_a_time_that_nobody_books_meanwhile(run_calls, tmp_path, opened, turn):
    folder, start = str(tmp_path), opened.start.isoformat()

    passed, *others = run_calls(
        [
            (pass_it, opened.pk, folder, 3),
            *((book, opened.service_id, UserFactory().pk, start, folder, 3) for _ in range(2)),
        ]
    )

    assert passed.value is True
    assert {outcome.error for outcome in others} == {"SlotTaken"}
    assert states() == [OfferState.PASSED, OfferState.OPEN]


@pytest.mark.parametrize("turn", range(3))
def test_two_jobs_expire_an_offer_once_and_ask_one_person_next(run_calls, tmp_path, opened, turn):
    outcomes = run_calls([(expire, opened.pk, str(tmp_path), 2)] * 2)

    assert sorted(outcome.value for outcome in outcomes) == [False, True]
    assert states() == [OfferState.EXPIRED, OfferState.OPEN]


# --- An earlier time --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", range(3))
def test_moving_to_an_earlier_time_and_cancelling_in_one_moment_give_one_result(run_calls, tmp_path, turn):
    service, [one] = narrow()
    later = booked(service, UserFactory(), one.start + 7 * 24 * HOUR)
    place = join(service, later.customer, appointment=later)
    free(one)
    offer, folder = Offer.objects.get(place=place), str(tmp_path)

    moved, cancelled = run_calls([(claim, offer.pk, folder, 2), (cancel, later.pk, folder, 2)])

    assert cancelled.value is True
    assert moved.error in {"", "MoveRefused", "OfferClosed"}
    assert not confirmed().exists() and not Hold.objects.exists()
    assert not Offer.objects.open().exists()


def test_moving_twice_moves_once(run_calls, tmp_path):
    service, [one] = narrow()
    later = booked(service, UserFactory(), one.start + 7 * 24 * HOUR)
    place = join(service, later.customer, appointment=later)
    free(one)
    offer = Offer.objects.get(place=place)

    outcomes = run_calls([(claim, offer.pk, str(tmp_path), 3)] * 3)

    assert sorted(outcome.value for outcome in outcomes) == [False, False, True], [each.error for each in outcomes]
    later.refresh_from_db()
    assert (later.start, clock.now() < later.start, Hold.objects.count()) == (one.start, True, 1)
