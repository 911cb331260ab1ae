"""A database that crashes or freezes under a running web server: calm refusals meanwhile, then pages as before."""

import os
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection

import psutil
import psycopg
import pytest

from tests.postgres import TemporaryPostgres, free_port
from tests.processes import ROOT

PATIENCE = 60


@pytest.fixture
def database():
    """A server of the test's own: nobody else's may be crashed."""
    with TemporaryPostgres() as url:
        yield url


@pytest.fixture
def web(database):
    """The address of a gunicorn of one process on it, and that process."""
    port = free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "LISTEN_HOST": "127.0.0.1",
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "PYTHONPATH": str(ROOT),
    }
    quiet = {"cwd": ROOT, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    # With all the time it takes on a busy machine; only the server is impatient.
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], check=True, env=environment, **quiet)
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi"],
        env=environment | {"DJANGO_SETTINGS_MODULE": "tests.hardening.impatient"},
        **quiet,
    )
    yield port, server
    server.terminate()
    server.wait(PATIENCE)


def ask(port, address="/providers/"):
    """The status and Retry-After of a page, by default one that needs the database; 0 while nobody listens yet."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", address)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers["Retry-After"]
    except ConnectionRefusedError:
        return 0, None
    finally:
        connection.close()


def ask_until_well(port, *, in_a_row=8):
    """All answers until so many in a row were pages: every connection the threads kept has been tried by then."""
    answers = []
    ends_at = time.monotonic() + PATIENCE
    while [status for status, _ in answers[-in_a_row:]] != [200] * in_a_row:
        assert time.monotonic() < ends_at, answers[-5:]
        answers.append(ask(port))
        time.sleep(0.05)
    return answers


def crash(database):
    """Kill one of its processes: PostgreSQL then ends all connections and recovers, as after a crash of the machine."""
    with psycopg.connect(database) as connection:
        victim = connection.info.backend_pid
        os.kill(victim, signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


@pytest.mark.race
def test_a_crash_of_the_database_costs_a_few_calm_refusals_and_no_restart(database, web):
    port, server = web
    ask_until_well(port)

    for _ in range(3):
        crash(database)
        answers = set(ask_until_well(port))

        assert answers <= {(200, None), (503, "10")}
    assert server.poll() is None


def signal_all(database, number):
    """Send a signal to every process of the server, the postmaster first, so that it starts no others meanwhile."""
    with psycopg.connect(database) as connection:
        postmaster = psutil.Process(connection.info.backend_pid).parent()
    for process in [postmaster, *postmaster.children()]:
        process.send_signal(number)
    return postmaster


@pytest.mark.race
def test_a_frozen_database_costs_calm_refusals_and_keeps_no_thread_of_the_web_server(database, web):
    port, server = web
    ask_until_well(port)

    postmaster = signal_all(database, signal.SIGSTOP)
    try:
        # More than there are threads: each of them, with the connection it kept, has met the silence and come back.
        refused = [ask(port) for _ in range(6)]
        state = ask(port, "/health/")
    finally:
        for process in [*postmaster.children(), postmaster]:
            process.send_signal(signal.SIGCONT)

    assert refused == [(503, "10")] * 6
    assert state == (200, None)
    assert (200, None) in ask_until_well(port)
    assert server.poll() is None
