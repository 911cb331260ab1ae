"""The results of a search: one page of providers and their count, in one query whatever their number.

The list and the count end with `LAST_PAGE`: people narrow a search that finds more, and do not read on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When

from appointments.search.quarters import Span, key_start
from appointments.search.reach import Reach, days_in, first_key, is_found, reach_of
from appointments.search.wanted import Wanted
from core import money
from core.folding import terms
from core.money import Money
from providers.models import Category, Confirmation, Pricing, Provider, Service, Venue

PER_PAGE = 20
LAST_PAGE = 25
MOST_SHOWN = PER_PAGE * LAST_PAGE
# The blocks to look into where a day or a part of it is all that is asked for, most of whose providers then fit.
MOST_BLOCKS = MOST_SHOWN + 200
BY_PRICE = (
    "opening_index__currency",
    F("opening_index__low_price").asc(nulls_last=True),
    "opening_index__provider_id",
)
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


def find(wanted: Wanted, *, zone: ZoneInfo, now: datetime, per_page: int | None = None) -> Found:
    """The providers of the wanted page, with policy and user, and the count of all.

    One query, two where days or parts of the day are searched. One more where few of many providers fit, and two more
    where the wanted page lies beyond the last one, which is then returned.
    """
    per_page = per_page or PER_PAGE
    spans = wanted.spans(zone, now) if wanted.is_narrowed_in_time else []
    reach = reach_of(spans, most=MOST_BLOCKS) if spans else None
    page = min(wanted.page, -(-MOST_SHOWN // per_page))
    found, fitting = _page_of(page, per_page, wanted, spans, reach)
    if page > 1 and fitting <= (page - 1) * per_page:
        fitting = fitting or _count(wanted, spans, reach)
        page = max(-(-min(fitting, MOST_SHOWN) // per_page), 1)
        found, _ = _page_of(page, per_page, wanted, spans, reach)
    count = min(fitting, MOST_SHOWN)
    found = found[: count - (page - 1) * per_page]
    return Found(Page(found, page, Paginator(range(count), per_page)), _hints(found, spans), fitting > MOST_SHOWN)


def count(wanted: Wanted, *, zone: ZoneInfo, now: datetime) -> int:
    """The number of providers that fit; `MOST_SHOWN` + 1 stands for any number above. At most two queries."""
    spans = wanted.spans(zone, now) if wanted.is_narrowed_in_time else []
    return _count(wanted, spans, reach_of(spans, most=MOST_BLOCKS) if spans else None)


def _count(wanted: Wanted, spans: list[Span], reach: Reach | None) -> int:
    return _all_fitting(wanted, spans, reach)[: MOST_SHOWN + 1].count()


def matching(wanted: Wanted, spans: list[Span] | None = None) -> QuerySet[Provider]:
    """The providers that fit; openings count only where `spans` are given."""
    rows = Provider.objects.bookable().filter(opening_index__isnull=False)
    for term in terms(wanted.q):
        rows = rows.filter(opening_index__words__contains=term)
    if wanted.categories:
        rows = rows.filter(_in_categories(wanted.categories))
    if wanted.where or wanted.most or wanted.instant:
        rows = rows.filter(Exists(_services(wanted).filter(provider=OuterRef("pk"))))
    if spans:
        rows = rows.filter(is_found(days_in(spans).filter(provider=OuterRef("pk"))))
    return rows


def _in_categories(slugs: Sequence[str]) -> Q:
    """The index's category is asked for, too, as its rows of a category lie in order."""
    chosen = Category.objects.filter(slug__in=slugs).order_by().values("pk")
    if len(slugs) == 1:
        return Q(category=Subquery(chosen), opening_index__category=Subquery(chosen))
    return Q(category__in=chosen)


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


def _page_of(
    page: int, per_page: int, wanted: Wanted, spans: list[Span], reach: Reach | None
) -> tuple[list[Provider], int]:
    """The providers of a page, and the number of all that fit; `MOST_SHOWN` + 1 stands for any number above.

    Where the reach ends before the page does, the openings of all are read.
    """
    found, fitting = _read(page, per_page, wanted, spans, reach)
    if (
        reach
        and not reach.is_all
        and len(found) < per_page
        and (not found or fitting > (page - 1) * per_page + len(found))
    ):
        return _read(page, per_page, wanted, spans, None)
    return found, fitting


