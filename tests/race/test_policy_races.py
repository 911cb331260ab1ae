"""Who waited for a provider's lock goes by the rules as they are now, not as they were when the waiting began."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from appointments.exceptions import TermsChanged
from appointments.models import Appointment
from appointments.services import booking, locks
from providers.models import BookingPolicy
from tests.factories.accounts import UserFactory
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


@pytest.mark.django_db(transaction=True)
def test_a_booking_that_waited_for_a_change_of_policy_obeys_it():
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
        except TermsChanged as refusal:
            outcome.append(refusal)
        finally:
            connections.close_all()

    booker = threading.Thread(target=book)
    with transaction.atomic():
        locks.lock_providers([service.provider_id])
        booker.start()
        wait_until_somebody_waits_for_us()
        BookingPolicy.objects.filter(provider=service.provider).update(accepts_at_once=False)
    booker.join()

    assert [type(each) for each in outcome] == [TermsChanged]
    assert not Appointment.objects.exists()
