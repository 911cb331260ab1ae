"""A provider's figures, counted and summed in the database: a fixed number of queries for any number of rows.

Pieces of a period are told apart by instants worked out in Python, never by a database's own clock rules: so both
databases, the pages and the plain reference of the tests agree about each appointment.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    Count,
    DurationField,
    Expression,
    ExpressionWrapper,
    F,
    Func,
    Max,
    Min,
    Q,
    QuerySet,
    SmallIntegerField,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Mod

from analytics.figures import (
    AGREED,
    NOTICE_CLASSES,
    Cell,
    Figures,
    Notice,
    People,
    Regular,
    Sums,
    end_of,
)
from analytics.periods import Period, piece_starts
from appointments.models import Appointment, AppointmentQuerySet, conditions
from appointments.rules.slots import Facts, working_ranges
from appointments.services.availability import rules_of
from appointments.states import Status
from core import clock
from core.intervals import Interval, clip, merge, subtract
from core.money import round_money
from providers.models import DateOverride, Provider
from providers.queries import time_off_between, week_of

KEPT = Q(status=Status.COMPLETED)
REGULARS, MOST_LOST = 5, 50
A_WEEK = 7 * 24
# 1 January 1970 was a Thursday: from Monday 00:00 to it there are three days.
HOURS_TO_THE_EPOCH = 3 * 24
LENGTH = ExpressionWrapper(F("end") - F("start"), output_field=DurationField())
GROUPED = ("piece", "currency", "status", "ended_by", "was_withdrawn", "is_late")
SUMMED = {
    "count": Count("pk"),
    "length": Sum(LENGTH),
    "gross": Sum("price"),
    "refunds": Sum("refund"),
    "fees": Sum("fee_due"),
    "lowest": Min("fee_percent"),
    "highest": Max("fee_percent"),
}
NOTICE = ExpressionWrapper(F("start") - F("created_at"), output_field=DurationField())


def figures_of(provider: Provider, period: Period, *, now: datetime) -> Figures:
    """The provider's figures of the period. Eleven queries, whatever the number of appointments."""
    zone = provider.zone
    starts = piece_starts(period, zone)
    rows = Appointment.objects.for_provider(provider)
    own = period.dates.bounds(zone)
    kept = rows.filter(KEPT, start__gte=own[0], start__lt=own[1])
    people, earlier_people, kept_ever = _people(rows, own, period.earlier.bounds(zone))
    return Figures(
        period=period,
        zone=zone,
        cells=cells_of(rows, starts),
        hours=_hours(kept, own, zone),
        people=people,
        earlier_people=earlier_people,
        regulars=_regulars(rows, own, now=now),
        notice=_notice(kept),
        lost=_lost(rows, own),
        open_minutes=_open_minutes(provider, period, starts, now=now),
        kept_ever=kept_ever,
    )


# --- Counts and sums --------------------------------------------------------------------


def cells_of(rows: QuerySet[Appointment], starts: Sequence[datetime], *, by_service: bool = True) -> list[Cell]:
    """The ended appointments among the rows, counted and summed by piece, currency, service and end. One query.

    Piece n is from `starts[n]` to the next. Without `by_service` the service is empty.
    """
    pieces = (When(start__lt=end, then=Value(n)) for n, end in enumerate(starts[1:]))
    is_late = Case(When(conditions.CANCELLED_LATE, then=True), default=False, output_field=BooleanField())
    groups = (
        rows.filter(conditions.ENDED, start__gte=starts[0], start__lt=starts[-1])
        .order_by()
        .annotate(piece=Case(*pieces, output_field=SmallIntegerField()), is_late=is_late)
        .values(*GROUPED)
    )
    if by_service:
        # Two services may have one name.
        groups = groups.values("service", "service__name", *GROUPED)
    return [_cell(group) for group in groups.annotate(**SUMMED)]


def _cell(group: dict[str, Any]) -> Cell:
    named = {name: group[name] for name in ("ended_by", "was_withdrawn", "is_late")}
    end, code = end_of(group["status"], **named), group["currency"]
    # SQLite sums in floating point.
    amounts = (round_money(group[name], code) for name in ("gross", "refunds", "fees"))
    return Cell(
        piece=group["piece"],
        currency=code,
        service=group.get("service__name", ""),
        end=end,
        count=group["count"],
        length=group["length"],
        sums=Sums(*amounts) if end in AGREED else Sums(),
        rates=(group["lowest"], group["highest"]),
    )


