"""Staff act while people do: somebody suspended keeps nothing ahead, and what both end is ended once."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Ban, User
from appointments.models import Appointment, AppointmentEvent, Hold
from appointments.services import booking, transitions
from appointments.services.suspending import suspend
from appointments.states import OPEN, Role, Status, Verb
from providers.models import PageDecision, Provider, Service
from providers.services import decide_page
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory
from tests.invariants import check_all
from tests.processes import meet

pytestmark = pytest.mark.django_db(transaction=True)

ALWAYS = {day: [("00:00", "24:00")] for day in range(7)}


def suspend_them(person, staff, folder, size):
    who, actor = User.objects.get(pk=person), User.objects.get(pk=staff)
    meet(folder, size)
    return suspend(person=who, actor=actor, reason="Threatened somebody")


def book_some(service, customer, start, folder, size):
    row = Service.objects.select_related("provider__policy", "provider__user").get(pk=service)
    who = User.objects.get(pk=customer)
    meet(folder, size)
    for n in range(3):
        at = datetime.fromisoformat(start) + n * timedelta(hours=1)
        booking.book_appointment(service=row, start=at, customer=who, terms=None, booking_key=f"{service}-{n}")


def cancel(appointment, actor, role, folder, size):
    row, who = Appointment.objects.with_people().get(pk=appointment), User.objects.get(pk=actor)
    meet(folder, size)
    [outcome] = transitions.apply([transitions.Change(row, Verb.CANCEL, "Ill")], actor=who, role=Role(role))
    return outcome.changed


def pause(provider, staff, folder, size):
    row, actor = Provider.objects.get(pk=provider), User.objects.get(pk=staff)
    meet(folder, size)
    decide_page(provider=row, actor=actor, decided=PageDecision.Decided.PAUSED, reason="No address")
    return row.pk


def a_day(hour=0):
    day = datetime.now(UTC).date() + timedelta(days=7)
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def test_somebody_suspended_while_booking_with_two_providers_keeps_nothing_ahead(run_calls, tmp_path):
    services = [ServiceFactory(provider=ProviderFactory(time_zone="UTC", hours=ALWAYS)) for _ in range(2)]
    person, staff = UserFactory(), [UserFactory(is_staff=True, is_superuser=True) for _ in range(2)]

    outcomes = run_calls(
        [
            *[(suspend_them, person.pk, one.pk, str(tmp_path), 4) for one in staff],
            (book_some, services[0].pk, person.pk, a_day().isoformat(), str(tmp_path), 4),
            (book_some, services[1].pk, person.pk, a_day(12).isoformat(), str(tmp_path), 4),
        ]
    )

    suspended = [outcome for outcome in outcomes[:2] if outcome.ok]
    assert len(suspended) == 2, outcomes
    assert Ban.objects.filter(user=person, lifted_at=None).count() == 1
    assert not Appointment.objects.filter(customer=person, status__in=OPEN).exists()
    assert not Hold.objects.exists()
    check_all()


def test_an_appointment_that_staff_and_customer_cancel_at_once_is_cancelled_once(run_calls, tmp_path):
    service = ServiceFactory(provider=ProviderFactory(time_zone="UTC", hours=ALWAYS))
    person, staff = UserFactory(), UserFactory(is_staff=True)
    made = booking.book_appointment(
        service=service, start=a_day(), customer=person, terms=None, booking_key="one"
    ).appointment

    outcomes = run_calls(
        [
            (cancel, made.pk, staff.pk, "staff", str(tmp_path), 2),
            (cancel, made.pk, person.pk, "customer", str(tmp_path), 2),
        ]
    )

    made.refresh_from_db()
    entries = AppointmentEvent.objects.filter(appointment=made, verb=Verb.CANCEL)
    assert all(outcome.ok for outcome in outcomes), outcomes
    assert made.status == Status.CANCELLED and entries.count() == 1
    assert entries.get().role == made.ended_by
    check_all()


def test_nothing_is_booked_on_a_page_after_staff_paused_it(run_calls, tmp_path):
    provider = ProviderFactory(time_zone="UTC", hours=ALWAYS)
    service, staff = ServiceFactory(provider=provider), UserFactory(is_staff=True)

    outcomes = run_calls(
        [
            (pause, provider.pk, staff.pk, str(tmp_path), 3),
            *[(book_some, service.pk, UserFactory().pk, a_day(hour).isoformat(), str(tmp_path), 3) for hour in (0, 12)],
        ]
    )

    paused_at = PageDecision.objects.get().at
    assert outcomes[0].ok, outcomes
    assert not Appointment.objects.filter(created_at__gt=paused_at).exists()
    check_all()
