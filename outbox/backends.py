"""Django's tasks API over Celery, for whoever outgrew one queue in the database."""

from functools import partial
from typing import Any

from django.db import transaction
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskResult, TaskResultStatus
from django_tasks.signals import task_enqueued
from django_tasks.utils import get_random_id, normalize_json

from core import clock


class CeleryBackend(BaseTaskBackend):
    """Sends a task's path and arguments to the broker once the transaction around it commits; keeps no results.

    A task function may carry `expires` (seconds): not run any more when it waited longer.
    """

    supports_defer = True

    def enqueue(self, task: Task, args: Any, kwargs: Any) -> TaskResult:
        self.validate_task(task)
        result: TaskResult = TaskResult(
            task=task,
            id=get_random_id(),
            status=TaskResultStatus.READY,
            enqueued_at=clock.now(),
            started_at=None,
            last_attempted_at=None,
            finished_at=None,
            args=args,
            kwargs=kwargs,
            backend=self.alias,
            errors=[],
            worker_ids=[],
        )
        transaction.on_commit(partial(self._send, result))
        return result

    def _send(self, result: TaskResult) -> None:
        # Imported late: the module sets Django up when Celery's own command starts with it.
        from outbox.celery import app

        task = result.task
        app.send_task(
            "outbox.run_task",
            args=[task.module_path, normalize_json(result.args), normalize_json(result.kwargs)],
            task_id=result.id,
            eta=task.run_after,
            expires=getattr(task.func, "expires", None),
            shadow=task.module_path,
        )
        task_enqueued.send(type(self), task_result=result)
