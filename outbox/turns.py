"""The order in which topics are served, so that jobs that wait for a hanging mail server keep no others waiting.

This process's threads serve the topics in turn, and all but one of them may be at the same topic at the same time. A
recurring job counts as a topic of its own: it has one message, so it never holds more than one thread.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from outbox import liveness
from outbox.registry import RUN_SCHEDULED

choosing = threading.Lock()  # held from the look at the topics until one of them is taken
_at: dict[threading.Thread, str] = {}
_taken: dict[str, int] = {}


def share_of(threads: int) -> int:
    """The number of threads, of `threads` in all, that one topic may hold at the same time."""
    return max(1, threads - 1)


def in_turn(due_since: Mapping[str, datetime], *, share: int | None) -> list[str]:
    """The topics with due messages in the order in which this thread should serve them.

    Topics that `share` other threads work on are left out. `due_since` has the due time of each topic's oldest message.
    """
    me = threading.current_thread()
    held = Counter(topic for thread, topic in list(_at.items()) if thread is not me and not liveness.hangs(thread))
    return order(due_since, held=held, taken=_taken, share=share)


def order(
    due_since: Mapping[str, datetime], *, held: Mapping[str, int], taken: Mapping[str, int], share: int | None
) -> list[str]:
    """The topics with room: those of the fewest threads first, then the one not taken for longest, then by due time."""
    with_room = (topic for topic in due_since if share is None or held.get(topic, 0) < share)
    return sorted(with_room, key=lambda topic: (held.get(topic, 0), taken.get(topic, 0), due_since[topic]))


def take(topic: str) -> None:
    """Note that this thread works on a message of the topic."""
    _taken[topic] = max(_taken.values(), default=0) + 1
    if topic != RUN_SCHEDULED:
        _at[threading.current_thread()] = topic


def leave() -> None:
    """Note that this thread works on no message any more."""
    _at.pop(threading.current_thread(), None)
