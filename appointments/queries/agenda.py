"""A provider's agenda on some dates: appointments, busy times (of connected calendars, own events), time off, hours."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import BooleanField, DateField, JSONField, Q, QuerySet, SmallIntegerField, Subquery, Value
from django.db.models.functions import Cast

from appointments.models import Appointment, Offer, OwnEvent, Proposal
from calendar_sync.queries import busy_between
from core import clock
from core.compiled_queries import prepared
from core.intervals import Interval, clip, merge
from providers.models import DateOverride, Provider, WorkingHours
from providers.queries import time_off_between

from .offers import live_offers_of
from .proposals import live_proposals_of

# No appointment is longer, so that a search from this long before a day finds all that reach into it.
LOOK_BACK = timedelta(days=1)
WallRange = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Agenda:
    """Appointments by start, merged busy times and time off, opening hours in the provider's wall time, and every new
    time that waits for an answer and every time that is offered to somebody."""

    zone: ZoneInfo
    appointments: list[Appointment]
    busy: list[Interval]
    hours: dict[int, list[WallRange]]
    overrides: dict[date, list[WallRange]] = field(default_factory=dict)
    proposals: list[Proposal] = field(default_factory=list)
    time_off: list[Interval] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)

    @property
    def facts(self) -> tuple[object, ...]:
        """The facts in short: equal for the same dates as long as nothing has changed."""
        versions = [(one.pk, one.sequence) for one in self.appointments]
        new_times = [each.pk for each in self.proposals]
        offered = [each.pk for each in self.offers]
        return versions, self.busy, self.time_off, self.hours, self.overrides, new_times, offered

    def opening(self, day: date) -> list[WallRange]:
        """The opening hours of a date, merged, in minutes after midnight of wall time."""
        return merge(self.overrides.get(day, self.hours.get(day.weekday(), [])))

    def open_between(self, day: date) -> list[Interval]:
        """The opening hours of a date as instants, without ranges that a clock change swallows."""
        ranges = (clock.wall_interval(day, start, end, self.zone) for start, end in self.opening(day))
        return [(start, end) for start, end in ranges if start < end]

    def on(self, day: date) -> list[Appointment]:
        """The appointments that overlap the date, including those that began the evening before."""
        start, end = clock.day_bounds(day, self.zone)
        return [one for one in self.appointments if one.start < end and one.end > start]

    def proposed_on(self, day: date) -> list[Proposal]:
        """The new times that overlap the date and wait for an answer; each is held, beside its appointment's own."""
        start, end = clock.day_bounds(day, self.zone)
        return [each for each in self.proposals if each.start < end and each.end > start]

    def offered_on(self, day: date) -> list[Offer]:
        """The times that overlap the date and are offered to somebody, for whom each is held."""
        start, end = clock.day_bounds(day, self.zone)
        return [each for each in self.offers if each.start < end and each.end > start]

    def busy_on(self, day: date) -> list[Interval]:
        return clip(self.busy, *clock.day_bounds(day, self.zone))

    def off_on(self, day: date) -> list[Interval]:
        return clip(self.time_off, *clock.day_bounds(day, self.zone))


def load_agenda(provider: Provider, days: Iterable[date], *, now: datetime, neighbours: bool = False) -> Agenda:
    """The agenda of these dates in the provider's zone; five queries, whatever the dates hold.

    With `neighbours` it also has the next confirmed appointment and the last one before now, on whatever date.
    """
    days = sorted(set(days))
    zone = provider.zone
    spans = merge(clock.day_bounds(day, zone) for day in days)
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    found = _appointments(provider, spans, now=now, neighbours=neighbours)
    away = _away(provider_id=provider.pk, starts=starts, ends=ends) if spans else []
    hours, overrides = opening_hours(provider, days)
    return Agenda(
        zone=zone,
        appointments=found,
        busy=merge((start, end) for start, end, is_off in away if not is_off),
        hours=hours,
        overrides=overrides,
        proposals=live_proposals_of(provider, now=now),
        offers=live_offers_of(provider, now=now),
        time_off=merge((start, end) for start, end, is_off in away if is_off),
    )


