"""The studio's pages of today, the week and the requests. Times are in the provider's own zone."""

import re
from datetime import date, datetime
from typing import cast
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments.context_processors import Studio
from appointments.forms.reasons import ReasonForm
from appointments.models import REFERENCE_ALPHABET, REFERENCE_LENGTH
from appointments.pages.calendar.layout import days_of_week
from appointments.pages.changing import asks_of_provider
from appointments.pages.conflicts import told
from appointments.pages.studio import requests as asking
from appointments.pages.studio.today import build_today
from appointments.pages.studio.week import build_week
from appointments.queries.agenda import load_agenda
from appointments.queries.figures import figures_of_provider
from appointments.queries.requests import first_waiting, waiting_page
from appointments.services import transitions
from appointments.services.conflicts import undecided_conflicts
from core import clock
from core.http import Request
from core.paging import PER_PAGE
from providers.access import provider_required
from providers.models import Provider

from . import studio_live as live
from .studio_appointment import Refusal, ask_first, me, own_appointment, show_appointment, too_late, waits, why

REFERENCE = re.compile(f"[{REFERENCE_ALPHABET}]{{{REFERENCE_LENGTH}}}")


# --- Today and the week ---------------------------------------------------------------------------------------------


@require_safe
@provider_required
def today(request: HttpRequest, provider: Provider) -> HttpResponse:
    """Today, the week and the first requests. Nine queries with session and user, however much is booked; with a
    connected calendar one more, or three where that is busy over something."""
    return live.show(request, today_page(request, provider, request.GET))


def today_page(request: HttpRequest, provider: Provider, query: QueryDict) -> live.Page:
    now, twelve = clock.now(), me(request).uses_12h_clock
    this_day = clock.local(now, provider.zone).date()
    shown = shown_day(query.get("day"), query.get("week"), today=this_day)
    agenda = load_agenda(provider, [*days_of_week(shown), this_day], now=now, neighbours=True)
    waiting, count = first_waiting(provider, now=now)
    rows = asking.plain_rows(provider.zone, waiting, now=now, twelve=twelve)
    asks = asks_of_provider(agenda, now=now)
    context = {
        "studio": Studio(provider, count + len(asks)),
        "provider": provider,
        "zone": provider.time_zone,
        "now": now,
        "day": build_today(agenda, now=now, twelve=twelve),
        "figures": figures_of_provider(provider, now=now),
        "week": build_week(agenda, shown=shown, today=this_day, now=now),
        "soon": next((row for row in rows if row.is_soon), None),
        "is_new": not agenda.appointments and not count,
        "asks": asks,
        "twelve": twelve,
        "conflicts": told(undecided_conflicts(provider, now=now), twelve=twelve),
    }
    facts = (this_day, *agenda.facts)
    return live.Page(
        "appointments/studio/today.html", address("studio_today", query), provider, rows, count, facts, context
    )


def shown_day(day: str | None, week: str | None, *, today: date) -> date:
    """The day asked for; of a week today if it is in it, else Monday. Today for malformed dates and far years."""
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
    """The waiting requests, soonest deadline first. Eight queries with session and user, however many wait."""
    return live.show(request, requests_page(request, provider, request.GET))


def requests_page(request: HttpRequest, provider: Provider, query: QueryDict) -> live.Page:
    now, twelve = clock.now(), me(request).uses_12h_clock
    page = waiting_page(provider, query.get("page"), now=now)
    count = page.paginator.count
    for one in page:
        one.provider = provider
    waiting = list(page)
    agenda = load_agenda(provider, asking.days_of(waiting, provider.zone), now=now)
    rows = asking.rows_with_fit(agenda, waiting, now=now, twelve=twelve)
    asks = asks_of_provider(agenda, now=now)
    context = {
        "studio": Studio(provider, count + len(asks)),
        "provider": provider,
        "zone": provider.time_zone,
        "now": now,
        "twelve": twelve,
        "page": page,
        "asks": asks,
    }
    return live.Page(
        "appointments/studio/requests.html",
        address("studio_requests", query),
        provider,
        rows,
        count,
        agenda.facts,
        context,
    )


def address(name: str, query: QueryDict) -> str:
    """The address of the page, without the parameters that only an open page sends along."""
    query = query.copy()
    for sent_along in ("seen", "request"):
        query.pop(sent_along, None)
    return f"{reverse(name)}{f'?{query.urlencode()}' if query else ''}"


