"""Django's backend for PostgreSQL, with a limit on how long the client waits for an answer.

A server that was frozen, or a network that acknowledges packets and drops them, sends neither an answer nor an error.
The server's own limit (`statement_timeout`) is as frozen as the server, and the system sees a healthy connection. So
the client gives a statement up itself, after `answer_timeout` seconds (in OPTIONS), a bit later than the server would.

Two ways to the server and back are saved: a connection that answered a moment ago is not asked whether it still does,
and statements that do not need each other's answers travel together (`pipeline`).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from select import POLLIN, poll
from typing import Any, Self

import psycopg
from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

HEALTH_SECONDS = 4  # as long as a new connection may take
TRUSTED_SECONDS = 0.5  # how long an answer vouches for its connection


class Connection(psycopg.Connection):
    """A connection that is closed, with an OperationalError, when one statement takes longer than `answer_timeout`."""

    answer_timeout: float | None = None
    answered_at = 0.0  # by the monotonic clock

    @classmethod
    def connect(cls, *args: Any, answer_timeout: float | None = None, **options: Any) -> Self:  # type: ignore[override]
        connection = super().connect(*args, **options)
        connection.answer_timeout = answer_timeout
        return connection

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """The result of `gen`, as in psycopg, whose every exchange with the server passes here."""
        try:
            answer = super().wait(gen, interval, self.answer_timeout if timeout is None else timeout)
        except psycopg.OperationalError:
            # Still active: the missing answer could come later and be taken for the next statement's, so we disconnect.
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise
        self.answered_at = time.monotonic()
        return answer

    def has_just_answered(self) -> bool:
        """Whether the server answered within TRUSTED_SECONDS and has sent nothing since.

        Between two statements it owes us nothing: what it sends then is, as a rule, that it ends the connection.
        """
        unread = poll()
        unread.register(self.fileno(), POLLIN)
        return time.monotonic() - self.answered_at < TRUSTED_SECONDS and not unread.poll(0)


class KeptCursor(psycopg.RawCursor):
    """A cursor that looks for the places of values in a statement once, and not at each execution.

    psycopg remembers them for statements of up to 4,096 characters and 50 values. In a longer one, as an insert of many
    rows, it spends milliseconds on that each time, unless they are numbered. No `%` but those of `%s` may stand in it.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        return super().execute(_numbered(query), params, **options)


@lru_cache(maxsize=256)
def _numbered(sql: str) -> str:
    """The statement with `$1`, `$2` and so on for each `%s`."""
    first, *others = sql.split("%s")
    return "".join([first, *(f"${number}{part}" for number, part in enumerate(others, 1))])


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
        if not connection.closed and connection.has_just_answered():
            return True
        usual, connection.answer_timeout = connection.answer_timeout, min(connection.answer_timeout, HEALTH_SECONDS)
        try:
            return super().is_usable()
        finally:
            connection.answer_timeout = usual

    def kept_cursor(self) -> Any:
        """A cursor for statements that are made once and run often: a `KeptCursor` where the server binds values."""
        if not self.settings_dict["OPTIONS"].get("server_side_binding"):
            return self.cursor()
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(KeptCursor(self.connection))  # type: ignore[attr-defined]

    @contextmanager
    def pipeline(self) -> Iterator[None]:
        """A block whose statements travel together; their cursors have rows to fetch once it is left.

        The server works on them in order, and each sees what was true when its turn came. The first error is raised at
        the end of the block; the statements after it were not run.
        """
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors, self.connection.pipeline():
            yield
