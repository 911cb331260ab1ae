"""The list of a customer's appointments: the next one large, then one of three lists, or their series."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.zones import viewer_zone
from appointments.forms.customer_list import HistoryFilters, Tab
from appointments.pages.changing import asks_of
from appointments.pages.customer_list import customer_rows
from appointments.pages.next_appointment import next_appointment
from appointments.pages.offers import groups_of
from appointments.pages.series import series_row
from appointments.pages.waitlist import place_offered
from appointments.queries.customer import (
    BookedService,
    counts_for_customer,
    history_for_customer,
    services_booked_by,
    upcoming_for_customer,
    waiting_for_customer,
)
from appointments.queries.figures import figures_of_customer
from appointments.queries.offers import offers_to_customer
from appointments.queries.proposals import proposals_to_customer
from appointments.queries.series import series_of_customer
from appointments.rules.fair_use import LIMIT
from appointments.services import fair_use
from appointments.states import Role
from core import clock
from core.paging import page_of
from notifications.queries import refusal_of


@never_cache
@login_required
@require_safe
def my_appointments(request: HttpRequest) -> HttpResponse:
    """The page with the chosen list. Ten queries at most, however many appointments there are."""
    me, now = cast(User, request.user), clock.now()
    zone = viewer_zone(request, me.time_zone)
    tab, number = Tab.named(request.GET.get("tab")), request.GET.get("page")
    counts = counts_for_customer(me, now=now)
    booked = services_booked_by(me)
    filters = HistoryFilters(request.GET, counts=counts, booked=booked, zone=zone.zone)
    upcoming = upcoming_for_customer(me, now=now)
    if tab is Tab.UPCOMING:
        # The first stands above the list, large.
        page = page_of(upcoming[1:], number, count=max(counts.upcoming - 1, 0))
    elif tab is Tab.WAITING:
        page = page_of(waiting_for_customer(me, now=now), number, count=counts.waiting)
    elif tab is Tab.SERIES:
        page = page_of(series_of_customer(me, now=now), number, count=counts.series)
    else:
        past = history_for_customer(me, now=now)
        is_narrowed = filters.is_set
        page = page_of(
            filters.narrow(past, now=now) if is_narrowed else past,
            number,
            count=None if is_narrowed else counts.history,
        )
    is_ahead = counts.upcoming or counts.waiting
    asks = asks_of(proposals_to_customer(me, now=now), Role.CUSTOMER, reader=zone.zone) if is_ahead else []
    instead, opened = offers_to_customer(me, now=now)
    offered = groups_of(instead, reader=zone.zone)
    places = [place_offered(each, reader=zone.zone, now=now) for each in opened]
    soonest = upcoming.first() if counts.upcoming and page.number == 1 else None
    twelve = me.uses_12h_clock
    rows = customer_rows(page, reader=zone.zone, now=now, twelve=twelve) if tab is not Tab.SERIES else []
    first = next_appointment(soonest, reader=zone.zone, now=now, twelve=twelve) if soonest else None
    told = [each.zones for each in rows] + [each.zones for each in asks] + [each.zones for each in offered]
    told += [each.zones for each in places if each.zones]
    told += [first.standing.zones] if first else []
    context = {
        "zone": zone.name,
        "viewer_zone": zone,
        "now": now,
        "tab": tab,
        # Who has no series needs no list of them.
        "tabs": [(each, getattr(counts, each.value)) for each in Tab if each is not Tab.SERIES or counts.series],
        "counts": counts,
        "figures": figures_of_customer(me, now=now) if tab is Tab.UPCOMING else None,
        "page": page,
        "rows": rows,
        "series": [series_row(one, zone=zone.zone, twelve=twelve) for one in page] if tab is Tab.SERIES else [],
        "names_zones": any(zones.second for zones in told),
        "filters": filters,
        "next": first,
        "asks": asks,
        "offered": offered,
        "places": places,
        "waiting": len(asks) + len(offered) + len(places),
        "again": _people_to_book_again(booked),
        "late": max(fair_use.consequence_for(me.pk, [now], now=now).number - 1, 0) if counts.total else 0,
        "limit": LIMIT,
        "refusal": refusal_of(me),
    }
    return render(request, "appointments/customer/list.html", context)


def _people_to_book_again(booked: list[BookedService], most: int = 3) -> list[BookedService]:
    """The services of the providers booked last who can be booked now: one a provider, at most `most`."""
    people: dict[str, BookedService] = {}
    for service in booked:
        if service.can_be_booked:
            people.setdefault(service.provider_slug, service)
    return list(people.values())[:most]
