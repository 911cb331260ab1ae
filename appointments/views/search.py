"""The home page and the search for providers, which is the same page without the welcome."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

import structlog
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts import zonelist
from accounts.limits import limited
from accounts.zones import ViewerZone, viewer_zone
from appointments.pages.month_picker import clock_change
from appointments.search import cards, figures, results
from appointments.search.wanted import HORIZON_DAYS, KEYS, Wanted, money_value, read
from core import clock, wording
from core.caching import rechecked
from core.money import Money

log = structlog.get_logger("search")

SORTS = [("", "Soonest opening"), ("price", "Lowest price"), ("name", "Name")]
PLACES = [("", "Anywhere"), ("online", "Online"), ("person", "In person")]
PARTS = [("am", "Morning"), ("pm", "Afternoon"), ("eve", "Evening")]


@require_safe
@rechecked
@vary_on_headers("HX-Request")
@limited("search", methods=("GET",))
def home(request: HttpRequest) -> HttpResponse:
    """The home page: the welcome, today's openings, the finder and its first results."""
    return _answer(request, is_home=True)


@require_safe
@rechecked
@vary_on_headers("HX-Request")
@limited("search", methods=("GET",))
def search(request: HttpRequest) -> HttpResponse:
    """The page of a search, or only its results where htmx asks for them."""
    return _answer(request, is_home=False)


def _answer(request: HttpRequest, *, is_home: bool) -> HttpResponse:
    now = clock.now()
    counted = figures.recent(now)
    zone, usual = _zones(request, counted.zone if counted else figures.usual_zone())
    wanted = read(request.GET, zone=zone.zone, now=now, currency=counted.currency if counted else "GBP")
    wanted = replace(wanted, tz=zone.in_links)
    address = _address(wanted, page=wanted.page)
    is_part = "HX-Request" in request.headers and request.headers.get("HX-Target") == "results"
    if not is_part and _says_more(request.GET, wanted):
        tz = zone.every_zone if zone.lists_all else wanted.tz
        return HttpResponseRedirect(_address(wanted, path=request.path, page=wanted.page, tz=tz))
    twelve = request.user.is_authenticated and request.user.uses_12h_clock
    view = cards.View(wanted=wanted, zone=zone.zone, now=now, twelve=twelve)
    context: dict[str, Any] = {"is_home": is_home, "wanted": wanted, "view": view, "zone": zone.name}
    context |= _results(view, counted)
    context |= {"zones": _zone_options(request, zone, usual, view), "viewer_zone": zone, "sorts": SORTS}
    context["clock_change"] = clock_change(zone.zone, now, view.days[-1])
    if zone.lists_all:
        context["zone_search"] = zonelist.searched(request, now, twelve=twelve)
    if not is_part:
        context |= _finder(view, counted)
        if counted and is_home:
            context["chart"] = figures.chart(counted, zone=zone.zone, now=now, twelve=twelve)
    response = render(request, "search/_results.html" if is_part else "search/page.html", context)
    zonelist.remember(request, response, zone)
    if context["failed"]:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    if is_part:
        response["HX-Push-Url"] = address
    return response


def _address(wanted: Wanted, *, path: str = "", **changes: Any) -> str:
    query = wanted.query(**changes)
    path = path or reverse("search")
    return f"{path}?{query}" if query else path


def _says_more(asked: QueryDict, wanted: Wanted) -> bool:
    """Whether the address has parameters it could leave out, as that of a form sent without scripts has."""
    kept = set(QueryDict(wanted.query(page=wanted.page))) | set(wanted.errors)
    return any(name in asked and name not in kept for name in KEYS if name != "tz" or not asked.get("tz"))


def _zones(request: HttpRequest, fallback: str) -> tuple[ViewerZone, str]:
    """The zone of this page, and the zone of pages whose address names none."""
    return viewer_zone(request, fallback), zonelist.own_zone(request) or fallback


