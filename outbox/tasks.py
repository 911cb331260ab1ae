"""The outbox as the task engine sees it: a nudge to handle what is due. A lost nudge loses nothing, the rows remain."""

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django_tasks import TaskResultStatus, task
from django_tasks_db.backend import DatabaseBackend
from django_tasks_db.models import DBTaskResult

from outbox import dispatch, registry
from outbox.clock import database_now
from outbox.exceptions import UnknownTopic
from outbox.models import Message
from outbox.schedule import RUN_SCHEDULED

NUDGES = 4  # at most this many wait at once
NUDGE_EXPIRES_SECONDS = 300  # long enough for machines whose clocks differ by minutes
KEEP_DONE = timedelta(days=7)
KEEP_DEAD = timedelta(days=90)
KEEP_NUDGES = timedelta(hours=1)
BATCH = 1000


@task()
def drain() -> int:
    return dispatch.drain()


drain.func.expires = NUDGE_EXPIRES_SECONDS  # type: ignore[attr-defined]


def nudge() -> int:
    """Ask the engine for as many workers as there are due messages, up to a few; the number asked for."""
    wanted = Message.objects.due()[:NUDGES].count()
    if wanted and isinstance(drain.get_backend(), DatabaseBackend):
        wanted -= _nudges().filter(status=TaskResultStatus.READY).count()
    for _ in range(wanted):
        drain.enqueue()
    return max(wanted, 0)


@registry.handler(RUN_SCHEDULED)
def run_scheduled(payload: dict[str, Any], *, message: Message) -> None:
    if payload["name"] not in registry.recurring:
        raise UnknownTopic  # newer code, on its way here, may know it
    registry.recurring[payload["name"]].run()


@registry.every(seconds=600, name="outbox.prune")
def prune() -> int:
    """Forget done messages after 7 days, dead ones after 90, and the engine's own results; the number removed."""
    now = database_now()
    old = Message.objects.filter(Q(done_at__lt=now - KEEP_DONE) | Q(dead_at__lt=now - KEEP_DEAD))
    removed = 0
    while ids := list(old.values_list("pk", flat=True)[:BATCH]):
        # The same condition again: somebody may have asked for another try since the ids were read.
        dispatch.renew_lease()
        batch = old.filter(pk__in=ids).delete()[0]
        removed += batch
        if not batch:
            break
    # A nudge of a killed worker stays "running" for ever; it is as worthless as a finished one.
    removed += _nudges().filter(enqueued_at__lt=now - KEEP_NUDGES).delete()[0]
    removed += DBTaskResult.objects.finished().filter(finished_at__lt=now - KEEP_DONE).delete()[0]
    return removed


def _nudges() -> Any:
    return DBTaskResult.objects.filter(task_path=drain.module_path)
