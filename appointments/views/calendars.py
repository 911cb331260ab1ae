"""What the studio's calendar and a customer's have in common: choices, dates in addresses, the views as templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from appointments.forms.time_off import FROM_CALENDAR
from appointments.pages.calendar import day as days
from appointments.pages.calendar import listing, month, week
from appointments.pages.calendar.layout import Entry, Ground
from appointments.pages.calendar.month import Open
from appointments.pages.calendar.periods import Period, View, is_shown, working_day
from appointments.pages.calendar.sides import Side
from core import clock
from core.http import Request


@dataclass(frozen=True, slots=True)
class Choices:
    """The view that the person saw last, and whether events of Google and weekends are shown. Kept as long as they are
    signed in, for each side of the calendar."""

    view: str = ""
    outside: bool = True
    weekend: bool = True

    @classmethod
    def of(cls, request: HttpRequest, side: Side) -> "Choices":
        kept = request.session.get(side.choices)
        return cls(*kept) if isinstance(kept, list) and len(kept) == 3 else cls()

    def keep(self, request: HttpRequest, side: Side) -> None:
        kept = [self.view, self.outside, self.weekend]
        if request.session.get(side.choices) != kept:
            request.session[side.choices] = kept


def to_last_view(request: HttpRequest, side: Side, today: date) -> HttpResponse:
    """Lead to the view that the person saw last, on today. At first that is the week, or the list on a phone, which the
    bar of small screens says and some browsers do."""
    is_phone = request.GET.get("on") == "phone" or request.headers.get("Sec-CH-UA-Mobile") == "?1"
    view = Choices.of(request, side).view or (View.LIST if is_phone else View.WEEK)
    return redirect(side.on, view, today)


def to_date(request: HttpRequest, side: Side, view: View, today: date) -> HttpResponse:
    """Lead to the date that was asked for, or today."""
    asked = request.GET.get("date", "").strip()
    day = date_of(asked) if asked else today
    if day is None:
        messages.warning(request, "That is no date of the calendar. Choose one like 2026-12-24; this is today.")
    return redirect(side.on, view, day or today)


def date_of(text: str) -> date | None:
    """The date of the calendar that the text names, None for other texts."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if is_shown(day) else None


def newly_chosen(request: HttpRequest, side: Side, view: View, day: date, first_weekday: int) -> HttpResponse | None:
    """Keep what the form of the calendar's bar says is shown, and lead back; None where it was not sent."""
    if "shown" not in request.GET:
        return None
    before = Choices.of(request, side)
    asked = Choices(view.value, "outside" in request.GET, "weekend" in request.GET)
    asked.keep(request, side)
    leaves_out = before.weekend and not asked.weekend and view is View.WEEK
    return redirect(side.on, view, working_day(day, first_weekday) if leaves_out else day)


def back_to_calendar(request: HttpRequest, side: Side, start: datetime, zone: ZoneInfo) -> HttpResponse | None:
    """A redirect to the date of `start` for a form that was sent from the calendar, None for any other."""
    if request.POST.get("origin") != FROM_CALENDAR:
        return None
    return redirect(side.on, Choices.of(request, side).view or View.WEEK, clock.local(start, zone).date())


def built(
    period: Period,
    entries: Sequence[Entry],
    *,
    loaded: Sequence[date],
    ground: Ground,
    now: datetime,
    openings: Mapping[date, Open] | None = None,
) -> dict[str, Any]:
    """What the template of the view shows. `entries` are those of the dates `loaded`: by day, of its whole week."""
    if period.view is View.MONTH:
        one = month.build_month(period, entries, ground=ground, openings=openings or {}, chosen=period.day)
        return {"month": one, "key": one.key, "has_open": one.has_open}
    if period.view is View.WEEK:
        shown = week.build_week(period, entries, ground=ground, now=now)
        return {"week": shown, "grid": shown.grid, "key": shown.key}
    if period.view is View.DAY:
        only = days.build_day(period, entries, week=loaded, ground=ground, now=now)
        return {"day": only, "grid": only.grid, "key": only.key}
    return {"lists": listing.build_list(period.days, entries, ground=ground, today=period.today)}


def asked_time(request: HttpRequest, today: date) -> tuple[date, str]:
    """The date for which something is to be added, today where the address names none, and its start, empty where there
    is none, as a link or another short form says them."""
    day, start = (
        next((request.GET[name] for name in names if request.GET.get(name)), "")
        for names in (("date", "start_on"), ("start", "start_at", "time"))
    )
    return date_of(str(day)) or today, str(start)


def as_address(**said: str) -> QueryDict:
    """What an address says, for a form that is filled in by one."""
    return QueryDict(urlencode(said))


def add_page(request: Request, side: Side, *, day: date, **shown: Any) -> HttpResponse:
    """The short form as a page of its own or, with scripts, for the day in the calendar itself."""
    context = {"side": side, "day": day, "back": Choices.of(request, side).view or View.WEEK, **shown}
    return render(request, f"appointments/calendar/{'_quick' if request.htmx else 'add'}.html", context)
