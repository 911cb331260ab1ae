"""Programs and pages at one moment: one winner, every loser told, and one key one appointment. In real processes."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from appointments.models import Appointment, AppointmentEvent, Hold
from appointments.services import booking
from core import clock
from outbox.models import Message
from tests.api.program import signed_in
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours
from tests.invariants import check_all
from tests.race.test_booking_races import book_in_browser

pytestmark = pytest.mark.django_db(transaction=True)
CREATE = "/api/appointments/create/"


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()


@pytest.fixture
def service():
    provider = ProviderFactory(time_zone="UTC")
    give_hours(provider, {day: [("06:00", "22:00")] for day in range(7)})
    return ServiceFactory(provider=provider, duration_minutes=60, slot_interval_minutes=30)


@pytest.fixture
def start():
    """A moment a week ahead: real processes run by the real clock."""
    day = clock.now().date() + timedelta(days=7)
    return datetime(day.year, day.month, day.day, 10, tzinfo=UTC)


def wish(service, start):
    return {"provider": service.provider.slug, "service": service.slug, "start": start.isoformat()}


# --- What the processes do --------------------------------------------------------------------------------------------


def post(token, path, body, key=""):
    """What a program is answered: the status and the body."""
    headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
    answer = Client().post(path, json.dumps(body), content_type="application/json", headers=headers)
    return [answer.status_code, json.loads(answer.content)]


def accept_on_a_page(user_pk, reference):
    client = Client()
    client.force_login(User.objects.get(pk=user_pk))
    return client.post(reverse("accept_request", args=[reference])).status_code


# --- The races --------------------------------------------------------------------------------------------------------


def test_of_programs_and_browsers_at_one_slot_one_is_booked_and_the_others_are_told(run_calls, service, start):
    """Whoever wins: the losing programs get the nearest starts, the losing browsers their words back."""
    programs = [signed_in(UserFactory()).token for _ in range(8)]
    closed = (start - timedelta(hours=7)).isoformat()

    outcomes = run_calls(
        [(post, token, CREATE, wish(service, start)) for token in programs]
        + [(book_in_browser, service.pk, UserFactory().pk, start.isoformat()) for _ in range(4)],
        first=(book_in_browser, service.pk, UserFactory().pk, closed),
    )

    assert [outcome.error for outcome in outcomes] == [""] * 12
    by_program = [outcome.value for outcome in outcomes[:8]]
    by_browser = [outcome.value for outcome in outcomes[8:]]
    won = [status for status, _ in by_program if status == 201] + [status for status, _ in by_browser if status == 302]
    assert len(won) == 1
    assert all(len(told["nearest"]) == 3 for status, told in by_program if status == 409)
    assert {status for status, _ in by_program} <= {201, 409}
    assert {tuple(each) for each in by_browser} <= {(302, False), (409, True)}
    counts = Appointment.objects.count(), Hold.objects.count(), AppointmentEvent.objects.count()
    assert (*counts, Message.objects.filter(topic="notifications.send_mail").count()) == (1, 1, 1, 2)


def test_one_key_makes_one_appointment_however_often_it_comes_at_once(run_processes, service, start):
    token = signed_in(UserFactory()).token

    outcomes = run_processes(20, post, token, CREATE, wish(service, start), "one")

    assert [outcome.error for outcome in outcomes] == [""] * 20
    made = Appointment.objects.get()
    for status, told in (outcome.value for outcome in outcomes):
        if status == 201:
            assert told["id"] == made.reference
        else:
            assert (status, told["type"]) == (409, "/developers/problems/still-running/")
    assert any(outcome.value[0] == 201 for outcome in outcomes)
    # Sent again it finds what was made.
    assert post(token, CREATE, wish(service, start), "one")[1]["id"] == made.reference


@pytest.mark.parametrize("act", ["withdraw", "cancel"])
def test_a_program_ends_what_a_page_accepts(run_calls, service, start, act):
    """One order or the other, and never both halves of each."""
    service.provider.policy.accepts_at_once = False
    service.provider.policy.save()
    customer = UserFactory()
    asked = booking.book_appointment(
        service=service, start=start, customer=customer, terms=booking.terms_of(service), booking_key="one"
    ).appointment

    ended, accepted = run_calls(
        [
            (post, signed_in(customer).token, f"/api/appointments/{asked.reference}/{act}/", {}),
            (accept_on_a_page, service.provider.user.pk, asked.reference),
        ]
    )

    assert (ended.error, accepted.error) == ("", "")
    asked.refresh_from_db()
    if ended.value[0] == 409:
        assert asked.status == "confirmed"
    else:
        assert (ended.value[0], asked.status) == (200, "cancelled")
    assert asked.history.filter(verb=act).count() == (asked.status == "cancelled")
    assert Hold.objects.filter(appointment=asked).count() == (asked.status == "confirmed")
