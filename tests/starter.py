"""The other side of `processes.run_calls`: set Django up once, fork a process for each call, let all go at once."""

import importlib
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import django
from django.urls import get_resolver


def main() -> None:
    calls = json.load(sys.stdin)
    django.setup()
    functions = [resolve(call["function"]) for call in calls]
    get_resolver()._populate()  # the pages are loaded once here, not once in each process
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
        os.close(go_write)  # whoever waits to read sees the end now: all of them, at the same moment
        for _call in calls:
            os.wait()
        print(json.dumps([outcome(result) for result in results]))


def resolve(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def run(function: Any, args: list, result: Path, ready: int, go: int) -> None:
    from django.db import connection

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
    """A process that died without a word (killed, say) has an outcome too."""
    return json.loads(result.read_text()) if result.exists() else {"error": "Died", "message": "no answer"}


if __name__ == "__main__":
    main()
