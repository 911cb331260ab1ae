"""A customer's calendar by month, week, day and as a list. Times are in their own zone, as on the pages of events."""

from dataclasses import replace
from datetime import date
from typing import cast
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from appointments.forms.own_events import OwnEventForm
from appointments.forms.time_off import FROM_CALENDAR
from appointments.pages.calendar.layout import Ground, days_of_week
from appointments.pages.calendar.my_entries import my_entries_of
from appointments.pages.calendar.periods import View, clock_change, is_shown, period_of
from appointments.pages.calendar.sides import MINE, STUDIO
from appointments.pages.calendar.words import summary, to_customers
from appointments.queries.my_calendar import load_my_calendar
from core import clock
from core.http import Request
from providers.queries import lives_in_the_studio, provider_of

from .calendars import Choices, add_page, as_address, asked_time, built, newly_chosen, to_date, to_last_view


@require_safe
@never_cache
@login_required
def calendar(request: HttpRequest) -> HttpResponse:
    """Lead to the view that the person saw last, on today."""
    return to_last_view(request, MINE, _today(request))


@require_safe
@never_cache
@login_required
def jump(request: HttpRequest, view: View) -> HttpResponse:
    """Lead to the date that was asked for, or today."""
    return to_date(request, MINE, view, _today(request))


@require_safe
@never_cache
@login_required
def add(request: Request) -> HttpResponse:
    """A short form for an event on the date that the address names. Who works in the studio adds it there."""
    user, (day, start) = cast(User, request.user), asked_time(request, _today(request))
    if lives_in_the_studio(user):
        return _add_in_studio(user, day, start)
    asked = as_address(date=day.isoformat(), start=start)
    form = OwnEventForm.new(zone=user.zone, asked=asked, now=clock.now())
    return add_page(
        request,
        MINE,
        kind="event",
        kinds=(("event", "Event"),),
        day=form.initial["start_on"],
        form=form,
        hidden=[("origin", FROM_CALENDAR), ("zone_shown", user.time_zone), ("key", form.initial["key"])],
        address=reverse(MINE.new),
        zone=user.time_zone,
    )


def _add_in_studio(user: User, day: date, start: str) -> HttpResponse:
    """A redirect to the studio's short form, with the time where the same clocks hold there."""
    provider = provider_of(user)
    is_same = provider is not None and provider.time_zone == user.time_zone
    asked = {"kind": "event", "date": day.isoformat()} | ({"start": start} if start and is_same else {})
    return redirect(f"{reverse(STUDIO.add)}?{urlencode(asked)}")


@require_safe
@never_cache
@login_required
def calendar_on(request: HttpRequest, view: View, day: date) -> HttpResponse:
    """The person's calendar of a date. Five queries with session and user, however much is on."""
    if not is_shown(day):
        raise Http404("No such date")
    user, now = cast(User, request.user), clock.now()
    if again := newly_chosen(request, MINE, view, day, user.first_weekday):
        return again
    choices = replace(Choices.of(request, MINE), view=view.value)
    choices.keep(request, MINE)
    period = period_of(view, day, today=_today(request), first_weekday=user.first_weekday, weekend=choices.weekend)
    loaded = days_of_week(day, user.first_weekday) if view is View.DAY else period.within
    start, end = clock.day_bounds(loaded[0], user.zone)[0], clock.day_bounds(loaded[-1], user.zone)[1]
    facts = load_my_calendar(user, start, end, now=now)
    ground = Ground(user.zone)
    entries = my_entries_of(facts, user.zone, now=now, twelve=user.uses_12h_clock)
    shown = built(period, entries, loaded=loaded, ground=ground, now=now)
    context = {
        "side": MINE,
        "zone": user.time_zone,
        "twelve_hour": user.uses_12h_clock,
        "now": now,
        "period": period,
        "views": list(View),
        "add_address": reverse(MINE.add),
        "choices": choices,
        "summary": summary(period, entries, ground),
        "clock_change": clock_change(period, user.zone),
        **shown,
        "key": to_customers(shown.get("key", ())),
    }
    return render(request, f"appointments/calendar/{view}.html", context)


def _today(request: HttpRequest) -> date:
    return clock.local(clock.now(), cast(User, request.user).zone).date()
