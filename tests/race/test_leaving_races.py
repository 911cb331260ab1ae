"""Leaving, keeping, erasing, booking and banning at once, and a worker killed at each step, in real processes."""

import os
from datetime import timedelta

import pytest

from accounts import bans, erasure, services
from accounts import leaving as accounts_leaving
from accounts.models import Ban, Departure, KeptBan, User
from appointments.models import Appointment, Hold, LateCancellation, WaitlistPlace
from appointments.services import fair_use, leaving, waitlist
from appointments.states import OPEN, PlaceState
from core import clock
from notifications.models import InboxItem
from outbox.models import Message
from providers.models import Service
from tests.accounts import markers
from tests.factories.accounts import UserFactory
from tests.factories.providers import give_hours
from tests.factories.waitlist import wish
from tests.invariants import check_all
from tests.processes import meet
from tests.race.test_ban_races import book, booked, cancel, make_service, on_record, soon

DAY = timedelta(days=1)
MARKERS = {"name": "Zebedee Quillfeather", "email": "zebedee.quill@example.com", "note": "a bell on my left ankle"}


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()


@pytest.fixture
def person(transactional_db):
    return UserFactory(name=MARKERS["name"], email=MARKERS["email"])


# --- What the processes do --------------------------------------------------------------------------------------------


def leave(person_pk, seen, folder, size):
    """Leave with what lies ahead by then, asking anew where something changed meanwhile, as a person would."""
    person = User.objects.get(pk=person_pk)
    meet(folder, size)
    while True:
        shown = leaving.as_shown(person, now=clock.now())
        try:
            return leaving.leave(person=person, seen=seen, shown=shown).changed
        except leaving.InsideChanged:
            continue


def join_waitlist(service_pk, customer_pk, folder, size):
    service = Service.objects.select_related("provider__user", "provider__policy").get(pk=service_pk)
    customer = User.objects.get(pk=customer_pk)
    meet(folder, size)
    return waitlist.join(service=service, actor=customer, wish=wish(service.provider)).changed


def keep(person_pk, folder, size):
    person = User.objects.get(pk=person_pk)
    meet(folder, size)
    return leaving.keep(person=person)


def erase(departure_pk, folder, size):
    meet(folder, size)
    return erasure.erase(departure_pk)


def erase_and_die(departure_pk, number, when):
    """Erase, and be killed before or after the work of one step, as suddenly as kill -9."""
    real = erasure.steps()
    name, step = real[number]

    def dying(person):
        if when == "after":
            step(person)
        os._exit(9)

    real[number] = (name, dying)
    erasure.steps = lambda: real
    erasure.erase(departure_pk)


def prove(person_pk, email, folder, size):
    person = User.objects.get(pk=person_pk)
    meet(folder, size)
    services.confirm_address(user=person, email=email, now=clock.now())
    return True


def lift(ban_pk, staff_pk, folder, size):
    ban, staff = Ban.objects.get(pk=ban_pk), User.objects.get(pk=staff_pk)
    meet(folder, size)
    return fair_use.lift_ban(ban=ban, actor=staff, reason="Snow")


def due(person) -> Departure:
    """The departure of the person, whose fourteen days are over."""
    leaving.leave(person=person, seen=3, shown=leaving.as_shown(person, now=clock.now()))
    long_ago = clock.now() - accounts_leaving.GRACE - DAY
    Departure.objects.filter(user=person).update(asked_at=long_ago, erase_at=long_ago + accounts_leaving.GRACE)
    return Departure.objects.get(user=person)


def values(outcomes):
    return [outcome.value if outcome.ok else outcome.error for outcome in outcomes]


# --- At once ----------------------------------------------------------------------------------------------------------


def test_leaving_in_three_tabs_leaves_once(run_calls, tmp_path, person):
    booked(make_service(), person, soon(30))

    outcomes = run_calls([(leave, person.pk, 3, str(tmp_path), 3)] * 3)

    assert sorted(values(outcomes)) == [False, False, True]
    assert Departure.objects.count() == Message.objects.filter(topic="accounts.erase").count() == 1


@pytest.mark.parametrize("side", ["customer", "provider"])
def test_who_leaves_while_something_is_booked_with_them_has_nothing_ahead(run_calls, tmp_path, person, side):
    service = make_service(user=person) if side == "provider" else make_service()
    customers = [UserFactory() for _ in range(3)] if side == "provider" else [person] * 3
    starts = {soon(30 + 2 * n).isoformat(): who for n, who in enumerate(customers)}
    calls = [(book, service.pk, who.pk, start, str(tmp_path), 4) for start, who in starts.items()]

    outcomes = run_calls([(leave, person.pk, 3, str(tmp_path), 4), *calls])

    assert values(outcomes)[0] is True
    assert set(values(outcomes)[1:]) <= {"confirmed", "PolicyRefused", "SlotTaken"}
    assert not Appointment.objects.filter(status__in=OPEN).exists()
    assert not Hold.objects.exists()


