"""The growth of pages' cost from a thousand to ten thousand and a hundred thousand providers."""

from collections import defaultdict
from datetime import date

from django.db import connection

from appointments.demo import scale
from appointments.search.index import measure_figures
from appointments.search.results import LAST_PAGE
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
        scale.add(size - Provider.objects.filter(slug__startswith="provider-").count())
        measure_figures()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        print(f"{size:,} providers", flush=True)
        with bench.serving():
            for name, rounds in _measured(bench, size, month).items():
                costs[name].append(rounds)
    for name, (*_, smaller, larger) in costs.items():
        for before, after in zip(smaller, larger, strict=True):
            bench.note(f"{name}: CPU with ten times as many providers", "<= 1.15", after / before)
    return bench.report()


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
    return lists | {
        "search, last page": (f"/providers/?page={LAST_PAGE}", ""),
        "provider's month": (f"/providers/month-{APPOINTMENTS}-{asked}/?month={asked}", ""),
    }
