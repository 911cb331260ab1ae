"""Real worker processes on the test's database: killed, stopped, several at once, cut off."""

import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection, transaction

from outbox import dispatch, registry
from outbox import services as outbox
from outbox.clock import database_now
from outbox.models import Message, ScheduledJob
from tests.outbox.conftest import PATIENCE, stop, wait_until
from tests.outbox.probe.handlers import traces

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ONCE = ("manage.py", "worker", "--once")


def all_done():
    return not Message.objects.filter(done_at=None).exists()


@pytest.mark.parametrize(
    ("point", "attempts"),
    [
        ("before-claim", 1),
        ("before-lease", 1),  # inside the claim's transaction
        ("after-claim", 2),
        ("before-effect", 2),
        ("after-effect", 2),
        ("before-_settle", 2),
        ("after-_settle", 1),
    ],
)
def test_a_killed_worker_loses_nothing_and_repeats_no_effect(start, publish, probe, point, attempts):
    publish("probe.affect", key="invoice")
    (probe / f"die-{point}").touch()

    worker = start(*ONCE, OUTBOX_LEASE_SECONDS="1")
    assert worker.wait(timeout=PATIENCE) == -signal.SIGKILL
    wait_until(lambda: not Message.objects.filter(leased_until__gt=database_now()).exists())
    dispatch.drain()

    message = Message.objects.get(topic="probe.affect")
    assert message.done_at
    assert message.attempts == attempts
    assert [file.name for file in probe.glob("effect-*")] == ["effect-invoice"]


def test_a_lease_outlives_its_worker_for_no_more_than_two_minutes(start, publish, probe):
    publish("probe.affect")
    (probe / "die-after-claim").touch()
    start(*ONCE).wait(timeout=PATIENCE)

    left = Message.objects.get(topic="probe.affect").due_at - database_now()

    assert timedelta(0) < left <= timedelta(seconds=120)
    assert Message.objects.due().filter(topic="probe.affect").count() == 0


def is_ready_to_stop(worker):
    """Whether the worker, which may still be importing while others have done all the work, handles SIGTERM by now."""
    status = Path(f"/proc/{worker.pid}/status")
    if not status.exists():  # not Linux
        return True
    [caught] = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("SigCgt")]
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def test_four_workers_on_one_queue_handle_each_message_once(start, publish):
    with transaction.atomic():
        outbox.publish_all(
            [outbox.Draft(topic="probe.count", key=str(number), payload={"n": number}) for number in range(200)]
        )

    workers = [start("manage.py", "worker", "--threads", "2") for _ in range(4)]
    wait_until(lambda: all_done() and traces("recurred") and all(map(is_ready_to_stop, workers)))
    [worker.send_signal(signal.SIGTERM) for worker in workers]
    codes = [worker.wait(timeout=PATIENCE) for worker in workers]

    assert codes == [0, 0, 0, 0]
    assert Counter(traces("counted")) == {str(number): 1 for number in range(200)}
    assert set(Message.objects.filter(topic="probe.count").values_list("attempts", flat=True)) == {1}
    assert traces("recurred") == ["once"]  # four ticked, one fired
    assert ScheduledJob.objects.count() == 1


def test_a_message_is_handled_within_about_two_seconds_and_the_worker_survives_the_database(start, publish):
    worker = start()
    wait_until(lambda: traces("recurred"))

    waits = []
    while len(waits) < 10 and min(waits, default=timedelta.max) >= timedelta(seconds=2):
        message = publish("probe.count", key=str(len(waits)), payload={"n": len(waits)})
        wait_until(all_done)
        message.refresh_from_db()
        waits.append(message.done_at - message.created_at)
    assert min(waits) < timedelta(seconds=2)  # the quickest: other load on the machine must not decide

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert cursor.fetchall()
        publish("probe.count", key="after", payload={"n": 99})
        wait_until(all_done)
    assert worker.poll() is None
    assert stop(worker) < 10
    assert worker.returncode == 0


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no server to lose")
def test_a_handler_that_outlives_its_connection_is_recorded_all_the_same(publish, monkeypatch):
    def lose_the_connection(payload, *, message):
        with pytest.raises(OperationalError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setitem(registry.handlers, "probe.count", lose_the_connection)
    publish("probe.count")

    dispatch.drain()

    assert Message.objects.get().done_at


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_lets_a_short_job_finish(start, publish, signal_number):
    publish("probe.linger", payload={"seconds": 1.5})
    worker = start()
    wait_until(lambda: traces("lingering"))

    took = stop(worker, signal_number=signal_number)

    assert took < 10
    assert traces("lingered") == ["one"]
    assert Message.objects.get(topic="probe.linger").done_at


def test_stopping_returns_a_long_job_for_another_worker(start, publish):
    publish("probe.linger", payload={"seconds": 60})
    worker = start()
    wait_until(lambda: traces("lingering"))

    took = stop(worker)

    assert took < 10
    assert worker.returncode == 0
    message = Message.objects.get(topic="probe.linger")
    assert (message.done_at, message.leased_until, message.last_error) == (None, None, "")
    assert message.due_at <= database_now()


def test_a_queue_of_hanging_jobs_leaves_a_thread_to_all_others(start, publish):
    for number in range(40):
        publish("probe.linger", key=f"hangs-{number}", payload={"seconds": 600})
    start("manage.py", "worker", "--threads", "4", OUTBOX_PATIENCE_SECONDS="3600")
    wait_until(lambda: len(traces("lingering")) == 3)

    publish("probe.count", payload={"n": 1})
    publish("probe.affect")

    wait_until(lambda: traces("counted") and traces("attempts") and traces("recurred"))
    assert len(traces("lingering")) == 3
    lingering = Message.objects.filter(topic="probe.linger")
    assert Counter(lingering.values_list("attempts", flat=True)) == {1: 3, 0: 37}


def test_hanging_jobs_delay_others_no_longer_than_the_workers_patience(start, publish):
    for number in range(3):
        publish("probe.linger", key=f"hangs-{number}", payload={"seconds": 600})
    start("manage.py", "worker", "--threads", "1", OUTBOX_PATIENCE_SECONDS="1")
    wait_until(lambda: traces("lingering"))

    publish("probe.count", payload={"n": 1})

    wait_until(lambda: traces("counted"))
    assert traces("lingered") == []


def test_too_many_hanging_jobs_make_the_process_start_afresh(start, publish):
    for number in range(3):
        publish("probe.linger", key=f"hangs-{number}", payload={"seconds": 600})
    worker = start(
        "manage.py", "worker", "--threads", "1", OUTBOX_PATIENCE_SECONDS="1", PROBE_MOST_STUCK="1", LOG_LEVEL="info"
    )
    wait_until(lambda: len(traces("lingering")) >= 3)

    publish("probe.count", payload={"n": 1})

    wait_until(lambda: traces("counted"))
    assert worker.poll() is None
    worker.kill()
    lines = worker.communicate()[0]
    assert lines.count("worker_restarts") == 1
    assert lines.count("worker_started") == 2


def test_a_worker_and_cron_at_the_same_time_do_each_job_once(start):
    with transaction.atomic():
        outbox.publish_all(
            [outbox.Draft(topic="probe.count", key=str(number), payload={"n": number}) for number in range(40)]
        )

    start()
    crons = [start(*ONCE), start(*ONCE)]

    assert [cron.wait(timeout=PATIENCE) for cron in crons] == [0, 0]
    wait_until(all_done)
    assert Counter(traces("counted")) == {str(number): 1 for number in range(40)}
