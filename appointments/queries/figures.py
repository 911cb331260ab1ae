"""How much is on for a person today and this week, and what comes next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, DateTimeField, Min, Q, QuerySet, Value
from django.db.models.functions import Cast

from accounts.models import User
from appointments.models import Appointment, OwnEvent
from appointments.states import Status
from core import clock
from core.compiled_queries import prepared
from providers.models import Provider

# Agreed, whatever became of it.
COUNTED = [Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW]


@dataclass(frozen=True, slots=True)
class Figures:
    """The appointments that begin today and this week, the start of the next, and the own events of this week."""

    today: int
    week: int
    next: datetime | None
    events: int


def figures_of_provider(provider: Provider, *, now: datetime) -> Figures:
    """What is on in the provider's own zone. One query, whatever there is."""
    times = _bounds(provider.user, provider.zone, now)
    return _read(_of_provider(provider_id=provider.pk, user_id=provider.user_id, now=now, **times))


def figures_of_customer(user: User, *, now: datetime) -> Figures:
    """What is on for the person as a customer, in their own zone. One query, whatever there is."""
    return _read(_of_customer(user_id=user.pk, now=now, **_bounds(user, user.zone, now)))


def _bounds(user: User, zone: ZoneInfo, now: datetime) -> dict[str, datetime]:
    """The instants at which the day and the week of `now` begin and end, by the person's first day of the week."""
    day = clock.local(now, zone).date()
    first = day - (day.weekday() - user.first_weekday) % 7 * clock.ONE_DAY
    since, until = clock.day_bounds(day, zone)
    last = clock.day_bounds(first + 6 * clock.ONE_DAY, zone)[1]
    return {"since": since, "until": until, "first": clock.day_bounds(first, zone)[0], "last": last}


def _read(rows: list[tuple[bool, int, int, datetime | None]]) -> Figures:
    """The figures from a row about appointments and one about events, each missing where there is nothing."""
    agreed = next((row for row in rows if not row[0]), (False, 0, 0, None))
    events = next((row for row in rows if row[0]), (True, 0, 0, None))
    return Figures(today=agreed[1], week=agreed[2], next=agreed[3], events=events[1])


@prepared
def _of_provider(
    provider_id: int, user_id: int, now: datetime, since: datetime, until: datetime, first: datetime, last: datetime
) -> QuerySet[Any, Any]:
    rows = Appointment.objects.filter(provider=provider_id).order_by().values("provider")
    return _counted(rows, now, since, until, first, last).union(_events(user_id, first, last), all=True)


@prepared
def _of_customer(
    user_id: int, now: datetime, since: datetime, until: datetime, first: datetime, last: datetime
) -> QuerySet[Any, Any]:
    rows = Appointment.objects.filter(customer=user_id).order_by().values("customer")
    return _counted(rows, now, since, until, first, last).union(_events(user_id, first, last), all=True)


def _counted(
    rows: QuerySet[Any, Any], now: datetime, since: datetime, until: datetime, first: datetime, last: datetime
) -> QuerySet[Any, Any]:
    figures = {
        "is_event": Value(False),
        "today": Count("pk", filter=Q(start__gte=since, start__lt=until)),
        "week": Count("pk", filter=Q(start__lt=last)),
        "next": Min("start", filter=Q(start__gt=now, status=Status.CONFIRMED)),
    }
    return rows.filter(status__in=COUNTED, start__gte=first).annotate(**figures).values_list(*figures)


def _events(user_id: int, first: datetime, last: datetime) -> QuerySet[Any, Any]:
    figures = {
        "is_event": Value(True),
        "today": Count("pk"),
        "week": Value(0),
        "next": Cast(Value(None), DateTimeField()),
    }
    rows = OwnEvent.objects.filter(user=user_id).between(first, last).order_by().values("user")
    return rows.annotate(**figures).values_list(*figures)
