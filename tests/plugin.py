"""Pytest plugin that chooses the database of a test run before the settings are read.

    (nothing)                          a SQLite file in a temporary folder
    DAYLINE_TEST_DB=postgres           a PostgreSQL from pip, started for this run and stopped after it
    DAYLINE_TEST_DB=none               no database at all, for the tests that need none (see `parts.py`)
    TEST_DATABASE_URL=postgres://...   the server it names; the tests make and drop databases of their own there

Loaded with `-p` (see pyproject.toml) because a conftest.py would be too late: pytest-django reads the settings earlier,
and the run would silently use another database. `tests/test_plugin.py` asserts that the run uses what was asked for.
With pytest-xdist the workers inherit this process's choice, and pytest-django gives each a database of its own.

`--part` runs only the tests of this database's part; `bin/test` runs the three parts one after another.

Modules and tests stay until the end and are many: Python's search for garbage is told to leave them alone, and to look
less often. It takes two fifths of collecting otherwise, and would walk them all over and over while the tests run.
"""

import atexit
import gc
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from tests import parts, tables
from tests.postgres import TemporaryPostgres

# The longest tests: begun last, one would go on alone, on one core, when all others are done.
LONGEST = {"test_demo_script.py", "test_every_page.py", "test_states_table.py", "test_any_call.py"}
CHOSEN = "DAYLINE_TEST_CHOSEN"  # set by the first process and read by the workers of pytest-xdist


def _choose() -> None:
    if kept := os.environ.get("DAYLINE_TEST_FOLDER"):
        folder = Path(kept)  # with --reuse-db; removed by the caller that named it
    else:
        folder = Path(tempfile.mkdtemp(prefix="dayline-tests-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    server, kind = os.environ.get("TEST_DATABASE_URL", ""), os.environ.get("DAYLINE_TEST_DB", "") or "sqlite"
    if server:
        url = server
    elif kind == "postgres":
        postgres = TemporaryPostgres()
        atexit.register(postgres.stop)
        url = postgres.start()
    elif kind == "sqlite":
        url = f"sqlite:///{folder}/dayline.sqlite3"
    elif kind == "none":
        url = f"sqlite:///{folder}/nowhere/{parts.NO_DATABASE}"  # no such folder: no process can open it
    else:
        sys.exit(f"DAYLINE_TEST_DB is none, sqlite or postgres, not {kind!r}.")
    os.environ.update(
        {
            CHOSEN: "none" if kind == "none" and not server else url.partition(":")[0],
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DAYLINE_TEST_FOLDER": str(folder),
            # The tests' own environment, so that a developer's .env can't change their results.
            "ENV_FILE": "",
            "DEBUG": "false",
            "SITE_URL": "http://testserver",
            "SECRET_KEY": "tests-only-" + "k" * 50,
            "ENCRYPTION_KEYS": "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
            "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
            "EMAIL_URL": "memorymail://",
            "LOG_LEVEL": "warning",
            "DJANGO_ALLOW_ASYNC_UNSAFE": "true",  # Playwright's event loop makes Django refuse queries as async
        }
    )
    own = ("CACHE_URL", "TASK_BROKER_URL", "MEDIA_ROOT", "PRIVATE_ROOT", "SITE_NAME", "LOG_FORMAT", "TRUSTED_PROXIES")
    for name in (*own, *(name for name in os.environ if name.startswith("GOOGLE_"))):
        os.environ.pop(name, None)


def pytest_addoption(parser):
    parser.addoption("--part", action="store_true", help="only the tests of this database's part of bin/test")


def pytest_configure(config):
    """Have the tables made for the workers of pytest-xdist, of which each copies them."""
    wanted = not config.option.collectonly and not config.option.reuse_db
    if config.getoption("numprocesses", None) and os.environ[CHOSEN] != "none" and wanted:
        making = tables.start_making()
        config.add_cleanup(making.communicate)  # closes its input, and waits for its end


def pytest_report_header():
    return f"database: {os.environ[CHOSEN]}"


def pytest_collection_finish():
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)  # after tests/conftest.py has marked the tests by their folder
def pytest_collection_modifyitems(config, items):
    part = parts.part_of_database(os.environ[CHOSEN])
    config.stash[parts.COLLECTED] = list(items)
    items.sort(key=lambda item: item.path.name not in LONGEST)
    if part == parts.NONE or config.getoption("--part"):
        left_out: list[pytest.Function] = []
        kept: list[pytest.Function] = []
        not_asked = parts.between_first_and_last(items) if part == parts.SQLITE else set()
        for item in items:
            (kept if part in parts.parts_of(item) and item not in not_asked else left_out).append(item)
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def pytest_terminal_summary(terminalreporter):
    """Show the results of the parts that `bin/test` ran before, so that the last summary hides no failure."""
    for run in os.environ.get("DAYLINE_TEST_BEFORE", "").split():
        part, _, status = run.partition("=")
        where = {parts.NONE: "without a database", parts.SQLITE: "on SQLite"}[part]
        if status in parts.FINE:
            terminalreporter.write_line(f"The run {where}, before this one: {parts.FINE[status]}.", green=True)
        else:
            terminalreporter.write_line(
                f"The run {where}, before this one, FAILED: see its summary above.", red=True, bold=True
            )


gc.set_threshold(100_000, 20, 50)
if CHOSEN not in os.environ:
    _choose()
