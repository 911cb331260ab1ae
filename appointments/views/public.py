"""A provider's public page, with the picker of times."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts import zonelist
from accounts.limits import limited
from accounts.zones import ViewerZone, viewer_zone
from appointments import visitor
from appointments.exceptions import NotKept, PolicyRefused, SlotTaken
from appointments.pages import month_picker
from appointments.pages.month_picker import Month
from appointments.pages.no_openings import BEYOND, why_nothing
from appointments.queries.public import providers_alike, public_provider, public_service
from appointments.rules.slots import Facts, last_bookable_date, open_slots, window_end
from appointments.services import availability, booking, holds
from appointments.services.availability import Mine
from core import clock, wording
from core.http import Request
from core.intervals import Interval
from core.shortcuts import redirect_with
from providers.models import Provider, Service
from providers.wording import place_text, policy_sentences, price_text


@dataclass(frozen=True, slots=True)
class Asked:
    """The month, day and start in the query; malformed values count as missing."""

    month: Month | None
    day: date | None
    start: datetime | None

    @classmethod
    def of(cls, request: HttpRequest, zone: ViewerZone) -> "Asked":
        start = month_picker.from_value(request.GET.get("start", ""))
        day = _date(request.GET.get("day", ""))
        month = Month.parse(request.GET.get("month", ""))
        if start is not None:
            day = start.astimezone(zone.zone).date()
        if day is not None and (start is not None or month is None):
            month = Month.of(day)
        return cls(month=month, day=day, start=start)


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return day if day and 2000 <= day.year < 2200 else None


@require_safe
@vary_on_headers("HX-Request")
@limited("openings", methods=("GET",))
def provider_page(request: Request, provider: str, service: str | None = None) -> HttpResponse:
    """The page of a provider with the picker of one of their services. 404 where the viewer may not see it."""
    try:
        person, services = public_provider(provider, viewer=request.user)
        chosen = _chosen_service(services, service or request.GET.get("service"))
    except (Provider.DoesNotExist, Service.DoesNotExist):
        raise Http404 from None
    zone = viewer_zone(request, person.time_zone)
    context: dict[str, Any] = {
        "provider": person,
        "services": [(each, price_text(each), place_text(person, each.venues)) for each in services],
        "service": chosen,
        "viewer_zone": zone,
        "zone": zone.name,
        "zone_link": zone.in_links,
        "terms": policy_sentences(person.policy, chosen),
        "now": clock.now(),
    }
    if chosen is None or not person.is_live:
        context["alike"] = providers_alike(person)
        return render(request, "appointments/provider.html", context)
    context |= picker_context(request, chosen, zone)
    # A chosen day gets the focus, unless a control with a name (htmx's trigger) sent the request: it keeps its own.
    context["chose_day"] = "day" in request.GET and not request.htmx.trigger
    context["whole_month"] = request.GET.get("view") == "month"
    # A day or a month swaps the picker alone; another service also swaps its description beside the picker.
    part = "#picker" if request.htmx and request.htmx.target == "picker" else ""
    context["chose_service"] = bool(part) and request.htmx.trigger == "services"
    response = render(request, f"appointments/provider.html{part}", context)
    zonelist.remember(request, response, zone)
    return response


def _chosen_service(services: list[Service], slug: str | None) -> Service | None:
    if not slug:
        return services[0] if services else None
    found = next((each for each in services if each.slug == slug), None)
    if found is None:
        raise Service.DoesNotExist
    return found


def picker_context(request: HttpRequest, service: Service, zone: ViewerZone) -> dict[str, Any]:
    """The context of the picker of `service` for this viewer.

    Three queries, four where a cap is set; twice as many where the next two months have no opening.
    """
    now = clock.now()
    asked = Asked.of(request, zone)
    mine = visitor.mine(request)
    user, provider = request.user, service.provider
    first_weekday = user.first_weekday if user.is_authenticated else 0
    this_month = Month.of(now.astimezone(zone.zone).date())
    shape, rules = availability.shape_of(service), availability.rules_of(provider)
    closes = window_end(provider.zone, rules, now)
    last_month = Month.of((closes - month_picker.MOMENT).astimezone(zone.zone).date())
    month = sorted([this_month, asked.month or this_month, last_month], key=lambda each: each.first)[1]
    looks_ahead = asked.month is None
    slots, looked = _load(service, month, zone, first_weekday, now, mine, looks_ahead=looks_ahead, closes=closes)
    if asked.month is None and slots:
        month = Month.of(slots[0].astimezone(zone.zone).date())
        slots = _of_month(slots, month, zone, first_weekday)
    twelve = user.is_authenticated and user.uses_12h_clock
    other = month_picker.OtherSide(provider.first_name, provider.zone)
    shown = month_picker.build(
        slots,
        month=month,
        zone=zone.zone,
        now=now,
        duration=shape.duration,
        first_weekday=first_weekday,
        day=asked.day,
        twelve=twelve,
        other=other,
    )
    kept = asked.start if asked.start in slots else None
    return {
        "picker": shown,
        "asked": asked,
        "terms_now": booking.terms_of(service),
        "price": price_text(service),
        "chosen_start": kept,
        "chosen_end": kept + shape.duration if kept else None,
        "tells_both": any(time.there for _, times in shown.groups for time in times),
        "chosen_there": other.clock_there(kept, kept + shape.duration, zone.zone, twelve=twelve) if kept else "",
        "previous_month": month.shift(-1) if month.first > this_month.first else None,
        "next_month": month.shift(1) if month.first < last_month.first else None,
        "nothing": why_nothing(provider.first_name, shape, looked, now=now) if looks_ahead and not slots else "",
        "skipped": this_month.first if asked.month is None and month != this_month else None,
        "last_date": last_bookable_date(provider.zone, rules, now),
        "week": shown.week_of(shown.chosen) or shown.week_of(now.astimezone(zone.zone).date()) or shown.weeks[0],
        "weekdays": [(wording.weekday_name(n), wording.weekday_name(n)[:2]) for n in _weekdays(first_weekday)],
        "clock_change": month_picker.clock_change(zone.zone, now, shown.weeks[-1][-1].date),
        **_zone_options(request, zone, provider, now),
    }


def _load(
    service: Service,
    month: Month,
    zone: ViewerZone,
    first_weekday: int,
    now: datetime,
    mine: Mine,
    *,
    looks_ahead: bool,
    closes: datetime,
) -> tuple[list[datetime], list[tuple[Facts, Interval]]]:
    """The open starts, and the facts and spans that were searched.

    The span is the month; with `looks_ahead` the next two months, and if they have no opening, the rest of the booking
    window and `BEYOND`.
    """
    start, end = month.span(first_weekday, zone.zone)
    spans = [(start, start + availability.LONGEST_RANGE if looks_ahead else end)]
    if looks_ahead:
        spans.append((min(spans[0][1], closes), closes + BEYOND))
    looked: list[tuple[Facts, Interval]] = []
    for start, end in spans:
        loaded = availability.load_facts([service.provider], start, end, now=now, mine=mine, longest=end - start)
        facts = loaded[service.provider_id]
        looked.append((facts, (start, end)))
        if slots := open_slots(facts, availability.shape_of(service), start, end, now=now):
            return slots, looked
    return [], looked


def _of_month(slots: list[datetime], month: Month, zone: ViewerZone, first_weekday: int) -> list[datetime]:
    start, end = month.span(first_weekday, zone.zone)
    return [slot for slot in slots if start <= slot < end]


def _weekdays(first: int) -> list[int]:
    return [(first + n) % 7 for n in range(7)]


def _zone_options(request: HttpRequest, zone: ViewerZone, provider: Provider, now: datetime) -> dict[str, Any]:
    """The context of the zone list: the viewer's own, the provider's, recently chosen ones; and the zone search."""
    user = request.user
    twelve = user.is_authenticated and user.uses_12h_clock
    names = [zonelist.own_zone(request), provider.time_zone, *zonelist.recent(request), zone.name]
    return {
        "zones": [*zonelist.short_list(names, now, twelve=twelve), (zone.every_zone, "All time zones…")],
        "zone_search": zonelist.searched(request, now, twelve=twelve) if zone.lists_all else None,
    }


@require_POST
@limited("keep_time")
def keep_time(request: HttpRequest, provider: str, service: str) -> HttpResponse:
    """Keep the chosen time for ten minutes and redirect to the form, which says so if the time is taken."""
    try:
        wanted = public_service(provider, service)
    except Service.DoesNotExist:
        raise Http404 from None
    page = reverse("provider_service", args=[provider, service])
    start = month_picker.from_value(request.POST.get("start", ""))
    zone = {"tz": request.POST.get("tz", "")}
    if start is None:
        return redirect_with(
            page, {"day": request.POST.get("day", ""), **zone}, message=(request, "Choose a time first.")
        )
    account = request.user if request.user.is_authenticated else None
    try:
        holds.keep_time(
            service=wanted,
            start=start,
            browser=visitor.ensured(request),
            account=account,
            address=visitor.address(request),
        )
    except NotKept as refusal:
        messages.info(request, str(refusal))
    except (SlotTaken, PolicyRefused):
        # The form's page says why, with the nearest openings.
        pass
    return redirect_with(reverse("book", args=[provider, service]), {"start": month_picker.to_value(start), **zone})
