"""The studio's calendar by month, week, day and as a list. Times are in the provider's own zone."""

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlencode

from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from appointments.context_processors import Studio
from appointments.forms.adding import AddingForm
from appointments.forms.own_events import NINE, OwnEventForm
from appointments.forms.time_off import FROM_CALENDAR, TimeOffForm
from appointments.pages.calendar.aside import build_aside
from appointments.pages.calendar.entries import entries_of, ground_of
from appointments.pages.calendar.layout import Entry, Ground, days_of_week
from appointments.pages.calendar.periods import Period, View, clock_change, is_shown, period_of
from appointments.pages.calendar.sides import STUDIO
from appointments.pages.calendar.words import summary
from appointments.pages.conflicts import told
from appointments.pages.studio.requests import is_soon
from appointments.queries.calendar import CalendarFacts, load_calendar, opens_at
from appointments.search.open_parts import open_parts_of
from appointments.services.conflicts import undecided_conflicts
from core import clock
from core.http import Request
from providers.access import provider_required
from providers.models import Provider, Service
from providers.queries import services_of, today_of

from .calendars import Choices, add_page, as_address, asked_time, built, newly_chosen, to_date, to_last_view
from .studio_appointment import me

KINDS = (("appointment", "Appointment"), ("event", "Event"), ("block", "Block"))


@require_safe
@provider_required
def calendar(request: HttpRequest, provider: Provider) -> HttpResponse:
    """Lead to the view that the person saw last, on today."""
    return to_last_view(request, STUDIO, today_of(provider))


@require_safe
@provider_required
def jump(request: HttpRequest, provider: Provider, view: View) -> HttpResponse:
    """Lead to the date that was asked for, or today."""
    return to_date(request, STUDIO, view, today_of(provider))


@require_safe
@provider_required
def add(request: Request, provider: Provider) -> HttpResponse:
    """A short form on the date that the address names, sent to the pages that save: for an event, a block or, in the
    calendar alone, an appointment, which has a page of its own."""
    day, start = asked_time(request, today_of(provider))
    kind = request.GET.get("kind", "")
    if kind == "appointment" or (not kind and request.htmx):
        services = [service for service in services_of(provider) if service.is_active]
        if services or kind:
            return _add_appointment(request, provider, services, day, start)
    asked, opens = as_address(date=day.isoformat(), start=start), {} if start else {"opens": _opens(provider, day)}
    event = OwnEventForm.new(zone=provider.zone, asked=asked, now=clock.now(), **opens)
    times = {name: event.initial[name] for name in ("start_on", "start_at", "end_at")}
    hidden = [("origin", FROM_CALENDAR), ("zone_shown", provider.time_zone)]
    if kind == "block":
        form: Form = TimeOffForm(zone=provider.zone, initial=times)
        address = reverse("studio_time_off_check")
    else:
        kind, form, address = "event", event, reverse(STUDIO.new)
        hidden.append(("key", event.initial["key"]))
    return add_page(
        request,
        STUDIO,
        kind=kind,
        kinds=KINDS,
        day=times["start_on"],
        start=f"{times['start_at']:%H:%M}",
        form=form,
        hidden=hidden,
        address=address,
        zone=provider.time_zone,
    )


def _add_appointment(
    request: Request, provider: Provider, services: list[Service], day: date, start: str
) -> HttpResponse:
    """The short form of an appointment in the day itself; a redirect to the long one for who has no scripts."""
    address = reverse("studio_appointment_new")
    if not request.htmx:
        begins = {"time": start} if start else {}
        return redirect(f"{address}?{urlencode({'date': day.isoformat()} | begins)}")
    for service in services:
        service.provider = provider
    start = start or f"{_opens(provider, day):%H:%M}"
    asked = as_address(date=day.isoformat(), time=start)
    form = AddingForm.of(asked, services=services, zone=provider.zone, now=clock.now())
    return add_page(
        request,
        STUDIO,
        kind="appointment",
        kinds=KINDS,
        day=day,
        start=start,
        form=form,
        hidden=[("key", form.initial["key"]), ("venue", form.initial["venue"])],
        lengths=urlencode({service.slug: service.duration_minutes for service in services}),
        address=address,
        zone=provider.time_zone,
    )


def _opens(provider: Provider, day: date) -> time:
    return opens_at(provider, day) or NINE


@require_safe
@provider_required
def calendar_on(request: HttpRequest, provider: Provider, view: View, day: date) -> HttpResponse:
    """The calendar of a date. Twelve queries with session and user, however much is on, and thirteen by day and
    by month; with a connected calendar one more, or three where that is busy over something."""
    if not is_shown(day):
        raise Http404("No such date")
    user, now = me(request), clock.now()
    if again := newly_chosen(request, STUDIO, view, day, user.first_weekday):
        return again
    choices = replace(Choices.of(request, STUDIO), view=view.value)
    choices.keep(request, STUDIO)
    period = period_of(view, day, today=today_of(provider), first_weekday=user.first_weekday, weekend=choices.weekend)
    loaded = days_of_week(day, user.first_weekday) if view is View.DAY else period.within
    facts = load_calendar(provider, loaded, now=now)
    conflicts = undecided_conflicts(provider, now=now)
    ground = ground_of(facts, loaded)
    entries = entries_of(
        facts,
        now=now,
        twelve=user.uses_12h_clock,
        clashes={each.appointment.pk for each in conflicts},
        outside=choices.outside,
    )
    context = {
        "studio": Studio(provider),
        "side": STUDIO,
        "provider": provider,
        "zone": provider.time_zone,
        "twelve_hour": user.uses_12h_clock,
        "now": now,
        "period": period,
        "views": list(View),
        "add_address": reverse("studio_calendar_add"),
        "choices": choices,
        "summary": summary(period, entries, ground),
        "conflicts": told(conflicts, twelve=user.uses_12h_clock),
        "soon": next((one for one in facts.agenda.appointments if is_soon(one, now)), None),
        "clock_change": clock_change(period, provider.zone),
        **_shown(provider, period, entries, loaded, ground, facts, now=now),
    }
    return render(request, f"appointments/calendar/{view}.html", context)


def _shown(
    provider: Provider,
    period: Period,
    entries: list[Entry],
    loaded: list[date],
    ground: Ground,
    facts: CalendarFacts,
    *,
    now: datetime,
) -> dict[str, Any]:
    """What the template shows: by month also the parts of days still open, by day what stands beside its column."""
    if period.view is View.MONTH:
        openings = open_parts_of(provider, period.within, now=now)
        return built(period, entries, loaded=loaded, ground=ground, now=now, openings=openings)
    shown = built(period, entries, loaded=loaded, ground=ground, now=now)
    if period.view is View.DAY:
        is_open = open_parts_of(provider, [period.day], now=now).get(period.day)
        twelve, figures = provider.user.uses_12h_clock, shown["day"].figures
        shown["beside"] = build_aside(facts.agenda, figures, day=period.day, now=now, twelve=twelve, is_open=is_open)
    return shown