def appointments_between(provider: Provider, start: datetime, end: datetime, *, now: datetime) -> list[Appointment]:
    """The provider's appointments that take time and meet [start, end), by start. One query."""
    return _appointments(provider, [(start, end)], now=now)


def _appointments(
    provider: Provider, spans: list[Interval], *, now: datetime, neighbours: bool = False
) -> list[Appointment]:
    found = _held(
        provider_id=provider.pk,
        now=now,
        starts=[start for start, _ in spans],
        ends=[end for _, end in spans],
        looked_back=[start - LOOK_BACK for start, _ in spans],
        neighbours=neighbours,
    )
    for one in found:
        one.provider = provider
    return found


@prepared
def _held(
    provider_id: int,
    now: datetime,
    starts: list[datetime],
    ends: list[datetime],
    looked_back: list[datetime],
    neighbours: bool,
) -> QuerySet[Appointment]:
    """The appointments that take time. A request past its time to answer does not, even before the job marks it."""
    rows = Appointment.objects.filter(provider=provider_id).taking_time(now)
    wanted = Q(pk__in=[])
    for since, start, end in zip(looked_back, starts, ends, strict=True):
        wanted |= Q(start__gte=since, start__lt=end, end__gt=start)
    if neighbours:
        coming = rows.ahead(now).order_by("start", "id")
        gone = rows.filter(start__lte=now).order_by("-start", "-id")
        wanted |= Q(pk=Subquery(coming.values("pk")[:1])) | Q(pk=Subquery(gone.values("pk")[:1]))
    return rows.filter(wanted).with_names().order_by("start", "id")


@prepared
def _away(
    provider_id: int, starts: list[datetime], ends: list[datetime]
) -> QuerySet[Any, tuple[datetime, datetime, bool]]:
    """The busy times and the time off within the spans, each row with whether it is time off. One query."""
    within = Q()
    for start, end in zip(starts, ends, strict=True):
        within |= Q(start__lt=end, end__gt=start)
    busy, own, off = (
        rows([provider_id], starts[0], ends[-1])
        .filter(within)
        .annotate(is_off=Value(is_off, output_field=BooleanField()))
        .values_list("start", "end", "is_off")
        for rows, is_off in ((busy_between, False), (OwnEvent.objects.taking_time, False), (time_off_between, True))
    )
    return busy.union(own, off, all=True)


def opening_hours(
    provider: Provider, days: Sequence[date]
) -> tuple[dict[int, list[WallRange]], dict[date, list[WallRange]]]:
    """The provider's working hours by weekday, and the hours of the dates that have their own, from the first of
    `days`, which are sorted, to the last. One query."""
    first, last = (days[0], days[-1]) if days else (date.min, date.min)
    hours: dict[int, list[WallRange]] = defaultdict(list)
    overrides: dict[date, list[WallRange]] = {}
    for _, weekday, *times, start_on, end_on, ranges in sorted(
        _opening_rows(provider_id=provider.pk, first=first, last=last), key=itemgetter(0)
    ):
        if weekday is not None:
            hours[weekday].append((times[0], times[1]))
            continue
        override = DateOverride(start_on=start_on, end_on=end_on)
        overrides |= dict.fromkeys(override.dates_between(first, last), [(start, end) for start, end in ranges])
    return {weekday: sorted(ranges) for weekday, ranges in hours.items()}, overrides


@prepared
def _opening_rows(provider_id: int, first: date, last: date) -> QuerySet[Any, tuple[Any, ...]]:
    """The ranges of the week, and the overrides that meet the dates. One query."""
    minutes, days = SmallIntegerField(), DateField()
    overrides = DateOverride.objects.filter(provider=provider_id, end_on__gte=first, start_on__lte=last)
    week = WorkingHours.objects.filter(provider=provider_id)
    return (
        overrides.order_by()
        .values_list(
            "id", Value(None, minutes), Value(None, minutes), Value(None, minutes), "start_on", "end_on", "ranges"
        )
        .union(
            week.order_by().values_list(
                "id",
                "weekday",
                "start_minute",
                "end_minute",
                Value(None, days),
                Value(None, days),
                Cast(Value(None), JSONField()),
            ),
            all=True,
        )
    )