def _read(
    page: int, per_page: int, wanted: Wanted, spans: list[Span], reach: Reach | None
) -> tuple[list[Provider], int]:
    """The providers of a page, as far as the reach goes, and the number of all that fit.

    A subquery finds the ids from searched and sorted columns alone; policy, user and text are read only for these.
    """
    first, end = (page - 1) * per_page, page * per_page
    fitting = _all_fitting(wanted, spans, reach)
    if reach and not wanted.sort:
        if not reach.is_all and _asks_for_time_alone(wanted):
            # Each block has somebody who fits, but for a few that are listed no more.
            reach = reach.first(end + end // 4 + per_page)
        return _load(reach.soonest(matching(wanted))[first:end], wanted, spans, fitting)
    if wanted.sort != "price":
        return _load(_ordered(fitting, wanted, spans).values("pk")[first:end], wanted, spans, fitting)
    own = fitting.filter(opening_index__currency=_own_currency(wanted)).order_by(*BY_PRICE)
    found, count = _load(own.values("pk")[first:end], wanted, spans, fitting)
    if len(found) < per_page and (not found or count > first + len(found)):
        found, count = _load(_cheapest(fitting, wanted, spans, end), wanted, spans, fitting)
        found = found[first:]
    return found, count


def _load(
    shown: QuerySet[Any, Any], wanted: Wanted, spans: list[Span], fitting: QuerySet[Provider]
) -> tuple[list[Provider], int]:
    """The providers with these ids, in order, and the number of all that fit; 0 where no ids are given."""
    rows = Provider.objects.filter(pk__in=shown).select_related("policy", "user").defer("about")
    found: list[Provider] = list(_ordered(rows, wanted, spans).annotate(fitting=_count_of(fitting)))
    return found, (getattr(found[0], "fitting", 0) or 0) if found else 0


def _asks_for_time_alone(wanted: Wanted) -> bool:
    return not (wanted.filters_on or wanted.q or wanted.where)


def _all_fitting(wanted: Wanted, spans: list[Span], reach: Reach | None) -> QuerySet[Provider]:
    """The providers that fit: those of the reach where it has all."""
    return matching(wanted).filter(pk__in=reach.providers()) if reach and reach.is_all else matching(wanted, spans)


def _cheapest(rows: QuerySet[Provider], wanted: Wanted, spans: list[Span], count: int) -> QuerySet[Any, Any]:
    """The ids of the first `count` providers by price, where they are not all in the currency that comes first.

    Each currency's prices lie in order in the index, so that the currencies before and after that one are read apart.
    """
    own = _own_currency(wanted)
    parts = [
        rows.filter(**{f"opening_index__currency{compared}": own}).order_by(*BY_PRICE).values("pk")[:count]
        for compared in ("", "__lt", "__gt")
    ]
    # SQLite sorts no part of a union.
    first, *others = (Provider.objects.filter(pk__in=part).order_by().values("pk") for part in parts)
    every = _ordered(Provider.objects.filter(pk__in=first.union(*others, all=True)), wanted, spans)
    return every.values("pk")[:count]


def _own_currency(wanted: Wanted) -> str:
    return wanted.most.currency if wanted.most else wanted.currency


def _ordered(rows: QuerySet[Provider], wanted: Wanted, spans: list[Span]) -> QuerySet[Provider]:
    rows = rows.annotate(next_at=F("opening_index__next_at"))
    soonest = F("next_at").asc(nulls_last=True)
    if spans:
        rows = rows.annotate(first_key=first_key(spans))
        soonest = F("first_key").asc(nulls_last=True)
    if wanted.sort == "price":
        own = Case(When(opening_index__currency=_own_currency(wanted), then=0), default=1, output_field=IntegerField())
        return rows.order_by(own, *BY_PRICE)
    if wanted.sort == "name":
        return rows.order_by("opening_index__name_key", "opening_index__provider_id")
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
