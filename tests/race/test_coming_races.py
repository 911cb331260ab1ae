"""A customer who says that they will come, while the appointment ends or moves: in real processes."""

from datetime import datetime

import pytest

from appointments.models import Appointment, AppointmentEvent
from appointments.services import transitions
from appointments.states import Role, Status, Verb
from tests.invariants import check_all
from tests.processes import meet

from .test_move_races import booked, cancel, change_time, day_at, service  # noqa: F401 a fixture among them


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()


def come(appointment_pk, folder, size):
    """Say so, having seen the appointment as it is before the others begin."""
    one = Appointment.objects.with_people().get(pk=appointment_pk)
    shown = one.as_shown
    meet(folder, size)
    return transitions.say_coming(appointment=one, actor=one.customer, shown=shown).changed


def said():
    return AppointmentEvent.objects.filter(verb=Verb.COME).count()


def test_said_in_six_tabs_it_is_noted_once(run_calls, tmp_path, service):  # noqa: F811
    one = booked(service, day_at(8, days=2))

    outcomes = run_calls([(come, one.pk, str(tmp_path), 6)] * 6)

    assert sorted(outcome.value for outcome in outcomes) == [False] * 5 + [True]
    assert (said(), Appointment.objects.get().will_come) == (1, True)


@pytest.mark.parametrize("role", ["customer", "provider"])
def test_saying_so_against_cancelling_leaves_it_cancelled(run_calls, tmp_path, service, role):  # noqa: F811
    one = booked(service, day_at(8, days=2))

    came, cancelled = run_calls([(come, one.pk, str(tmp_path), 2), (cancel, one.pk, role, str(tmp_path), 2)])

    assert (cancelled.error, cancelled.value, came.error) in {("", True, ""), ("", True, "MoveRefused")}
    assert (Appointment.objects.get().status, Appointment.objects.get().will_come) == (Status.CANCELLED, False)
    assert said() == (0 if came.error else 1)


def test_saying_so_against_a_move_never_promises_the_new_time(run_calls, tmp_path, service):  # noqa: F811
    one, new = booked(service, day_at(8, days=2)), day_at(15, days=2)

    came, moved = run_calls(
        [
            (come, one.pk, str(tmp_path), 2),
            (change_time, one.pk, Role.CUSTOMER.value, datetime.isoformat(new), str(tmp_path), 2),
        ]
    )

    assert (moved.error, moved.value, came.error) in {("", True, ""), ("", True, "ChangedSince")}
    found = Appointment.objects.get()
    assert (found.start, found.will_come_at, found.will_come) == (new, None, False)
