"""Database helpers of all services: locks, retries, and the causes of errors."""

import functools
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connections,
    router,
)
from django.db.models import Model, QuerySet

from .exceptions import Busy

P = ParamSpec("P")
R = TypeVar("R")
Row = TypeVar("Row", bound=Model)

LOST_TO_OTHERS = {"40001", "40P01"}  # serialization failure, deadlock: nothing was done, a retry is likely to work
LOCK_TIMEOUT = "55P03"
SQLITE_BUSY, SQLITE_LOCKED = 5, 6
PAUSES = (0.5, 1, 2, 4, 8, 8, 8)  # seconds between the attempts of `persistently`: half a minute


def require_transaction(model: type[Model]) -> None:
    """Refuse to go on outside a transaction: SQLite ignores `select_for_update` in silence, so we shout instead."""
    if not connections[router.db_for_write(model)].in_atomic_block:
        raise RuntimeError(f"Locking {model.__name__} needs a transaction around it.")


def lock_rows(queryset: QuerySet[Row]) -> QuerySet[Row]:
    """A queryset that locks its own rows (not joined ones) when it is read, until the transaction ends.

    Raises RuntimeError outside a transaction. Rows that refer to the locked ones may still be added by others (no key
    lock). On SQLite the transaction has the whole file's write lock already. Order several rows by key first.
    """
    require_transaction(queryset.model)
    locked = queryset.select_for_update()
    if connections[locked.db].vendor == "postgresql":
        locked = queryset.select_for_update(of=("self",), no_key=True)
    return locked


def lock_row(queryset: QuerySet[Row]) -> Row:
    """The queryset's one row, locked until the transaction ends; raises DoesNotExist as `get` does."""
    return lock_rows(queryset).get()


def made_before(rows: QuerySet[Row], key: UUID | None) -> Row | None:
    """The row that an earlier call with the one-time `key` made, if it is still there; None without a key.

    The rows are those of whoever makes them, which have a column `made_by_key`. Call it under the lock that every
    such call takes, so that of two calls with one key the second finds what the first has made.
    """
    return rows.filter(made_by_key=key).first() if key else None


def violates(error: IntegrityError, constraint: str) -> bool:
    """Whether the error comes from the constraint of that name. Catch no IntegrityError without asking this."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is not None:
        return diagnosis.constraint_name == constraint
    return any(word.strip("\"'“”.:") == constraint for word in str(error).split())


def retrying(function: Callable[P, R] | None = None, *, attempts: int = 4, using: str = DEFAULT_DB_ALIAS) -> Callable:
    """Decorates a function that opens the outermost transaction and touches nothing but the database.

    A transaction that lost to another (deadlock, serialization failure) is run again from its start, `attempts` times
    in all, with a short random pause between. Then, and where waiting for a lock took too long, `Busy` is raised.
    Inside an outer transaction nothing is run again and the error passes on to the code that opened it.
    """
    if function is None:
        return functools.partial(retrying, attempts=attempts, using=using)

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        left = 1 if connections[using].in_atomic_block else attempts
        while True:
            left -= 1
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                lost = _sqlstate(error) in LOST_TO_OTHERS
                if connections[using].in_atomic_block or not (lost or is_lock_timeout(error)):
                    raise
                if not lost or not left:
                    raise Busy from error
            time.sleep(random.uniform(0.01, 0.06))

    return run


def persistently(
    write: Callable[[], R], *, wait: Callable[[float], object] = time.sleep, using: str = DEFAULT_DB_ALIAS
) -> R:
    """The result of `write`, which is called again on a new connection when the database did not answer.

    For a note of an effect that nothing can undo, such as a mail that was sent: without the note it would be repeated.
    Half a minute of attempts outlives a restart of the database; then the error passes. The answer to a write may get
    lost after the write was done, so `write` must be harmless to repeat, as an UPDATE to fixed values is. `wait` sleeps
    for that many seconds; it may answer True to end the attempts. Inside a transaction nothing is repeated, because a
    lost connection has lost the whole transaction.
    """
    for pause in PAUSES:
        try:
            return write()
        except (OperationalError, InterfaceError):
            if connections[using].in_atomic_block:
                raise
            connections[using].close()
            if wait(pause) is True:
                raise
    return write()


def is_lock_timeout(error: DatabaseError) -> bool:
    """Whether the error says that waiting for a lock took too long."""
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in {SQLITE_BUSY, SQLITE_LOCKED}
    return _sqlstate(error) == LOCK_TIMEOUT


def _sqlstate(error: DatabaseError) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)
