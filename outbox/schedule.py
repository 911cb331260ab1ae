"""The schedule of recurring jobs.

A firing is won by compare-and-swap on the job's row, and recorded as a message in the same transaction. Each job has
one message for ever: a firing makes it due again. So a job never runs twice at the same time, firings missed while it
runs or while no worker is there collapse into one, and a worker killed after firing loses nothing. A firing brings the
message forward and never pushes it back: one that is due already keeps its place in the queue.
"""

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models.functions import Now

from outbox.clock import database_now
from outbox.models import Message, ScheduledJob
from outbox.registry import RUN_SCHEDULED, Recurring, recurring
from outbox.services import publish

log = structlog.get_logger("outbox")


def tick() -> int:
    """Fire every recurring job that is due by the database's clock; returns the number fired here."""
    now = database_now()
    next_runs = dict(ScheduledJob.objects.values_list("name", "next_run_at"))
    new = recurring.keys() - next_runs.keys()
    if new:
        _introduce([recurring[name] for name in sorted(new)], now=now)
        next_runs = dict(ScheduledJob.objects.values_list("name", "next_run_at"))
    due = [job for name, job in recurring.items() if job.rhythm.is_due(next_runs[name], now)]
    return sum(fire(job, seen=next_runs[job.name], now=now) for job in due)


def fire(job: Recurring, *, seen: datetime, now: datetime) -> bool:
    """Move the job's row on from the moment `seen`: True for the one caller that has fired it, else False."""
    with transaction.atomic():
        won = ScheduledJob.objects.filter(name=job.name, next_run_at=seen).update(
            next_run_at=job.rhythm.next_after(seen, now), last_run_at=now, rhythm=str(job.rhythm)
        )
        if won:
            _make_due(job.name)
    if won:
        log.info("job_fired", job=job.name)
    return bool(won)


def _introduce(jobs: list[Recurring], *, now: datetime) -> None:
    ScheduledJob.objects.bulk_create(
        [ScheduledJob(name=job.name, rhythm=str(job.rhythm), next_run_at=job.rhythm.first_after(now)) for job in jobs],
        ignore_conflicts=True,
    )


def _make_due(name: str) -> None:
    message = Message.objects.filter(topic=RUN_SCHEDULED, key=name)
    if message.over().update(due_at=Now(), attempts=0, done_at=None, dead_at=None):
        return
    if message.pending().filter(leased_until=None, due_at__gt=Now()).update(due_at=Now()):
        return  # pausing after a failure: this firing is its next attempt
    publish(RUN_SCHEDULED, key=name, payload={"name": name})
