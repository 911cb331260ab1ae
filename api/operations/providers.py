"""Operations that find providers and read what they offer."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AnonymousUser

from api import paging
from api.calls import Call
from api.errors import not_found
from api.operations import found
from api.paging import Page
from appointments.queries.public import public_provider
from appointments.search import cards, figures, results
from appointments.search.wanted import demand
from providers import queries
from providers.models import Category, Provider


def list_categories(call: Call) -> Page:
    """List the categories of providers, in the order of the pages."""
    return paging.page(call, Category.objects.all(), by=("position", "name"))


def search(
    call: Call,
    *,
    q: str = "",
    place: str = "",
    categories: tuple[str, ...] = (),
    venue: str = "",
    max_price: Decimal | None = None,
    currency: str = "",
    instant: bool = False,
    day: date | None = None,
    parts: tuple[str, ...] = (),
    sort: str = "",
) -> Page:
    """Search providers who can be booked, each with up to five of their next openings.

    The list ends with the first 500. Times are in the zone of `tz`, else in that of each provider; days and parts of
    the day in `tz`, else in the person's zone, else in the commonest of providers.
    """
    counted = figures.recent(call.now)
    usual = call.anybody.time_zone if call.anybody else counted.zone if counted else figures.usual_zone()
    zone = call.zone_of(usual)
    known = {each.slug: each for each in Category.objects.all()}
    number, size = paging.numbered(call)
    wanted = demand(
        now=call.now,
        zone=zone,
        known_categories=known,
        q=q,
        place=place,
        categories=categories,
        venue=venue,
        max_price=max_price,
        currency=currency,
        instant=instant,
        day=day,
        parts=parts,
        sort=sort,
        page=number,
        usual_currency=counted.currency if counted else "GBP",
    )
    listed = results.find(wanted, zone=zone, now=call.now, per_page=size)
    by_key = {each.pk: each for each in known.values()}
    for provider in listed.providers:
        provider.category = by_key[provider.category_id] if provider.category_id else None
    view = cards.View(wanted=wanted, zone=zone, now=call.now)
    rows = cards.cards(listed.providers, listed.hints, view)
    return paging.at_number(call, rows, listed.page.number, size, has_next=listed.page.has_next())


def read_provider(call: Call, *, provider: str) -> Provider:
    """Read a provider's public page."""
    page, _ = _public(call, provider)
    page.away = queries.public_word_of(page, now=call.now)  # type: ignore[attr-defined]
    return page


def list_services(call: Call, *, provider: str) -> Page:
    """List the services that a provider offers, in the order in which customers see them."""
    page, _ = _public(call, provider)
    rows = paging.page(call, page.services.filter(is_active=True), by=("position", "pk"))
    for service in rows.rows:
        service.provider = page
    return rows


def _public(call: Call, slug: str) -> tuple[Provider, Any]:
    try:
        return public_provider(found.key(slug), viewer=call.anybody or AnonymousUser())
    except Provider.DoesNotExist:
        raise not_found() from None
