"""Signs of life of a worker's thread, by which its process notices a handler that hangs."""

import signal
import threading
import time

from django.conf import settings

from outbox.exceptions import HandlerHangs

stopping = threading.Event()
_interrupts = False


class WorkingThread(threading.Thread):
    """A thread that runs handlers. One that shows no sign of life for too long is replaced by another thread."""

    seen_at: float | None = None
    replaced = False


def stop() -> None:
    """Tell this process to stop, from a signal handler.

    Another thread does it, because the signal may have interrupted this one while it holds the event's lock.
    """
    threading.Thread(target=stopping.set, daemon=True).start()


def show_sign() -> None:
    thread = threading.current_thread()
    if isinstance(thread, WorkingThread):
        thread.seen_at = time.monotonic()
    elif _interrupts:
        signal.setitimer(signal.ITIMER_REAL, settings.OUTBOX_PATIENCE_SECONDS)


def interrupt_what_hangs() -> None:
    """From now on, interrupt a handler in this process's main thread that shows no sign of life for too long.

    For a process that runs one job at a time there, as Celery's do: no other thread could take its place.
    """
    global _interrupts
    _interrupts = True
    signal.signal(signal.SIGALRM, _interrupt)


def _interrupt(signum: int, frame: object) -> None:
    raise HandlerHangs


def rest() -> None:
    """Note that this thread runs no handler any more, so that it can't hang."""
    thread = threading.current_thread()
    if isinstance(thread, WorkingThread):
        thread.seen_at = None
    elif _interrupts:
        signal.setitimer(signal.ITIMER_REAL, 0)


def hangs(thread: threading.Thread) -> bool:
    """Whether the thread hung and was replaced by another."""
    return isinstance(thread, WorkingThread) and thread.replaced


def told_to_stop() -> bool:
    """Whether this thread should take no further message: the process stops, or the thread was replaced."""
    return stopping.is_set() or hangs(threading.current_thread())
