"""The suite in parts: every test runs somewhere, those with rows on both databases, and no part hides a failure."""

import os
import re
import subprocess
import sys

import pytest

from tests.parts import COLLECTED, NONE, POSTGRES, SQLITE, parts_of
from tests.processes import ROOT

A_TEST_OF_EACH_KIND = """
import subprocess, sys
import pytest
from django.test import SimpleTestCase, TestCase
from accounts.models import User

@pytest.fixture
def person(db):
    return User.objects.create_user("amara@example.com", name="Amara")

@pytest.fixture
def asks_late(request):
    return request.getfixturevalue("db")

def test_plain(): pass
def test_with_a_fixture(person): pass
@pytest.mark.django_db
def test_with_a_mark(): User.objects.count()
@pytest.mark.skipif(False, reason="never")
def test_that_may_be_skipped(): pass
def test_with_a_server(live_server): pass
class WithRows(TestCase):
    def test_rows(self): User.objects.count()
class WithoutRows(SimpleTestCase):
    def test_no_rows(self): pass
@pytest.mark.django_db
@pytest.mark.e2e
def test_in_a_browser(): pass
@pytest.mark.django_db
@pytest.mark.e2e
@pytest.mark.smoke
def test_in_a_browser_of_the_smoke_set(): pass
@pytest.mark.django_db
@pytest.mark.any_database
def test_how_a_text_looks(): pass

def test_undeclared(): User.objects.count()
def test_undeclared_fixture(asks_late): User.objects.count()
def test_undeclared_vendor():
    from django.db import connection
    connection.vendor
def test_undeclared_process():
    subprocess.run([sys.executable, "manage.py", "migrate", "--check"], check=True)
"""
CASES = """
import pytest
from django.db import {asked_for}

@pytest.mark.django_db
@pytest.mark.parametrize("case", range(4))
def test_{name}(case): pass
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("case", range(4))
def test_{name}_committed(case): pass
@pytest.mark.django_db
@pytest.mark.every_case
@pytest.mark.parametrize("case", range(4))
def test_{name}_marked(case): pass
"""
IN_BOTH = {"test_with_a_fixture", "test_with_a_mark", "test_that_may_be_skipped", "test_with_a_server", "test_rows",
           "test_no_rows", "test_in_a_browser_of_the_smoke_set"}  # fmt: skip
# They call every address, or go a long way by a generated client. What these ask of rows is asked on both elsewhere.
WHOLE_API = {"test_any_call.py", "test_generated_client.py"}
UNDECLARED = {"test_undeclared", "test_undeclared_fixture", "test_undeclared_vendor", "test_undeclared_process"}


@pytest.fixture
def run(tmp_path):
    """Runs one part with a test of each kind; what it said."""
    (tmp_path / "test_kinds.py").write_text(A_TEST_OF_EACH_KIND)

    def run(*options, **variables):
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        words = ["-q", "-rA", "-p", "no:cacheprovider", "-c", "pyproject.toml", "--no-migrations", "--part", *options]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words, tmp_path / "test_kinds.py"],
            cwd=ROOT,
            env={**environment, "PYTHONPATH": str(ROOT), **variables},
            capture_output=True,
            text=True,
        )
        return done.stdout + done.stderr

    return run


def names(said, outcome=""):
    return set(re.findall(rf"^{outcome}\S*::(\w+)", said, re.MULTILINE))


def test_without_a_database_only_what_needs_none_runs_and_what_does_so_undeclared_fails(run):
    said = run(DAYLINE_TEST_DB="none")

    assert names(said, "PASSED ") == {"test_plain"}
    assert names(said, "FAILED ") | names(said, "ERROR ") == UNDECLARED


def test_on_sqlite_run_the_tests_with_rows_and_the_smoke_set_and_the_summary_tells_of_the_part_before(run):
    said = run(DAYLINE_TEST_DB="sqlite", DAYLINE_TEST_BEFORE="none=1")

    assert names(said, "PASSED ") == IN_BOTH
    assert "\nThe run without a database, before this one, FAILED: see its summary above.\n" in said


