"""The product's web server on a database, as the benchmark starts it."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from . import load
from .load import Request, Sample, Watched

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its port on this machine, and the processes whose CPU its answers cost."""

    port: int
    watched: Watched

    def measure(self, request: Request, *, clients: int, seconds: float) -> Sample:
        return load.measure(self.port, request, clients=clients, seconds=seconds, watched=self.watched)


def at_database(dsn: str, name: str) -> str:
    """The address of the database `name` on the server of `dsn`."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


@contextmanager
def serving(dsn: str) -> Iterator[Server]:
    """The product's server on the database `dsn`, which stops at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # Logging a line for each request is part of a request's cost.
    own = {"DATABASE_URL": dsn, "PORT": str(port), "WEB_CONCURRENCY": "2", "WEB_THREADS": "4", "LOG_LEVEL": "info"}
    command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "--max-requests", "0", "config.wsgi"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | own, stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield Server(port, Watched(process.pid, urlsplit(dsn).path.removeprefix("/")))
    finally:
        process.terminate()
        process.wait(20)


def wait_for(port: int) -> None:
    """Return once the server at `port` of this machine answers. Raises SystemExit after some ten seconds."""
    for _ in range(100):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health/")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The server did not start.")
