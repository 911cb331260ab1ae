"""Celery on a real Redis; skipped only where no Redis answers."""

import os
import signal
from collections import Counter
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from django.db import transaction

from outbox import services as outbox
from outbox.models import Message
from outbox.worker import Worker
from tests.outbox.conftest import PATIENCE, stop, wait_until
from tests.outbox.probe.handlers import traces

redis = pytest.importorskip("redis")
pytest.importorskip("celery")

ADDRESS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")
# The one says that a run uses the database now, the other that nobody else ever put anything there.
CLAIM, OURS = "dayline-tests", "dayline-tests-only"


@pytest.fixture
def broker():
    """The address of an empty Redis database nobody else uses; emptied again afterwards, or by the next if killed."""
    for number in range(15, 7, -1):
        url = f"{ADDRESS.rstrip('/')}/{number}"
        client = redis.Redis.from_url(url, socket_connect_timeout=2)
        try:
            is_free = client.dbsize() == 0 or client.exists(OURS)
            # The claim is atomic: another run of these tests takes another number.
            if is_free and client.set(CLAIM, os.getpid(), nx=True, ex=900):
                client.set(OURS, "")
                for key in client.scan_iter():
                    if key.decode() not in {CLAIM, OURS}:
                        client.delete(key)
                break
        except redis.ConnectionError:
            pytest.skip(f"no Redis answers at {urlsplit(ADDRESS).netloc}")
    else:
        pytest.fail("no empty Redis database is left")
    yield url
    client.flushdb()
    client.close()


@contextmanager
def app_of(broker):
    """This process's Celery app, which read no broker when it was set up, sends to that one."""
    from outbox.celery import app

    before = app.conf.broker_url
    app.conf.broker_url = broker
    app.set_default()
    try:
        yield app
    finally:
        app.pool.force_close_all()
        app.conf.broker_url = before


def celery_worker(start, broker, **variables):
    words = (
        "-m",
        "celery",
        "-A",
        "outbox.celery",
        "worker",
        "--concurrency",
        "2",
        "--without-mingle",
        "--without-gossip",
    )
    return start(*words, TASK_BROKER_URL=broker, **variables)


@pytest.mark.race
def test_two_celery_processes_handle_each_message_once_and_the_schedule_fires(broker, start):
    with transaction.atomic():
        outbox.publish_all(
            [outbox.Draft(topic="probe.count", key=str(number), payload={"n": number}) for number in range(50)]
        )

    worker = celery_worker(start, broker)
    ticker = start("manage.py", "worker", "--tick-only", TASK_BROKER_URL=broker)
    wait_until(lambda: traces("recurred") and not Message.objects.filter(done_at=None).exists())

    assert Counter(traces("counted")) == {str(number): 1 for number in range(50)}
    assert traces("recurred") == ["once"]
    for process in (ticker, worker):
        process.send_signal(signal.SIGTERM)
    # A pool process of Celery's, told to end, waits up to 30 s for its parent to read its last answer.
    assert [process.wait(timeout=PATIENCE) for process in (ticker, worker)] == [0, 0]


@pytest.mark.race
def test_handlers_that_hang_are_interrupted_and_keep_no_process_of_celery_from_the_others(broker, start, publish):
    for number in range(6):
        publish("probe.linger", key=f"hangs-{number}", payload={"seconds": 600})
    worker = celery_worker(start, broker, OUTBOX_PATIENCE_SECONDS="1")
    start("manage.py", "worker", "--tick-only", TASK_BROKER_URL=broker)
    wait_until(lambda: len(traces("lingering")) >= 2)

    publish("probe.count", payload={"n": 1})

    wait_until(lambda: traces("counted"))
    wait_until(lambda: set(traces("lingering")) == {f"hangs-{number}" for number in range(6)})
    failed = Message.objects.filter(topic="probe.linger").exclude(last_error="")
    assert failed and all(
        error.startswith("HandlerHangs at tests/outbox/probe/handlers.py")
        for error in failed.values_list("last_error", flat=True)
    )
    assert traces("lingered") == []
    worker.send_signal(signal.SIGQUIT)
    worker.wait(timeout=PATIENCE)


@pytest.mark.race
def test_without_its_broker_the_ticker_waits_and_nothing_is_lost(start, publish):
    publish("probe.count", payload={"n": 1})
    ticker = start("manage.py", "worker", "--tick-only", TASK_BROKER_URL="redis://127.0.0.1:1/0", LOG_LEVEL="info")
    while "worker_interrupted" not in (line := ticker.stdout.readline()):
        assert line, "the ticker ended"

    assert stop(ticker) < 10
    assert ticker.returncode == 0
    assert Message.objects.due().filter(topic="probe.count").exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_each_tick_wakes_as_many_processes_as_there_are_due_messages_and_four_at_most(broker, settings, publish):
    settings.TASK_BROKER_URL = broker
    client = redis.Redis.from_url(broker)
    ticker = Worker(threads=2, tick_only=True)
    woken = []

    with app_of(broker):
        for number in range(6):
            ticker._wake()
            woken.append(client.llen("dayline"))
            publish("probe.count", key=str(number), payload={"n": number})

    assert woken == [0, 1, 1 + 2, 1 + 2 + 3, 1 + 2 + 3 + 4, 1 + 2 + 3 + 4 + 4]


@pytest.mark.django_db(transaction=True)
def test_what_wakes_celery_handles_what_is_due(publish):
    from outbox.celery import drain

    publish("probe.count", payload={"n": 1})

    drain()

    assert traces("counted") == ["1"]
    assert drain.name == "outbox.drain"
