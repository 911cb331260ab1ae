"""Signs of life of a worker's thread, by which its process notices a handler that hangs."""

import threading
import time

stopping = threading.Event()


class WorkingThread(threading.Thread):
    """A thread that works through jobs. One that shows no sign of life for too long is replaced by another."""

    seen_at: float | None = None
    replaced = False


def show_sign() -> None:
    thread = threading.current_thread()
    if isinstance(thread, WorkingThread):
        thread.seen_at = time.monotonic()


def rest() -> None:
    """Note that this thread is at no job any more, so that it can't hang."""
    thread = threading.current_thread()
    if isinstance(thread, WorkingThread):
        thread.seen_at = None


def hangs(thread: threading.Thread) -> bool:
    """Whether the thread was given up for another."""
    return isinstance(thread, WorkingThread) and thread.replaced


def told_to_stop() -> bool:
    """Whether the work under way here should be the last: the process stops, or this thread was replaced."""
    return stopping.is_set() or hangs(threading.current_thread())
