"""Who waited for a provider's lock goes by the rules as they are now, not as they were when the waiting began."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from appointments.exceptions import TermsChanged
from appointments.models import Appointment
from appointments.services import booking, holds
from providers.models import BookingPolicy
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory


def somebody_waits_for_a_lock() -> bool:
    """On SQLite nobody can be seen waiting: the thread has had its time."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock')")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_a_booking_that_waited_for_a_change_of_policy_obeys_it():
    service = ServiceFactory(provider__policy__accepts_at_once=True)
    customer, outcome = UserFactory(), []
    monday = datetime.now(UTC).date() + timedelta(days=14 - datetime.now(UTC).weekday())
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
        holds.lock_provider(service.provider_id)
        booker.start()
        time.sleep(0.3)
        assert somebody_waits_for_a_lock()
        BookingPolicy.objects.filter(provider=service.provider).update(accepts_at_once=False)
    booker.join()

    assert [type(each) for each in outcome] == [TermsChanged]
    assert not Appointment.objects.exists()
