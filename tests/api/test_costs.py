"""The queries of a call are few, and as many for many rows as for one, at every address that is read."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models.sql.compiler import SQLCompiler, SQLInsertCompiler
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils.crypto import get_random_string
from rest_framework.serializers import Field

from api import paging
from api.calls import VISITOR, Call
from api.keys import make_key
from api.models import Scope
from api.routes import Route
from api.urls import ROUTES
from appointments.models import (
    Appointment,
    AppointmentEvent,
    Hold,
    LateCancellation,
    Proposal,
    WaitlistPlace,
)
from appointments.search.index import refresh_openings
from appointments.states import ALL_PARTS, ALL_WEEKDAYS, ProposalState, Role, Status
from providers.models import Service
from tests.api.program import Program, signed_in
from tests.appointments.conftest import NOW, TUESDAY_TEN
from tests.factories.accounts import UserFactory
from tests.factories.appointments import demanded_by
from tests.factories.calendars import connect
from tests.factories.own_events import OwnEventFactory
from tests.factories.providers import (
    CategoryFactory,
    DateOverrideFactory,
    ProviderFactory,
    ServiceFactory,
    TimeOffFactory,
)
from tests.factories.series import book_series

pytestmark = pytest.mark.django_db

ALL = "/api/appointments/"


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


def test_a_booking_with_a_key(program, service, monkeypatch):
    wish = {"provider": service.provider.slug, "service": service.slug, "start": TUESDAY_TEN.isoformat()}

    monkeypatch.setattr(SQLInsertCompiler, "as_sql", None)  # no INSERT is put into SQL for one request alone
    asked = queries(lambda: program.post("/api/appointments/", wish, idempotency_key="k"))

    assert len(asked) <= 19, asked


def test_a_call_makes_no_field_of_its_own(program, service, confirmed, monkeypatch):
    wish = {"provider": service.provider.slug, "service": service.slug, "note": "Left knee"}
    hours = iter(range(1, 3))

    def calls():
        start = (confirmed.start + timedelta(hours=next(hours))).isoformat()
        assert program.post("/api/appointments/", {**wish, "start": start}).status_code == 201
        assert program.get("/api/appointments/", {"limit": 5}).status_code == 200

    calls()
    made, make = [], Field.__init__
    monkeypatch.setattr(Field, "__init__", lambda field, **terms: (made.append(field), make(field, **terms))[1])
    calls()

    assert made == []


def test_appointments_are_read_by_queries_that_were_put_into_sql_before(program, confirmed, monkeypatch):
    behind = paging._seal(
        Call(RequestFactory().get("/"), VISITOR, path=ALL), paging.BY_START, [str(NOW), 0], back=False
    )
    lists = [
        {},
        {"when": "history"},
        {"as": "provider"},
        {"from": "2026-03-02", "to": "2026-03-09"},
        {"cursor": behind},
    ]

    def calls():
        assert program.get(f"{ALL}{confirmed.reference}/").status_code == 200
        return [len(program.get(ALL, asked).json()["results"]) for asked in lists]

    calls()
    put, put_into_sql = [], SQLCompiler.as_sql
    monkeypatch.setattr(SQLCompiler, "as_sql", lambda *of, **terms: (put.append(of), put_into_sql(*of, **terms))[1])

    assert calls() == [1, 0, 0, 1, 1]
    assert put == []


# --- Many rows --------------------------------------------------------------------------------------------------------


def copied(row, **changes):
    """A second row like this one, written without the services, which would take their time."""
    row.pk, row.uuid, row._state.adding = None, uuid4(), True
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()
    return row


class World:
    """A customer and a provider, and one row more of everything that a program reads with each `grow`."""

    def __init__(self, service, customer) -> None:
        self.service, self.provider, self.customer, self.size = service, service.provider, customer, 0
        self.own, self.studio = signed_in(customer), signed_in(service.provider.user)
        dates = [TUESDAY_TEN + timedelta(days=7 * n, hours=5) for n in range(2)]
        Service.objects.filter(pk=service.pk).update(repeats=True, max_occurrences=20)
        service.refresh_from_db()
        self.of_series = [done.appointment for done in book_series(service, customer, dates)]
        self.one = self.of_series[0]
        connect(self.provider, "Own")
        self.grow()

    def path(self, route: Route) -> str:
        """The path of the first row that this route reads."""
        values = {
            "provider": self.provider.slug,
            "service": self.service.slug,
            "customer": str(self.customer.uuid),
            "ref": self.one.reference,
        }
        if route.path == "/api/series/<id>/":
            values["id"] = str(self.one.series.uuid)
        values |= {name: self.first(route.path.partition("<")[0]) for name in {*route.parameters} - {*values}}
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], route.path)

    def first(self, path: str) -> str:
        return self.program(path).get(path).json()["results"][0]["id"]

    def program(self, path: str) -> Program:
        return self.studio if re.match(r"/api/(provider|calendar|analytics)/", path) else self.own

    def grow(self) -> None:
        self.size += 1
        n, day = self.size, timedelta(days=self.size)
        other = ProviderFactory(category=CategoryFactory(name=f"Craft {n}"))
        theirs = ServiceFactory(provider=other)
        refresh_openings(provider_ids=[other.pk, self.provider.pk])
        ServiceFactory(provider=self.provider)
        DateOverrideFactory(provider=self.provider, start_on=(NOW + timedelta(days=300) + day).date())
        TimeOffFactory(provider=self.provider, start=NOW + 30 * 7 * day, end=NOW + 30 * 7 * day + timedelta(hours=1))
        OwnEventFactory(user=self.customer, start=TUESDAY_TEN + timedelta(days=9))
        make_key(person=self.customer, name=f"Till {n}", scopes=[Scope.PROFILE_READ], now=NOW)
        away = (NOW + timedelta(days=200)).date()
        waits = {"first_on": away, "last_on": away, "weekdays": ALL_WEEKDAYS, "parts": ALL_PARTS, "time_zone": "UTC"}
        WaitlistPlace.objects.create(customer=self.customer, provider=other, service=theirs, **waits)
        self.appointments(n, theirs)

    def appointments(self, n: int, theirs: Service) -> None:
        alone = {"series": None, "occurrence": None}
        over = {**alone, "service": theirs, "provider": theirs.provider, "start": NOW - timedelta(days=n)}
        last = self.of_series[-1]
        self.another(last, start=last.start + timedelta(days=7 * n), occurrence=last.occurrence + n)
        self.another(self.one, customer=UserFactory(), **alone)
        self.another(self.one, status=Status.NO_SHOW, **over, **demanded_by(Status.NO_SHOW, NOW))
        late = self.another(self.one, status=Status.CANCELLED, **over, **demanded_by(Status.CANCELLED, NOW))
        LateCancellation.objects.create(person=self.customer, occasion=late.occasion, at=NOW)
        copied(self.one.history.first(), occasion=uuid4())
        Proposal.objects.create(
            appointment=self.one,
            by=Role.PROVIDER,
            actor=self.provider.user,
            old_start=self.one.start,
            start=self.one.start + timedelta(hours=5),
            end=self.one.end + timedelta(hours=5),
            answer_by=self.one.start,
            state=ProposalState.DECLINED,
            closed_at=NOW,
        )

    def another(self, like: Appointment, *, start: datetime | None = None, **changes: Any) -> AppointmentEvent:
        """The history entry of one more appointment like this one."""
        start = start or like.start
        names = {"reference": get_random_string(8, "ABCDEFGH"), "booking_key": uuid4().hex}
        row = Appointment.objects.get(pk=like.pk)
        row = copied(row, start=start, end=start + (like.end - like.start), **names, **changes)
        return copied(like.history.first(), appointment=row, occasion=uuid4(), to_status=row.status)


def test_every_address_costs_as_much_for_many_rows_as_for_one(service, customer):
    """Each address that is read is asked, so that a new one can't come without its count; each list has grown."""
    world = World(service, customer)
    paths = {route.path: world.path(route) for route in ROUTES if route.verb == "GET"}
    lists = {route.path for route in ROUTES if route.pages}

    def look(route_path):
        program, answers = world.program(route_path), []
        path = paths[route_path] + "?limit=100" * (route_path in lists)
        asked = queries(lambda: answers.append(program.get(path)) or answers[0])
        return asked, len(answers[0].json()["results"]) if route_path in lists else 0

    for path in paths:
        look(path)  # for what a process reads once
    few = {path: look(path) for path in paths}
    for _ in range(3):
        world.grow()
    many = {path: look(path) for path in paths}

    assert {path: len(asked) for path, (asked, _) in many.items()} == {
        path: len(asked) for path, (asked, _) in few.items()
    }
    assert [path for path in lists if many[path][1] < few[path][1] + 3] == []