def test_who_joins_the_waitlist_of_a_provider_who_leaves_is_told_or_refused(run_calls, tmp_path, person):
    service = make_service(user=person)
    give_hours(service.provider, {})
    people = [UserFactory() for _ in range(3)]
    calls = [(join_waitlist, service.pk, each.pk, str(tmp_path), 4) for each in people]

    outcomes = run_calls([(leave, person.pk, 3, str(tmp_path), 4), *calls])

    joined = {each.pk for each, outcome in zip(people, outcomes[1:], strict=True) if outcome.ok}
    told = InboxItem.objects.filter(name="appointments.waitlist_closed").values_list("reader", flat=True)
    assert values(outcomes)[0] is True
    assert {outcome.error for outcome in outcomes[1:]} <= {"", "PolicyRefused"}
    assert sorted(told) == sorted(joined)
    assert set(WaitlistPlace.objects.values_list("customer", "state")) == {(pk, PlaceState.LAPSED) for pk in joined}


def test_leaving_and_the_third_late_cancellation_at_once_ban_once(run_calls, tmp_path, person):
    on_record(person, 2)
    late, other = booked(make_service(), person, soon(3)), booked(make_service(), person, soon(5))

    outcomes = run_calls([(leave, person.pk, 3, str(tmp_path), 2), (cancel, late.pk, "customer", str(tmp_path), 2)])

    assert values(outcomes)[0] is True
    assert Ban.objects.count() == 1
    assert LateCancellation.objects.count() == 3
    assert not Appointment.objects.filter(pk__in=[late.pk, other.pk], status__in=OPEN).exists()


def test_the_account_is_kept_or_erased_and_nothing_between(run_calls, tmp_path, person):
    departure = due(person)

    kept, erased = values(run_calls([(keep, person.pk, str(tmp_path), 2), (erase, departure.pk, str(tmp_path), 2)]))

    assert {kept, erased} == {True, False}
    person.refresh_from_db()
    assert (person.name == MARKERS["name"], person.takes_part) == (kept, kept)


def test_two_workers_erase_an_account_once(run_calls, tmp_path, person):
    booked(make_service(), person, soon(30))
    departure = due(person)

    outcomes = run_calls([(erase, departure.pk, str(tmp_path), 2)] * 2)

    assert all(outcome.ok for outcome in outcomes), outcomes
    assert markers.found_in_tables(MARKERS) == []


def test_a_booking_at_the_moment_of_erasing_is_refused(run_calls, tmp_path, person):
    departure, service = due(person), make_service()

    booking, erased = values(
        run_calls(
            [
                (book, service.pk, person.pk, soon(30).isoformat(), str(tmp_path), 2),
                (erase, departure.pk, str(tmp_path), 2),
            ]
        )
    )

    assert (booking, erased) == ("PolicyRefused", True)
    assert not Appointment.objects.exists()


def test_a_kept_ban_is_lifted_or_found_by_its_person_and_nothing_between(run_calls, tmp_path, person):
    bans.ban(person, now=clock.now())
    erasure.erase(due(person).pk)
    ban, newcomer = Ban.objects.get(), UserFactory(email=MARKERS["email"])

    proved, lifted = values(
        run_calls(
            [
                (prove, newcomer.pk, MARKERS["email"], str(tmp_path), 2),
                (lift, ban.pk, UserFactory(is_staff=True).pk, str(tmp_path), 2),
            ]
        )
    )

    newcomer.refresh_from_db()
    assert (proved, newcomer.takes_part) == (True, lifted)
    assert not KeptBan.objects.exists()


def test_two_accounts_that_prove_an_address_at_once_give_the_ban_to_one(run_calls, tmp_path, person):
    bans.ban(person, now=clock.now())
    erasure.erase(due(person).pk)
    first, second = UserFactory(), UserFactory()

    run_calls([(prove, one.pk, MARKERS["email"], str(tmp_path), 2) for one in (first, second)])

    assert Ban.objects.get().user in {first, second}
    assert User.objects.exclude(banned_at=None).count() == 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(7))
def test_a_worker_killed_at_any_step_is_followed_by_one_that_goes_on(run_calls, person, number, when):
    one = booked(make_service(), person, soon(30))
    Appointment.objects.filter(pk=one.pk).update(note=MARKERS["note"])
    departure = due(person)

    [killed] = run_calls([(erase_and_die, departure.pk, number, when)])

    assert killed.error == "Died"
    erasure.erase(departure.pk)
    assert markers.found_in_tables(MARKERS) == []
    assert Departure.objects.get().erased_at is not None
    assert not erasure.erase(departure.pk)
