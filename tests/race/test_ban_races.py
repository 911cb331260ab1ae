"""Late cancellations, bans, lifts and bookings at once, in real processes: counted one after the other, banned once."""

import time
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from accounts.models import Appeal, Ban, User
from appointments.models import Appointment, LateCancellation
from appointments.services import booking, fair_use, transitions
from appointments.states import OPEN, Role, Status
from core import clock
from outbox.models import Message
from providers.models import Service
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours
from tests.invariants import check_all
from tests.processes import meet

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()


def soon(hours):
    """A full hour so many hours ahead: real processes run by the real clock."""
    return clock.now().replace(minute=0, second=0, microsecond=0) + (hours + 1) * HOUR


def make_service(*, user=None, **values):
    """A service that may be booked and cancelled until it starts, at any hour; of this user, if given."""
    page = {"user": user} if user else {}
    provider = ProviderFactory(time_zone="UTC", policy__notice_minutes=0, policy__cancellation_cutoff_minutes=0, **page)
    give_hours(provider, {day: [("00:00", "24:00")] for day in range(7)})
    return ServiceFactory(provider=provider, duration_minutes=60, slot_interval_minutes=60, **values)


def booked(service, customer, start):
    terms = booking.terms_of(service)
    [outcome] = booking.place(booking.Wanted(service, (start,), customer, terms, uuid4().hex))
    return outcome.appointment


def on_record(person, number):
    for n in range(number):
        LateCancellation.objects.create(person=person, occasion=uuid4(), at=clock.now() - (n + 1) * DAY)


def mails(name):
    return Message.objects.filter(payload__mail=name).count()


def states():
    return [one.status for one in Appointment.objects.order_by("pk")]


def outcome_of(person):
    """How many bans, how many late cancellations, how many of these are evidence, and whether they take part."""
    late = LateCancellation.objects.filter(person=person)
    person.refresh_from_db()
    return (Ban.objects.filter(user=person).count(), late.count(), late.exclude(ban=None).count(), person.takes_part)


# --- What the processes do --------------------------------------------------------------------------------------------


def cancel(appointment_pk, role, folder, size, seen=None):
    one = Appointment.objects.select_related("customer", "provider__user").get(pk=appointment_pk)
    actor = one.customer if role == "customer" else one.provider.user
    meet(folder, size)
    return transitions.cancel_appointment(appointment=one, actor=actor, role=Role(role), seen=seen).changed


def book(service_pk, customer_pk, start, folder, size):
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=service_pk)
    customer = User.objects.get(pk=customer_pk)
    meet(folder, size)
    return booked(service, customer, datetime.fromisoformat(start)).status


def lift_at_once(person_pk, staff_pk, folder, size):
    """Lift the person's ban in the moment in which it is seen."""
    staff = User.objects.get(pk=staff_pk)
    meet(folder, size)
    ends_at = time.monotonic() + 60
    while time.monotonic() < ends_at:
        if ban := Ban.objects.filter(user=person_pk).first():
            return fair_use.lift_ban(ban=ban, actor=staff, reason="Snow")
        time.sleep(0.005)
    raise TimeoutError


def answer(appeal_pk, staff_pk, lift, folder, size):
    appeal, staff = Appeal.objects.get(pk=appeal_pk), User.objects.get(pk=staff_pk)
    meet(folder, size)
    fair_use.answer_appeal(appeal=appeal, actor=staff, answer=f"By {staff_pk}", lift=lift)
    return True


def forgive(late_pk, staff_pk, folder, size):
    late, staff = LateCancellation.objects.get(pk=late_pk), User.objects.get(pk=staff_pk)
    meet(folder, size)
    return fair_use.forgive(late=late, actor=staff, reason="Snow")


# --- Counting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [0, 1, 2])
def test_three_at_three_providers_at_once_are_counted_one_after_the_other(run_calls, tmp_path, before):
    customer = UserFactory()
    on_record(customer, before)
    made = [booked(make_service(), customer, soon(3 + n)) for n in range(3)]

    outcomes = run_calls([(cancel, one.pk, "customer", str(tmp_path), 3) for one in made])

    assert [outcome.error for outcome in outcomes] == [""] * 3, [outcome.traceback for outcome in outcomes]
    # Who comes after the third finds theirs ended by the system.
    assert sorted(outcome.value for outcome in outcomes) == [False] * before + [True] * (3 - before)
    assert states() == [Status.CANCELLED] * 3
    assert outcome_of(customer) == (1, 3, 3, False)
    assert mails("appointments.suspended") == 1


