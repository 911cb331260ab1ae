"""Figures of the search page, measured by a job every ten minutes and cached for one minute.

A page never measures: without a recent row it leaves the counts and the chart out, and never shows zeros.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.core.cache import cache
from django.db.models import Count, F, IntegerField, Q, Sum
from django.db.models.functions import Cast

from appointments.models import OpenDay, OpeningIndex, SearchFigures
from appointments.models.opening_index import block_number
from appointments.search.quarters import HALF, day_number, day_start
from core import clock, wording
from core.errors import cache_is_away
from core.money import Money
from providers.models import Category, Confirmation, Provider, Service

log = structlog.get_logger("figures")
KEY = "search.figures"
KEPT_SECONDS = 60
TOO_OLD = timedelta(minutes=40)
HALF_HOURS = 48
MOST_PRICES = 4
FIRST_HOUR, LAST_HOUR = 7, 21


@dataclass(frozen=True, slots=True)
class Choice:
    slug: str
    name: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """The measured figures. `openings` counts by half hour of UTC days; `prices` are choices for the highest price."""

    measured_at: datetime
    providers: int
    instant: int
    categories: list[Choice]
    currency: str
    zone: str
    prices: list[Money]
    openings: dict[int, list[int]] = field(default_factory=dict)


def recent(now: datetime) -> Figures | None:
    """The latest figures, or None where they are too old. One query a minute, otherwise none."""
    row = _remembered()
    if row is None:
        row = dict(SearchFigures.objects.filter(pk="search").values("measured_at", "figures").first() or {})
        _remember(row)
    if not row or row["measured_at"] < now - TOO_OLD:
        return None
    return _read(row["measured_at"], row["figures"])


def forget() -> None:
    """Drop the cached figures, so that the next page reads the table. Without a cache every page does."""
    with _cache_may_be_away():
        cache.delete(KEY)


def _remembered() -> dict[str, Any] | None:
    with _cache_may_be_away():
        return cache.get(KEY)
    return None


def _remember(row: dict[str, Any]) -> None:
    with _cache_may_be_away():
        cache.set(KEY, row, KEPT_SECONDS)


@contextmanager
def _cache_may_be_away() -> Iterator[None]:
    """Ignore and log an unreachable cache, with which every page of the search would otherwise fail."""
    try:
        yield
    except Exception as error:
        if not cache_is_away(error):
            raise
        log.warning("figures.cache_unreachable", error=type(error).__name__)


def categories() -> list[Choice]:
    """All categories without counts, for pages that have no figures. One query."""
    return [Choice(slug, name) for slug, name in Category.objects.values_list("slug", "name")]


def usual_zone() -> str:
    """The commonest zone of providers, for viewers whose zone is unknown, on pages without figures. One query."""
    zones = Provider.objects.bookable().order_by().values_list("time_zone").annotate(n=Count("pk"))
    return _most_common(zones, "UTC")


def measure(*, now: datetime) -> dict[str, Any]:
    """All figures of the search page as plain data, measured anew. A handful of queries over all providers."""
    listed = Provider.objects.bookable().filter(opening_index__isnull=False)
    counts = dict(listed.order_by().values_list("category").annotate(Count("pk")).values_list("category", "pk__count"))
    at_once = Q(confirmation=Confirmation.AT_ONCE) | Q(
        confirmation=Confirmation.POLICY, provider__policy__accepts_at_once=True
    )
    services = Service.objects.filter(provider__in=listed, is_active=True)
    currency = _most_common(services.values_list("currency").annotate(n=Count("pk")), "GBP")
    return {
        "providers": sum(counts.values()),
        "instant": services.filter(at_once).values("provider").distinct().count(),
        "categories": [
            [category.slug, category.name, counts.get(category.pk, 0)] for category in Category.objects.all()
        ],
        "currency": currency,
        "zone": _most_common(listed.order_by().values_list("time_zone").annotate(n=Count("pk")), "UTC"),
        "prices": [str(price) for price in _prices(currency)],
        "openings": _openings(listed, now),
    }


def _most_common(counted: Iterable[tuple[str, int]], otherwise: str) -> str:
    return max(counted, key=lambda pair: pair[1], default=(otherwise, 0))[0]


def _prices(currency: str) -> list[Decimal]:
    """Round amounts near the quartiles of providers' lowest prices, so that a good share of providers is below each."""
    found = OpeningIndex.objects.filter(currency=currency, low_price__gt=0).order_by("low_price")
    lowest = [price for price in found.values_list("low_price", flat=True) if price is not None]
    if len(lowest) < 2:
        return []
    marks = [lowest[len(lowest) * share // 100] for share in (25, 50, 75, 90)]
    return sorted({_rounded_up(mark) for mark in marks})[:MOST_PRICES]


def _rounded_up(amount: Decimal) -> Decimal:
    """The amount rounded up to a multiple of 1, from 10 on of 5, from 100 on of 50 …: 58 gives 60, 5800 gives 6000."""
    step = Decimal(10) ** (amount.adjusted() - 1) * 5 if amount.adjusted() else Decimal(1)
    return (amount / step).to_integral_value(ROUND_CEILING) * step


def _openings(listed, now: datetime) -> dict[str, list[int]]:
    """The openings of each half hour, by day number, from yesterday to the day after tomorrow (UTC).

    A half hour that is over keeps its last measured count.
    """
    today = day_number(now.date())
    days = range(today - 1, today + 3)
    sums = {
        f"{half}{n}": Sum(
            Cast(F(half).bitrightshift(2 * n).bitand(1) + F(half).bitrightshift(2 * n + 1).bitand(1), IntegerField())
        )
        for half in ("early", "late")
        for n in range(HALF // 2)
    }
    within = OpenDay.objects.filter(block__gte=block_number(days[0], 0), block__lt=block_number(days[-1] + 1, 0))
    rows = within.filter(provider__in=listed).order_by().values("day").annotate(**sums)
    found = {str(day): list(counts) for day, *counts in rows.values_list("day", *sums)}
    before = SearchFigures.objects.filter(pk="search").values_list("figures", flat=True).first() or {}
    for day in (today - 1, today):
        counts = found.setdefault(str(day), [0] * HALF_HOURS)
        over = min(max(int((now - day_start(day)) / timedelta(minutes=30)), 0), HALF_HOURS)
        counts[:over] = before.get("openings", {}).get(str(day), [0] * HALF_HOURS)[:over]
    return found


def _read(measured_at: datetime, data: dict[str, Any]) -> Figures:
    currency = data["currency"]
    return Figures(
        measured_at=measured_at,
        providers=data["providers"],
        instant=data["instant"],
        categories=[Choice(*each) for each in data["categories"]],
        currency=currency,
        zone=data["zone"],
        prices=[Money(Decimal(price), currency) for price in data["prices"]],
        openings={int(day): counts for day, counts in data["openings"].items()},
    )


# --- The chart ------------------------------------------------------------------------------------------------------

WIDTH, BASE, TALLEST = 640, 118, 104


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    is_over: bool


@dataclass(frozen=True, slots=True)
class Mark:
    x: float
    text: str
    is_odd: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of today's openings by half hour in the viewer's zone; of tomorrow's once today has none left."""

    bars: list[Bar]
    hours: list[Mark]
    now: Mark | None
    now_is_late: bool
    left: int
    day: str
    title: str


def chart(figures: Figures, *, zone: ZoneInfo, now: datetime, twelve: bool = False) -> Chart | None:
    """The chart of openings, or None where neither today nor tomorrow has one."""
    today = wording.today(zone, now)
    for day, name in ((today, "today"), (today + timedelta(days=1), "tomorrow")):
        counts = _local_counts(figures, day, zone)
        left = sum(n for at, n in counts if at >= now - timedelta(minutes=30))
        if left:
            return _draw(counts, name, left, zone, now, twelve)
    return None


def _local_counts(figures: Figures, day: date, zone: ZoneInfo) -> list[tuple[datetime, int]]:
    """Pairs of a half hour's start and its openings through the day. In zones a quarter off UTC's, so are the bars."""
    start, end = clock.day_bounds(day, zone)
    at = start.astimezone(UTC)
    at -= timedelta(minutes=at.minute % 30)
    found = []
    while at < end:
        number = day_number(at.date())
        half_hour = int((at - day_start(number)) / timedelta(minutes=30))
        found.append((at, figures.openings.get(number, [0] * HALF_HOURS)[half_hour]))
        at += timedelta(minutes=30)
    return found


def _draw(
    counts: list[tuple[datetime, int]], name: str, left: int, zone: ZoneInfo, now: datetime, twelve: bool
) -> Chart:
    shown = _worth_showing(counts, zone)
    most = max(n for _, n in shown)
    step = WIDTH / len(shown)
    bars = [
        Bar(
            x=round(i * step + 2, 1),
            y=round(BASE - TALLEST * n / most, 1),
            width=round(step - 4, 1),
            height=round(TALLEST * n / most, 1),
            is_over=at + timedelta(minutes=30) <= now,
        )
        for i, (at, n) in enumerate(shown)
    ]
    return Chart(
        bars=bars,
        hours=_hours(shown, step, zone, twelve),
        now=_now_mark(shown, step, zone, now, twelve),
        now_is_late=(now - shown[0][0]) / (shown[-1][0] - shown[0][0]) > 0.75,
        left=left,
        day="left today" if name == "today" else "tomorrow",
        title=_title(shown, name, zone, twelve),
    )


def _worth_showing(counts: list[tuple[datetime, int]], zone: ZoneInfo) -> list[tuple[datetime, int]]:
    """The counts from 7 to 21 o'clock, extended to any openings outside."""
    usual = [i for i, (at, _) in enumerate(counts) if FIRST_HOUR <= clock.local(at, zone).hour < LAST_HOUR]
    with_openings = [i for i, (_, n) in enumerate(counts) if n]
    return counts[min(usual + with_openings) : max(usual + with_openings) + 1]


def _hours(shown: list[tuple[datetime, int]], step: float, zone: ZoneInfo, twelve: bool) -> list[Mark]:
    marks = []
    for i, (at, _) in enumerate(shown):
        there = clock.local(at, zone)
        if there.minute < 30 and there.hour % 2 == 0:
            text = f"{there.hour % 12 or 12}{'am' if there.hour < 12 else 'pm'}" if twelve else f"{there:%H}"
            marks.append(Mark(round((i - there.minute / 30) * step, 1), text, is_odd=there.hour % 4 == 2))
    return [mark for mark in marks if 6 <= mark.x <= WIDTH - 6]


def _now_mark(
    shown: list[tuple[datetime, int]], step: float, zone: ZoneInfo, now: datetime, twelve: bool
) -> Mark | None:
    x = (now - shown[0][0]) / timedelta(minutes=30) * step
    return Mark(round(x, 1), f"Now, {wording.clock_text(now, zone, twelve=twelve)}") if 0 <= x <= WIDTH else None


def _title(shown: list[tuple[datetime, int]], name: str, zone: ZoneInfo, twelve: bool) -> str:
    busiest = sorted(shown, key=lambda pair: -pair[1])[:2]
    times = sorted(at for at, n in busiest if n)
    said = " and ".join(wording.clock_text(at, zone, twelve=twelve) for at in times)
    return f"Openings {name} by half hour. Most are around {said}."