def page_behind(request: HttpRequest, provider: Provider) -> live.Page:
    """The page from which htmx sent the request, in its present state."""
    try:
        behind = urlsplit(cast(Request, request).htmx.current_url_abs_path or "")
    except ValueError:  # malformed, as no browser sends it
        behind = urlsplit("")
    build = today_page if behind.path == reverse("studio_today") else requests_page
    return build(request, provider, QueryDict(behind.query))


@require_safe
@provider_required
def one_request(request: HttpRequest, provider: Provider, reference: str) -> HttpResponse:
    """The page of a waiting request; redirects to the page of the appointment once it is answered or expired."""
    appointment = own_appointment(provider, reference)
    if not waits(appointment):
        return redirect("studio_appointment", reference=reference)
    return show_appointment(request, provider, appointment)


@require_POST
@provider_required
def accept(request: HttpRequest, provider: Provider, reference: str) -> HttpResponse:
    """Accept one request."""
    appointment = own_appointment(provider, reference)
    try:
        outcome = transitions.accept_request(
            appointment=appointment, actor=me(request), shown=request.POST.get("shown", "")
        )
    except Refusal as refusal:
        return _refused(request, provider, reference, str(refusal))
    name = appointment.customer.first_name
    done = f"Accepted: {name} is booked. We email you both."
    return _answered(request, provider, outcome, done, f"{name}’s request was already accepted. Nothing changed.")


@require_POST
@provider_required
def accept_many(request: HttpRequest, provider: Provider) -> HttpResponse:
    """Accept the ticked requests, each by itself: a refusal of one does not stop the others."""
    references = [text for text in request.POST.getlist("request")[:PER_PAGE] if REFERENCE.fullmatch(text)]
    if not references:
        nothing = "No request was ticked, so nothing changed."
        if live.asked_by(request) == live.LIST:
            return live.show(request, page_behind(request, provider), done=nothing)
        messages.info(request, nothing)
        return redirect("studio_requests")
    shown = dict(text.partition(":")[::2] for text in request.POST.getlist("shown"))
    accepted: list[str] = []
    already: list[str] = []
    refused: list[str] = []
    for appointment in [own_appointment(provider, reference) for reference in references]:
        try:
            outcome = transitions.accept_request(
                appointment=appointment, actor=me(request), shown=shown.get(appointment.reference, "")
            )
        except Refusal as refusal:
            refused.append(why(provider, appointment.reference, str(refusal), twelve=me(request).uses_12h_clock))
        else:
            (accepted if outcome.changed else already).append(appointment.customer.first_name)
    done = " ".join([*_sum("accepted", accepted), *_sum("already accepted before", already)])
    if live.asked_by(request) == live.LIST:
        return live.show(request, page_behind(request, provider), refused=refused, done=done)
    if refused:
        return live.show(request, requests_page(request, provider, request.GET), refused=refused, done=done)
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
    """Show the consequence of declining and ask for an optional reason, or decline."""
    appointment = own_appointment(provider, reference)
    if request.method != "POST":
        if not waits(appointment):
            return redirect("studio_appointment", reference=reference)
        return ask_first(request, provider, appointment, "decline", ReasonForm())
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return live.in_dialog(request, ask_first(request, provider, appointment, "decline", form))
    try:
        outcome = transitions.decline_request(
            appointment=appointment, actor=me(request), reason=form.cleaned_data["reason"]
        )
    except Refusal as refusal:
        return _refused(request, provider, reference, str(refusal))
    name = appointment.customer.first_name
    done = f"Declined. We tell {name}, and the time is no longer held."
    return _answered(request, provider, outcome, done, f"{name}’s request was already declined. Nothing changed.")


# --- Answers to a POST: in place where htmx asks for the list, else by a redirect or a page -------------------------


def _answered(
    request: HttpRequest, provider: Provider, outcome: transitions.Outcome, done: str, already: str
) -> HttpResponse:
    said = done if outcome.changed else already
    if live.asked_by(request) == live.LIST:
        return live.show(request, page_behind(request, provider), done=said, after=outcome.appointment)
    (messages.success if outcome.changed else messages.info)(request, said)
    return redirect("studio_today" if request.POST.get("from") == "today" else "studio_requests")


def _refused(request: HttpRequest, provider: Provider, reference: str, refusal: str) -> HttpResponse:
    if live.asked_by(request) != live.LIST:
        return too_late(request, provider, reference, refusal)
    words = why(provider, reference, refusal, twelve=me(request).uses_12h_clock)
    return live.show(request, page_behind(request, provider), refused=[words])