def test_two_at_once_with_nothing_on_record_are_the_first_and_the_second(run_calls, tmp_path):
    customer = UserFactory()
    made = [booked(make_service(), customer, soon(3)) for _ in range(2)]

    outcomes = run_calls([(cancel, one.pk, "customer", str(tmp_path), 2) for one in made])

    assert [outcome.value for outcome in outcomes] == [True] * 2
    assert outcome_of(customer) == (0, 2, 0, True)


def test_of_three_tabs_that_each_said_the_first_one_cancels(run_calls, tmp_path):
    customer = UserFactory()
    made = [booked(make_service(), customer, soon(3)) for _ in range(3)]

    outcomes = run_calls([(cancel, one.pk, "customer", str(tmp_path), 3, 1) for one in made])

    assert sorted(outcome.error for outcome in outcomes) == ["", "CountsForMore", "CountsForMore"]
    assert sorted(states()) == [Status.CANCELLED] + [Status.CONFIRMED] * 2
    assert outcome_of(customer) == (0, 1, 0, True)


def test_one_appointment_cancelled_in_three_tabs_bans_once(run_calls, tmp_path):
    customer = UserFactory()
    on_record(customer, 2)
    one = booked(make_service(), customer, soon(3))

    outcomes = run_calls([(cancel, one.pk, "customer", str(tmp_path), 3)] * 3)

    assert sorted(outcome.value for outcome in outcomes) == [False, False, True]
    assert outcome_of(customer) == (1, 3, 3, False)
    assert mails("appointments.suspended") == 1


# --- Bans that cross --------------------------------------------------------------------------------------------------


def test_two_whose_appointments_are_with_each_other_only_are_banned_the_first_of_them(run_calls, tmp_path):
    """Whoever comes second finds their appointment ended by the other's ban, and so did not cancel it."""
    services = [make_service(), make_service()]
    first, second = (service.provider.user for service in services)
    for person in (first, second):
        on_record(person, 2)
    at_first, at_second = booked(services[0], second, soon(3)), booked(services[1], first, soon(4))

    outcomes = run_calls(
        [
            (cancel, at_second.pk, "customer", str(tmp_path), 2),
            (cancel, at_first.pk, "customer", str(tmp_path), 2),
        ]
    )

    assert [outcome.error for outcome in outcomes] == [""] * 2, [outcome.traceback for outcome in outcomes]
    assert sorted(outcome.value for outcome in outcomes) == [False, True]
    assert states() == [Status.CANCELLED] * 2
    assert sorted([outcome_of(first), outcome_of(second)]) == [(0, 2, 0, True), (1, 3, 3, False)]
    assert mails("appointments.suspended") == 1


def test_a_customer_and_their_provider_who_are_both_banned_at_once_never_deadlock(run_calls, tmp_path):
    service, elsewhere = make_service(), make_service()
    customer, provider = UserFactory(), service.provider.user
    for person in (customer, provider):
        on_record(person, 2)
    # What they have with each other is ended by whichever ban comes first.
    for n in range(2):
        booked(service, customer, soon(24 + n))
    own = booked(elsewhere, customer, soon(3))
    theirs = booked(service, UserFactory(), soon(4))

    outcomes = run_calls(
        [(cancel, own.pk, "customer", str(tmp_path), 2), (cancel, theirs.pk, "provider", str(tmp_path), 2)]
    )

    assert [(outcome.error, outcome.value) for outcome in outcomes] == [("", True)] * 2, outcomes[0].traceback
    assert states() == [Status.CANCELLED] * 4
    assert [outcome_of(person) for person in (customer, provider)] == [(1, 3, 3, False)] * 2
    assert mails("appointments.suspended") == 2


# --- A ban and a booking ----------------------------------------------------------------------------------------------


