import subprocess
import sys
import time

import pytest
from django.db import transaction

from outbox import registry
from outbox import services as outbox
from outbox.models import Message
from tests.outbox.probe import handlers
from tests.processes import ROOT, environment


@pytest.fixture(autouse=True)
def probe(monkeypatch, tmp_path):
    """The probe's handlers, in this process too; nothing recurs unless a test says so."""
    monkeypatch.setenv("PROBE_FOLDER", str(tmp_path))
    for topic, function in handlers.HANDLERS.items():
        monkeypatch.setitem(registry.handlers, topic, function)
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
    """Start `manage.py worker` (or another command) on the test's database; killed when the test is over."""
    started = []

    def start(*command, **variables):
        words = [sys.executable, *(command or ("manage.py", "worker", "--threads", "2"))]
        process = subprocess.Popen(
            words,
            cwd=ROOT,
            env={**environment(), "DJANGO_SETTINGS_MODULE": "tests.outbox.settings", **variables},
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


def wait_until(true, *, seconds=30):
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        if true():
            return
        time.sleep(0.05)
    states = list(Message.objects.values_list("topic", "key", "attempts", "done_at", "dead_at", "last_error")[:5])
    raise AssertionError(f"did not come true within {seconds} s; {states}")
