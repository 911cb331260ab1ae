"""The answer to a series at once with its customer, the job, bans and a block, in real processes: all of it or none."""

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from accounts.models import Ban, User
from appointments.models import Appointment, AppointmentEvent, LateCancellation, Proposal, Series
from appointments.services import booking, transitions
from appointments.services.proposals import answer_times, withdraw_time
from appointments.services.series import answer_several, end_several
from appointments.services.series_moves import move_several
from appointments.states import Role, Status, Verb
from core import clock
from providers.models import Confirmation, CustomerBlock, Provider
from providers.services import block_customer
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours
from tests.factories.series import book_series, weekly
from tests.invariants import check_all
from tests.processes import meet

HOUR, DAY, COUNT = timedelta(hours=1), timedelta(days=1), 4


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()


def soon(hours):
    return clock.now().replace(minute=0, second=0, microsecond=0) + (hours + 1) * HOUR


def make_service(*, at_once):
    provider = ProviderFactory(
        time_zone="UTC",
        policy__notice_minutes=0,
        policy__cancellation_cutoff_minutes=0,
        policy__accepts_at_once=at_once,
        policy__window_days=100,
    )
    give_hours(provider, {day: [("00:00", "24:00")] for day in range(7)})
    return ServiceFactory(provider=provider, duration_minutes=60, slot_interval_minutes=60, repeats=True)


@pytest.fixture
def series():
    """Four requests, the first in three days."""
    book_series(make_service(at_once=False), UserFactory(), weekly(soon(72), COUNT))
    return Series.objects.get()


def _loaded(series_pk):
    return list(Appointment.objects.with_people().with_proposal().filter(series=series_pk).order_by("occurrence"))


def answer(series_pk, accepts, folder, size):
    """Accept the first `accepts` of the requests, and decline the others."""
    rows = _loaded(series_pk)
    shown = {one.reference: one.as_shown for one in rows}
    meet(folder, size)
    outcomes = answer_several(
        accepted=rows[:accepts], declined=rows[accepts:], actor=rows[0].provider.user, shown=shown
    )
    return [outcome.changed for outcome in outcomes]


def withdraw(series_pk, which, folder, size):
    one = _loaded(series_pk)[which]
    meet(folder, size)
    return transitions.withdraw_request(appointment=one, actor=one.customer).changed


def stop_all(series_pk, folder, size):
    """Cancel or withdraw all that the customer's page showed."""
    rows = _loaded(series_pk)
    shown = {one.reference: one.as_shown for one in rows}
    meet(folder, size)
    outcomes = end_several(appointments=rows, actor=rows[0].customer, role=Role.CUSTOMER, shown=shown)
    return [outcome.changed for outcome in outcomes]


def expire(series_pk, folder, size):
    """Mark the second one as expired, as the job does whose clock says that its time is over."""
    one = _loaded(series_pk)[1]
    meet(folder, size)
    with time_machine.travel(one.answer_by):
        return transitions.expire_request(appointment=one).changed


def cancel_late(appointment_pk, folder, size, role=Role.CUSTOMER):
    one = Appointment.objects.with_people().get(pk=appointment_pk)
    actor = one.customer if role == Role.CUSTOMER else one.provider.user
    meet(folder, size)
    return transitions.cancel_appointment(appointment=one, actor=actor, role=Role(role)).changed


def block(provider_pk, customer_pk, folder, size):
    provider = Provider.objects.select_related("user").get(pk=provider_pk)
    customer = User.objects.get(pk=customer_pk)
    meet(folder, size)
    return block_customer(provider=provider, actor=provider.user, customer=customer).pk


def about_to_be_banned(person, service, customer):
    """An appointment whose cancelling now would be the third late cancellation of `person`."""
    for n in range(2):
        LateCancellation.objects.create(person=person, occasion=uuid4(), at=clock.now() - (n + 1) * DAY)
    [late] = booking.place(booking.Wanted(service, (soon(3),), customer, booking.terms_of(service), uuid4().hex))
    return late.appointment


def states(series):
    rows = Appointment.objects.filter(series=series).order_by("occurrence")
    return [Status(status) for status in rows.values_list("status", flat=True)]


def acts(verb):
    """The number of acts with this verb, and of its entries."""
    occasions = AppointmentEvent.objects.filter(verb=verb).values_list("occasion", flat=True)
    return len(set(occasions)), len(occasions)


@pytest.mark.parametrize("accepts", [COUNT, 2, 0], ids=["all", "some", "none"])
@pytest.mark.parametrize("turn", range(2))
def test_answer_and_withdrawal_of_one_date_never_both_count(run_calls, tmp_path, series, accepts, turn):
    answered, withdrawn = run_calls(
        [(answer, series.pk, accepts, str(tmp_path), 2), (withdraw, series.pk, 1, str(tmp_path), 2)]
    )

    if not answered.error:
        # A request that is confirmed or declined is not withdrawn any more.
        assert withdrawn.error == "MoveRefused"
        assert states(series) == [Status.CONFIRMED] * accepts + [Status.DECLINED] * (COUNT - accepts)
    else:
        assert (answered.error, withdrawn.error) == ("MoveRefused", "")
        assert states(series) == [Status.REQUESTED, Status.CANCELLED, Status.REQUESTED, Status.REQUESTED]


