"""What comes back from the database is the instant that went in, in UTC, and what Python can't name is refused."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import DataError, connection
from psycopg.pq import Format

from core.pg_timestamps import InstantLoader
from tests.factories.accounts import UserFactory

POSTGRES = connection.vendor == "postgresql"
only_postgres = pytest.mark.skipif(not POSTGRES, reason="SQLite keeps instants as text")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 3, 10, 12, tzinfo=UTC),
        datetime(2026, 3, 10, 12, 0, 0, 500_000, tzinfo=UTC),
        datetime(2026, 3, 10, 12, 0, 0, 123_456, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1883, 11, 18, 12, 3, 58, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 10, 12, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    ],
)
def test_an_instant_comes_back_as_it_went_in(instant):
    user = UserFactory(joined_at=instant)
    user.refresh_from_db()

    assert user.joined_at == instant
    assert user.joined_at.tzinfo is UTC


def ask(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


@only_postgres
@pytest.mark.django_db
def test_the_product_s_connections_read_them_so_and_nothing_is_nothing():
    connection.ensure_connection()

    assert connection.connection.adapters.get_loader(1184, Format.TEXT) is InstantLoader
    assert ask("SELECT NULL::timestamptz") is None
    assert ask("SELECT '2026-03-10 12:00:00+00'::timestamptz") == datetime(2026, 3, 10, 12, tzinfo=UTC)


@only_postgres
@pytest.mark.django_db
def test_a_connection_that_speaks_of_another_zone_means_the_same_instant():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'Asia/Kathmandu'")
        cursor.execute("SELECT '2026-03-10 12:00:00+00'::timestamptz")
        found = cursor.fetchone()[0]

    assert (found, found.tzinfo) == (datetime(2026, 3, 10, 12, tzinfo=UTC), UTC)


@only_postgres
@pytest.mark.django_db
@pytest.mark.parametrize("text", ["infinity", "-infinity", "10000-01-01 00:00:00+00", "0044-03-15 12:00:00+00 BC"])
def test_what_python_cannot_name_is_refused(text):
    with pytest.raises(DataError):
        ask(f"SELECT '{text}'::timestamptz")
