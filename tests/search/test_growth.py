"""What the database reads for a page of the search: as much among many providers as among few."""

import json
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.models import Value
from django.db.models.functions import Concat
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from appointments.demo import copies
from appointments.search import results
from appointments.search.index import refresh_openings
from appointments.search.wanted import read
from core import clock
from providers.models import Provider
from tests.factories.providers import CategoryFactory, ProviderFactory, ServiceFactory, give_hours

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite does not say what it reads"),
]
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
ZONE = clock.zone("Europe/London")
QUERIES = [
    "",
    "page=3",
    "sort=name",
    "sort=price",
    "part=eve",
    "from=2026-03-10",
    "from=2026-03-10&part=am",
    "part=am&sort=name",
    "part=pm&sort=price",
    "category=music",
    "where=person",
    "instant=1",
]


def blocks_read(query: str) -> int:
    """The pages of memory that PostgreSQL looks at for a search."""
    wanted = read(QueryDict(query), zone=ZONE, now=NOW)
    with CaptureQueriesContext(connection) as captured:
        found = results.find(wanted, zone=ZONE, now=NOW)
    assert found.has_more
    total = 0
    with connection.cursor() as cursor:
        for each in captured.captured_queries:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {each['sql']}")
            plan = cursor.fetchone()[0]
            top = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
            total += top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return total


def multiply(times: int) -> None:
    """Copy everybody, with addresses that no earlier copy has."""
    User.objects.update(email=Concat(Value(f"{times}-"), "email"))
    Provider.objects.update(slug=Concat(Value(f"{times}-"), "slug"))
    copies.copy(list(User.objects.order_by("pk")), times - 1)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        # Among a thousand providers PostgreSQL still finds it cheaper to read them all. It walks as it does among many.
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
        )


def blocks_amiss() -> int:
    """The blocks that differ from the days of their providers."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT block, day, bit_or(early) AS early, bit_or(late) AS late"
            " FROM appointments_openday GROUP BY block, day) AS days FULL JOIN appointments_openblock AS blocks"
            " ON days.block = blocks.number AND days.early = blocks.early AND days.late = blocks.late"
            " WHERE days.block IS NULL OR blocks.number IS NULL"
        )
        return cursor.fetchone()[0]


def test_four_times_as_many_providers_cost_a_search_no_more(monkeypatch):
    monkeypatch.setattr(results, "MOST_SHOWN", 100)
    monkeypatch.setattr(results, "MOST_BLOCKS", 140)
    categories = [CategoryFactory(name=name) for name in ("Music", "Health", "Law")]
    for n in range(36):
        person = ProviderFactory(name=f"Person {n:02}", category=categories[n % 3])
        ServiceFactory(provider=person, price=20 + n)
        give_hours(person, {day: [(f"{9 + n % 3:02}:00", "20:00")] for day in range(0, 7, 2)})
    refresh_openings(provider_ids=Provider.objects.values_list("pk", flat=True))
    multiply(24)
    few = {query: blocks_read(query) for query in QUERIES}

    multiply(4)
    many = {query: blocks_read(query) for query in QUERIES}

    assert blocks_amiss() == 0
    grown = {query: (few[query], many[query]) for query in QUERIES if many[query] > few[query] * 1.5}
    assert grown == {}
