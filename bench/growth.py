"""The growth of pages' cost from a thousand to ten thousand and a hundred thousand providers."""

import os
from collections import defaultdict
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

SIZES = (1_000, 10_000, 100_000)
APPOINTMENTS = 100


def run(bench: Bench, month: date) -> int:
    """Measure at each size of the database; a page's cost is its CPU over that of 25 bare rows in the same round."""
    world.month_provider(APPOINTMENTS, month)
    bench.prepare_lists()
    costs: dict[str, list[list[float]]] = defaultdict(list)
    for size in _sizes(bench.options.providers):
        _seed(size)
        print(f"{size:,} providers", flush=True)
        with bench.serving():
            for name, rounds in _measured(bench, size, month).items():
                costs[name].append(rounds)
    for name, (*_, smaller, larger) in costs.items():
        for before, after in zip(smaller, larger, strict=True):
            bench.note(f"{name}: CPU with ten times as many providers", "<= 1.15", after / before)
    return bench.report()


def _seed(size: int) -> None:
    """Fill the database up to `size` providers. What copies refer to is there: no trigger need look for each row's."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        scale.add(size - Provider.objects.filter(slug__contains="provider-").count())
        cursor.execute("SET session_replication_role = DEFAULT")
    measure_figures()
    # A connection of its own: the product's give an answer up that takes longer than a page may.
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as own:
        own.execute("VACUUM ANALYZE")


def _sizes(largest: int) -> list[int]:
    """The sizes to measure, up to `largest`; for one below the usual sizes, a tenth of it and itself."""
    return [size for size in SIZES if size <= largest][-3:] if largest >= SIZES[1] else [largest // 10, largest]


def _measured(bench: Bench, size: int, month: date) -> dict[str, list[float]]:
    """The costs of each page by round, without the first round, which is for warming up."""
    found: dict[str, list[float]] = defaultdict(list)
    for number in range(bench.options.rounds + 1):
        bare = bench.sample(f"25 bare rows, {size:,} providers", load.get("/bench/rows/"))
        for name, (address, cookie) in _pages(bench, month).items():
            sample = bench.sample(f"{name}, {size:,} providers", load.get(address, cookie))
            if number:
                found[name].append(sample.cpu_each / bare.cpu_each)
    return found


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
