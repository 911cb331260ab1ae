"""The outbox's interface for other apps, after `from outbox import services as outbox`.

In a service, inside its transaction, and in the app's `tasks.py`:

    outbox.publish("appointments.refresh_openings", key=f"event:{pk}", payload={"provider": pk})

    @outbox.handler("appointments.refresh_openings")
    def refresh_openings(payload, *, message): ...

    @outbox.every(seconds=60, name="appointments.expire_requests")
    def expire_requests(): ...

A handler that may take long calls `outbox.renew_lease()` between its steps.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.db.models.functions import Now

from core.compiled_inserts import insert_all
from core.db import require_transaction
from outbox.dispatch import MAX_ATTEMPTS, renew_lease
from outbox.exceptions import GiveUp, LeaseLost, NotYet, Retry
from outbox.models import Message, ScheduledJob
from outbox.registry import daily, every, handler, monthly, recurring

__all__ = [
    "Draft",
    "GiveUp",
    "LeaseLost",
    "NotYet",
    "Retry",
    "daily",
    "every",
    "forget",
    "handler",
    "is_last_try",
    "is_running",
    "leave_undone",
    "longest_wait",
    "monthly",
    "publish",
    "publish_all",
    "renew_lease",
    "retry_message",
]

log = structlog.get_logger("outbox")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A message before it is written, for `publish_all`."""

    topic: str
    key: str
    payload: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None


def publish(topic: str, *, key: str, payload: dict[str, Any], due_at: datetime | None = None) -> Message:
    """Record work for later inside the caller's transaction: it exists exactly when the change does.

    One INSERT. A topic and key that exist already are left as they are, whatever their state; that memory lasts as long
    as finished messages are kept (7 days). Due at once by the database's clock unless `due_at` says later. The answer
    has the row's id, its other fields are as asked for here. `payload` holds ids, never personal data.
    """
    [message] = publish_all([Draft(topic=topic, key=key, payload=payload, due_at=due_at)])
    return message


def publish_all(drafts: Iterable[Draft]) -> list[Message]:
    """Many messages in one INSERT, with the promises of `publish`."""
    require_transaction(Message)
    messages = [_message(draft) for draft in drafts]
    # Ignoring the conflict in the statement itself: an exception would spoil the caller's transaction on PostgreSQL.
    return insert_all(messages, ignore_conflicts=True)


def is_last_try(message: Message) -> bool:
    """Whether a message under way is dead, for staff to look at, should its handler fail now."""
    return message.attempts >= MAX_ATTEMPTS


def is_running(topic: str, *, key: str) -> bool:
    """Whether a worker is at this message now, or was until its lease ran out. One query."""
    return Message.objects.running().filter(pk=Message.id_for(topic, key)).exists()


def retry_message(*, message: Message, actor: Any) -> bool:
    """Make a dead message due at once, its attempts counted anew; False when it is not dead (any more).

    `actor` is the member of staff who asked. Running it again tells nobody twice: handlers look at state.
    """
    revived = Message.objects.dead().filter(pk=message.pk).update(dead_at=None, attempts=0, due_at=Now())
    if revived:
        log.info("message_retried", message=str(message.pk), topic=message.topic, actor=actor.pk)
    return bool(revived)


def forget(topics: Iterable[str], is_meant: Callable[[dict[str, Any]], bool]) -> int:
    """Delete the messages of these topics whose payload `is_meant` names, whatever their state; returns their number.

    For payloads that hold a person's data, encrypted, which is to be erased before finished messages are pruned.
    """
    rows = Message.objects.filter(topic__in=list(topics)).values_list("pk", "payload")
    ids = [pk for pk, payload in rows.iterator() if is_meant(payload)]
    return Message.objects.filter(pk__in=ids).delete()[0]


def leave_undone(*, message: Message, actor: Any) -> bool:
    """Give a message up for good, such as a mail that a restored backup would send again; retry_message revives it.

    False when it is done, dead or under way.
    """
    waiting = Message.objects.pending().exclude(leased_until__gt=Now()).filter(pk=message.pk)
    left = waiting.update(dead_at=Now(), leased_until=None, lease_token=None, last_error="Left undone by staff.")
    if left:
        log.info("message_left_undone", message=str(message.pk), topic=message.topic, actor=actor.pk)
    return bool(left)


def _message(draft: Draft) -> Message:
    # SQLite stores text of any length; this refuses there, too, what PostgreSQL would.
    if not draft.topic or not draft.key or len(draft.topic) > 100 or len(draft.key) > 200:
        raise ValueError(f"A message needs a topic (up to 100 characters) and a key (up to 200): {draft.topic!r}")
    message = Message(
        id=Message.id_for(draft.topic, draft.key), topic=draft.topic, key=draft.key, payload=draft.payload
    )
    if draft.due_at is not None:
        message.due_at = draft.due_at
    return message


def longest_wait() -> float:
    """The seconds that the job has waited which has been due longest, firings of recurring ones included.

    0 where none is due. One that runs, pauses after a failure or is dead does not count. Two queries.
    """
    messages = Message.objects.due().values_list("due_at", Now())[:1]
    firings = ScheduledJob.objects.filter(name__in=list(recurring), next_run_at__lte=Now()).order_by("next_run_at")
    waiting = [*messages, *firings.values_list("next_run_at", Now())[:1]]
    return max(((now - since).total_seconds() for since, now in waiting), default=0.0)
