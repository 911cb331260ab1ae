"""A provider's public page, with the picker of times."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts import zonelist
from accounts.limits import limited
from accounts.zones import viewer_zone
from appointments import visitor
from appointments.exceptions import NotKept, PolicyRefused, SlotTaken
from appointments.pages import month_picker
from appointments.pages.month_picker import Picker
from appointments.queries.public import providers_alike, public_provider, public_service
from appointments.services import availability, holds
from core import clock
from core.caching import rechecked
from core.http import Request
from core.shortcuts import redirect_with
from providers.models import Provider, Service
from providers.wording import place_text, policy_sentences, price_text

from .picker import Wanted, picker_context


@require_safe
@rechecked
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
        "is_public": person.is_public,
    }
    if chosen is None or not person.takes_bookings:
        context["alike"] = providers_alike(person)
        return render(request, "appointments/provider.html", context)
    other = month_picker.OtherSide(person.first_name, person.zone)
    wanted = Wanted(person, availability.shape_of(chosen), visitor.mine(request), request.user, other)
    context |= {
        "price": price_text(chosen),
        "waitlist": reverse("join_waitlist", args=[person.slug, chosen.slug]),
        **picker_context(request, wanted, zone),
    }
    context["waitlist"] += f"?{urlencode(_shown_dates(context['picker']))}"
    # A day or a month swaps the picker alone; another service also swaps its description beside the picker.
    part = "#picker" if request.htmx and request.htmx.target == "picker" else ""
    context["chose_service"] = bool(part) and request.htmx.trigger == "services"
    response = render(request, f"appointments/provider.html{part}", context)
    zonelist.remember(request, response, zone)
    return response


def _shown_dates(picker: Picker) -> dict[str, date]:
    """What the page of the waitlist is told: the day that is shown, else the month, in which then nothing is open."""
    if picker.chosen:
        return {"day": picker.chosen}
    first = picker.month.first
    return {"day": first, "until": picker.month.shift(1).first - timedelta(days=1)}


def _chosen_service(services: list[Service], slug: str | None) -> Service | None:
    if not slug:
        return services[0] if services else None
    found = next((each for each in services if each.slug == slug), None)
    if found is None:
        raise Service.DoesNotExist
    return found


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
