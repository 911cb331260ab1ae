"""The provider's day: today and the week, and what waits for an answer. Times are in the provider's own zone."""

import re
from datetime import date, datetime
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments.context_processors import Studio
from appointments.customer_list import PER_PAGE, page_of
from appointments.forms import ReasonForm
from appointments.models import REFERENCE_ALPHABET, REFERENCE_LENGTH
from appointments.services import life
from appointments.studio import requests as asking
from appointments.studio.agenda import load_agenda
from appointments.studio.today import build_today
from appointments.studio.week import build_week, days_of_week
from core import clock
from providers.access import provider_required
from providers.models import Provider

from .studio_appointment import Refusal, ask_first, me, own_appointment, show_appointment, too_late, waits, why

REFERENCE = re.compile(f"[{REFERENCE_ALPHABET}]{{{REFERENCE_LENGTH}}}")


# --- Today and the week ---------------------------------------------------------------------------------------------


@require_safe
@provider_required
def today(request: HttpRequest, provider: Provider) -> HttpResponse:
    """Where the day stands, the week, what waits. Eight queries with session and user, whatever is booked."""
    now, twelve = clock.now(), me(request).uses_12h_clock
    this_day = clock.local(now, provider.zone).date()
    shown = shown_day(request.GET.get("day"), request.GET.get("week"), today=this_day)
    agenda = load_agenda(provider, [*days_of_week(shown), this_day], now=now, neighbours=True)
    waiting, count = asking.first_waiting(provider, now=now)
    rows = asking.plain_rows(provider, waiting, now=now, twelve=twelve)
    context = {
        "studio": Studio(provider, count),
        "provider": provider,
        "zone": provider.time_zone,
        "now": now,
        "day": build_today(agenda, now=now, twelve=twelve),
        "week": build_week(agenda, shown=shown, today=this_day, now=now),
        "rows": rows,
        "soon": next((row for row in rows if row.is_soon), None),
        "is_new": not agenda.appointments and not count,
        "twelve": twelve,
    }
    return render(request, "appointments/studio/today.html", context)


def shown_day(day: str | None, week: str | None, *, today: date) -> date:
    """The day asked for, or of the week asked for today, else its Monday; nonsense and far ages ask for today."""
    for text, form in ((day, "%Y-%m-%d"), (f"{week}-1" if week else "", "%G-W%V-%u")):
        try:
            found = datetime.strptime(text or "", form).date()
        except ValueError:
            continue
        if 2000 <= found.year <= 2200:
            is_week = form != "%Y-%m-%d"
            return today if is_week and today in days_of_week(found) else found
    return today


# --- Requests -------------------------------------------------------------------------------------------------------


@require_safe
@provider_required
def requests(request: HttpRequest, provider: Provider) -> HttpResponse:
    """What waits for an answer, soonest deadline first."""
    return _show_requests(request, provider)


def _show_requests(
    request: HttpRequest, provider: Provider, *, refused: list[str] | None = None, done: str = ""
) -> HttpResponse:
    now, twelve = clock.now(), me(request).uses_12h_clock
    count = asking.waiting_count(provider, now=now)
    page = page_of(asking.waiting_for(provider, now=now), request.GET.get("page"), count=count)
    waiting = list(page)
    for one in waiting:
        one.provider = provider
    context = {
        "studio": Studio(provider, count),
        "provider": provider,
        "zone": provider.time_zone,
        "now": now,
        "page": page,
        "rows": asking.rows_with_fit(provider, waiting, now=now, twelve=twelve),
        "refused": refused,
        "done": done,
    }
    status = HTTPStatus.CONFLICT if refused else HTTPStatus.OK
    return render(request, "appointments/studio/requests.html", context, status=status)


@require_safe
@provider_required
def one_request(request: HttpRequest, provider: Provider, reference: str) -> HttpResponse:
    """One request, for as long as it waits; after that the appointment's own page says what came of it."""
    appointment = own_appointment(provider, reference)
    if not waits(appointment):
        return redirect("studio_appointment", reference=reference)
    return show_appointment(request, provider, appointment)


@require_POST
@provider_required
def accept(request: HttpRequest, provider: Provider, reference: str) -> HttpResponse:
    """Confirm one request."""
    appointment = own_appointment(provider, reference)
    try:
        outcome = life.accept_request(appointment=appointment, actor=me(request))
    except Refusal as refusal:
        return too_late(request, provider, reference, str(refusal))
    name = appointment.customer.first_name
    if outcome.changed:
        messages.success(request, f"Accepted: {name} is booked. We email you both.")
    else:
        messages.info(request, f"{name}’s request was already accepted. Nothing changed.")
    return _back(request, "studio_requests")


@require_POST
@provider_required
def accept_many(request: HttpRequest, provider: Provider) -> HttpResponse:
    """Confirm the ticked ones, each for itself: one that came too late keeps none of the others back."""
    references = [text for text in request.POST.getlist("request")[:PER_PAGE] if REFERENCE.fullmatch(text)]
    if not references:
        messages.info(request, "No request was ticked, so nothing changed.")
        return redirect("studio_requests")
    accepted: list[str] = []
    already: list[str] = []
    refused: list[str] = []
    for appointment in [own_appointment(provider, reference) for reference in references]:
        try:
            outcome = life.accept_request(appointment=appointment, actor=me(request))
        except Refusal as refusal:
            refused.append(why(provider, appointment.reference, str(refusal), twelve=me(request).uses_12h_clock))
        else:
            (accepted if outcome.changed else already).append(appointment.customer.first_name)
    done = " ".join([*_sum("accepted", accepted), *_sum("already accepted before", already)])
    if refused:
        return _show_requests(request, provider, refused=refused, done=done)
    (messages.success if accepted else messages.info)(request, done)
    return redirect("studio_requests")


def _sum(what: str, names: list[str]) -> list[str]:
    if not names:
        return []
    count = "1 request was" if len(names) == 1 else f"{len(names)} requests were"
    return [f"{count} {what}: {', '.join(names)}."]


@require_http_methods(["GET", "HEAD", "POST"])
@provider_required
def decline(request: HttpRequest, provider: Provider, reference: str) -> HttpResponse:
    """What declining means and an optional reason, then the declining."""
    appointment = own_appointment(provider, reference)
    if request.method != "POST":
        if not waits(appointment):
            return redirect("studio_appointment", reference=reference)
        return ask_first(request, provider, appointment, "decline", ReasonForm())
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return ask_first(request, provider, appointment, "decline", form)
    try:
        outcome = life.decline_request(appointment=appointment, actor=me(request), reason=form.cleaned_data["reason"])
    except Refusal as refusal:
        return too_late(request, provider, reference, str(refusal))
    name = appointment.customer.first_name
    if outcome.changed:
        messages.success(request, f"Declined. We tell {name}, and the time is open again.")
    else:
        messages.info(request, f"{name}’s request was already declined. Nothing changed.")
    return redirect("studio_requests")


def _back(request: HttpRequest, otherwise: str) -> HttpResponse:
    """To the page the button stood on."""
    return redirect("studio_today" if request.POST.get("from") == "today" else otherwise)
