"""Adding dates to a running series: the form that asks how many, and the dates before they are booked."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.http import SignedInRequest
from accounts.limits import limited
from accounts.zones import viewer_zone
from appointments.exceptions import ChangedSince
from appointments.forms.extending import TYPED, ExtendForm
from appointments.models import Series
from appointments.pages.series import ahead_of, refusal_to_extend, what_can_be_added
from appointments.queries.public import public_service
from appointments.queries.series import appointments_of, series_for_customer
from appointments.rules.pricing import quote
from appointments.services import booking
from appointments.services.series_booking import Extension
from core import clock
from providers.models import Service

from . import series_preview


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@limited("check_series")
def extend_series(request: HttpRequest, series: UUID) -> HttpResponse:
    """Ask how many dates are added to one's series, show them, or book them on the terms of today."""
    request = cast(SignedInRequest, request)
    try:
        mine = series_for_customer(request.user, series)
    except Series.DoesNotExist:
        raise Http404 from None
    now, appointments = clock.now(), appointments_of(mine)
    extension = Extension.of(mine, max(one.occurrence or 0 for one in appointments), now=now)
    service = _offered(mine)
    if refusal := refusal_to_extend(service or mine.service, ahead_of(appointments, now), extension):
        messages.info(request, refusal)
        return redirect("my_series", series=series)
    if service is None:
        raise Http404
    more, may_add = what_can_be_added(extension, service, _zone(request, service), now)
    if request.method != "POST" and not may_add:
        messages.info(request, more)
        return redirect("my_series", series=series)
    if request.method != "POST":
        return _ask(request, service, extension, typed={})
    form = ExtendForm(request.POST, extension=extension, service=service)
    if request.POST.get("do") == "change":
        return _ask(request, service, extension, typed={name: request.POST.get(name, "") for name in TYPED})
    if not form.is_valid():
        return _show(request, service, extension, form)
    if form.cleaned_data["person"] != request.user.uuid or form.cleaned_data["after"] != extension.after:
        return _start_again(request, series, form)
    assert form.rule is not None
    address = reverse("extend_series", args=[series])
    dates = extension.until(form.rule, service)
    wish = series_preview.Wish(service, form.rule, form, dates, address, address, extension)
    try:
        return series_preview.answer(request, wish)
    except ChangedSince:
        return _start_again(request, series, form)


def _offered(series: Series) -> Service | None:
    try:
        return public_service(series.provider.slug, series.service.slug)
    except Service.DoesNotExist:
        return None


def _zone(request: SignedInRequest, service: Service) -> ZoneInfo:
    return viewer_zone(request, service.provider.time_zone).zone


def _start_again(request: SignedInRequest, series: UUID, form: ExtendForm) -> HttpResponse:
    """Redirect to the form, or to the series where this very form added dates before."""
    if booking.booked_by_form(request.user, str(form.cleaned_data["key"])):
        messages.info(request, "This form was sent before, and added these dates.")
        return redirect("my_series", series=series)
    messages.info(request, "This series has changed since the page was opened. Nothing was added: choose again.")
    return redirect("extend_series", series=series)


def _ask(request: SignedInRequest, service: Service, extension: Extension, *, typed: Mapping[str, str]) -> HttpResponse:
    terms = booking.terms_of(service)
    form = ExtendForm.fresh(
        extension=extension, service=service, now=clock.now(), terms=terms, person=request.user, typed=typed
    )
    return _show(request, service, extension, form)


def _show(request: SignedInRequest, service: Service, extension: Extension, form: ExtendForm) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "series": extension.series,
        "service": service,
        "provider": service.provider,
        "next": extension.possible.occurrences[0],
        "more": what_can_be_added(extension, service, _zone(request, service), clock.now())[0],
        "zone": _zone(request, service).key,
        "price": quote(service),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "appointments/series/extend.html", context, status=status)
