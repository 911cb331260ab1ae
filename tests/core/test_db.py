"""Locks, lost races and busy databases. The race suite proves the same with real processes."""

import threading
from contextlib import closing

import pytest
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    connections,
    transaction,
)
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core.db import PAUSES, is_lock_timeout, lock_row, lock_rows, persistently, require_transaction, retrying, violates
from core.exceptions import Busy

POSTGRES = connection.vendor == "postgresql"


class Lost(Exception):
    """What a driver raises, as far as we look at it."""

    def __init__(self, sqlstate):
        self.sqlstate = sqlstate


class Locked(Exception):
    def __init__(self, code):
        self.sqlite_errorcode = code


def operational(cause: Exception) -> OperationalError:
    error = OperationalError("the driver's words")
    error.__cause__ = cause
    return error


class Flaky:
    """Raises each of `errors` in turn and then answers."""

    def __init__(self, *errors):
        self.errors, self.calls = list(errors), 0

    def __call__(self, value="done"):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return value


# --- Locks ----------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_lock_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="Locking User needs a transaction around it"):
        lock_rows(User.objects.all())
    with pytest.raises(RuntimeError):
        lock_row(User.objects.filter(pk=1))
    with transaction.atomic():
        require_transaction(User)


@pytest.mark.django_db
def test_a_lock_is_for_the_row_alone_and_lets_others_refer_to_it():
    user = User.objects.create_user("a@example.com", name="A")

    with CaptureQueriesContext(
        connection,
    ) as queries:
        locked = lock_row(User.objects.filter(pk=user.pk))

    assert locked == user
    sql = queries[0]["sql"]
    assert sql.endswith('FOR NO KEY UPDATE OF "accounts_user"') if POSTGRES else "FOR" not in sql
    with pytest.raises(User.DoesNotExist):
        lock_row(User.objects.filter(pk=0))


# --- Retrying -------------------------------------------------------------------


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_a_lost_transaction_is_run_again(sqlstate):
    flaky = Flaky(operational(Lost(sqlstate)), operational(Lost(sqlstate)))

    assert retrying(flaky)(value=7) == 7
    assert flaky.calls == 3


def test_it_gives_up_in_the_end_and_says_so_calmly():
    flaky = Flaky(*[operational(Lost("40P01")) for _ in range(9)])

    with pytest.raises(Busy) as raised:
        retrying(attempts=3)(flaky)()

    assert flaky.calls == 3
    assert raised.value.status == 503
    assert "nothing was changed" in str(raised.value)


@pytest.mark.parametrize("cause", [Lost("55P03"), Locked(5), Locked(517), Locked(6)])
def test_waiting_too_long_for_a_lock_is_busy_at_once(cause):
    flaky = Flaky(operational(cause))

    with pytest.raises(Busy):
        retrying(flaky)()

    assert flaky.calls == 1


@pytest.mark.parametrize(
    "error",
    [operational(Lost("57P01")), operational(Locked(10)), OperationalError("?"), IntegrityError("?"), ValueError("?")],
)
def test_any_other_error_passes(error):
    flaky = Flaky(error)

    with pytest.raises(type(error)) as raised:
        retrying(flaky)()

    assert raised.value is error
    assert flaky.calls == 1


@pytest.mark.django_db(transaction=True)
def test_inside_anothers_transaction_nothing_is_run_again():
    error = operational(Lost("40P01"))
    flaky = Flaky(error)

    with pytest.raises(OperationalError) as raised, transaction.atomic():
        retrying(flaky)()

    assert raised.value is error
    assert flaky.calls == 1


def test_the_decorated_function_keeps_its_name_and_words():
    @retrying(attempts=2)
    def move_it(*, to):
        """Moves it."""

    assert (move_it.__name__, move_it.__doc__) == ("move_it", "Moves it.")


