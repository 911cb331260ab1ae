"""Fifty providers whose calendars at the stand-in for Google are changed on both sides, while calls fail.

    python -m tests.soak_google                               50 providers, 5,000 calls, 3 of 10 fail, on SQLite
    python -m tests.soak_google --postgres                    on a PostgreSQL from pip, or on TEST_DATABASE_URL's
    python -m tests.soak_google --providers 5 --calls 500 --faults 0.5 --seed 7

This process changes things and plays Google; two of the product's own workers read and write. Pauses after failures are
cut short. At the end the faults stop, what waits comes to its end, and each provider's calendar is compared with what
is agreed: one event for each confirmed appointment and time off, none doubled, none lost. Ends with 1 where one
differs, or a worker raised an error.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

WORKERS = 2


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--providers", type=int, default=50)
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--faults", type=float, default=0.3, help="which share of the calls fails (default: 0.3)")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--postgres", action="store_true")
    return parser.parse_args()


@contextmanager
def database(*, postgres: bool) -> Iterator[str]:
    """The address of an empty database, which is gone afterwards."""
    if not postgres:
        with tempfile.TemporaryDirectory(prefix="dayline-soak-") as folder:
            yield f"sqlite:///{folder}/dayline.sqlite3"
        return
    import psycopg

    from bench.server import at_database
    from tests.postgres import TemporaryPostgres

    with ExitStack() as stack:
        server = os.environ.get("TEST_DATABASE_URL") or stack.enter_context(TemporaryPostgres())
        admin = stack.enter_context(psycopg.connect(at_database(server, "postgres"), autocommit=True))
        admin.execute("DROP DATABASE IF EXISTS dayline_soak WITH (FORCE)")
        admin.execute("CREATE DATABASE dayline_soak")
        stack.callback(admin.execute, "DROP DATABASE dayline_soak WITH (FORCE)")
        yield at_database(server, "dayline_soak")


def main() -> int:
    wanted = options()
    with database(postgres=wanted.postgres) as url, tempfile.TemporaryDirectory(prefix="dayline-soak-") as folder:
        from cryptography.fernet import Fernet

        os.environ.update(
            {
                "DATABASE_URL": url,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "ENV_FILE": "",
                "DEBUG": "true",
                "SITE_URL": "http://127.0.0.1",
                "SECRET_KEY": "soak-only-" + "k" * 50,
                "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
                "EMAIL_URL": "dummymail://",
                "LOG_LEVEL": "error",
                "LOG_FORMAT": "json",
                "MEDIA_ROOT": folder,
                "PRIVATE_ROOT": folder,
                "OAUTHLIB_INSECURE_TRANSPORT": "1",
            }
        )
        from calendar_sync.pretend_google.google import Google
        from calendar_sync.pretend_google.web.server import PretendGoogle

        with PretendGoogle(Google()) as server:
            os.environ.update(server.settings())
            return soak(wanted, server)


def soak(wanted: argparse.Namespace, server: Any) -> int:
    import django

    django.setup()
    from django.core.management import call_command

    from tests.calendar_sync.soak import Soak

    print(f"seed {wanted.seed}", flush=True)
    call_command("migrate", verbosity=0)
    made = Soak(server, providers=wanted.providers, faults=wanted.faults, seed=wanted.seed)
    root = Path(__file__).resolve().parents[1]
    with tempfile.TemporaryFile("w+") as log:
        command = [sys.executable, "manage.py", "worker"]
        workers = [subprocess.Popen(command, cwd=root, stdout=log, stderr=log) for _ in range(WORKERS)]
        try:
            made.run(wanted.calls)
            made.settle()
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait(30)
        log.seek(0)
        raised = [line for line in log if "Traceback" in line]
    print(f"raised:    {len(raised)} in the workers", *raised, sep="\n  ")
    return min(made.told() + len(raised), 1)


if __name__ == "__main__":
    sys.exit(main())
