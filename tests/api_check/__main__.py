"""`bin/api-check [CALLS]`: calls, made up from the schema, to the running product, as a customer and as a provider.

    bin/api-check                        3,000 calls, on SQLite
    bin/api-check 50000 --postgres       on a PostgreSQL from pip, or on TEST_DATABASE_URL's
    bin/api-check 50000 --minutes 30     as many as fit into half an hour

A database of its own has the demo, a small one; gunicorn serves it as in production, without limits. No answer may be
5xx, and each must be one that the schema promises. A route that never did what it is for fails, too, unless `NOT_DONE`
says why. It ends with a summary and with 1 where something was wrong.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.api_check import process
from tests.soak_google import database

ROOT = Path(__file__).resolve().parents[2]
# The routes that no call can bring to their end here, with the reason.
NOT_DONE: dict[str, str] = {}
# With fewer calls nothing is said of a route that never did what it is for.
ENOUGH = 20


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/api-check", description=__doc__.split("\n\n")[0])
    parser.add_argument("calls", type=int, nargs="?", default=3000)
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL, not on SQLite")
    parser.add_argument("--processes", type=int, default=2, help="how many call at once (default: 2)")
    parser.add_argument("--minutes", type=float, default=600, help="stop after so many, whatever was done by then")
    parser.add_argument("--all", action="store_true", help="tell the statuses of every route")
    return parser.parse_args()


def main() -> int:
    wanted = options()
    with database(postgres=wanted.postgres) as url, tempfile.TemporaryDirectory(prefix="dayline-check-") as folder:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        home = f"http://127.0.0.1:{port}"
        _set_up(url, home, folder)
        with serving(port, Path(folder) / "log"):
            began = time.monotonic()
            tally = make_calls(home, wanted.calls, wanted.processes, wanted.minutes)
            took = time.monotonic() - began
        said = (Path(folder) / "log").read_text()
        if "Traceback" in said:
            print(said[-20_000:], file=sys.stderr)
    return told(tally, took, everything=wanted.all)


def _set_up(url: str, home: str, folder: str) -> None:
    """Say what the product is told by its environment, make the tables, and fill them with a small demo."""
    from cryptography.fernet import Fernet

    os.environ.update(
        {
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "tests.api_check.settings",
            "ENV_FILE": "",
            "DEBUG": "false",
            "SITE_URL": home,
            "SECRET_KEY": "check-only-" + "k" * 50,
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "EMAIL_URL": "dummymail://",
            "GOOGLE_CLIENT_ID": "check.apps.googleusercontent.com",
            "GOOGLE_CLIENT_SECRET": "check",
            "LOG_LEVEL": "error",
            "MEDIA_ROOT": f"{folder}/media",
            "PRIVATE_ROOT": f"{folder}/private",
            "PYTHONPATH": str(ROOT),
        }
    )
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from core import demo

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    demo.seed(demo.Size(hosts=5, diary=40))
    connections.close_all()


@contextmanager
def serving(port: int, log: Path) -> Iterator[None]:
    """The product's web server at `port`, as production runs it, which stops at the end."""
    from bench.server import wait_for

    environment = {**os.environ, "PORT": str(port), "WEB_CONCURRENCY": "2", "WEB_THREADS": "4"}
    command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi"]
    with log.open("w") as said:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said)
        try:
            wait_for(port)
            yield
        finally:
            server.terminate()
            server.wait(20)


def make_calls(home: str, number: int, processes: int, minutes: float) -> Any:
    """Make so many calls in several processes, and return what came of all."""
    from tests.api_check.calls import Tally

    tally, until = Tally(), time.time() + 60 * minutes
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        shares = [number // processes + (worker < number % processes) for worker in range(processes)]
        made = [pool.submit(process.run, home, worker, share, until) for worker, share in enumerate(shares, 1)]
        for each in made:
            tally.add(each.result())
    return tally


def told(tally: Any, took: float, *, everything: bool) -> int:
    """Print what came of the calls; 1 where something was wrong."""
    from api.urls import ROUTES

    statuses: Counter[int] = Counter()
    by_route: dict[str, Counter[int]] = {route.name: Counter() for route in ROUTES}
    for (name, _who, status), times in tally.counts.items():
        statuses[status] += times
        by_route[name][status] += times
    not_done = [
        route.name
        for route in ROUTES
        if route.name not in NOT_DONE
        and by_route[route.name].total() >= ENOUGH
        and not any(by_route[route.name][each] for each in (route.status, *route.statuses))
    ]
    if everything or not_done:
        for route in ROUTES:
            if everything or route.name in not_done:
                spread = "  ".join(f"{status}: {times}" for status, times in sorted(by_route[route.name].items()))
                print(f"{route.verb:6} {route.path:55} {spread}")
    for kind, fault in tally.faults.items():
        print(f"\nFAULT ({tally.times[kind]} times) {kind}\n    {fault}")
    for said in tally.breaks:
        print(f"\nThe check itself failed, and went on with other people:\n{said}")
    failed = sum(times for status, times in statuses.items() if status >= 500 or not status)
    outside = tally.times.total() - failed
    print(f"\n{tally.calls} calls at {len(ROUTES)} routes in {took / 60:.0f} minutes")
    print("statuses: " + ", ".join(f"{status}: {times}" for status, times in sorted(statuses.items())))
    print("slowest:  " + ", ".join(f"{name} {seconds:.1f} s" for seconds, name in tally.slowest))
    print(f"5xx or no answer: {failed}; other answers that are not as promised: {outside}")
    print(f"routes that never did what they are for: {len(not_done)}" + "".join(f"\n  {name}" for name in not_done))
    return 1 if tally.faults or tally.breaks or not_done else 0


if __name__ == "__main__":
    sys.exit(main())
