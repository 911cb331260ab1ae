"""The three parts of `bin/test`, and the choice of parts for a test.

    none       tests that touch no database: once, with a backend that refuses everything (`tests/nodatabase`)
    sqlite     tests that touch the database, and of the browser tests those marked `smoke`
    postgres   tests that touch the database, every browser test, and those marked `any_database`

A test touches the database when it says so: by the mark `django_db`, by a fixture that needs the database, as a Django
TestCase, or as one that may be skipped or asks its module's `connection` which database is used. A test that says none
of it and touches the database all the same fails in the part `none`.

`any_database` is for tests that need rows to look at, and prove nothing that a database could do otherwise: how a text
looks in a page or a mail, or what becomes of a request that is refused before a row is read. They run on PostgreSQL,
which takes less (long texts, NUL, large numbers). What is stored, found, counted, locked or refused by a rule is not
among them.

PostgreSQL is asked every case of a test. SQLite is asked the first and the last case in the folders of `FEW_CASES`,
unless the test commits, asks which database it has, or has the mark `every_case` (`between_first_and_last`): for cases
that differ in what the database is asked or in what it refuses, as where a condition is put into SQL, where rows are
found by a moment or a text, and where a constraint is tried.
"""

from collections.abc import Iterable
from functools import cache
from itertools import groupby
from types import ModuleType

import pytest
from django.db import connection, connections
from django.test import SimpleTestCase

NONE, SQLITE, POSTGRES = "none", "sqlite", "postgres"
NO_DATABASE = "no-database"  # the name of the database of part NONE, which can't be opened
COLLECTED: pytest.StashKey[list[pytest.Function]] = pytest.StashKey()  # every collected test, also those of other parts
FINE = {"0": "passed", "5": "no test of it was asked for"}  # exit status of pytest -> words of the summary
# Where cases differ by what is asked of our code, and all make the same kinds of statements. Not where a case is about
# what a database keeps, finds, locks or survives.
FEW_CASES = {"accounts", "analytics", "api", "appointments", "calendar_sync", "notifications", "providers"}
# Fixtures of pytest-django; every other fixture with a database uses one of these.
DATABASE_FIXTURES = {"_django_db_helper", "django_db_setup", "live_server"}


def part_of_database(name: str) -> str:
    """The part of a run on this database; `name` is the scheme of its URL."""
    return name if name in {NONE, SQLITE} else POSTGRES


def parts_of(item: pytest.Function) -> set[str]:
    """The parts of `bin/test` in which a test runs: at least one."""
    if not touches_database(item):
        return {NONE}
    if item.get_closest_marker("any_database") or (
        item.get_closest_marker("e2e") and not item.get_closest_marker("smoke")
    ):
        return {POSTGRES}
    return {SQLITE, POSTGRES}


def touches_database(item: pytest.Function) -> bool:
    """Whether a test may need a database, judged before it runs; yes in doubt."""
    return (
        any(item.iter_markers("django_db"))
        or not DATABASE_FIXTURES.isdisjoint(item.fixturenames)
        or issubclass(item.cls or object, SimpleTestCase)
        or any(item.iter_markers("skipif"))
        or asks_for_connection(item.module)
    )


def between_first_and_last(items: Iterable[pytest.Function]) -> set[pytest.Function]:
    """The cases of tests, each test's in a row, that SQLite is not asked."""
    found: set[pytest.Function] = set()
    for _, cases in groupby(items, key=lambda item: (item.path, item.cls, item.originalname)):
        first, *others = cases
        if first.path.parent.name in FEW_CASES and not _depends_on_its_database(first):
            found.update(others[:-1])
    return found


def _depends_on_its_database(item: pytest.Function) -> bool:
    """Whether a test commits, or says that a database matters to its cases."""
    marks = item.iter_markers("django_db")
    return (
        "transactional_db" in item.fixturenames
        or any(mark.kwargs.get("transaction") for mark in marks)
        or any(item.iter_markers("skipif"))
        or any(item.iter_markers("every_case"))
        or asks_for_connection(item.module)
    )


@cache
def asks_for_connection(module: ModuleType) -> bool:
    return any(value is connection or value is connections for value in vars(module).values())
