"""Who waited for a provider's lock goes by the rules as they are now, not as they were when the waiting began."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from appointments.exceptions import PolicyRefused, TermsChanged
from appointments.models import Appointment
from appointments.services import booking, locks
from appointments.states import OPEN, Status
from providers.models import BookingPolicy, CustomerBlock
from tests.factories.accounts import UserFactory
from tests.factories.appointments import demanded_by
from tests.factories.providers import ServiceFactory


def wait_until_somebody_waits_for_us() -> None:
    """On SQLite nobody can be seen waiting: the thread is given a moment, and if it comes later all holds as well."""
    if connection.vendor != "postgresql":
        time.sleep(0.3)
        return
    ends_at = time.monotonic() + 60
    with connection.cursor() as cursor:
        while time.monotonic() < ends_at:
            # Not pg_stat_activity, which stands still inside a transaction.
            cursor.execute("SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
            if cursor.fetchall():
                return
            time.sleep(0.01)
    raise AssertionError("Nobody came to wait for the lock.")


def block(service, customer):
    CustomerBlock.objects.create(provider=service.provider, customer=customer, blocked_by=service.provider.user)


def mark_no_shows(service, customer):
    start = datetime.now(UTC) - timedelta(days=9)
    for n in range(3):
        Appointment.objects.create(
            customer=customer,
            provider=service.provider,
            service=service,
            status=Status.NO_SHOW,
            start=start,
            end=start + timedelta(hours=1),
            price=58,
            currency="GBP",
            booking_key=f"missed {n}",
            **demanded_by(Status.NO_SHOW, start),
        )


def answer_by_hand(service, customer):
    BookingPolicy.objects.filter(provider=service.provider).update(accepts_at_once=False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("changes", "answer"), [(answer_by_hand, TermsChanged), (block, PolicyRefused), (mark_no_shows, PolicyRefused)]
)
def test_a_booking_that_waited_for_the_provider_goes_by_what_changed_meanwhile(changes, answer):
    service = ServiceFactory(provider__policy__accepts_at_once=True)
    customer, outcome = UserFactory(), []
    today = datetime.now(UTC).date()
    monday = today + timedelta(days=14 - today.weekday())
    terms = booking.terms_of(service)

    def book():
        try:
            start = datetime.combine(monday, datetime.min.time(), UTC) + timedelta(hours=12)
            outcome.append(
                booking.book_appointment(
                    service=service, start=start, customer=customer, terms=terms, booking_key="key"
                )
            )
        except (TermsChanged, PolicyRefused) as refusal:
            outcome.append(refusal)
        finally:
            connections.close_all()

    booker = threading.Thread(target=book)
    with transaction.atomic():
        locks.lock_providers([service.provider_id])
        booker.start()
        wait_until_somebody_waits_for_us()
        changes(service, customer)
    booker.join()

    assert [type(each) for each in outcome] == [answer]
    assert not Appointment.objects.filter(status__in=OPEN).exists()
