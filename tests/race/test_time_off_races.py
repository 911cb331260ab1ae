"""Time off against bookings, answers, cancellations and other time off at once, in real processes: one is first."""

from datetime import datetime

import pytest

from accounts.models import User
from appointments.models import Appointment, AppointmentEvent
from appointments.rules.time_off import Way
from appointments.services import transitions
from appointments.services.time_off import Absence, take_time_off
from appointments.states import Role, Status
from providers.models import Provider, TimeOff
from tests.factories.accounts import UserFactory
from tests.invariants import check_all
from tests.processes import meet

from .test_ban_races import HOUR, book, booked, cancel, make_service, on_record, outcome_of, soon


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()


def take_off(provider_pk, start, end, ways, folder, size, seen=1):
    provider = Provider.objects.select_related("user").get(pk=provider_pk)
    absence = Absence(datetime.fromisoformat(start), datetime.fromisoformat(end))
    chosen = {reference: Way(way) for reference, way in ways.items()}
    meet(folder, size)
    taken = take_time_off(provider=provider, absence=absence, actor=provider.user, ways=chosen, seen=seen)
    return [len(taken.ended), taken.changed]


def accept(appointment_pk, folder, size):
    one = Appointment.objects.select_related("provider__user").get(pk=appointment_pk)
    meet(folder, size)
    return transitions.accept_request(appointment=one, actor=one.provider.user).changed


def span(start, hours=6):
    return (start - HOUR).isoformat(), (start + hours * HOUR).isoformat()


@pytest.mark.parametrize("turn", range(3))
def test_a_booking_is_either_asked_about_or_refused(run_calls, tmp_path, turn):
    service, start = make_service(), soon(30)
    folder = str(tmp_path)

    off, booking = run_calls(
        [
            (take_off, service.provider_id, *span(start), {}, folder, 2),
            (book, service.pk, UserFactory().pk, start.isoformat(), folder, 2),
        ]
    )

    assert (off.error, booking.error) in [("", "SlotTaken"), ("InsideChanged", "")]
    assert TimeOff.objects.count() + Appointment.objects.count() == 1


@pytest.mark.parametrize("turn", range(3))
def test_a_request_is_declined_or_accepted_and_then_asked_about(run_calls, tmp_path, turn):
    service, start = make_service(confirmation="by_hand"), soon(30)
    request = booked(service, UserFactory(), start)
    ways, folder = {request.reference: "decline"}, str(tmp_path)

    off, accepted = run_calls(
        [
            (take_off, service.provider_id, *span(start), ways, folder, 2),
            (accept, request.pk, folder, 2),
        ]
    )

    request.refresh_from_db()
    assert (off.error, accepted.error, request.status) in [
        ("", "MoveRefused", Status.DECLINED),
        ("InsideChanged", "", Status.CONFIRMED),
    ]
    assert TimeOff.objects.count() == (0 if off.error else 1)


def test_an_appointment_is_cancelled_by_one_side_alone(run_calls, tmp_path):
    service, start = make_service(), soon(30)
    one = booked(service, UserFactory(), start)
    folder = str(tmp_path)

    off, cancelled = run_calls(
        [
            (take_off, service.provider_id, *span(start), {one.reference: "cancel"}, folder, 2),
            (cancel, one.pk, "customer", folder, 2),
        ]
    )

    assert (off.error, cancelled.error) == ("", "")
    assert (off.value[0], cancelled.value) in [(1, False), (0, True)]
    assert AppointmentEvent.objects.filter(verb="cancel").count() == 1
    assert TimeOff.objects.count() == 1


def test_time_off_taken_in_several_tabs_becomes_one_entry(run_calls, tmp_path):
    service, start = make_service(), soon(30)
    folder = str(tmp_path)
    spans = [span(start + n * HOUR) for n in range(4)]

    outcomes = run_calls([(take_off, service.provider_id, *each, {}, folder, 4) for each in spans])

    assert [outcome.error for outcome in outcomes] == [""] * 4
    row = TimeOff.objects.get()
    assert (row.start, row.end) == (start - HOUR, start + 9 * HOUR)


def test_the_same_form_pressed_at_once_acts_once(run_calls, tmp_path):
    service, start = make_service(), soon(2)
    rows = [booked(service, UserFactory(), start + n * HOUR) for n in range(3)]
    ways, folder = {one.reference: "cancel" for one in rows}, str(tmp_path)

    outcomes = run_calls([(take_off, service.provider_id, *span(start), ways, folder, 4)] * 4)

    assert sorted(outcome.value for outcome in outcomes) == [[0, False]] * 3 + [[3, True]]
    assert AppointmentEvent.objects.filter(verb="cancel").count() == 3
    assert outcome_of(service.provider.user) == (0, 1, 0, True)


def test_two_providers_who_are_each_others_customers_may_both_be_banned_by_their_time_off(run_calls, tmp_path):
    services, start = [make_service(), make_service()], soon(3)
    people = [User.objects.get(pk=service.provider.user_id) for service in services]
    own = [booked(service, UserFactory(), start) for service in services]
    crossed = [booked(services[n], people[1 - n], start + 24 * HOUR) for n in range(2)]
    for person in people:
        on_record(person, 2)
    folder = str(tmp_path)

    outcomes = run_calls(
        [
            (take_off, services[n].provider_id, *span(start), {own[n].reference: "cancel"}, folder, 2, 3)
            for n in range(2)
        ]
    )

    assert [outcome.error for outcome in outcomes] == ["", ""]
    assert [outcome_of(person) for person in people] == [(1, 3, 3, False)] * 2
    assert {one.status for one in Appointment.objects.filter(pk__in=[one.pk for one in [*own, *crossed]])} == {
        Status.CANCELLED
    }
    by_whom = AppointmentEvent.objects.filter(appointment__in=crossed, verb="cancel").values_list("role", flat=True)
    assert set(by_whom) == {Role.SYSTEM}
