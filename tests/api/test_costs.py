"""The queries of a call are few, and as many for many rows as for one."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.models import AppointmentEvent, Hold, Proposal
from appointments.states import ProposalState, Role
from tests.appointments.conftest import NOW, TUESDAY_TEN
from tests.factories.own_events import OwnEventFactory

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


def test_lists_cost_as_much_for_fifty_rows_as_for_one(program, customer, confirmed):
    paths = [f"/api/appointments/{confirmed.reference}/{name}/?limit=100" for name in ("history", "proposals")]
    paths.append("/api/events/?limit=100")
    entry = AppointmentEvent.objects.get(appointment=confirmed)
    proposed = {"appointment": confirmed, "by": Role.PROVIDER, "actor": confirmed.provider.user}
    later = {"start": confirmed.start + timedelta(hours=5), "end": confirmed.end + timedelta(hours=5)}
    proposed |= {"old_start": confirmed.start, "answer_by": confirmed.start, **later}
    proposed |= {"state": ProposalState.DECLINED, "closed_at": NOW}

    def grow(number: int) -> list[int]:
        for _ in range(number):
            entry.pk, entry.occasion, entry._state.adding = None, uuid4(), True
            entry.save()
            Proposal.objects.create(**proposed)
            OwnEventFactory(user=customer, start=TUESDAY_TEN + timedelta(days=9))
        return [len(queries(lambda path=path: program.get(path))) for path in paths]

    one = grow(1)
    assert grow(49) == one
    assert [len(program.get(path).json()["results"]) for path in paths] == [51, 50, 50]