def test_nothing_that_the_banned_person_books_elsewhere_meanwhile_survives(run_calls, tmp_path):
    customer = UserFactory()
    on_record(customer, 2)
    one = booked(make_service(), customer, soon(3))
    others = [make_service(), make_service()]

    cancelled, *bookings = run_calls(
        [
            (cancel, one.pk, "customer", str(tmp_path), 3),
            *[(book, each.pk, customer.pk, soon(24).isoformat(), str(tmp_path), 3) for each in others],
        ]
    )

    assert (cancelled.error, cancelled.value) == ("", True), cancelled.traceback
    assert {outcome.error for outcome in bookings} <= {"", "PolicyRefused"}
    assert set(states()) == {Status.CANCELLED}
    assert outcome_of(customer) == (1, 3, 3, False)


def test_nothing_that_others_book_with_the_banned_provider_meanwhile_survives(run_calls, tmp_path):
    service = make_service()
    provider = service.provider.user
    on_record(provider, 2)
    one = booked(service, UserFactory(), soon(3))

    cancelled, *bookings = run_calls(
        [
            (cancel, one.pk, "provider", str(tmp_path), 3),
            *[(book, service.pk, UserFactory().pk, soon(24 + n).isoformat(), str(tmp_path), 3) for n in range(2)],
        ]
    )

    assert (cancelled.error, cancelled.value) == ("", True), cancelled.traceback
    assert {outcome.error for outcome in bookings} <= {"", "PolicyRefused"}
    assert not Appointment.objects.filter(status__in=OPEN).exists()
    assert outcome_of(provider) == (1, 3, 3, False)


# --- Staff at the same moment -----------------------------------------------------------------------------------------


def test_a_ban_lifted_while_others_still_cancel_is_lifted_once_and_revives_nothing(run_calls, tmp_path):
    customer, staff = UserFactory(), [UserFactory(is_staff=True) for _ in range(2)]
    on_record(customer, 2)
    made = [booked(make_service(), customer, soon(3 + n)) for n in range(2)]

    outcomes = run_calls(
        [
            *[(cancel, one.pk, "customer", str(tmp_path), 4) for one in made],
            *[(lift_at_once, customer.pk, each.pk, str(tmp_path), 4) for each in staff],
        ]
    )

    assert [outcome.error for outcome in outcomes] == [""] * 4, [outcome.traceback for outcome in outcomes]
    assert sorted(outcome.value for outcome in outcomes[:2]) == sorted(outcome.value for outcome in outcomes[2:])
    assert states() == [Status.CANCELLED] * 2
    assert outcome_of(customer) == (1, 3, 3, True)
    assert fair_use.consequence_for(customer.pk, [soon(3)], now=clock.now()).number == 1
    assert (mails("appointments.suspended"), mails("appointments.suspension_lifted")) == (1, 1)


def test_an_appeal_answered_by_two_at_once_has_one_answer_and_what_it_says_is_so(run_calls, tmp_path):
    person, staff = UserFactory(banned_at=clock.now()), [UserFactory(is_staff=True) for _ in range(2)]
    ban = Ban.objects.create(user=person, since=person.banned_at)
    appeal = Appeal.objects.create(ban=ban, text="I was in hospital.", sent_at=clock.now())

    outcomes = run_calls(
        [(answer, appeal.pk, each.pk, lift, str(tmp_path), 2) for each, lift in zip(staff, (True, False), strict=True)]
    )

    assert sorted(outcome.error for outcome in outcomes) == ["", "AppealAnswered"]
    appeal.refresh_from_db()
    lifted = outcomes[0].ok
    assert (appeal.answered_by, appeal.answer) == (staff[not lifted], f"By {staff[not lifted].pk}")
    assert outcome_of(person) == (1, 0, 0, lifted)
    assert mails("appointments.appeal_answered") == 1


def test_forgiving_while_the_third_is_cancelled_bans_or_does_not_and_never_half(run_calls, tmp_path):
    customer, staff = UserFactory(), UserFactory(is_staff=True)
    on_record(customer, 2)
    late = LateCancellation.objects.first()
    one = booked(make_service(), customer, soon(3))

    cancelled, forgiven = run_calls(
        [(cancel, one.pk, "customer", str(tmp_path), 2), (forgive, late.pk, staff.pk, str(tmp_path), 2)]
    )

    assert [(each.error, each.value) for each in (cancelled, forgiven)] == [("", True)] * 2
    late.refresh_from_db()
    banned = late.ban_id is not None
    assert outcome_of(customer) == ((1, 3, 3, False) if banned else (0, 3, 0, True))
