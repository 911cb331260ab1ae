"""Workers that are started before there is a database, which is a file of these tests' own."""

import sqlite3

import pytest

from tests.outbox.conftest import PATIENCE, stop, wait_until
from tests.outbox.probe.handlers import traces

pytestmark = pytest.mark.race


def test_a_worker_started_before_the_database_waits_for_it(start_elsewhere, probe):
    path = probe / "later" / "late.sqlite3"
    late = {"DATABASE_URL": f"sqlite:///{path}", "LOG_LEVEL": "info"}
    worker = start_elsewhere("manage.py", "worker", **late)
    assert "database_awaited" in worker.stdout.readline()

    path.parent.mkdir()
    assert start_elsewhere("manage.py", "migrate", "-v", "0", **late).wait(timeout=PATIENCE) == 0
    while "worker_started" not in (line := worker.stdout.readline()):
        assert line, "the worker ended"
    wait_until(lambda: traces("recurred"))

    assert stop(worker) < 10
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM outbox_message WHERE done_at IS NOT NULL").fetchone() == (1,)


def test_a_worker_that_waits_for_the_database_stops_quickly(start_elsewhere, probe):
    worker = start_elsewhere(
        "manage.py", "worker", DATABASE_URL=f"sqlite:///{probe}/never/there.sqlite3", LOG_LEVEL="info"
    )
    assert "database_awaited" in worker.stdout.readline()

    assert stop(worker) < 10
