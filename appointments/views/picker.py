"""The picker of days and times: what its address asks for, and the context of its templates."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from accounts import zonelist
from accounts.models import User
from accounts.zones import ViewerZone
from appointments.pages import month_picker
from appointments.pages.month_picker import Month, OtherSide
from appointments.pages.no_openings import BEYOND, why_nothing
from appointments.rules.slots import Facts, Shape, last_bookable_date, open_slots, window_end
from appointments.services import availability
from appointments.services.availability import Mine
from core import clock, wording
from core.http import Request
from core.intervals import Interval
from providers.models import Provider
from providers.queries import public_word_of


@dataclass(frozen=True, slots=True)
class Asked:
    """The month, day and start in the query; malformed values count as missing."""

    month: Month | None
    day: date | None
    start: datetime | None

    @classmethod
    def of(cls, request: HttpRequest, zone: ViewerZone) -> "Asked":
        start = month_picker.from_value(request.GET.get("start", ""))
        if start is not None:
            return cls.for_start(start, zone)
        day = _date(request.GET.get("day", ""))
        month = Month.parse(request.GET.get("month", ""))
        if day is not None and month is None:
            month = Month.of(day)
        return cls(month=month, day=day, start=None)

    @classmethod
    def for_start(cls, start: datetime, zone: ViewerZone) -> "Asked":
        return replace(cls.around(start, zone), start=start)

    @classmethod
    def around(cls, moment: datetime, zone: ViewerZone) -> "Asked":
        """The day of `moment` and its month, without a start."""
        day = clock.local(moment, zone.zone).date()
        return cls(month=Month.of(day), day=day, start=None)

    def __bool__(self) -> bool:
        return any((self.month, self.day, self.start))


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return day if day and 2000 <= day.year < 2200 else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The times to show: starts of `provider` at which `shape` fits, whatever time `mine` holds.

    `reader` is the person for whom they are written, `other` the side in whose zone a time is told beside the page's
    own. `present` is the time of an appointment that is to be moved: its day is marked, and its start is not shown.
    """

    provider: Provider
    shape: Shape
    mine: Mine
    reader: User | AnonymousUser
    other: OtherSide
    present: Interval | None = None


def picker_context(request: Request, wanted: Wanted, zone: ViewerZone, asked: Asked | None = None) -> dict[str, Any]:
    """The context of the picker, for what the request's address asks for unless `asked` is given.

    Three queries, four where a cap is set; twice as many where the next two months have no opening. One more, for the
    provider's word about their time off, where the page shows no opening.
    """
    now = clock.now()
    asked = asked or Asked.of(request, zone)
    reader, provider, shape = wanted.reader, wanted.provider, wanted.shape
    first_weekday = reader.first_weekday if reader.is_authenticated else 0
    this_month = Month.of(now.astimezone(zone.zone).date())
    rules = availability.rules_of(provider)
    closes = window_end(provider.zone, rules, now)
    last_month = Month.of((closes - month_picker.MOMENT).astimezone(zone.zone).date())
    month = sorted([this_month, asked.month or this_month, last_month], key=lambda each: each.first)[1]
    looks_ahead = asked.month is None
    slots, looked = _load(wanted, month, zone, first_weekday, now, looks_ahead=looks_ahead, closes=closes)
    if asked.month is None and slots:
        month = Month.of(slots[0].astimezone(zone.zone).date())
        slots = _of_month(slots, month, zone, first_weekday)
    twelve = reader.is_authenticated and reader.uses_12h_clock
    other = wanted.other
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
        present=wanted.present,
    )
    kept = asked.start if asked.start in slots else None
    return {
        "picker": shown,
        "asked": asked,
        "chosen_start": kept,
        "chosen_end": kept + shape.duration if kept else None,
        "tells_both": any(time.there for _, times in shown.groups for time in times),
        "chosen_there": other.clock_there(kept, kept + shape.duration, zone.zone, twelve=twelve) if kept else "",
        "previous_month": month.shift(-1) if month.first > this_month.first else None,
        "next_month": month.shift(1) if month.first < last_month.first else None,
        "nothing": why_nothing(provider.first_name, shape, looked, now=now) if looks_ahead and not slots else "",
        "public_word": "" if slots else public_word_of(provider, now=now),
        "skipped": this_month.first if asked.month is None and month != this_month else None,
        "last_date": last_bookable_date(provider.zone, rules, now),
        "week": shown.week_of(shown.chosen) or shown.week_of(now.astimezone(zone.zone).date()) or shown.weeks[0],
        "weekdays": [(wording.weekday_name(n), wording.weekday_name(n)[:2]) for n in _weekdays(first_weekday)],
        "clock_change": month_picker.clock_change(zone.zone, now, shown.weeks[-1][-1].date),
        # A chosen day gets the focus, unless a control with a name (htmx's trigger) sent the request: it keeps its own.
        "chose_day": "day" in request.GET and not request.htmx.trigger,
        "whole_month": request.GET.get("view") == "month",
        **_zone_options(request, zone, wanted, now, twelve=twelve),
    }


def _load(
    wanted: Wanted,
    month: Month,
    zone: ViewerZone,
    first_weekday: int,
    now: datetime,
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
    present = wanted.present and wanted.present[0]
    for start, end in spans:
        loaded = availability.load_facts([wanted.provider], start, end, now=now, mine=wanted.mine, longest=end - start)
        facts = loaded[wanted.provider.pk]
        looked.append((facts, (start, end)))
        slots = [slot for slot in open_slots(facts, wanted.shape, start, end, now=now) if slot != present]
        if slots:
            return slots, looked
    return [], looked


def _of_month(slots: list[datetime], month: Month, zone: ViewerZone, first_weekday: int) -> list[datetime]:
    start, end = month.span(first_weekday, zone.zone)
    return [slot for slot in slots if start <= slot < end]


def _weekdays(first: int) -> list[int]:
    return [(first + n) % 7 for n in range(7)]


def _zone_options(
    request: HttpRequest, zone: ViewerZone, wanted: Wanted, now: datetime, *, twelve: bool
) -> dict[str, Any]:
    """The context of the zone list: the reader's own, the other side's, recently chosen ones; and the zone search."""
    recent = zonelist.recent(request)
    names = [zonelist.own_zone(request), wanted.provider.time_zone, wanted.other.zone.key, *recent, zone.name]
    return {
        "zones": [*zonelist.short_list(names, now, twelve=twelve), (zone.every_zone, "All time zones…")],
        "zone_search": zonelist.searched(request, now, twelve=twelve) if zone.lists_all else None,
    }
