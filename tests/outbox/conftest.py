import os
import signal
import subprocess
import sys
import time

import pytest
from django.db import transaction

from outbox import registry, turns
from outbox import services as outbox
from outbox.models import Message
from tests.outbox.probe import handlers
from tests.processes import ROOT, environment

PATIENCE = 120  # seconds to wait for a worker: many times what it takes, as the machine may be busy


@pytest.fixture(autouse=True)
def probe(monkeypatch, tmp_path):
    """Register the probe's handlers in this process, too, without recurring jobs."""
    monkeypatch.setenv("PROBE_FOLDER", str(tmp_path))
    for topic, function in handlers.HANDLERS.items():
        monkeypatch.setitem(registry.handlers, topic, function)
    monkeypatch.setattr(turns, "_taken", {})
    recurring = dict(registry.recurring)
    registry.recurring.clear()
    yield tmp_path
    registry.recurring.clear()
    registry.recurring.update(recurring)


@pytest.fixture
def publish():
    def publish(topic, *, key="one", payload=None, **options):
        with transaction.atomic():
            return outbox.publish(topic, key=key, payload=payload or {}, **options)

    return publish


@pytest.fixture
def start(transactional_db):
    """A function that starts `manage.py worker` (or another command) on the test's database; killed after the test."""
    yield from starting(environment)


@pytest.fixture
def start_elsewhere():
    """The same with no database but the one that the variables name; its tests run once, in the part without any."""
    yield from starting(lambda: {**os.environ, "PYTHONPATH": str(ROOT)})


def starting(surroundings):
    started = []

    def start(*command, **variables):
        words = [sys.executable, *(command or ("manage.py", "worker", "--threads", "2"))]
        process = subprocess.Popen(
            words,
            cwd=ROOT,
            env={**surroundings(), "DJANGO_SETTINGS_MODULE": "tests.outbox.settings", **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        if not process.stdout.closed:
            print(process.communicate()[0])  # pytest shows it where the test failed


def stop(process, *, signal_number=signal.SIGTERM):
    """Stop the process and return the seconds it took."""
    began = time.monotonic()
    process.send_signal(signal_number)
    process.wait(timeout=PATIENCE)
    return time.monotonic() - began


def wait_until(true):
    ends_at = time.monotonic() + PATIENCE
    while time.monotonic() < ends_at:
        if true():
            return
        time.sleep(0.05)
    states = list(Message.objects.values_list("topic", "key", "attempts", "done_at", "dead_at", "last_error")[:5])
    raise AssertionError(f"did not come true within {PATIENCE} s; {states}")
