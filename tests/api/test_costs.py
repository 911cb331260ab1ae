"""The queries of a call are few, and as many for many rows as for one."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.models import Hold
from tests.appointments.conftest import TUESDAY_TEN

pytestmark = pytest.mark.django_db


def queries(call) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        assert call().status_code < 300
    return [query["sql"] for query in asked if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def test_a_month_of_slots(visitor, program, service, book):
    month = {"provider": service.provider.slug, "service": service.slug, "from": "2026-03-02", "to": "2026-04-02"}
    visitor.get("/api/providers/available/slots", month)
    empty = len(queries(lambda: visitor.get("/api/providers/available/slots", month)))
    for n in range(6):
        book(TUESDAY_TEN + timedelta(days=7 * (n % 3), hours=n))

    assert Hold.objects.count() == 6
    assert len(queries(lambda: visitor.get("/api/providers/available/slots", month))) == empty <= 5
    assert len(queries(lambda: program.get("/api/providers/available/slots", month))) <= 7


def test_a_booking(program, service):
    wish = {"provider": service.provider.slug, "service": service.slug, "start": TUESDAY_TEN.isoformat()}

    asked = queries(lambda: program.post("/api/appointments/", wish))

    # Sixteen, and one that counts what the provider's cap counts.
    assert len(asked) <= 17, asked


def test_a_booking_with_a_key(program, service):
    wish = {"provider": service.provider.slug, "service": service.slug, "start": TUESDAY_TEN.isoformat()}

    asked = queries(lambda: program.post("/api/appointments/", wish, idempotency_key="k"))

    assert len(asked) <= 19, asked
