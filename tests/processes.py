"""Calls in real processes on the test's own database, for races that threads and one connection can't show.

    outcomes = run_processes(8, book, str(provider.pk), start.isoformat())   # the same call in eight processes
    outcomes = run_calls([(accept, ref), (cancel, ref)])                     # one process for each call

Functions are module-level; arguments and results are JSON. All start at the same moment, each with a connection
of its own already open. The test needs `transaction=True`, for other processes see committed rows only.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Outcome:
    """The result of one process: `value`, or the class name and text of its exception."""

    value: Any = None
    error: str = ""
    message: str = ""
    traceback: str = ""

    @property
    def ok(self) -> bool:
        return not self.error


def environment() -> dict[str, str]:
    """The environment variables with which a Python process uses this test's database."""
    return {**os.environ, "DATABASE_URL": database_url(), "PYTHONPATH": str(ROOT)}


def database_url() -> str:
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    who = quote(database["USER"], safe="") + (
        ":" + quote(database["PASSWORD"], safe="") if database["PASSWORD"] else ""
    )
    port = f":{database['PORT']}" if database["PORT"] else ""
    return f"postgres://{who}@{database['HOST']}{port}/{database['NAME']}"


def run_processes(n: int, function: Callable, *args: Any, timeout: float = 180) -> list[Outcome]:
    """Call `function(*args)` in `n` processes at once and return their outcomes in order of start."""
    return run_calls([(function, *args)] * n, timeout=timeout)


def run_calls(calls: Sequence[tuple], *, first: tuple | None = None, timeout: float = 180) -> list[Outcome]:
    """Run each call, a function and its arguments, in a process of its own, all at once, and return their outcomes.

    The call `first` is made before the processes are forked: what it loads, such as templates, none of them has to.
    Raises TimeoutError, and leaves no process behind, when they are not done after `timeout` seconds.
    """
    named = [
        {"function": f"{function.__module__}:{function.__name__}", "args": args}
        for function, *args in [*calls, *([first] if first else [])]
    ]
    job = {"calls": named[: len(calls)], "first": named[len(calls) :]}
    lines = _starter().run(job, timeout=timeout)
    if lines is None:
        raise TimeoutError(f"{len(calls)} processes were not done after {timeout} seconds")
    if "error" in lines:
        raise RuntimeError(f"the processes could not be started:\n{lines['error']}")
    return [Outcome(**line) for line in lines["outcomes"]]


class Starter:
    """The running `tests.starter` of one environment: Django is set up once, not once for each race."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.variables = variables
        self.said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - as long as the process writes there
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.starter"],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
            text=True,
        )

    def run(self, job: dict[str, Any], *, timeout: float) -> dict[str, Any] | None:
        """The starter's answer to the job; None if it took too long, after all processes were killed."""
        assert self.process.stdin and self.process.stdout
        group: list[int] = []

        def end() -> None:
            for leader in group:
                os.killpg(leader, signal.SIGKILL)
            self.process.kill()

        late = threading.Timer(timeout, end)
        late.start()
        try:
            self.process.stdin.write(json.dumps(job) + "\n")
            self.process.stdin.flush()
            for line in self.process.stdout:
                answer: dict[str, Any] = json.loads(line)
                if "group" not in answer:
                    return answer
                group.append(answer["group"])
        finally:
            late.cancel()
        if self.process.wait() == -signal.SIGKILL:
            return None
        self.said.seek(0)
        return {"error": self.said.read()}

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


# With and without the stand-in for Google.
KEPT = 2
_running: list[Starter] = []


def _starter() -> Starter:
    """The starter with this process's present environment; of those with others the oldest is stopped."""
    variables = {name: value for name, value in environment().items() if name != "PYTEST_CURRENT_TEST"}
    for each in _running:
        if each.variables == variables and each.process.poll() is None:
            return each
    if len(_running) == KEPT:
        _running.pop(0).stop()
    _running.append(Starter(variables))
    return _running[-1]


@atexit.register
def _stop() -> None:
    while _running:
        _running.pop().stop()


def meet(folder: str, size: int) -> None:
    """A barrier for the processes: returns in all of them once `size` have called it with the same empty `folder`."""
    Path(folder, str(os.getpid())).touch()
    ends_at = time.monotonic() + 60
    while len(os.listdir(folder)) < size:
        if time.monotonic() > ends_at:
            raise TimeoutError(f"Of {size} processes only {len(os.listdir(folder))} came.")
        time.sleep(0.01)