def lock_elsewhere(row: Model, locked: threading.Event, let_go: threading.Event) -> threading.Thread:
    """Another connection locks the row until `let_go`."""

    def run():
        with closing(connections["default"]), transaction.atomic():
            lock_row(type(row).objects.filter(pk=row.pk))
            locked.set()
            let_go.wait(60)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_a_row_that_another_keeps_locked_answers_busy():
    user = User.objects.create_user("a@example.com", name="A")
    locked, let_go = threading.Event(), threading.Event()
    impatient = "SET lock_timeout = '50ms'" if POSTGRES else "PRAGMA busy_timeout = 50"
    patient = "RESET lock_timeout" if POSTGRES else "PRAGMA busy_timeout = 120000"

    @retrying
    def take():
        with transaction.atomic():
            return lock_row(User.objects.filter(pk=user.pk))

    thread = lock_elsewhere(user, locked, let_go)
    try:
        assert locked.wait(60)
        with connection.cursor() as cursor:
            cursor.execute(impatient)
        with pytest.raises(Busy):
            take()
    finally:
        let_go.set()
        thread.join(60)
        with connection.cursor() as cursor:
            cursor.execute(patient)

    assert take() == user


@pytest.mark.skipif(not POSTGRES, reason="SQLite has one lock and so no deadlock")
@pytest.mark.django_db(transaction=True)
def test_two_that_lock_crosswise_both_get_through():
    first, second = (User.objects.create_user(f"{name}@example.com", name=name) for name in "ab")
    both_hold_one = threading.Barrier(2, timeout=60)
    runs = []

    def cross(mine, other):
        waited = []

        @retrying
        def run():
            runs.append(mine.pk)
            with transaction.atomic():
                lock_row(User.objects.filter(pk=mine.pk))
                if not waited:
                    waited.append(True)
                    both_hold_one.wait()
                lock_row(User.objects.filter(pk=other.pk))
                User.objects.filter(pk=mine.pk).update(name=f"{mine.name} done")

        with closing(connections["default"]):
            run()

    threads = [threading.Thread(target=cross, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(User.objects.values_list("name", flat=True)) == ["a done", "b done"]
    assert len(runs) == 3  # one of them lost and was run again


# --- Writing persistently -------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [OperationalError("the server closed the connection"), InterfaceError("closed")])
def test_a_note_outlives_a_database_that_is_away_for_half_a_minute(error):
    flaky, waits = Flaky(*[error] * len(PAUSES)), []

    assert persistently(flaky, wait=waits.append) == "done"
    assert waits == list(PAUSES)
    assert 30 <= sum(waits) <= 40


@pytest.mark.django_db(transaction=True)
def test_a_note_is_given_up_in_the_end_or_when_waiting_is_over():
    error = OperationalError("away")
    for_ever, stopped = Flaky(*[error] * 99), Flaky(error)

    with pytest.raises(OperationalError):
        persistently(for_ever, wait=lambda seconds: False)
    with pytest.raises(OperationalError):
        persistently(stopped, wait=lambda seconds: True)

    assert (for_ever.calls, stopped.calls) == (len(PAUSES) + 1, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [IntegrityError("?"), ValueError("?")])
def test_a_note_that_is_wrong_is_not_written_again(error):
    flaky = Flaky(error)

    with pytest.raises(type(error)):
        persistently(flaky)

    assert flaky.calls == 1


@pytest.mark.django_db(transaction=True)
def test_a_note_inside_a_transaction_is_not_written_again():
    flaky = Flaky(OperationalError("away"))

    with pytest.raises(OperationalError), transaction.atomic():
        persistently(flaky)

    assert flaky.calls == 1


@pytest.mark.skipif(not POSTGRES, reason="SQLite has no server to lose")
@pytest.mark.django_db(transaction=True)
def test_a_note_is_written_on_a_new_connection_when_the_old_one_was_lost():
    user = User.objects.create_user("a@example.com", name="A")
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    changed = persistently(lambda: User.objects.filter(pk=user.pk).update(name="B"), wait=lambda seconds: None)

    user.refresh_from_db()
    assert (changed, user.name) == (1, "B")


# --- Which constraint -----------------------------------------------------------


@pytest.mark.django_db
def test_a_refusal_is_known_by_the_constraints_name():
    user = User.objects.create_user("a@example.com", name="A")

    with pytest.raises(IntegrityError) as raised, transaction.atomic():
        User.objects.filter(pk=user.pk).update(email="A@example.com")

    assert violates(raised.value, "user_email_is_lower_case")
    assert not violates(raised.value, "user_email_is_lower")


def test_a_lock_timeout_is_told_from_other_errors():
    assert is_lock_timeout(operational(Lost("55P03")))
    assert not is_lock_timeout(operational(Lost("40P01")))
    assert not is_lock_timeout(DatabaseError("?"))
