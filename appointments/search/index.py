"""The jobs that keep the search's index of openings in step with the calendars, and measure the search's figures.

See `docs/decisions/soonest-opening.md`. No booking ever relies on the index.
"""

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from appointments.models import OpenBlock, OpenDay, OpeningIndex, SearchFigures
from appointments.models.opening_index import BLOCK_BITS, block_number
from appointments.rules.pricing import quote
from appointments.rules.slots import Facts, open_slots
from appointments.search import figures
from appointments.search.quarters import HALF, LOW_HALF, bits_by_day, day_number
from appointments.services import availability
from core import clock
from core.db import lock_rows, retrying
from core.folding import fold
from outbox import services as outbox
from providers.models import Provider, Service

BATCH = 100
HORIZON = availability.LONGEST_RANGE
# A row goes stale by time alone not sooner than this, and not later (plus up to SPREAD), even if no change is reported.
NOT_SOONER = timedelta(minutes=5)
NOT_LATER = timedelta(minutes=50)
SPREAD = timedelta(minutes=10)
DESCRIBED = ["next_at", "low_price", "currency", "category", "name_key", "words", "refreshed_at", "stale_at"]


def refresh_openings(*, provider_ids: Iterable[int]) -> int:
    """Make the index agree with these providers' calendars as they are now; the number of them that can be booked."""
    return sum(_refresh(batch) for batch in _batches(sorted(set(provider_ids))))


def refresh_stale(*, seconds: float = 30) -> int:
    """Refresh stale rows, the longest overdue first, then add missing ones, for about `seconds`; the number done."""
    until = time.monotonic() + seconds
    now = clock.now()
    done = 0
    while time.monotonic() < until:
        stale = (
            OpeningIndex.objects.filter(stale_at__lte=now).order_by("stale_at").values_list("provider_id", flat=True)
        )
        batch = list(stale[:BATCH]) or list(_missing()[:BATCH])
        if not batch:
            break
        outbox.renew_lease()
        _refresh(sorted(batch))
        done += len(batch)
    return done


def measure_figures() -> None:
    """Measure the figures of the search page, store them, and drop the cached ones."""
    now = clock.now()
    SearchFigures.objects.update_or_create(
        name="search", defaults={"measured_at": now, "figures": figures.measure(now=now)}
    )
    figures.forget()


def drop_past_blocks(*, now: datetime) -> None:
    """Delete the blocks of days that are over in every zone. Their providers' days go with each provider's refresh."""
    OpenBlock.objects.filter(day__lt=day_number(now.date()) - 1).delete()


def _missing():
    return Provider.objects.bookable().filter(opening_index=None).order_by("pk").values_list("pk", flat=True)


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for first in range(0, len(ids), BATCH):
        yield ids[first : first + BATCH]


@retrying
@transaction.atomic
def _refresh(ids: Sequence[int]) -> int:
    """Refresh one batch; the number that can be booked. Rows are locked before reading, so the later refresh wins."""
    now = clock.now()
    rows = [OpeningIndex(provider_id=pk, refreshed_at=now, stale_at=now) for pk in _bookable_ids(ids)]
    OpeningIndex.objects.bulk_create(rows, ignore_conflicts=True)
    index = {row.pk: row for row in lock_rows(OpeningIndex.objects.filter(pk__in=ids).order_by("pk"))}
    providers = list(Provider.objects.bookable().filter(pk__in=index).select_related("policy", "category"))
    blocks = _forget(set(ids) - {provider.pk for provider in providers})
    if not providers:
        _combine(blocks)
        return 0
    offers = _offers(providers)
    # A time kept for ten minutes is not worth forgetting an opening for the better part of an hour.
    facts = availability.load_facts(providers, now, now + HORIZON, now=now, kept=False)
    wanted: dict[tuple[int, int], int] = {}
    for provider in providers:
        starts = _starts(facts[provider.pk], offers[provider.pk], now)
        wanted |= {(provider.pk, day): bits for day, bits in bits_by_day(starts).items()}
        _describe(index[provider.pk], provider, offers[provider.pk], facts[provider.pk], min(starts, default=None), now)
    # All blocks in one go: two refreshes that lock them in one order each can't wait for each other.
    _combine(blocks | _store_days([provider.pk for provider in providers], wanted))
    OpeningIndex.objects.bulk_update(index.values(), DESCRIBED)
    return len(providers)


def _bookable_ids(ids: Sequence[int]) -> list[int]:
    return list(Provider.objects.bookable().filter(pk__in=ids).values_list("pk", flat=True))


