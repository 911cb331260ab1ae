"""The program behind `processes.run_calls`: sets Django up once, and forks a process for each call of a job.

Reads one job a line and answers each with one line: `{"outcomes": [...]}`, or `{"error": "..."}` when the processes
could not be started. A job runs in a process group of its own, whose number is written before as `{"group": ...}`.
"""

import importlib
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import django
from django.db import connections
from django.urls import get_resolver


def main() -> None:
    django.setup()
    get_resolver()._populate()  # load the URLs and views once here, not in each process
    for line in sys.stdin:
        asked = json.loads(line)
        calls = asked["calls"]
        try:
            functions = [resolve(call["function"]) for call in calls]
            first = [(resolve(call["function"]), call["args"]) for call in asked["first"]]
        except Exception:
            say(error=traceback.format_exc())
            continue
        job = os.fork()
        if job == 0:
            os.setpgid(0, 0)
            say(group=os.getpid())
            try:
                load(first)
                say(outcomes=run_all(calls, functions))
            except BaseException:
                say(error=traceback.format_exc())
            os._exit(0)
        os.waitpid(job, 0)


def say(**words: Any) -> None:
    print(json.dumps(words), flush=True)


def load(first: list[tuple[Any, list]]) -> None:
    """Make the calls that come before all others, and leave no connection that their processes would share."""
    for function, args in first:
        function(*args)
    connections.close_all()


def run_all(calls: list[dict[str, Any]], functions: list[Any]) -> list[dict[str, Any]]:
    """Run each call in its own process, all started at the same moment, and return their outcomes in order."""
    ready_read, ready_write = os.pipe()
    go_read, go_write = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        results = [Path(folder) / str(number) for number in range(len(calls))]
        for call, function, result in zip(calls, functions, results, strict=True):
            if os.fork() == 0:
                os.close(go_write)
                run(function, call["args"], result, ready_write, go_read)
        os.close(ready_write)
        for _call in calls:
            os.read(ready_read, 1)
        os.close(go_write)  # all waiting processes read the end of the pipe at the same moment
        for _call in calls:
            os.wait()
        return [outcome(result) for result in results]


def resolve(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def run(function: Any, args: list, result: Path, ready: int, go: int) -> None:
    from django.db import connection

    # A call's own output must not be taken for an answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        connection.ensure_connection()
        os.write(ready, b".")
        os.read(go, 1)
        text = json.dumps({"value": function(*args)})
    except BaseException as error:
        text = json.dumps(
            {"error": type(error).__name__, "message": str(error), "traceback": traceback.format_exc(limit=-8)}
        )
    result.write_text(text)
    connection.close()
    os._exit(0)


def outcome(result: Path) -> dict[str, Any]:
    """The outcome written to `result`, or an error if the process died without writing one (killed, for example)."""
    return json.loads(result.read_text()) if result.exists() else {"error": "Died", "message": "no answer"}


if __name__ == "__main__":
    main()
