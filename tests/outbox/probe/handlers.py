"""Handlers that leave traces in a folder, so that a test sees what other processes did."""

import os
import signal
import threading
import time
from pathlib import Path

from outbox import services as outbox

hanging = threading.Event()


def folder() -> Path:
    return Path(os.environ["PROBE_FOLDER"])


def trace(name: str, line: str) -> None:
    """Append a line to the trace `name`; short appends to one file don't mix."""
    with (folder() / name).open("a") as file:
        file.write(line + "\n")


def traces(name: str) -> list[str]:
    path = folder() / name
    return path.read_text().splitlines() if path.exists() else []


def die_at(point: str) -> None:
    """End this process as suddenly as a power cut, once, at the point that the test named."""
    wish = folder() / f"die-{point}"
    if wish.exists():
        wish.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def count(payload, *, message):
    trace("counted", str(payload["n"]))


def affect(payload, *, message):
    """Have an effect outside that is harmless to repeat: the same key makes the same file."""
    trace("attempts", message.key)
    die_at("before-effect")
    (folder() / f"effect-{message.key}").touch()
    die_at("after-effect")


def fail(payload, *, message):
    raise ValueError("ada@example.com is not a number")


def linger(payload, *, message):
    trace("lingering", message.key)
    time.sleep(payload["seconds"])
    trace("lingered", message.key)


def recur():
    trace("recurred", "once")


HANDLERS = {f"probe.{function.__name__}": function for function in (count, affect, fail, linger)}


def register() -> None:
    for topic, function in HANDLERS.items():
        outbox.handler(topic)(function)