@pytest.mark.parametrize("accepts", [COUNT, 2], ids=["all", "some"])
@pytest.mark.parametrize("turn", range(2))
def test_customer_who_stops_the_series_meanwhile_ends_all_or_nothing(run_calls, tmp_path, series, accepts, turn):
    answered, stopped = run_calls(
        [(answer, series.pk, accepts, str(tmp_path), 2), (stop_all, series.pk, str(tmp_path), 2)]
    )

    outcomes = (answered.error, stopped.error)
    assert outcomes in {("", "MoveRefused"), ("MoveRefused", "")}, (answered.traceback, stopped.traceback)
    if answered.error:
        assert states(series) == [Status.CANCELLED] * COUNT
    else:
        assert states(series) == [Status.CONFIRMED] * accepts + [Status.DECLINED] * (COUNT - accepts)


@pytest.mark.parametrize("turn", range(3))
def test_a_date_that_expires_meanwhile_keeps_all_from_being_answered_or_does_not_expire(
    run_calls, tmp_path, series, turn
):
    answered, expired = run_calls([(answer, series.pk, COUNT, str(tmp_path), 2), (expire, series.pk, str(tmp_path), 2)])

    if answered.error:
        assert (answered.error, expired.error) == ("MoveRefused", "")
        assert states(series) == [Status.REQUESTED, Status.EXPIRED, Status.REQUESTED, Status.REQUESTED]
    else:
        assert expired.error == "MoveRefused"
        assert states(series) == [Status.CONFIRMED] * COUNT


@pytest.mark.parametrize("turn", range(3))
def test_a_customer_who_is_suspended_meanwhile_has_nothing_ahead_whoever_was_first(run_calls, tmp_path, series, turn):
    customer = series.customer
    late = about_to_be_banned(customer, make_service(at_once=True), customer)

    answered, cancelled = run_calls(
        [(answer, series.pk, COUNT, str(tmp_path), 2), (cancel_late, late.pk, str(tmp_path), 2)]
    )

    customer.refresh_from_db()
    assert (cancelled.error, customer.takes_part) == ("", False), cancelled.traceback
    assert answered.error in {"", "MoveRefused", "PolicyRefused"}
    assert states(series) == [Status.CANCELLED] * COUNT
    assert acts(Verb.ACCEPT) in {(0, 0), (1, COUNT)}


@pytest.mark.parametrize("turn", range(3))
def test_a_provider_who_is_suspended_meanwhile_has_nothing_ahead_whoever_was_first(run_calls, tmp_path, series, turn):
    owner = series.provider.user
    at_once = ServiceFactory(
        provider=series.provider, slug="soon", duration_minutes=60, confirmation=Confirmation.AT_ONCE
    )
    late = about_to_be_banned(owner, at_once, UserFactory())

    answered, cancelled = run_calls(
        [
            (answer, series.pk, COUNT, str(tmp_path), 2),
            (cancel_late, late.pk, str(tmp_path), 2, Role.PROVIDER.value),
        ]
    )

    assert (cancelled.error, Ban.objects.filter(user=owner).count()) == ("", 1), cancelled.traceback
    assert answered.error in {"", "MoveRefused", "PolicyRefused"}, answered.traceback
    # What was agreed before is cancelled with all else; what was not is declined.
    assert states(series) == [Status.DECLINED if answered.error else Status.CANCELLED] * COUNT
    assert acts(Verb.ACCEPT) == ((0, 0) if answered.error else (1, COUNT))


@pytest.mark.parametrize("accepts", [COUNT, 2], ids=["all", "some"])
@pytest.mark.parametrize("turn", range(2))
def test_a_customer_who_is_blocked_meanwhile_gets_the_whole_answer_all_the_same(
    run_calls, tmp_path, series, accepts, turn
):
    answered, blocked = run_calls(
        [
            (answer, series.pk, accepts, str(tmp_path), 2),
            (block, series.provider_id, series.customer_id, str(tmp_path), 2),
        ]
    )

    # What was asked for before the block stays, and may be answered: a block stops what is new.
    assert (answered.error, blocked.error) == ("", ""), (answered.traceback, blocked.traceback)
    assert states(series) == [Status.CONFIRMED] * accepts + [Status.DECLINED] * (COUNT - accepts)
    assert CustomerBlock.objects.filter(customer=series.customer_id).count() == 1


