"""Chooses the database of a test run, before anybody reads the settings.

    (nothing)                          a SQLite file in a temporary folder
    DAYLINE_TEST_DB=postgres           a PostgreSQL from pip, started for this run and stopped after it
    TEST_DATABASE_URL=postgres://...   the server it names; the tests make and drop databases of their own there

Loaded with `-p` (see pyproject.toml) because a conftest.py would be too late: pytest-django reads the settings earlier,
and the run would silently use another database. `tests/test_plugin.py` asserts that the run uses what was asked for.
With pytest-xdist the workers inherit this process's choice, and pytest-django gives each a database of its own.
"""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.postgres import TemporaryPostgres

CHOSEN = "DAYLINE_TEST_CHOSEN"  # set by the first process: the workers of pytest-xdist keep to its choice


def _choose() -> None:
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
    else:
        sys.exit(f"DAYLINE_TEST_DB is sqlite or postgres, not {kind!r}.")
    os.environ.update(
        {
            CHOSEN: url.partition(":")[0],
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DAYLINE_TEST_FOLDER": str(folder),
            # The tests' own environment: what a developer keeps in .env must not decide whether they pass.
            "ENV_FILE": "",
            "DEBUG": "false",
            "SITE_URL": "http://testserver",
            "SECRET_KEY": "tests-only-" + "k" * 50,
            "ENCRYPTION_KEYS": "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
            "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
            "EMAIL_URL": "memorymail://",
            "LOG_LEVEL": "warning",
            "DJANGO_ALLOW_ASYNC_UNSAFE": "true",  # Playwright's own loop makes Django think a view is async
        }
    )
    for name in ("CACHE_URL", "TASK_BROKER_URL", "MEDIA_ROOT", "SITE_NAME", "LOG_FORMAT", "TRUSTED_PROXIES"):
        os.environ.pop(name, None)


def pytest_report_header():
    return f"database: {os.environ[CHOSEN]}"


def pytest_terminal_summary(terminalreporter):
    """bin/test runs the suite twice; what the second run says last must not hide that the first one failed."""
    if os.environ.get("DAYLINE_SQLITE_STATUS", "0") != "0":
        terminalreporter.write_line(
            "The run on SQLite, before this one, FAILED: see its summary above.", red=True, bold=True
        )


if CHOSEN not in os.environ:
    _choose()
