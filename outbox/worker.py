"""The worker process: keeps the schedule, nudges the engine, and is the engine while that is the database.

A handler can't be interrupted inside a thread. So a thread that shows no sign of life for OUTBOX_PATIENCE_SECONDS is
replaced: jobs behind a hanging one wait no longer than that. Its message lapses with its lease and comes back with
growing pauses. When too many threads hang, the process starts itself afresh.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection, connections, transaction
from django_tasks import DEFAULT_TASK_BACKEND_ALIAS, TaskResultStatus, task_backends
from django_tasks_db.backend import DatabaseBackend
from django_tasks_db.management.commands.db_worker import Worker as TaskRunner
from django_tasks_db.models import DBTaskResult

from outbox import dispatch, liveness
from outbox.models import Message
from outbox.schedule import tick
from outbox.tasks import nudge

TICK_SECONDS = 1
IDLE_SECONDS = 1
FINISH_SECONDS = 6  # with what follows, under the ten seconds a supervisor grants
MOST_STUCK = 16

log = structlog.get_logger("outbox")


class Worker:
    def __init__(self, *, threads: int, tick_only: bool) -> None:
        self.id = uuid.uuid4().hex
        # With another engine its own workers run the tasks, and this process only keeps the schedule.
        self.wanted = (
            0 if tick_only or not isinstance(task_backends[DEFAULT_TASK_BACKEND_ALIAS], DatabaseBackend) else threads
        )
        self.threads: list[liveness.WorkingThread] = []
        self.stuck: list[liveness.WorkingThread] = []
        self.numbers = count(1)
        self.something_to_do = threading.Event()
        self.tasks: dict[threading.Thread, DBTaskResult] = {}

    def run(self) -> bool:
        """Work until told to stop; True when the process should then start afresh."""
        wait_for_database()
        log.info("worker_started", worker=self.id, threads=self.wanted)
        while not liveness.stopping.is_set():
            self._look_after_threads()
            with surviving_outages("tick"):
                close_old_connections()
                tick()
                if nudge():
                    self.something_to_do.set()
                    self.something_to_do.clear()
            if len(self.stuck) > MOST_STUCK:
                log.error("worker_restarts", worker=self.id, stuck=len(self.stuck))
                liveness.stopping.set()
                self._finish()
                return True
            liveness.stopping.wait(TICK_SECONDS)
        self._finish()
        return False

    def run_once(self) -> None:
        """Everything that is due now, then no more: for cron, and for a look at what happens."""
        wait_for_database()
        tick()
        while not liveness.stopping.is_set() and (dispatch.drain() or self._run_task()):
            pass

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
                worked = False
                with surviving_outages("work"):
                    close_old_connections()
                    worked = self._run_task()
                if not worked:
                    self.something_to_do.wait(IDLE_SECONDS)
        finally:
            connections.close_all()

    def _run_task(self) -> bool:
        """Run the task the engine would run next, if there is one."""
        ready = DBTaskResult.objects.ready().filter(backend_name=DEFAULT_TASK_BACKEND_ALIAS)
        if not ready.exists():
            return False
        with transaction.atomic():
            task = ready.get_locked()
            if task is None:
                return False
            task.claim(self.id)
        thread = threading.current_thread()
        self.tasks[thread] = task
        liveness.show_sign()
        try:
            self._runner().run_task(task)
        finally:
            self.tasks.pop(thread, None)
            if isinstance(thread, liveness.WorkingThread):
                thread.seen_at = None
        return True

    def _runner(self) -> TaskRunner:
        return TaskRunner(
            queue_names=["*"],
            interval=0,
            batch=True,
            backend_name=DEFAULT_TASK_BACKEND_ALIAS,
            startup_delay=False,
            max_tasks=None,
            worker_id=self.id,
            excluded_queue_names=[],
        )

    def _finish(self) -> None:
        """Let running jobs end; what has not ended in time goes back, due at once."""
        self.something_to_do.set()
        ends_at = time.monotonic() + FINISH_SECONDS
        for thread in self.threads:
            thread.join(max(0, ends_at - time.monotonic()))
        with surviving_outages("return"):
            dispatch.return_unfinished()
            unfinished = [task.pk for thread, task in list(self.tasks.items()) if not liveness.hangs(thread)]
            held = DBTaskResult.objects.filter(pk__in=unfinished, status=TaskResultStatus.RUNNING)
            held.update(status=TaskResultStatus.READY, started_at=None)
        log.info("worker_stopped", worker=self.id)


def wait_for_database() -> None:
    """Return once the database answers and has our tables: the worker may be started before either."""
    for attempt in count():
        try:
            Message.objects.exists()
            DBTaskResult.objects.exists()
            return
        except (DatabaseError, InterfaceError) as error:
            if attempt % 10 == 0:
                log.warning("database_awaited", error=type(error).__name__)
            connection.close()
            if liveness.stopping.wait(1):
                return


@contextmanager
def surviving_outages(doing: str) -> Iterator[None]:
    """A database or broker that is away for a while costs time, not the worker."""
    try:
        yield
    except Exception as error:
        log.warning("worker_interrupted", doing=doing, error=dispatch.describe(error))
        if not connection.in_atomic_block:
            connection.close()
        liveness.stopping.wait(1)
