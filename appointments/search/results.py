"""The results of a search: one page of providers and their count, in one query whatever their number.

The list and the count end with `LAST_PAGE`: people narrow a search that finds more, and do not read on.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.paginator import Page, Paginator
from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable

from appointments.models import OpenDay
from appointments.search.quarters import HALF, Span, key_start
from appointments.search.wanted import Wanted
from core import money
from core.folding import terms
from core.money import Money
from providers.models import Confirmation, Pricing, Provider, Service, Venue

PER_PAGE = 20
LAST_PAGE = 25
MOST_SHOWN = PER_PAGE * LAST_PAGE
HALF_DAY = 1 << HALF
# The venues by their names in the address.
VENUES = {"online": Venue.ONLINE, "person": Venue.IN_PERSON}


@dataclass
class Found:
    """One page of a search. `hints` has each provider's first fitting opening by the index.

    `has_more` says that more providers fit than all pages show; `count` is the number that all pages show.
    """

    page: Page
    hints: dict[int, datetime]
    has_more: bool

    @property
    def providers(self) -> list[Provider]:
        return list(self.page.object_list)

    @property
    def count(self) -> int:
        return self.page.paginator.count


def find(wanted: Wanted, *, zone: ZoneInfo, now: datetime) -> Found:
    """The providers of the wanted page, with policy and user, and the count of all. One query.

    Two more where the wanted page lies beyond the last one, which is then returned.
    """
    spans = wanted.spans(zone, now) if wanted.is_narrowed_in_time else []
    page = min(wanted.page, LAST_PAGE)
    found = _rows_of(page, wanted, spans)
    fitting = (getattr(found[0], "fitting", 0) or 0) if found else 0
    if page > 1 and fitting <= (page - 1) * PER_PAGE:
        fitting = fitting or _count(wanted, spans)
        page = max(-(-min(fitting, MOST_SHOWN) // PER_PAGE), 1)
        found = _rows_of(page, wanted, spans)
    count = min(fitting, MOST_SHOWN)
    # Where days are searched, providers without an opening come last, and the count leaves them out.
    found = found[: count - (page - 1) * PER_PAGE]
    return Found(Page(found, page, Paginator(range(count), PER_PAGE)), _hints(found, spans), fitting > MOST_SHOWN)


def count(wanted: Wanted, *, zone: ZoneInfo, now: datetime) -> int:
    """The number of providers that fit; `MOST_SHOWN` + 1 stands for any number above. One query."""
    return _count(wanted, wanted.spans(zone, now) if wanted.is_narrowed_in_time else [])


def _count(wanted: Wanted, spans: list[Span]) -> int:
    return matching(wanted, spans)[: MOST_SHOWN + 1].count()


def matching(wanted: Wanted, spans: list[Span] | None = None) -> QuerySet[Provider]:
    """The providers that fit; openings count only where `spans` are given."""
    rows = Provider.objects.bookable().filter(opening_index__isnull=False)
    for term in terms(wanted.q):
        rows = rows.filter(opening_index__words__contains=term)
    if wanted.categories:
        rows = rows.filter(category__slug__in=wanted.categories)
    if wanted.where or wanted.most or wanted.instant:
        rows = rows.filter(Exists(_services(wanted).filter(provider=OuterRef("pk"))))
    if spans:
        rows = rows.filter(Exists(_days(spans).filter(provider=OuterRef("pk"))))
    return rows


def suits(service: Service, wanted: Wanted, price: Money) -> bool:
    """Whether the search includes this service; must agree with `matching`, which asks it in SQL."""
    if wanted.instant and not service.confirms_at_once(service.provider.policy):
        return False
    if wanted.where and VENUES[wanted.where] not in service.venues:
        return False
    most = wanted.most
    return most is None or (price.currency == most.currency and price.amount <= most.amount)


def _services(wanted: Wanted) -> QuerySet[Service]:
    rows = Service.objects.filter(is_active=True)
    if wanted.where:
        venue = VENUES[wanted.where]
        by_page = Q(provider__is_online=True) if venue is Venue.ONLINE else Q(provider__is_in_person=True)
        rows = rows.filter(Q(venue=venue) | Q(by_page, venue=""))
    if wanted.instant:
        by_policy = Q(confirmation=Confirmation.POLICY, provider__policy__accepts_at_once=True)
        rows = rows.filter(by_policy | Q(confirmation=Confirmation.AT_ONCE))
    if wanted.most:
        amount, currency = wanted.most.amount, wanted.most.currency
        # An hourly price is rounded half up: a price below the next half unit is at most `amount`.
        below = amount + Decimal(1).scaleb(-money.minor_units(currency)) / 2
        hourly = Q(pricing=Pricing.HOURLY, price__lt=below * 60 / F("duration_minutes"))
        rows = rows.filter(hourly | Q(pricing=Pricing.FIXED, price__lte=amount), currency=currency)
    return rows


def _days(spans: list[Span]) -> QuerySet[OpenDay]:
    """The rows of days with an opening in `spans`, with the quarters of these as `early_hit` and `late_hit`."""

    def bits(half: str) -> Combinable:
        cases = [When(day__lte=span.last, then=_big(getattr(span, half))) for span in spans[:-1]]
        last = _big(getattr(spans[-1], half))
        return _and(half, Case(*cases, default=last, output_field=BigIntegerField()) if cases else last)

    rows = OpenDay.objects.filter(day__gte=spans[0].first, day__lte=spans[-1].last)
    return rows.annotate(early_hit=bits("early"), late_hit=bits("late")).filter(Q(early_hit__gt=0) | Q(late_hit__gt=0))


def _big(number: int) -> Value:
    """The number as 64 bits. Django binds a bare number as `integer`, of which PostgreSQL keeps the lower 32 bits."""
    return Value(number, output_field=BigIntegerField())


def _and(column: str, mask: Any) -> Combinable:
    return F(column).bitand(mask)


def _first_key(spans: list[Span]) -> Subquery:
    """A provider's first opening in `spans`, to the quarter, as a number that sorts by time; `key_start` reads it."""

    def key(half: str, *, half_days: int) -> Combinable:
        lowest_bit = _and(half, F(half) * -1)
        return (F("day") - spans[0].first) * _big(2 * HALF_DAY) + _big(half_days * HALF_DAY) + lowest_bit

    first = Case(
        When(early_hit__gt=0, then=key("early_hit", half_days=0)),
        default=key("late_hit", half_days=1),
        output_field=BigIntegerField(),
    )
    days = _days(spans).filter(provider=OuterRef("pk")).order_by("day")
    return Subquery(days.annotate(key=first).values("key")[:1])


