"""Real processes on the test's own database: what threads and one connection can't show.

    outcomes = run_processes(8, book, str(provider.pk), start.isoformat())   # the same call in eight processes
    outcomes = run_calls([(accept, ref), (cancel, ref)])                     # one process for each call

A function is a module-level one; arguments and results are JSON. All start at the same moment, each with a connection
of its own already open. The test needs `transaction=True`, for other processes see committed rows only.
"""

import json
import os
import signal
import subprocess
import sys
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
    """What one process came back with: `value`, or the class name and text of the exception."""

    value: Any = None
    error: str = ""
    message: str = ""
    traceback: str = ""

    @property
    def ok(self) -> bool:
        return not self.error


def environment() -> dict[str, str]:
    """The environment in which `manage.py` or any Python process works on this test's database."""
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
    """Call `function(*args)` in `n` processes at once; their outcomes, in the order the processes were started."""
    return run_calls([(function, *args)] * n, timeout=timeout)


def run_calls(calls: Sequence[tuple], *, timeout: float = 180) -> list[Outcome]:
    """Each call, a function and its arguments, in a process of its own, all at once.

    Raises TimeoutError, and leaves no process behind, when they are not done after `timeout` seconds.
    """
    job = [{"function": f"{function.__module__}:{function.__name__}", "args": args} for function, *args in calls]
    starter = subprocess.Popen(
        [sys.executable, "-m", "tests.starter"],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # one group, so that nobody is left behind
    )
    try:
        out, err = starter.communicate(json.dumps(job), timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(starter.pid, signal.SIGKILL)
        starter.communicate()
        raise TimeoutError(f"{len(calls)} processes were not done after {timeout} seconds") from None
    if starter.returncode:
        raise RuntimeError(f"the processes could not be started:\n{err}")
    return [Outcome(**line) for line in json.loads(out.splitlines()[-1])]


def meet(folder: str, size: int) -> None:
    """For what runs in the processes: returns once `size` of them are here, in the empty `folder`, at the same time."""
    Path(folder, str(os.getpid())).touch()
    ends_at = time.monotonic() + 60
    while len(os.listdir(folder)) < size:
        if time.monotonic() > ends_at:
            raise TimeoutError(f"Of {size} processes only {len(os.listdir(folder))} came.")
        time.sleep(0.01)
