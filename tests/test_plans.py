"""What PostgreSQL planned for one test is there for the next."""

import pytest
from django.db import connection, transaction

from accounts.models import User

pytestmark = [
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no server that plans"),
    pytest.mark.django_db,
]


def planned(text):
    """How many statements with this text the server keeps for our connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", [f"%{text}%"])
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_a_statement_stays_prepared_after_a_rollback():
    asked = User.objects.filter(name="asked in a test of plans", email="plans@example.org")
    for _ in range(4):
        assert list(asked.values_list("theme")) == []
    before = planned('"name" =')

    with transaction.atomic():
        with transaction.atomic():
            assert list(asked.values_list("theme")) == []
            transaction.set_rollback(True)
        transaction.set_rollback(True)

    assert planned('"name" =') == before > 0


def test_a_statement_about_a_table_that_was_made_anew_reads_the_new_one():
    def read():
        with connection.cursor() as cursor:
            cursor.execute("SELECT value FROM plans_made_anew WHERE value > %s", [0])
            return cursor.fetchall()

    found = []
    for value in (1, 2):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE TABLE plans_made_anew (value integer)")
            cursor.execute(f"INSERT INTO plans_made_anew VALUES ({value})")
            found += [read() for _ in range(4)]
            transaction.set_rollback(True)

    assert found == [[(1,)]] * 4 + [[(2,)]] * 4
