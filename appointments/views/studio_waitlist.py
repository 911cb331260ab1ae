"""The studio's pages of the provider's waitlist: who waits, offering one of them a time, and removing one."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from appointments.exceptions import PolicyRefused, SlotTaken
from appointments.forms.waitlist import OfferForm, OtherDayForm, RemoveForm
from appointments.models import WaitlistPlace
from appointments.pages.waitlist import OFFERED, WAITING
from appointments.queries.waitlist import line_of, open_offers, place_with
from appointments.rules.wishes import want_of, want_words
from appointments.services import availability, waitlist
from appointments.services.waitlist_offers import service_of, times_for
from core import clock
from core.exceptions import DomainError
from core.paging import page_of
from core.wording import moment_text
from providers.access import provider_required
from providers.models import Provider


@require_safe
@provider_required
def waitlist_of(request: HttpRequest, provider: Provider) -> HttpResponse:
    """Everybody who waits, in the order in which they are asked. Three queries."""
    now = clock.now()
    page = page_of(line_of(provider), request.GET.get("page"))
    offers = open_offers(list(page))
    first = page.start_index()
    rows = []
    for number, place in enumerate(page, start=first):
        offer = offers.get(place.pk)
        live = offer if offer and offer.is_live(now) else None
        rows.append((number, place, want_words(place), live, OFFERED if live else WAITING))
    context = {"rows": rows, "page": page, "zone": provider.time_zone, "now": now, "provider": provider}
    return render(request, "appointments/studio/waitlist.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@provider_required
def offer(request: HttpRequest, provider: Provider, place: UUID) -> HttpResponse:
    """Offer one of them an open time, whoever comes before."""
    one = _own(provider, place)
    if not one.is_waiting:
        return _is_off(request, one)
    form = OfferForm(request.POST) if request.method == "POST" else OfferForm()
    if not form.is_valid():
        return _ask(request, provider, one, form)
    try:
        made = waitlist.offer_by_hand(place=one, start=form.cleaned_data["start"], actor=provider.user)
    except (SlotTaken, PolicyRefused) as refusal:
        return _ask(request, provider, one, OfferForm(), refusal=refusal)
    twelve = provider.user.uses_12h_clock
    start, until = (moment_text(at, provider.zone, twelve=twelve) for at in (made.start, made.expires_at))
    messages.success(request, f"Offered: {start} is held for {one.customer.first_name} until {until}.")
    return redirect("studio_waitlist")


@require_http_methods(["GET", "HEAD", "POST"])
@provider_required
def remove(request: HttpRequest, provider: Provider, place: UUID) -> HttpResponse:
    """Take somebody off the list, with a reason that they are told."""
    one = _own(provider, place)
    form = RemoveForm(request.POST) if request.method == "POST" else RemoveForm()
    if form.is_valid():
        try:
            removed = waitlist.remove(place=one, actor=provider.user, reason=form.cleaned_data["reason"])
        except PolicyRefused as refusal:
            messages.error(request, str(refusal))
            return redirect("studio_waitlist")
        if not removed:
            return _is_off(request, one)
        messages.success(request, f"{one.customer.name} is off your waitlist. We tell {one.customer.first_name}.")
        return redirect("studio_waitlist")
    if not form.is_bound and not one.is_waiting:
        return _is_off(request, one)
    context = {"place": one, "wants": want_words(one), "form": form, "provider": provider}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "appointments/studio/waitlist_remove.html", context, status=status)


def _ask(
    request: HttpRequest,
    provider: Provider,
    place: WaitlistPlace,
    form: OfferForm,
    *,
    refusal: DomainError | None = None,
) -> HttpResponse:
    now, other = clock.now(), OtherDayForm(request.GET if "day" in request.GET else None)
    day = other.cleaned_data["day"] if other.is_bound and other.is_valid() else None
    times = _times_on(place, day, now=now) if day else times_for(place, now=now)
    fits = want_of(place).fits
    context: dict[str, Any] = {
        "place": place,
        "wants": want_words(place),
        "form": form,
        "refusal": refusal,
        "other": other,
        "day": day,
        "times": [(start, fits(start)) for start in times],
        "any_fits": any(map(fits, times)),
        "zone": provider.time_zone,
        "provider": provider,
    }
    status = HTTPStatus.CONFLICT if refusal else HTTPStatus.OK
    if form.is_bound and form.errors:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "appointments/studio/waitlist_offer.html", context, status=status)


def _times_on(place: WaitlistPlace, day: date, *, now: datetime) -> list[datetime]:
    """The open times of the provider's `day` for the place. Three queries, four where the provider has a cap."""
    place.service.provider = place.provider
    if place.appointment:
        place.appointment.provider = place.provider
    start, end = clock.day_bounds(day, place.provider.zone)
    if place.appointment:
        end = min(end, place.appointment.start)
    start = max(start, now)
    return availability.slots_between(service_of(place), start, end, now=now) if start < end else []


def _own(provider: Provider, place: UUID) -> WaitlistPlace:
    try:
        return place_with(provider, place)
    except WaitlistPlace.DoesNotExist:
        raise Http404 from None


def _is_off(request: HttpRequest, place: WaitlistPlace) -> HttpResponse:
    messages.info(request, f"{place.customer.name} is not on your waitlist any more.")
    return redirect("studio_waitlist")
