"""Dispatch of messages, one after another: claim one for a lease, run its handler, record how it ended.

A claim moves `due_at` to the end of the lease, so a message whose worker died falls due again by itself. The outcome is
written only while the message still has the claim's token: a worker that was too slow changes nothing.
"""

import random
import threading
import time
import traceback
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from core.db import persistently
from outbox import liveness, turns
from outbox.clock import database_now
from outbox.exceptions import GiveUp, LeaseLapsed, LeaseLost, NotYet, Retry, UnknownTopic
from outbox.models import Message
from outbox.registry import handlers

MAX_ATTEMPTS = 32  # with the pauses below, about a day
LAPSES_AT_ONCE = 2  # a killed worker's job returns right after its lease; one that keeps killing workers pauses, too

log = structlog.get_logger("outbox")
_under_way: dict[threading.Thread, Message] = {}


def drain(*, seconds: float = 5, share: int | None = None) -> int:
    """Handle due messages one by one until none is left, or for about `seconds`; returns the number handled.

    With a `share`, a topic waits while that many other threads of this process work on it.
    """
    ends_at = time.monotonic() + seconds
    handled = 0
    while time.monotonic() < ends_at and not liveness.told_to_stop() and (message := claim(share=share)):
        handle(message)
        handled += 1
    return handled


def claim(*, share: int | None = None) -> Message | None:
    """The next message, leased to the caller; no other worker gets it before the lease ends.

    Topics take turns (see `turns`); of a topic's messages the one that has been due longest comes first.
    """
    with turns.choosing:
        # The topics are read without a transaction, because an idle worker must not keep taking SQLite's write lock.
        while topics := turns.in_turn(Message.objects.due_since(), share=share):
            with transaction.atomic():
                message = _first_of(topics)
                if message is None:
                    return None
                if message.leased_until and message.attempts > LAPSES_AT_ONCE:
                    _postpone(message, LeaseLapsed())
                    continue
                lease(message)
            turns.take(message.topic)
            return message
    return None


def handle(message: Message) -> None:
    """Run the handler outside any transaction and record how it went."""
    liveness.show_sign()
    _under_way[threading.current_thread()] = message
    try:
        _call_handler(message)
    except LeaseLost:
        _tell("message_lease_lost", message)
    except NotYet as wait:
        _put_off(message, wait)
    except Retry as error:
        _postpone(message, error, at_least=error.after)
    except GiveUp as error:
        _bury(message, error)
    except Exception as error:
        _postpone(message, error)
    else:
        finish(message)
    finally:
        _under_way.pop(threading.current_thread(), None)
        turns.leave()


def finish(message: Message) -> None:
    """Record that the message's work is done, unless the lease was lost."""
    if _settle(message, done_at=Now(), last_error=""):
        _tell("message_done", message)


def renew_lease() -> None:
    """Keep this thread's message, if it has one, for another full lease; call it between the steps of a long job.

    Raises LeaseLost when another worker has taken the message: let the error pass, and do nothing more.
    """
    if message := _under_way.get(threading.current_thread()):
        message.renew_lease()


def return_unfinished() -> None:
    """Make the messages this process still holds due at once, for other workers. Only right before the process ends.

    The message of a hanging handler keeps its lease: due at once, it would hang the next worker, too.
    """
    for thread, message in list(_under_way.items()):
        if not liveness.hangs(thread) and _settle(message, due_at=Now()):
            _tell("message_returned", message)


def pause_after(attempts: int) -> float:
    """Seconds to wait after that many attempts: 5, 10, 20 ... up to an hour, give or take a fifth."""
    return min(5 * 2 ** (attempts - 1), 3600) * random.uniform(0.8, 1.2)  # noqa: S311


def describe(error: BaseException) -> str:
    """An error as staff see it: its class and place in our code. Never its text, which may quote an address or name."""
    if isinstance(error, Retry | GiveUp) and error.reason:
        return f"{type(error).__name__}: {error.reason}"[:200]
    ours = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(settings.BASE_DIR)
        and "site-packages" not in frame.filename
        and frame.filename != liveness.__file__  # which interrupted the frame before
    ]
    where = f" at {Path(ours[-1].filename).relative_to(settings.BASE_DIR)}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{where}"[:200]


def lease(message: Message) -> None:
    message.leased_until = message.due_at = database_now() + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
    message.lease_token = uuid.uuid4()
    message.attempts += 1
    message.save(update_fields=["leased_until", "due_at", "lease_token", "attempts"])


def _first_of(topics: list[str]) -> Message | None:
    due = Message.objects.due().select_for_update(skip_locked=True)
    return next((message for topic in topics if (message := due.filter(topic=topic).first())), None)


def _call_handler(message: Message) -> None:
    if message.topic not in handlers:
        raise UnknownTopic
    try:
        handlers[message.topic](message.payload, message=message)
    finally:
        liveness.rest()


def _postpone(message: Message, error: Exception, *, at_least: float = 0) -> None:
    if message.attempts >= MAX_ATTEMPTS:
        _bury(message, error)
        return
    pause = max(at_least, pause_after(message.attempts))
    reason = describe(error)
    if _settle(message, due_at=Now() + timedelta(seconds=pause), last_error=reason):
        _tell("message_failed", message, error=reason, again_in_seconds=round(pause))


def _put_off(message: Message, wait: NotYet) -> None:
    """Make the message due when its handler asked for it, without counting this attempt."""
    due_at = Now() + timedelta(seconds=wait.after)
    if _settle(message, due_at=due_at, attempts=message.attempts - 1, last_error=describe(wait)):
        _tell("message_put_off", message, again_in_seconds=round(wait.after))


def _bury(message: Message, error: Exception) -> None:
    reason = describe(error)
    if _settle(message, dead_at=Now(), last_error=reason):
        _tell("message_dead", message, error=reason)


def _settle(message: Message, **outcome: Any) -> bool:
    """End the lease with an outcome; False when it was lost meanwhile, and then nothing changed."""
    held = Message.objects.pending().filter(pk=message.pk, lease_token=message.lease_token)

    def end_lease() -> int:
        return held.update(leased_until=None, lease_token=None, **outcome)

    settled = bool(persistently(end_lease, wait=liveness.stopping.wait))
    if not settled:
        _tell("message_lease_lost", message)
    return settled


def _tell(event: str, message: Message, **facts: object) -> None:
    log.info(event, message=str(message.pk), topic=message.topic, attempt=message.attempts, **facts)
