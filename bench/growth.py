"""The growth of pages' cost from a thousand to ten thousand and a hundred thousand providers.

Each size has a database and a server of its own, and a round asks all of them for a page before it goes on to the next:
what else the machine does meanwhile makes each of them slower alike.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta

import psycopg
from django.db import connection

from appointments.demo import scale
from appointments.search.index import measure_figures
from appointments.search.results import LAST_PAGE
from core import clock
from providers.models import Provider

from . import load, world
from .run import Bench
from .server import Server, at_database, serving

SIZES = (1_000, 10_000, 100_000)
APPOINTMENTS = 100


def run(bench: Bench, dsn: str, month: date) -> int:
    """Measure at each size of the database; a page's cost is its CPU over that of 25 bare rows in the same round."""
    world.month_provider(APPOINTMENTS, month)
    bench.prepare_lists()
    with ExitStack() as stack:
        servers = {}
        *smaller, largest = _sizes(bench.options.providers)
        for size in smaller:
            _seed(size)
            servers[size] = stack.enter_context(serving(stack.enter_context(_copied(dsn, f"providers_{size}"))))
        _seed(largest)
        servers[largest] = stack.enter_context(serving(dsn))
        for number in range(bench.options.rounds + 1):
            print(f"Round {number} of {bench.options.rounds}{' (warming up)' if not number else ''}", flush=True)
            if number == 1:
                bench.forget_rounds()
            _round(bench, servers, month)
    return bench.report()


def _round(bench: Bench, servers: dict[int, Server], month: date) -> None:
    *_, before, after = servers
    for name, (address, cookie) in _pages(bench, month).items():
        costs = {size: _cost(bench, server, size, name, load.get(address, cookie)) for size, server in servers.items()}
        bench.note(f"{name}: CPU with ten times as many providers", "<= 1.15", costs[after] / costs[before])


def _cost(bench: Bench, server: Server, size: int, name: str, request: load.Request) -> float:
    bare = bench.sample(f"25 bare rows, {size:,} providers", load.get("/bench/rows/"), server=server)
    return bench.sample(f"{name}, {size:,} providers", request, server=server).cpu_each / bare.cpu_each


def _seed(size: int) -> None:
    """Fill the database up to `size` providers. What copies refer to is there: no trigger need look for each row's."""
    print(f"Making {size:,} providers…", flush=True)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        scale.add(size - Provider.objects.filter(slug__contains="provider-").count())
        cursor.execute("SET session_replication_role = DEFAULT")
    measure_figures()
    # A connection of its own: the product's give an answer up that takes longer than a page may.
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as own:
        own.execute("VACUUM ANALYZE")


@contextmanager
def _copied(dsn: str, suffix: str) -> Iterator[str]:
    """The address of a copy of the database as it is now, which is dropped at the end."""
    # A database that somebody is connected to can't be copied.
    connection.close()
    original = str(connection.settings_dict["NAME"])
    name = f"{original}_{suffix}"
    with psycopg.connect(at_database(dsn, "postgres"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {original}")
        try:
            yield at_database(dsn, name)
        finally:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _sizes(largest: int) -> list[int]:
    """The sizes to measure, up to `largest`; for one below the usual sizes, a tenth of it and itself."""
    return [size for size in SIZES if size <= largest][-3:] if largest >= SIZES[1] else [largest // 10, largest]


def _pages(bench: Bench, month: date) -> dict[str, tuple[str, str]]:
    asked = f"{month:%Y-%m}"
    lists = {name: (page.address, page.cookie) for name, page in bench.list_pages().items() if "at 10" not in name}
    later = (clock.now() + timedelta(days=9)).date()
    return lists | {
        "home page": ("/", ""),
        "search by part of the day": ("/providers/?part=eve", ""),
        "search from a day": (f"/providers/?from={later}", ""),
        "search from a day, a part of it": (f"/providers/?from={later}&part=am", ""),
        "search sorted by name": ("/providers/?sort=name", ""),
        "search sorted by price": ("/providers/?sort=price", ""),
        "search in a category": ("/providers/?category=category-1", ""),
        "search, last page": (f"/providers/?page={LAST_PAGE}", ""),
        "provider's month": (f"/providers/month-{APPOINTMENTS}-{asked}/?month={asked}", ""),
    }