def _forget(ids: Collection[int]) -> set[int]:
    """Delete the rows of these providers; the blocks to combine anew."""
    days = OpenDay.objects.filter(provider_id__in=ids)
    blocks = set(days.values_list("block", flat=True)) if ids else set()
    days.delete()
    OpeningIndex.objects.filter(pk__in=ids).delete()
    return blocks


def _offers(providers: Sequence[Provider]) -> dict[int, list[Service]]:
    found: dict[int, list[Service]] = defaultdict(list)
    rows = Service.objects.filter(provider__in=[provider.pk for provider in providers], is_active=True)
    for service in rows.order_by("provider_id", "position", "id"):
        found[service.provider_id].append(service)
    return found


def _starts(facts: Facts, services: Iterable[Service], now: datetime) -> set[datetime]:
    # Services of the same length, buffers and grid have the same starts.
    shapes = {availability.shape_of(service) for service in services}
    return {at for shape in shapes for at in open_slots(facts, shape, now, now + HORIZON, now=now)}


def _describe(
    row: OpeningIndex,
    provider: Provider,
    services: Sequence[Service],
    facts: Facts,
    next_at: datetime | None,
    now: datetime,
) -> None:
    row.next_at = next_at
    row.low_price, row.currency = _lowest(services)
    row.category_id, row.name_key = provider.category_id, fold(provider.name).strip()
    texts = [provider.name, provider.trade, provider.place, provider.languages, provider.about]
    texts += [provider.category.name if provider.category else "", "online" if provider.is_online else ""]
    row.words = fold(" ".join([*texts, *(service.name for service in services)]))
    row.refreshed_at = now
    row.stale_at = _stale_at(provider, facts, next_at, now)


def _lowest(services: Sequence[Service]) -> tuple[Decimal | None, str]:
    """The lowest price of an appointment, among services in the currency of the first, and that currency."""
    if not services:
        return None, ""
    currency = services[0].currency
    return min(quote(service).price for service in services if service.currency == currency), currency


def _stale_at(provider: Provider, facts: Facts, next_at: datetime | None, now: datetime) -> datetime:
    """The moment the row goes stale: the notice reaches the first opening, midnight moves the window, or it is old."""
    spread = SPREAD * (provider.pk * 7919 % 1000 / 1000)
    moments = [now + NOT_LATER + spread, clock.day_bounds(now.astimezone(facts.zone).date(), facts.zone)[1]]
    if next_at is not None:
        moments.append(next_at - facts.rules.notice + timedelta(seconds=1))
    return max(min(moments), now + NOT_SOONER)


def _store_days(ids: Collection[int], wanted: dict[tuple[int, int], int]) -> set[int]:
    """Write the days that changed; their blocks."""
    gone: list[int] = []
    known: dict[tuple[int, int], int] = {}
    blocks: set[int] = set()
    for pk, provider_id, day, early, late in OpenDay.objects.filter(provider_id__in=ids).values_list(
        "pk", "provider_id", "day", "early", "late"
    ):
        if (provider_id, day) in wanted:
            known[provider_id, day] = early | late << HALF
        else:
            gone.append(pk)
            blocks.add(block_number(day, provider_id))
    if gone:
        OpenDay.objects.filter(pk__in=gone).delete()
    changed = [
        OpenDay(provider_id=provider_id, day=day, early=bits & LOW_HALF, late=bits >> HALF)
        for (provider_id, day), bits in wanted.items()
        if known.get((provider_id, day)) != bits
    ]
    OpenDay.objects.bulk_create(
        changed,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["provider", "day"],
        update_fields=["early", "late"],
    )
    return blocks | {block_number(row.day, row.provider_id) for row in changed}


def _combine(numbers: Collection[int]) -> None:
    """Make these blocks agree with the days of their providers, whose rows have been written.

    A block is locked before its days are read: whoever writes another of its days combines it after us.
    """
    if not numbers:
        return
    ordered = sorted(numbers)
    OpenBlock.objects.bulk_create(
        [OpenBlock(number=number, day=number >> BLOCK_BITS) for number in ordered], ignore_conflicts=True
    )
    rows = {row.pk: row for row in lock_rows(OpenBlock.objects.filter(pk__in=ordered).order_by("pk"))}
    early, late = dict.fromkeys(ordered, 0), dict.fromkeys(ordered, 0)
    for number, *bits in OpenDay.objects.filter(block__in=ordered).values_list("block", "early", "late"):
        early[number] |= bits[0]
        late[number] |= bits[1]
    changed = [row for number, row in rows.items() if (row.early, row.late) != (early[number], late[number])]
    for row in changed:
        row.early, row.late = early[row.pk], late[row.pk]
    OpenBlock.objects.bulk_create(
        changed, batch_size=1000, update_conflicts=True, unique_fields=["number"], update_fields=["early", "late"]
    )