def _rows_of(page: int, wanted: Wanted, spans: list[Span]) -> list[Provider]:
    """The providers of a page, each with the number of all that fit: `MOST_SHOWN` + 1 for any number above.

    A subquery finds the ids from searched and sorted columns alone; policy, user and text are read only for these.
    """
    shown = _ordered(matching(wanted), wanted, spans).values("pk")[(page - 1) * PER_PAGE : page * PER_PAGE]
    rows = Provider.objects.filter(pk__in=shown).select_related("policy", "user").defer("about")
    return list(_ordered(rows, wanted, spans).annotate(fitting=_count_of(matching(wanted, spans))))


def _ordered(rows: QuerySet[Provider], wanted: Wanted, spans: list[Span]) -> QuerySet[Provider]:
    rows = rows.annotate(next_at=F("opening_index__next_at"))
    soonest = F("next_at").asc(nulls_last=True)
    if spans:
        rows = rows.annotate(first_key=_first_key(spans))
        soonest = F("first_key").asc(nulls_last=True)
        if wanted.sort:
            rows = rows.filter(first_key__isnull=False)
    if wanted.sort == "price":
        currency = wanted.most.currency if wanted.most else wanted.currency
        own = Case(When(opening_index__currency=currency, then=0), default=1, output_field=IntegerField())
        return rows.order_by(own, "opening_index__currency", F("opening_index__low_price").asc(nulls_last=True), "pk")
    if wanted.sort == "name":
        return rows.order_by("name", "pk")
    return rows.order_by(soonest, "opening_index__provider_id")


def _count_of(rows: QuerySet[Provider]) -> Subquery:
    some = rows.order_by().values("pk")[: MOST_SHOWN + 1]
    counted = Provider.objects.filter(pk__in=some).order_by().annotate(one=Value(1)).values("one")
    return Subquery(counted.annotate(n=Count("pk")).values("n"), output_field=IntegerField())


def _hints(found: list[Provider], spans: list[Span]) -> dict[int, datetime]:
    if spans:
        keys = {provider.pk: getattr(provider, "first_key", None) for provider in found}
        return {pk: key_start(key, spans[0].first) for pk, key in keys.items() if key}
    hints = {provider.pk: getattr(provider, "next_at", None) for provider in found}
    return {pk: at for pk, at in hints.items() if at is not None}