def _results(view: cards.View, counted: figures.Figures | None) -> dict[str, Any]:
    """The context of the results. Three queries and those of the calendars; one more a filter if nothing is found."""
    wanted = view.wanted
    try:
        found = results.find(wanted, zone=view.zone, now=view.now)
        shown = cards.cards(found.providers, found.hints, view)
        relaxed = [] if found.count else _relaxed(view)
    except OperationalError:
        log.exception("search_failed")
        return {"failed": True, "headline": "The search did not work"}
    if not wanted.sort:
        # The index may be a few minutes behind, so the page is sorted by the calendars.
        shown.sort(key=lambda card: card.first or clock.LAST_INSTANT)
    page = found.page
    return {
        "failed": False,
        "cards": shown,
        "page": page,
        "headline": _headline(wanted, _count_words(wanted, found, counted)),
        "list_ends": f"the first {results.MOST_SHOWN}" if found.has_more else "",
        "relaxed": relaxed,
        "previous": _address(wanted, page=page.number - 1) if page.has_previous() else "",
        "next": _address(wanted, page=page.number + 1) if page.has_next() else "",
        "everything": _address(Wanted(sort=wanted.sort, tz=wanted.tz)),
    }


def _count_words(wanted: Wanted, found: results.Found, counted: figures.Figures | None) -> str:
    """The number of providers in words: exact, or the last measured total, or "more than" the list shows."""
    if not found.has_more:
        return f"{found.count:,} provider{'s' if found.count != 1 else ''}"
    if counted and not wanted.is_narrowed and counted.providers > found.count:
        return f"{counted.providers:,} providers"
    return f"More than {found.count:,} providers"


def _headline(wanted: Wanted, count: str) -> str:
    words = [count]
    if wanted.q:
        words.append(f"for “{wanted.q}”")
    if wanted.is_narrowed_in_time:
        words.append("with openings")
    if wanted.parts:
        words.append("in the " + " or ".join(cards.PART_WORDS[part] for part in wanted.parts))
    if wanted.day:
        words.append(f"from {wording.date_text(wanted.day)}")
    return " ".join(words)


def _relaxed(view: cards.View) -> list[tuple[str, str, str]]:
    """(label, address, count without the filter) for each filter that is set. One query for each."""
    wanted = view.wanted
    ways: list[tuple[Any, str, dict[str, Any]]] = [
        (wanted.parts, "Any part of the day", {"parts": ()}),
        (wanted.day, "From today", {"day": None}),
        (wanted.where, "Anywhere", {"where": ""}),
        (wanted.most, "Any price", {"most": None}),
        (wanted.instant, "Also answered by hand", {"instant": False}),
        (wanted.categories, "Every category", {"categories": ()}),
        (wanted.q, f"Without “{wanted.q}”", {"q": ""}),
    ]
    found = []
    for is_set, label, change in ways:
        if is_set:
            count = results.count(replace(wanted, **change), zone=view.zone, now=view.now)
            said = str(count) if count <= results.MOST_SHOWN else f"{results.MOST_SHOWN}+"
            found += [(label, _address(wanted, **change), said)] if count else []
    return found


def _zone_options(request: HttpRequest, zone: ViewerZone, usual: str, view: cards.View) -> list[tuple[str, str, bool]]:
    """(value, label, chosen) of the usual zone, which has an empty value, and of those chosen now and recently."""
    names = [usual, *zonelist.recent(request), zone.name]
    options = [
        ("" if name == usual else name, label, name == zone.name)
        for name, label in zonelist.short_list(names, view.now, twelve=view.twelve)
    ]
    return [*options, (zone.every_zone, "All time zones…", False)]


def _finder(view: cards.View, counted: figures.Figures | None) -> dict[str, Any]:
    """The context of the form and its filters. One query where no recent figures are stored, else none."""
    return {
        "figures": counted,
        "categories": counted.categories if counted else figures.categories(),
        "prices": _price_options(view.wanted, counted),
        "places": PLACES,
        "parts": PARTS,
        "first_day": view.first_day,
        "today": view.today,
        "last_day": view.today + HORIZON_DAYS * cards.ONE_DAY,
    }


def _price_options(wanted: Wanted, counted: figures.Figures | None) -> list[tuple[str, str, bool]]:
    """(value, label, chosen) of each price, the chosen one included."""
    prices = list(counted.prices) if counted else []
    if wanted.most and wanted.most not in prices:
        prices.append(Money(wanted.most.amount, wanted.most.currency))
    prices.sort(key=lambda price: (price.currency, price.amount))
    return [(money_value(price), str(price), price == wanted.most) for price in prices]
