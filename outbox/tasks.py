"""The outbox's own jobs: running recurring jobs, and deleting old messages."""

from datetime import timedelta
from typing import Any

from django.db.models import Q

from outbox import dispatch, registry
from outbox.clock import database_now
from outbox.exceptions import UnknownTopic
from outbox.models import Message

KEEP_DONE = timedelta(days=7)
KEEP_DEAD = timedelta(days=90)
BATCH = 1000


@registry.handler(registry.RUN_SCHEDULED)
def run_scheduled(payload: dict[str, Any], *, message: Message) -> None:
    if payload["name"] not in registry.recurring:
        raise UnknownTopic  # newer code that is still being deployed may know it
    registry.recurring[payload["name"]].run()


@registry.every(seconds=600, name="outbox.prune")
def prune() -> int:
    """Delete done messages after 7 days and dead ones after 90; returns the number removed."""
    now = database_now()
    old = Message.objects.filter(Q(done_at__lt=now - KEEP_DONE) | Q(dead_at__lt=now - KEEP_DEAD))
    removed = 0
    while ids := list(old.values_list("pk", flat=True)[:BATCH]):
        # The condition is repeated, because staff may have asked for another try since the ids were read.
        dispatch.renew_lease()
        batch = old.filter(pk__in=ids).delete()[0]
        removed += batch
        if not batch:
            break
    return removed