def test_two_presses_of_the_answer_count_once(run_calls, tmp_path, series):
    outcomes = run_calls([(answer, series.pk, 2, str(tmp_path), 3)] * 3)

    assert [outcome.error for outcome in outcomes] == [""] * 3
    assert Counter(any(outcome.value) for outcome in outcomes) == {True: 1, False: 2}
    assert (acts(Verb.ACCEPT), acts(Verb.DECLINE)) == ((1, 2), (1, 2))
    assert states(series) == [Status.CONFIRMED] * 2 + [Status.DECLINED] * 2


@pytest.mark.parametrize("turn", range(2))
def test_of_two_different_answers_one_counts_as_a_whole(run_calls, tmp_path, series, turn):
    all_of_them, some = run_calls(
        [(answer, series.pk, COUNT, str(tmp_path), 2), (answer, series.pk, 1, str(tmp_path), 2)]
    )

    assert sorted([all_of_them.error, some.error]) == ["", "MoveRefused"]
    accepted = COUNT if not all_of_them.error else 1
    assert states(series) == [Status.CONFIRMED] * accepted + [Status.DECLINED] * (COUNT - accepted)


# --- New times of a series --------------------------------------------------------------------------------------------


@pytest.fixture
def asked(series):
    """The same series, agreed, with another time proposed for each of its dates."""
    rows = _loaded(series.pk)
    answer_several(accepted=rows, declined=[], actor=rows[0].provider.user)
    moves = [(one, one.start + DAY) for one in _loaded(series.pk)]
    move_several(moves=moves, actor=rows[0].provider.user, role=Role.PROVIDER, at_once=False)
    return series


def answer_new_times(series_pk, accepts, folder, size):
    """Accept the first `accepts` of the new times, and keep the original ones of the others."""
    rows = list(Proposal.objects.with_appointment().filter(appointment__series=series_pk).order_by("start"))
    meet(folder, size)
    outcomes = answer_times(
        accepted=rows[:accepts], kept=rows[accepts:], actor=rows[0].appointment.customer, role=Role.CUSTOMER
    )
    return [outcome.changed for outcome in outcomes]


def take_back(series_pk, which, folder, size):
    one = Proposal.objects.with_appointment().filter(appointment__series=series_pk).order_by("start")[which]
    meet(folder, size)
    return withdraw_time(proposal=one, actor=one.appointment.provider.user, role=Role.PROVIDER).changed


def moved(series):
    """Which of the dates are at the new time that was proposed for them."""
    rows = Proposal.objects.filter(appointment__series=series).select_related("appointment").order_by("start")
    return [one.appointment.start == one.start for one in rows]


@pytest.mark.parametrize("turn", range(3))
def test_all_new_times_are_accepted_or_none_where_one_is_taken_back_meanwhile(run_calls, tmp_path, asked, turn):
    answered, withdrawn = run_calls(
        [(answer_new_times, asked.pk, COUNT, str(tmp_path), 2), (take_back, asked.pk, 1, str(tmp_path), 2)]
    )

    outcomes = (answered.error, withdrawn.error)
    assert outcomes in {("", "MoveRefused"), ("MoveRefused", "")}, (answered.traceback, withdrawn.traceback)
    assert moved(asked) == [not answered.error] * COUNT


@pytest.mark.parametrize("turn", range(2))
def test_of_two_different_answers_to_new_times_one_counts_as_a_whole(run_calls, tmp_path, asked, turn):
    all_of_them, some = run_calls(
        [(answer_new_times, asked.pk, COUNT, str(tmp_path), 2), (answer_new_times, asked.pk, 1, str(tmp_path), 2)]
    )

    assert sorted([all_of_them.error, some.error]) == ["", "MoveRefused"]
    accepted = COUNT if not all_of_them.error else 1
    assert moved(asked) == [True] * accepted + [False] * (COUNT - accepted)


def test_three_presses_that_accept_all_new_times_count_once(run_calls, tmp_path, asked):
    outcomes = run_calls([(answer_new_times, asked.pk, COUNT, str(tmp_path), 3)] * 3)

    assert [outcome.error for outcome in outcomes] == [""] * 3
    assert Counter(any(outcome.value) for outcome in outcomes) == {True: 1, False: 2}
    assert acts(Verb.MOVE) == (1, COUNT)


@pytest.mark.parametrize("turn", range(2))
def test_customer_who_stops_the_series_or_accepts_its_new_times_does_one_of_both_whole(
    run_calls, tmp_path, asked, turn
):
    answered, stopped = run_calls(
        [(answer_new_times, asked.pk, COUNT, str(tmp_path), 2), (stop_all, asked.pk, str(tmp_path), 2)]
    )

    outcomes = (answered.error, stopped.error)
    assert outcomes in {("", "ChangedSince"), ("MoveRefused", "")}, (answered.traceback, stopped.traceback)
    assert moved(asked) == [not answered.error] * COUNT
    assert states(asked) == [Status.CANCELLED if answered.error else Status.CONFIRMED] * COUNT
