"""Django's backend for PostgreSQL, with a limit on how long the client waits for an answer.

A server that was frozen, or a network that acknowledges packets and drops them, sends neither an answer nor an error.
The server's own limit (`statement_timeout`) is as frozen as the server, and the system sees a healthy connection. So
the client gives a statement up itself, after `answer_timeout` seconds (in OPTIONS), a bit later than the server would.
"""

from typing import Any, Self

import psycopg
from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

HEALTH_SECONDS = 4  # as long as a new connection may take


class Connection(psycopg.Connection):
    """A connection that is closed, with an OperationalError, when one statement takes longer than `answer_timeout`."""

    answer_timeout: float | None = None

    @classmethod
    def connect(cls, *args: Any, answer_timeout: float | None = None, **options: Any) -> Self:  # type: ignore[override]
        connection = super().connect(*args, **options)
        connection.answer_timeout = answer_timeout
        return connection

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """The result of `gen`, as in psycopg, whose every exchange with the server passes here."""
        try:
            return super().wait(gen, interval, self.answer_timeout if timeout is None else timeout)
        except psycopg.OperationalError:
            # Still active: the missing answer could come later and be taken for the next statement's, so we disconnect.
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise


class Driver:
    """psycopg as Django calls it, with our class of connections."""

    connect = Connection.connect

    def __getattr__(self, name: str) -> Any:
        return getattr(psycopg, name)


class DatabaseWrapper(base.DatabaseWrapper):
    Database = Driver()  # type: ignore[assignment]

    def is_usable(self) -> bool:
        """Whether a connection kept from another request still answers, within HEALTH_SECONDS at most."""
        connection = self.connection
        if connection is None or connection.answer_timeout is None:
            return super().is_usable()
        usual, connection.answer_timeout = connection.answer_timeout, min(connection.answer_timeout, HEALTH_SECONDS)
        try:
            return super().is_usable()
        finally:
            connection.answer_timeout = usual
