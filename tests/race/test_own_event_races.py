"""Own events against bookings and against each other at once, in real processes: one is first."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from appointments.models import Appointment, OwnEvent, OwnRecurrence
from appointments.rules.own_events import Details, details_of
from appointments.rules.recurrence import Rule
from appointments.rules.stopping import Scope
from appointments.services.own_events import change_own_event, create_own_event, delete_own_event
from appointments.services.own_recurrences import change_dates
from appointments.states import Frequency
from core import clock
from tests.factories.accounts import UserFactory
from tests.factories.own_events import OwnEventFactory
from tests.invariants import check_all
from tests.processes import meet

from .test_ban_races import HOUR, book, make_service, soon


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()


def create(person, start, key, folder, size):
    actor, begins = User.objects.get(pk=person), datetime.fromisoformat(start)
    details = Details("School run", begins - HOUR, begins + HOUR)
    meet(folder, size)
    return create_own_event(details=details, actor=actor, key=UUID(key)).changed


def create_weekly(person, start, folder, size):
    actor, begins = User.objects.get(pk=person), datetime.fromisoformat(start)
    details = Details("Class", begins - 7 * 24 * HOUR, begins - 7 * 24 * HOUR + HOUR)
    rule = Rule(Frequency.WEEKLY, details.start, clock.zone("UTC"), count=4)
    meet(folder, size)
    return create_own_event(details=details, actor=actor, rule=rule).dates


def move_all(event, start, folder, size):
    row, begins = OwnEvent.objects.select_related("user", "recurrence").get(pk=event), datetime.fromisoformat(start)
    details = replace(details_of(row), start=begins, end=begins + HOUR)
    rule = Rule(Frequency.WEEKLY, begins, clock.zone("UTC"), count=4)
    meet(folder, size)
    return change_dates(
        event=row, details=details, rule=rule, scope=Scope.ALL, actor=row.user, version=row.version
    ).dates


def change(event, title, folder, size):
    row = OwnEvent.objects.select_related("user").get(pk=event)
    meet(folder, size)
    details = replace(details_of(row), title=title)
    return change_own_event(event=row, details=details, actor=row.user, version=1).changed


def move(event, start, folder, size):
    row, begins = OwnEvent.objects.select_related("user").get(pk=event), datetime.fromisoformat(start)
    meet(folder, size)
    details = replace(details_of(row), start=begins, end=begins + HOUR)
    return change_own_event(event=row, details=details, actor=row.user, version=1).changed


def delete(event, folder, size):
    row = OwnEvent.objects.select_related("user").get(pk=event)
    meet(folder, size)
    return delete_own_event(event=row, actor=row.user, version=1)


@pytest.mark.parametrize("turn", range(3))
def test_a_booking_is_either_asked_about_or_refused(run_calls, tmp_path, turn):
    service, start = make_service(), soon(30)
    folder = str(tmp_path)

    event, booking = run_calls(
        [
            (create, service.provider.user_id, start.isoformat(), str(uuid4()), folder, 2),
            (book, service.pk, UserFactory().pk, start.isoformat(), folder, 2),
        ]
    )

    assert (event.error, booking.error) in [("", "SlotTaken"), ("InsideChanged", "")]
    assert OwnEvent.objects.count() + Appointment.objects.count() == 1


@pytest.mark.parametrize("turn", range(3))
def test_an_event_moves_onto_a_booking_only_when_asked(run_calls, tmp_path, turn):
    service, start = make_service(), soon(30)
    row = OwnEventFactory(user=service.provider.user, start=start + 5 * HOUR)
    folder = str(tmp_path)

    moved, booking = run_calls(
        [
            (move, row.pk, start.isoformat(), folder, 2),
            (book, service.pk, UserFactory().pk, start.isoformat(), folder, 2),
        ]
    )

    assert (moved.error, booking.error) in [("", "SlotTaken"), ("InsideChanged", "")]


def test_the_same_form_pressed_at_once_makes_one_event(run_calls, tmp_path):
    person, start = UserFactory(), soon(30)
    folder, key = str(tmp_path), str(uuid4())

    outcomes = run_calls([(create, person.pk, start.isoformat(), key, folder, 4)] * 4)

    assert sorted(outcome.value for outcome in outcomes) == [False, False, False, True]
    assert OwnEvent.objects.count() == 1


def test_of_tabs_that_change_an_event_at_once_one_wins_and_the_others_are_told(run_calls, tmp_path):
    row = OwnEventFactory()
    folder = str(tmp_path)

    outcomes = run_calls([(change, row.pk, f"Title {n}", folder, 4) for n in range(3)] + [(delete, row.pk, folder, 4)])

    done = [outcome for outcome in outcomes if not outcome.error]
    assert len(done) == 1
    assert {outcome.error for outcome in outcomes} - {""} <= {"ChangedMeanwhile", "EventGone"}
    if outcomes[3].error:
        assert OwnEvent.objects.get().version == 2
    else:
        assert not OwnEvent.objects.exists()


@pytest.mark.parametrize("turn", range(3))
def test_a_booking_on_a_later_date_is_either_asked_about_or_refused(run_calls, tmp_path, turn):
    service, start = make_service(), soon(30)
    folder = str(tmp_path)

    event, booking = run_calls(
        [
            (create_weekly, service.provider.user_id, start.isoformat(), folder, 2),
            (book, service.pk, UserFactory().pk, start.isoformat(), folder, 2),
        ]
    )

    assert (event.error, booking.error) in [("", "SlotTaken"), ("InsideChanged", "")]
    assert OwnEvent.objects.count() == (0 if event.error else 4)


def test_of_two_tabs_that_move_all_dates_one_wins(run_calls, tmp_path):
    person, start = UserFactory(), soon(30)
    details = Details("Class", start, start + HOUR)
    row = create_own_event(
        details=details, actor=person, rule=Rule(Frequency.WEEKLY, start, clock.zone("UTC"), count=4)
    ).event
    folder = str(tmp_path)

    outcomes = run_calls([(move_all, row.pk, (start + n * HOUR).isoformat(), folder, 2) for n in (1, 2)])

    assert sorted(outcome.error for outcome in outcomes) == ["", "ChangedMeanwhile"]
    assert OwnEvent.objects.count() == 4
    assert OwnRecurrence.objects.count() == 1
