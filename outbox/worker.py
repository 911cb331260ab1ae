"""The worker process: it keeps the schedule, and handles due messages in its threads unless Celery does.

A handler can't be interrupted inside a thread. So a thread that shows no sign of life for OUTBOX_PATIENCE_SECONDS is
replaced: jobs behind a hanging one wait no longer than that. Its message lapses with its lease and comes back with
growing pauses. When too many threads hang, the process restarts itself.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection, connections

from outbox import dispatch, liveness, turns
from outbox.models import Message
from outbox.schedule import tick

TICK_SECONDS = 1
IDLE_SECONDS = 10  # how long a thread sleeps unless it is woken
FINISH_SECONDS = 6  # with the steps after it, under the ten seconds a supervisor grants
MOST_STUCK = 16
NUDGES = 4  # how many of Celery's processes one tick wakes at most

log = structlog.get_logger("outbox")


class Worker:
    def __init__(self, *, threads: int, tick_only: bool) -> None:
        self.id = uuid.uuid4().hex
        # With Celery its own workers handle the messages, and this process only keeps the schedule and wakes them.
        self.wanted = 0 if tick_only or settings.TASK_BROKER_URL else threads
        self.share = turns.share_of(threads)
        self.threads: list[liveness.WorkingThread] = []
        self.stuck: list[liveness.WorkingThread] = []
        self.numbers = count(1)
        self.something_to_do = threading.Event()

    def run(self) -> bool:
        """Work until told to stop; returns True when the process should then be started again."""
        wait_for_database()
        log.info("worker_started", worker=self.id, threads=self.wanted)
        while not liveness.stopping.is_set():
            self._look_after_threads()
            with surviving_outages("tick"):
                close_old_connections()
                tick()
                self._wake()
            if len(self.stuck) > MOST_STUCK:
                log.error("worker_restarts", worker=self.id, stuck=len(self.stuck))
                liveness.stopping.set()
                self._finish()
                return True
            liveness.stopping.wait(TICK_SECONDS)
        self._finish()
        return False

    def run_once(self) -> None:
        """Handle everything that is due now, then return; for cron, and for trying things out."""
        wait_for_database()
        tick()
        while not liveness.stopping.is_set() and dispatch.drain():
            pass

    def _wake(self) -> None:
        """Wake the threads, or as many of Celery's processes as there are due messages, when any message is due."""
        due = Message.objects.due()[:NUDGES].count()
        if settings.TASK_BROKER_URL:
            nudge_celery(due)
        elif due:
            self.something_to_do.set()
            self.something_to_do.clear()

    def _look_after_threads(self) -> None:
        patience = time.monotonic() - settings.OUTBOX_PATIENCE_SECONDS
        for thread in [thread for thread in self.threads if thread.seen_at and thread.seen_at < patience]:
            log.warning("handler_hangs", worker=self.id, thread=thread.name)
            thread.replaced = True
            self.threads.remove(thread)
            self.stuck.append(thread)
        self.stuck = [thread for thread in self.stuck if thread.is_alive()]
        self.threads = [thread for thread in self.threads if thread.is_alive()]
        while len(self.threads) < self.wanted:
            thread = liveness.WorkingThread(target=self._work, name=f"worker-{next(self.numbers)}", daemon=True)
            self.threads.append(thread)
            thread.start()

    def _work(self) -> None:
        try:
            while not liveness.told_to_stop():
                handled = 0
                with surviving_outages("work"):
                    close_old_connections()
                    handled = dispatch.drain(share=self.share)
                if not handled:
                    self.something_to_do.wait(IDLE_SECONDS)
        finally:
            connections.close_all()

    def _finish(self) -> None:
        """Let running jobs end; the messages of those that don't end in time go back, due at once."""
        self.something_to_do.set()
        ends_at = time.monotonic() + FINISH_SECONDS
        for thread in self.threads:
            thread.join(max(0, ends_at - time.monotonic()))
        with surviving_outages("return"):
            dispatch.return_unfinished()
        log.info("worker_stopped", worker=self.id)


def nudge_celery(times: int) -> None:
    """Ask that many of Celery's processes to handle what is due."""
    from outbox.celery import NUDGE_EXPIRES_SECONDS, drain  # celery is an optional extra

    for _ in range(times):
        drain.apply_async(expires=NUDGE_EXPIRES_SECONDS)


def wait_for_database() -> None:
    """Return once the database answers and has our table: the worker may be started before either."""
    for attempt in count():
        try:
            Message.objects.exists()
            return
        except (DatabaseError, InterfaceError) as error:
            if attempt % 10 == 0:
                log.warning("database_awaited", error=type(error).__name__)
            connection.close()
            if liveness.stopping.wait(1):
                return


@contextmanager
def surviving_outages(doing: str) -> Iterator[None]:
    """A context in which an outage of the database or broker is logged and waited out, and does not end the worker."""
    try:
        yield
    except Exception as error:
        log.warning("worker_interrupted", doing=doing, error=dispatch.describe(error))
        if not connection.in_atomic_block:
            connection.close()
        liveness.stopping.wait(1)
