"""A request whose process was killed after its commit, before it could say so: sent again it finds what it made."""

from datetime import timedelta

import pytest

from api.models import OnceRequest
from appointments.models import Appointment, OwnEvent, Proposal, Series, WaitlistPlace
from tests.appointments.conftest import NOW, TUESDAY_TEN

FAR = (NOW + timedelta(days=100)).date()
EVENT = {"title": "Dentist", "start": "2026-03-03T10:00:00Z", "end": "2026-03-03T11:00:00Z"}


@pytest.fixture
def service(service):
    service.repeats, service.max_occurrences = True, 6
    service.save()
    return service


def of(service, **more):
    return {"provider": service.provider.slug, "service": service.slug, **more}


def counted():
    kinds = (Appointment, Series, WaitlistPlace, OwnEvent, Proposal)
    return [kind.objects.count() for kind in kinds]


@pytest.mark.every_case
@pytest.mark.parametrize(
    ("path", "said", "made"),
    [
        ("/api/appointments/create/", {"start": TUESDAY_TEN.isoformat()}, [1, 0, 0, 0, 0]),
        (
            "/api/series/",
            {"start": TUESDAY_TEN.isoformat(), "repeat": {"every": "weekly", "count": 2}},
            [2, 1, 0, 0, 0],
        ),
        ("/api/waitlist/", {"from": FAR.isoformat(), "to": (FAR + timedelta(days=7)).isoformat()}, [0, 0, 1, 0, 0]),
        ("/api/events/", EVENT, [0, 0, 0, 1, 0]),
    ],
)
def test_what_was_made_is_made_once(program, service, path, said, made):
    body = said if path == "/api/events/" else of(service, **said)
    first = program.post(path, body, idempotency_key="one")
    OnceRequest.objects.update(done_at=None, began_at=NOW - timedelta(minutes=2))

    again = program.post(path, body, idempotency_key="one")

    assert (again.status_code, again.json()) == (201, first.json())
    assert counted() == made


@pytest.mark.parametrize(
    ("path", "said", "status"),
    [
        ("cancel/", {"reason": "Ill"}, 200),
        ("proposals/", {"start": (TUESDAY_TEN + timedelta(hours=3)).isoformat(), "reason": "A course"}, 202),
    ],
)
def test_what_was_done_is_done_once(studio, confirmed, path, said, status):
    address = f"/api/appointments/{confirmed.reference}/{path}"
    first = studio.post(address, said, idempotency_key="one")
    OnceRequest.objects.update(done_at=None, began_at=NOW - timedelta(minutes=2))

    again = studio.post(address, said, idempotency_key="one")

    assert (first.status_code, again.status_code, again.json()) == (status, status, first.json())
    assert confirmed.history.count() == 2