# --- Hours of the week ------------------------------------------------------------------


class EpochSeconds(Func):
    """A moment as whole seconds since 1970 in UTC."""

    output_field = BigIntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(
            compiler, connection, template="FLOOR(EXTRACT(EPOCH FROM %(expressions)s))::bigint", **extra
        )

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)"
        return super().as_sql(compiler, connection, template=template, **extra)


def hour_of_week(field: str, within: Interval, zone: ZoneInfo) -> Expression:
    """The hour of the week on the zone's clocks at moments within the interval: 0 is Monday from 00:00 to 01:00."""
    changes = clock.transitions(zone, *within)
    last = changes[-1].after if changes else clock.local(within[0], zone).utcoffset()
    until = [When(**{f"{field}__lt": one.instant}, then=_seconds(one.before)) for one in changes]
    offset = Case(*until, default=_seconds(last), output_field=BigIntegerField())
    hours = ExpressionWrapper((EpochSeconds(F(field)) + offset) / Value(3600), output_field=BigIntegerField())
    return Mod(hours + Value(HOURS_TO_THE_EPOCH), Value(A_WEEK), output_field=BigIntegerField())


def _seconds(offset: timedelta | None) -> Value:
    return Value(int((offset or timedelta()).total_seconds()))


def _hours(kept: QuerySet[Appointment], within: Interval, zone: ZoneInfo) -> dict[int, int]:
    """The rows by the hour of the week at which they start. One query."""
    groups = kept.order_by().annotate(hour=hour_of_week("start", within, zone)).values_list("hour")
    return {int(hour): count for hour, count in groups.annotate(count=Count("pk"))}


# --- Customers --------------------------------------------------------------------------


def _people(rows: QuerySet[Appointment], own: Interval, earlier: Interval) -> tuple[People, People, int]:
    """How many came within each of the two intervals, new and again, and how many appointments ever took place. One
    query."""
    came = rows.filter(KEPT).order_by().values("customer")
    came = came.annotate(first=Min("start"), ever=Count("pk"), now=_within(own), before=_within(earlier))
    found = came.aggregate(
        times=Sum("ever"),
        all_now=Count("customer", filter=Q(now__gt=0)),
        new_now=Count("customer", filter=Q(now__gt=0, first__gte=own[0])),
        all_before=Count("customer", filter=Q(before__gt=0)),
        new_before=Count("customer", filter=Q(before__gt=0, first__gte=earlier[0])),
    )
    now, before = ((found[f"new_{when}"], found[f"all_{when}"]) for when in ("now", "before"))
    return People(now[0], now[1] - now[0]), People(before[0], before[1] - before[0]), found["times"] or 0


def _within(interval: Interval) -> Count:
    return Count("pk", filter=Q(start__gte=interval[0], start__lt=interval[1]))


def _regulars(rows: QuerySet[Appointment], within: Interval, *, now: datetime) -> list[Regular]:
    """Those who came most often within the interval, with what their kept appointments came to. Two queries."""
    start, end = within
    in_it = KEPT & Q(start__gte=start, start__lt=end)
    people = (
        rows.filter(in_it | conditions.ahead(now))
        .order_by()
        .values("customer", "customer__uuid", "customer__name")
        .annotate(kept=Count("pk", filter=in_it), next=Min("start", filter=conditions.ahead(now)))
        .filter(kept__gt=0)
        .order_by("-kept", "customer__name", "customer__uuid")[:REGULARS]
    )
    found = list(people)
    paid = rows.filter(in_it, customer__in=[person["customer"] for person in found]).order_by()
    brought: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for customer, currency, gross, refunds in paid.values_list("customer", "currency").annotate(
        gross=Sum("price"), refunds=Sum("refund")
    ):
        brought[customer][currency] = round_money(gross - refunds, currency)
    return [
        Regular(
            uuid=str(person["customer__uuid"]),
            name=person["customer__name"],
            kept=person["kept"],
            brought=brought[person["customer"]],
            next=person["next"],
        )
        for person in found
    ]