def test_on_postgresql_run_the_tests_with_rows_and_those_that_need_one_database_only(run):
    said = run("--collect-only", TEST_DATABASE_URL="postgres://nobody@127.0.0.1:1/none")

    assert names(said) == IN_BOTH | {"test_in_a_browser", "test_how_a_text_looks"}


def test_of_a_test_with_many_cases_sqlite_is_asked_the_first_and_the_last(run, tmp_path):
    """But not of one that commits, asks for its database or is marked, nor where the database is a folder's matter."""
    files = [("appointments", "page", "models"), ("appointments", "asking", "connection"), ("race", "race", "models")]
    for folder, name, asked_for in files:
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"test_{name}.py").write_text(CASES.format(name=name, asked_for=asked_for))

    said = run("--collect-only", tmp_path, DAYLINE_TEST_DB="sqlite")

    found = re.findall(r"::test_(\w+)\[(\d)\]$", said, re.MULTILINE)
    assert [case for name, case in found if name == "page"] == ["0", "3"]
    assert len(found) == 2 + 8 + 2 * 12


def test_every_test_of_this_run_has_a_part_and_those_with_rows_have_both(request):
    tests = request.config.stash[COLLECTED]
    in_a_browser = [test for test in tests if test.get_closest_marker("e2e")]
    of_any = [test for test in tests if test.get_closest_marker("any_database")]
    with_rows = [
        test
        for test in tests
        if test not in {*in_a_browser, *of_any}
        and (test.get_closest_marker("django_db") or {"db", "transactional_db"} & set(test.fixturenames))
    ]

    parts = {test: parts_of(test) for test in tests}

    assert [test.nodeid for test in tests if not parts[test] or parts[test] > {NONE}] == []
    assert [test.nodeid for test in with_rows if parts[test] != {SQLITE, POSTGRES}] == []
    assert [test.nodeid for test in [*in_a_browser, *of_any] if POSTGRES not in parts[test]] == []
    # Not for whatever is slow: services, queries, races and migrations are never among them.
    assert {test.path.parent.name for test in of_any if test.path.name not in WHOLE_API} <= {"hardening"}
    assert [
        test.nodeid for test in of_any if "transactional_db" in test.fixturenames and test.path.name not in WHOLE_API
    ] == []


@pytest.mark.parametrize(
    ("none", "sqlite", "postgres", "together"),
    [
        (0, 0, 0, 0),
        (1, 0, 0, 1),
        (0, 1, 0, 1),
        (0, 0, 1, 1),
        (2, 1, 0, 2),
        (5, 0, 0, 0),
        (0, 5, 5, 0),
        (5, 5, 1, 1),
        (5, 5, 5, 5),
    ],
)
def test_one_part_that_fails_fails_the_suite_and_one_without_a_test_does_not(
    tmp_path, none, sqlite, postgres, together
):
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text(
        f"""#!/bin/sh
        [ "$1" = -c ] && {{ echo installed; exit 0; }}
        echo "$DAYLINE_TEST_DB:$DAYLINE_TEST_BEFORE:$TEST_DATABASE_URL:$*" >>{tmp_path}/ran
        case $DAYLINE_TEST_DB in none) exit {none} ;; sqlite) exit {sqlite} ;; postgres) exit {postgres} ;; esac
        """
    )
    python.chmod(0o755)
    (tmp_path / ".installed-requirements-dev.txt").write_text("installed")
    environment = {"PATH": os.environ["PATH"], "VENV": str(tmp_path), "TEST_DATABASE_URL": "postgres://server/name"}
    environment["TEST_PROCESSES"] = "3"

    done = subprocess.run([ROOT / "bin" / "test", "tests/outbox", "-k", "lease"], env=environment)

    asked = "-m pytest --part -n 3 --dist worksteal tests/outbox -k lease"
    assert (tmp_path / "ran").read_text().splitlines() == [
        f"none:::{asked}",
        f"sqlite: none={none}::{asked}",
        f"postgres: none={none} sqlite={sqlite}:postgres://server/name:{asked}",
    ]
    assert done.returncode == together
