"""`python -m bench`: a run on a database of its own, on the server of DATABASE_URL or on one installed by pip."""

import os
import sys

import psycopg
from cryptography.fernet import Fernet

from bench.server import at_database

NAME = "dayline_bench"


def main() -> int:
    given = os.environ.get("TEST_DATABASE_URL") or os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        return on_server(given)
    from tests.postgres import TemporaryPostgres

    with TemporaryPostgres(durable=True) as url:
        return on_server(url)


def on_server(url: str) -> int:
    with psycopg.connect(at_database(url, "postgres"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {NAME}")
        try:
            return measure(at_database(url, NAME))
        finally:
            admin.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")


def measure(dsn: str) -> int:
    os.environ.update(
        {
            "DATABASE_URL": dsn,
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "ENV_FILE": "",
            "DEBUG": "false",
            "SITE_URL": "http://127.0.0.1",
            "ALLOWED_HOSTS": "127.0.0.1",
            "SECRET_KEY": "bench-only-" + "k" * 50,
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "EMAIL_URL": "dummymail://",
            "LOG_LEVEL": "error",
        }
    )
    import django

    django.setup()
    from django.core.management import call_command

    from bench import growth, hanging
    from bench.run import Bench, months_of, options

    wanted = options()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    if wanted.growth:
        return growth.run(Bench(wanted), dsn, months_of("next")[0])
    if wanted.google:
        return hanging.run(Bench(wanted), dsn)
    return Bench(wanted).run(dsn)


if __name__ == "__main__":
    sys.exit(main())
