"""A booking, and what stops its customer at the same moment, in real processes: one order, and never half."""

from datetime import datetime

import pytest

from accounts.models import User
from appointments.models import Appointment
from appointments.services import transitions
from appointments.states import OPEN, Status
from core import clock
from providers import services
from providers.models import CustomerBlock, Provider, Service
from tests.factories.accounts import UserFactory
from tests.invariants import check_all
from tests.processes import meet

from .test_ban_races import DAY, booked, make_service, soon


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()


def past(service, customer, *, days, missed=True):
    """An appointment of some days ago, marked as a no-show when it began, or not yet marked."""
    start = soon(0) - days * DAY
    with clock.pretended(start - DAY):
        one = booked(service, customer, start)
    if missed:
        with clock.pretended(start):
            transitions.mark_no_show(appointment=one, actor=service.provider.user)
    return one


# --- What the processes do --------------------------------------------------------------------------------------------


def book(service_pk, customer_pk, start, folder, size):
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=service_pk)
    customer = User.objects.get(pk=customer_pk)
    meet(folder, size)
    return booked(service, customer, datetime.fromisoformat(start)).status


def mark(appointment_pk, to, folder, size):
    one = Appointment.objects.select_related("provider__user").get(pk=appointment_pk)
    meet(folder, size)
    if one.is_confirmed:
        return transitions.mark_no_show(appointment=one, actor=one.provider.user).changed
    return transitions.correct_outcome(appointment=one, to=Status(to), actor=one.provider.user).changed


def block(provider_pk, customer_pk, folder, size):
    provider, customer = Provider.objects.get(pk=provider_pk), User.objects.get(pk=customer_pk)
    meet(folder, size)
    return services.block_customer(provider=provider, actor=provider.user, customer=customer).pk


def lift_and_block(provider_pk, customer_pk, folder, size):
    provider, customer = Provider.objects.get(pk=provider_pk), User.objects.get(pk=customer_pk)
    meet(folder, size)
    services.unblock_customer(provider=provider, actor=provider.user, customer=customer)
    return services.block_customer(provider=provider, actor=provider.user, customer=customer).pk


# --- The races --------------------------------------------------------------------------------------------------------


def with_booking(run_calls, tmp_path, service, customer, call):
    """The booking at the same moment as the other act, which must succeed; whether the appointment was made."""
    acted, booking = run_calls(
        [call, (book, service.pk, customer.pk, soon(24).isoformat(), str(tmp_path), 2)],
    )
    assert acted.error == "", acted.traceback
    assert booking.error in {"", "PolicyRefused"}, booking.traceback
    made = Appointment.objects.filter(status__in=OPEN, start__gt=clock.now()).count()
    assert made == (booking.error == "")
    return bool(made)


def refused(service, customer):
    try:
        booked(service, customer, soon(48))
    except Exception as error:  # noqa: BLE001 - its name is the answer
        return type(error).__name__
    return ""


def test_a_third_no_show_marked_while_the_customer_books_stops_that_booking_or_the_next(run_calls, tmp_path):
    service, customer = make_service(), UserFactory()
    for days in (2, 3):
        past(service, customer, days=days)
    third = past(service, customer, days=1, missed=False)

    with_booking(run_calls, tmp_path, service, customer, (mark, third.pk, "no_show", str(tmp_path), 2))

    assert refused(service, customer) == "PolicyRefused"


def test_a_correction_while_the_customer_books_lets_that_booking_or_the_next_through(run_calls, tmp_path):
    service, customer = make_service(), UserFactory()
    *_, newest = [past(service, customer, days=days) for days in (3, 2, 1)]

    with_booking(run_calls, tmp_path, service, customer, (mark, newest.pk, "completed", str(tmp_path), 2))

    assert refused(service, customer) == ""


def test_a_block_while_the_customer_books_comes_before_or_after_it(run_calls, tmp_path):
    service, customer = make_service(), UserFactory()

    call = (block, service.provider_id, customer.pk, str(tmp_path), 2)
    with_booking(run_calls, tmp_path, service, customer, call)

    assert refused(service, customer) == "PolicyRefused"
    assert CustomerBlock.objects.open().count() == 1


def test_blocks_and_lifts_at_once_leave_one_open_block_and_no_error(run_calls, tmp_path):
    service, customer = make_service(), UserFactory()
    acts = (block, lift_and_block, block, lift_and_block)

    outcomes = run_calls([(act, service.provider_id, customer.pk, str(tmp_path), 4) for act in acts])

    assert [outcome.error for outcome in outcomes] == [""] * 4, [outcome.traceback for outcome in outcomes]
    assert CustomerBlock.objects.open().count() == 1
    assert CustomerBlock.objects.exclude(lifted_at=None).count() <= 2
