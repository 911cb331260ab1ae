"""The studio's calendar by month, week, day and as a list. Times are in the provider's own zone."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from appointments.context_processors import Studio
from appointments.forms.own_events import NINE, OwnEventForm
from appointments.forms.time_off import FROM_CALENDAR, TimeOffForm
from appointments.pages.calendar import day as days
from appointments.pages.calendar import listing, month, week
from appointments.pages.calendar.aside import build_aside
from appointments.pages.calendar.entries import entries_of, ground_of
from appointments.pages.calendar.layout import Entry, Ground, days_of_week
from appointments.pages.calendar.periods import Period, View, clock_change, is_shown, period_of, working_day
from appointments.pages.calendar.words import summary
from appointments.pages.conflicts import told
from appointments.pages.studio.requests import is_soon
from appointments.queries.calendar import CalendarFacts, load_calendar, opens_at
from appointments.search.open_parts import open_parts_of
from appointments.services.conflicts import undecided_conflicts
from core import clock
from providers.access import provider_required
from providers.models import Provider
from providers.queries import today_of

from .studio_appointment import me

# The person's choices, for as long as they are signed in: the view, and what it leaves out.
CHOICES = "calendar"


@dataclass(frozen=True, slots=True)
class Choices:
    """The view that the person saw last, and whether events of Google and weekends are shown."""

    view: str = ""
    outside: bool = True
    weekend: bool = True

    @classmethod
    def of(cls, request: HttpRequest) -> "Choices":
        kept = request.session.get(CHOICES)
        return cls(*kept) if isinstance(kept, list) and len(kept) == 3 else cls()

    def keep(self, request: HttpRequest) -> None:
        kept = [self.view, self.outside, self.weekend]
        if request.session.get(CHOICES) != kept:
            request.session[CHOICES] = kept


@require_safe
@provider_required
def calendar(request: HttpRequest, provider: Provider) -> HttpResponse:
    """Lead to the view that the person saw last, on today. At first that is the week, or the list on a phone, which the
    bar of small screens says and some browsers do."""
    is_phone = request.GET.get("on") == "phone" or request.headers.get("Sec-CH-UA-Mobile") == "?1"
    view = Choices.of(request).view or (View.LIST if is_phone else View.WEEK)
    return redirect("studio_calendar_on", view, today_of(provider))


@require_safe
@provider_required
def jump(request: HttpRequest, provider: Provider, view: View) -> HttpResponse:
    """Lead to the date that was asked for, or today."""
    asked = request.GET.get("date", "").strip()
    day = _day(asked) if asked else today_of(provider)
    if day is None:
        messages.warning(request, "That is no date of the calendar. Choose one like 2026-12-24; this is today.")
        day = today_of(provider)
    return redirect("studio_calendar_on", view, day)


@require_safe
@provider_required
def add(request: HttpRequest, provider: Provider) -> HttpResponse:
    """A short form for an event or a block on the date that the address names, sent to the pages that save them."""
    asked = request.GET.copy()
    day = _day(asked.get("date", "")) or today_of(provider)
    kind = "block" if asked.get("kind") == "block" else "event"
    asked["date"] = day.isoformat()
    opens = {} if asked.get("start") else {"opens": opens_at(provider, day) or NINE}
    event = OwnEventForm.new(zone=provider.zone, asked=asked, now=clock.now(), **opens)
    times = {name: event.initial[name] for name in ("start_on", "start_at", "end_at")}
    day = times["start_on"]
    form = event if kind == "event" else TimeOffForm(zone=provider.zone, initial=times)
    kept = {"origin": FROM_CALENDAR, "zone_shown": provider.time_zone}
    if kind == "event":
        kept["key"] = event.initial["key"]
    context = {
        "provider": provider,
        "zone": provider.time_zone,
        "day": day,
        "back": Choices.of(request).view or View.WEEK,
        "kind": kind,
        "kinds": (("event", "Event"), ("block", "Block")),
        "start": f"{times['start_at']:%H:%M}",
        "form": form,
        "hidden": list(kept.items()),
    }
    return render(request, "appointments/studio/calendar_add.html", context)


def back_to_calendar(request: HttpRequest, provider: Provider, start: datetime) -> HttpResponse | None:
    """A redirect to the date of `start` for a form that was sent from the calendar, None for any other."""
    if request.POST.get("origin") != FROM_CALENDAR:
        return None
    return redirect(
        "studio_calendar_on", Choices.of(request).view or View.WEEK, clock.local(start, provider.zone).date()
    )


def _day(text: str) -> date | None:
    """The date of the calendar that the text names, None for other texts."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if is_shown(day) else None


@require_safe
@provider_required
def calendar_on(request: HttpRequest, provider: Provider, view: View, day: date) -> HttpResponse:
    """The calendar of a date. Twelve queries with session and user, however much is on, and thirteen by day and
    by month; with a connected calendar one more, or three where that is busy over something."""
    if not is_shown(day):
        raise Http404("No such date")
    choices = Choices.of(request)
    if "shown" in request.GET:
        asked = Choices(view.value, "outside" in request.GET, "weekend" in request.GET)
        asked.keep(request)
        leaves_out = choices.weekend and not asked.weekend and view is View.WEEK
        return redirect("studio_calendar_on", view, working_day(day, me(request).first_weekday) if leaves_out else day)
    Choices(view.value, choices.outside, choices.weekend).keep(request)
    user, now = me(request), clock.now()
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
        **_shown(provider, period, entries, ground, facts, now=now),
    }
    return render(request, f"appointments/studio/calendar_{view}.html", context)


def _shown(
    provider: Provider, period: Period, entries: list[Entry], ground: Ground, facts: CalendarFacts, *, now: datetime
) -> dict[str, Any]:
    """What the template of the view shows."""
    twelve = provider.user.uses_12h_clock
    if period.view is View.MONTH:
        openings = open_parts_of(provider, period.within, now=now)
        built = month.build_month(period, entries, ground=ground, openings=openings, chosen=period.day)
        return {"month": built, "key": built.key, "has_open": built.has_open}
    if period.view is View.WEEK:
        shown = week.build_week(period, entries, ground=ground, now=now)
        return {"week": shown, "grid": shown.grid, "key": shown.key}
    if period.view is View.DAY:
        loaded = days_of_week(period.day, provider.user.first_weekday)
        one = days.build_day(period, entries, week=loaded, ground=ground, now=now)
        is_open = open_parts_of(provider, [period.day], now=now).get(period.day)
        beside = build_aside(facts.agenda, one.figures, day=period.day, now=now, twelve=twelve, is_open=is_open)
        return {"day": one, "grid": one.grid, "key": one.key, "beside": beside}
    return {"lists": listing.build_list(period.days, entries, ground=ground, today=period.today)}