def _notice(kept: QuerySet[Appointment]) -> Notice:
    """How long before their start the rows were booked. Two queries."""
    bounds = [bound for bound, _ in NOTICE_CLASSES if bound]
    below = {f"below_{n}": Count("pk", filter=Q(start__lt=F("created_at") + bound)) for n, bound in enumerate(bounds)}
    found = kept.aggregate(all=Count("pk"), shortest=Min(NOTICE), **below)
    count = found["all"]
    if not count:
        return Notice(tuple(0 for _ in NOTICE_CLASSES))
    under = [0, *(found[name] for name in below), count]
    middle = kept.annotate(notice=NOTICE).order_by("notice").values_list("notice", flat=True)
    pair = list(middle[(count - 1) // 2 : count // 2 + 1])
    counts = tuple(high - low for low, high in zip(under, under[1:], strict=False))
    return Notice(counts, sum(pair, start=timedelta()) / len(pair), found["shortest"])


def _lost(rows: AppointmentQuerySet, within: Interval) -> list[Appointment]:
    """The newest of the late cancellations and no-shows within the interval. One query."""
    lost = rows.filter(conditions.CANCELLED_LATE | Q(status=Status.NO_SHOW), start__gte=within[0], start__lt=within[1])
    return list(lost.select_related("customer", "service").order_by("-start", "-pk")[:MOST_LOST])


# --- Open time --------------------------------------------------------------------------


def _open_minutes(provider: Provider, period: Period, starts: Sequence[datetime], *, now: datetime) -> list[int]:
    """The open minutes of each piece since the page went live: the hours as they are now, less time off. Three
    queries."""
    first, last = period.earlier.first, period.dates.last
    overrides: dict[Any, list[tuple[int, int]]] = {}
    rows = DateOverride.objects.filter(provider=provider, end_on__gte=first, start_on__lte=last).order_by("id")
    for start_on, end_on, ranges in rows.values_list("start_on", "end_on", "ranges"):
        for n in range((min(end_on, last) - max(start_on, first)).days + 1):
            overrides[max(start_on, first) + timedelta(days=n)] = [(start, end) for start, end in ranges]
    facts = Facts(provider.zone, rules_of(provider), hours=week_of(provider), overrides=overrides, taken=[])
    away = merge(time_off_between([provider.pk], starts[0], starts[-1]).values_list("start", "end"))
    since = provider.live_since or now
    open_time = subtract(clip(merge(working_ranges(facts, first, last)), since, starts[-1]), away)
    return _minutes_by_piece(open_time, starts)


def _minutes_by_piece(intervals: Sequence[Interval], starts: Sequence[datetime]) -> list[int]:
    seconds = [0.0] * (len(starts) - 1)
    for start, end in intervals:
        piece = bisect_right(starts, start) - 1
        while start < end:
            until = min(end, starts[piece + 1])
            seconds[piece] += (until - start).total_seconds()
            start, piece = until, piece + 1
    return [int(each) // 60 for each in seconds]


# --- The whole platform -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ranked:
    """A provider with the numbers of kept, of lost and of all ended appointments of a period, and what they earned by
    currency, after fees."""

    slug: str
    name: str
    kept: int
    lost: int
    ended: int
    net: dict[str, Decimal]


def platform_cells(starts: Sequence[datetime]) -> list[Cell]:
    """The ended appointments of all providers, counted and summed by piece, currency and end. One query."""
    return cells_of(Appointment.objects.all(), starts, by_service=False)


def ranked_providers(within: Interval, *, most: int) -> list[Ranked]:
    """The providers with the most kept appointments within the interval, the busiest first. Two queries."""
    rows = Appointment.objects.filter(conditions.ENDED, start__gte=within[0], start__lt=within[1]).order_by()
    lost = conditions.CANCELLED_LATE | Q(status=Status.NO_SHOW)
    people = (
        rows.values("provider", "provider__slug", "provider__name")
        .annotate(kept=Count("pk", filter=KEPT), lost=Count("pk", filter=lost), ended=Count("pk"))
        .order_by("-kept", "provider__name", "provider__slug")[:most]
    )
    found = list(people)
    earned = rows.filter(conditions.IN_LEDGER, provider__in=[one["provider"] for one in found])
    net: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for provider, code, amount in earned.values_list("provider", "currency").annotate(
        net=Sum(F("price") - F("refund") - F("fee_due"))
    ):
        net[provider][code] = round_money(amount, code)
    return [
        Ranked(
            one["provider__slug"], one["provider__name"], one["kept"], one["lost"], one["ended"], net[one["provider"]]
        )
        for one in found
    ]
