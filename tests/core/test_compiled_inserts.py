"""Inserts with SQL made once write what Django's own would, on both databases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg import _queries

from accounts.models import User
from appointments.models import Appointment, Hold
from appointments.states import HoldKind, Status
from core.compiled_inserts import insert_all
from outbox.models import Message
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory

START = datetime(2026, 10, 25, 0, 30, 15, 123456, tzinfo=UTC)


def appointment(service, customer, number):
    return Appointment(
        customer=customer,
        provider=service.provider,
        service=service,
        status=Status.CONFIRMED,
        start=START + timedelta(hours=number),
        end=START + timedelta(hours=number, minutes=45),
        price=Decimal("12.345"),
        currency="BHD",
        platform_fee=Decimal("0.005"),
        note="100 % „left knee“\n\\",
        agreed_at=START,
        booking_key=f"key {number}",
    )


@pytest.fixture
def service(db):
    return ServiceFactory()


def columns_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize("count", [1, 3, 1, 3])
def test_each_row_reads_back_as_it_was_given_and_has_its_own_key(service, count):
    customer = UserFactory()
    rows = [appointment(service, customer, number) for number in range(count)]

    made = insert_all(rows)

    found = {row.pk: row for row in Appointment.objects.all()}
    assert made == rows
    assert [columns_of(found[row.pk]) for row in rows] == [columns_of(row) for row in rows]
    assert [(row._state.adding, row._state.db) for row in rows] == [(False, "default")] * count


def test_many_rows_are_one_statement_and_none_is_nothing(service):
    customer = UserFactory()

    with CaptureQueriesContext(connection) as queries:
        insert_all([appointment(service, customer, number) for number in range(20)])
        insert_all([])

    assert [query["sql"].split()[0] for query in queries] == ["INSERT"]
    assert Appointment.objects.count() == 20


def test_a_row_that_breaks_a_constraint_leaves_none_of_them(service):
    kept = {"kind": HoldKind.KEPT, "provider": service.provider, "start": START, "expires_at": START}
    rows = [Hold(**kept, browser=str(hours), end=START + timedelta(hours=hours)) for hours in (1, 2)]

    with pytest.raises(IntegrityError, match="hold_no_overlap"), transaction.atomic():
        insert_all(rows)

    assert not Hold.objects.exists()


def test_a_key_that_a_program_chose_is_no_business_of_these_inserts(service):
    """The database counts: a key set beforehand is not written."""
    row = appointment(service, User.objects.get(pk=service.provider.user_id), 0)
    row.pk = 10**9

    insert_all([row])

    assert row.pk != 10**9
    assert Appointment.objects.get().pk == row.pk


@pytest.fixture
def message():
    return lambda key, **values: Message(id=Message.id_for("t", key), topic="t", key=key, **values)


@pytest.mark.django_db
def test_what_the_database_fills_is_left_to_it_also_beside_rows_that_say_it_themselves(message):
    rows = [message("a"), message("b", due_at=START), message("c", created_at=START, due_at=START)]

    insert_all(rows, ignore_conflicts=True)

    found = {row.key: row for row in Message.objects.all()}
    assert [found[key].due_at == START for key in "abc"] == [False, True, True]
    assert [found[key].created_at == START for key in "abc"] == [False, False, True]
    assert abs(found["a"].due_at - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.django_db
def test_a_row_that_is_there_already_is_left_as_it_is_when_conflicts_are_ignored(message):
    insert_all([message("a", payload={"n": 1})], ignore_conflicts=True)

    insert_all([message("a", payload={"n": 2}), message("b", payload={"n": 2})], ignore_conflicts=True)

    assert dict(Message.objects.values_list("key", "payload")) == {"a": {"n": 1}, "b": {"n": 2}}


@pytest.mark.django_db
def test_a_row_that_breaks_another_rule_is_refused_also_when_conflicts_are_ignored(message):
    with pytest.raises(IntegrityError, match="outbox_message_done_or_dead"), transaction.atomic():
        insert_all([message("a", done_at=START, dead_at=START)], ignore_conflicts=True)

    assert not Message.objects.exists()


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's driver takes a statement as it is.")
def test_a_long_statement_is_not_taken_apart_again_at_each_execution(monkeypatch):
    service, customer = ServiceFactory(), UserFactory()
    monkeypatch.setattr(_queries, "_query2pg_nocache", None)

    insert_all([appointment(service, customer, number) for number in range(60)])

    assert Appointment.objects.count() == 60


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's driver takes a statement as it is.")
def test_rows_are_inserted_as_well_where_the_server_binds_no_values(monkeypatch):
    """As behind a pooler that shares connections by transaction."""
    service, customer = ServiceFactory(), UserFactory()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "server_side_binding", False)

    made = insert_all([appointment(service, customer, number) for number in range(3)])

    assert Appointment.objects.filter(pk__in=[one.pk for one in made]).count() == 3
