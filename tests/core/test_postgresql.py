"""What our PostgreSQL backend adds: a server that falls silent is given up, and statements travel together."""

import select
import socket
import threading
import time
from contextlib import closing, suppress

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.db.backends.postgresql.base import DatabaseWrapper

from core.postgresql import base

pytestmark = [
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no server that could fall silent"),
    pytest.mark.django_db(transaction=True),
]


class Silencer:
    """A proxy on loopback in front of the database, which on demand swallows whatever is sent and answers nothing.

    The system goes on to acknowledge packets, as it does for a server that was frozen.
    """

    def __init__(self, host, port):
        self.target = (host, int(port))
        self.silent = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sockets = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
                self.sockets += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source, sink):
        with suppress(OSError):
            while data := source.recv(65536):
                if not self.silent.is_set():
                    sink.sendall(data)

    def close(self):
        for each in [self.listener, *self.sockets]:
            each.close()


@pytest.fixture
def silencer():
    settings = connection.settings_dict
    with closing(Silencer(settings["HOST"] or "127.0.0.1", settings["PORT"] or 5432)) as proxy:
        yield proxy


@pytest.fixture
def behind(silencer):
    """A connection through the proxy, which waits half a second for an answer."""
    through = connection.copy()
    through.settings_dict["HOST"], through.settings_dict["PORT"] = "127.0.0.1", silencer.port
    through.settings_dict["OPTIONS"] = {
        **connection.settings_dict["OPTIONS"],
        "answer_timeout": 0.5,
        "connect_timeout": 2,
    }
    with closing(through):
        assert ask(through) == 1
        yield through


def ask(database):
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()[0]


def test_a_statement_without_an_answer_ends_with_an_error_and_the_next_one_has_a_new_connection(silencer, behind):
    silencer.silent.set()

    with pytest.raises(OperationalError):
        ask(behind)

    assert behind.connection.closed
    silencer.silent.clear()
    behind.close_if_unusable_or_obsolete()
    assert ask(behind) == 1


@pytest.mark.parametrize("end", ["commit", "rollback", "savepoint"])
def test_the_end_of_a_transaction_is_not_waited_for_for_ever(silencer, behind, end):
    behind.set_autocommit(False)
    ask(behind)
    silencer.silent.set()

    with pytest.raises(OperationalError):
        getattr(behind, end)()

    assert behind.connection.closed


def test_a_new_connection_to_a_silent_server_is_not_waited_for_for_ever(silencer, behind):
    behind.close()
    silencer.silent.set()

    with pytest.raises(OperationalError):
        ask(behind)


@pytest.fixture
def watched(behind, monkeypatch):
    """Whether each health check of `behind` asked the server."""
    asked = []
    usual = DatabaseWrapper.is_usable
    monkeypatch.setattr(DatabaseWrapper, "is_usable", lambda self: asked.append(True) or usual(self))
    return asked


def test_a_connection_that_just_answered_is_not_asked_whether_it_does(behind, watched):
    ask(behind)

    assert behind.is_usable() is True
    assert watched == []


def test_a_connection_that_rested_is_asked(behind, watched, monkeypatch):
    monkeypatch.setattr(base, "TRUSTED_SECONDS", 0)

    assert behind.is_usable() is True
    assert watched == [True]


def test_a_connection_that_the_server_ended_a_moment_ago_is_not_used(behind, watched):
    ask(behind)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [behind.connection.info.backend_pid])
    select.select([behind.connection.fileno()], [], [], 10)

    assert behind.is_usable() is False
    assert watched == [True]


def lock_and_read(database):
    """Lock the row of the table `waited`, and read its number, in one exchange; only then fetch what was read."""
    with database.cursor() as lock, database.cursor() as read:
        with database.pipeline():
            lock.execute("SELECT id FROM waited FOR UPDATE")
            read.execute("SELECT number FROM waited")
        return lock.fetchall(), read.fetchall()


def wait_until_it_waits(cursor, pid):
    for _ in range(1000):
        cursor.execute("SELECT cardinality(pg_blocking_pids(%s))", [pid])
        if cursor.fetchone()[0]:
            return
        time.sleep(0.01)
    raise AssertionError("It never waited for the lock.")


@pytest.fixture
def waited(behind):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE waited (id integer, number integer)")
        cursor.execute("INSERT INTO waited VALUES (1, 1)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE waited")


def test_a_statement_sees_what_changed_while_one_that_travels_with_it_waited(behind, waited):
    behind.connection.answer_timeout = 30
    behind.inc_thread_sharing()
    behind.set_autocommit(False)
    pid, found = behind.connection.info.backend_pid, []
    other = threading.Thread(target=lambda: found.append(lock_and_read(behind)))

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE waited SET number = 2")
        other.start()
        wait_until_it_waits(cursor, pid)
    other.join(30)
    behind.rollback()

    assert found == [([(1,)], [(2,)])]


def test_an_error_of_statements_that_travel_together_is_djangos_and_ends_with_the_block(behind, waited):
    with pytest.raises(IntegrityError), behind.pipeline(), behind.cursor() as cursor:
        cursor.execute("ALTER TABLE waited ADD CONSTRAINT positive CHECK (number > 0)")
        cursor.execute("INSERT INTO waited VALUES (2, -1)")
        cursor.execute("INSERT INTO waited VALUES (3, 3)")

    assert ask(behind) == 1
    with behind.cursor() as cursor:
        cursor.execute("SELECT id FROM waited")
        assert cursor.fetchall() == [(1,)]


def test_statements_that_travel_together_and_get_no_answer_are_given_up_too(silencer, behind):
    silencer.silent.set()

    with pytest.raises(OperationalError), behind.pipeline(), behind.cursor() as cursor:
        cursor.execute("SELECT 1")

    assert behind.connection.closed


def test_a_health_check_of_a_silent_connection_finds_it_unusable_sooner_than_a_statement_would(
    silencer, behind, monkeypatch
):
    monkeypatch.setattr(base, "HEALTH_SECONDS", 0.2)
    monkeypatch.setattr(base, "TRUSTED_SECONDS", 0)
    behind.connection.answer_timeout = 3600
    assert behind.is_usable() is True
    assert behind.connection.answer_timeout == 3600

    silencer.silent.set()

    assert behind.is_usable() is False
    assert behind.connection.closed


def test_a_limit_of_the_server_leaves_the_connection_as_it_is(behind):
    with pytest.raises(OperationalError), behind.cursor() as cursor:
        cursor.execute("SET statement_timeout = 20")
        cursor.execute("SELECT pg_sleep(60)")

    assert not behind.connection.closed
    assert ask(behind) == 1


def test_an_error_of_a_statement_leaves_the_connection_as_it_is(behind):
    with pytest.raises(DatabaseError), behind.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")

    assert ask(behind) == 1
