"""A customer's own appointments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from accounts.models import User
from appointments.models import Appointment, conditions
from appointments.states import OPEN
from core.compiled_queries import prepared
from core.intervals import Interval
from providers.models import Listing


def appointment_for_customer(user: User, reference: str) -> Appointment:
    """The customer's appointment with this reference. One query.

    Raises Appointment.DoesNotExist for another person's, as for one that does not exist.
    """
    found = _of_customer(customer_id=user.pk, reference=reference)
    if not found:
        raise Appointment.DoesNotExist
    return found[0]


@prepared
def _of_customer(customer_id: int, reference: str) -> QuerySet[Appointment]:
    return Appointment.objects.with_people().filter(customer_id=customer_id, reference=reference)


def upcoming_for_customer(user: User, *, now: datetime) -> QuerySet[Appointment]:
    """The customer's confirmed appointments that are not over, soonest first."""
    rows = Appointment.objects.for_customer(user).upcoming(now)
    return rows.with_people().order_by("start", "id")


def waiting_for_customer(user: User, *, now: datetime) -> QuerySet[Appointment]:
    """The customer's requests that can still be answered, soonest first."""
    rows = Appointment.objects.for_customer(user).waiting(now)
    return rows.with_provider().order_by("start", "id")


def history_for_customer(user: User, *, now: datetime) -> QuerySet[Appointment]:
    """The customer's appointments and requests that are over, newest first."""
    rows = Appointment.objects.for_customer(user).over(now)
    return rows.with_provider().order_by("-start", "-id")


@dataclass(frozen=True, slots=True)
class CustomerCounts:
    """The number of appointments in each of a customer's lists, the first and last start in the history, and the number
    of their series."""

    upcoming: int
    waiting: int
    history: int
    first: datetime | None
    last: datetime | None
    series: int = 0

    @property
    def total(self) -> int:
        return self.upcoming + self.waiting + self.history


def counts_for_customer(user: User, *, now: datetime) -> CustomerCounts:
    """The counts of the customer's lists. One query."""
    found = _customer_counts(customer_id=user.pk, now=now)
    return CustomerCounts(*found[0]) if found else CustomerCounts(0, 0, 0, None, None)


@prepared
def _customer_counts(customer_id: int, now: datetime) -> QuerySet[Appointment, tuple]:
    """The counts as one row; no row for a customer without appointments."""
    over = conditions.over(now)
    figures = {
        "upcoming": Count("pk", filter=conditions.upcoming(now)),
        "waiting": Count("pk", filter=conditions.waiting(now)),
        "history": Count("pk", filter=over),
        "first": Min("start", filter=over),
        "last": Max("start", filter=over),
        "series": Count("series", distinct=True),
    }
    rows = Appointment.objects.filter(customer=customer_id).order_by().values("customer").annotate(**figures)
    return rows.values_list(*figures)


@dataclass(frozen=True, slots=True)
class BookedService:
    """A service that the customer has booked or requested, whatever the outcome."""

    id: int
    name: str
    provider_slug: str
    provider_name: str
    can_be_booked: bool
    last: datetime

    @property
    def first_name(self) -> str:
        return self.provider_name.split()[0] if self.provider_name.split() else self.provider_name


def services_booked_by(user: User) -> list[BookedService]:
    """The services that the customer has booked or requested, each once, the latest first. One query."""
    return [
        BookedService(
            id=row["service_id"],
            name=row["service__name"],
            provider_slug=row["provider__slug"],
            provider_name=row["provider__name"],
            can_be_booked=row["provider__listing"] == Listing.LIVE
            and row["provider__calendar_stopped_at"] is None
            and row["provider__user__is_active"]
            and row["provider__user__banned_at"] is None
            and row["provider__user__leaves_at"] is None,
            last=row["last"],
        )
        for row in _booked_services(customer_id=user.pk)
    ]


@prepared
def _booked_services(customer_id: int) -> QuerySet[Appointment, dict[str, Any]]:
    person = ("user__is_active", "user__banned_at", "user__leaves_at")
    provider = ("slug", "name", "listing", "calendar_stopped_at", *person)
    columns = ("service_id", "service__name", *(f"provider__{name}" for name in provider))
    rows = Appointment.objects.filter(customer=customer_id).values(*columns)
    return rows.annotate(last=Max("start")).order_by("-last", "service_id")


def own_clashes(user: User, start: datetime, end: datetime) -> list[Appointment]:
    """The person's open appointments, as customer or as provider, that overlap [start, end). One query."""
    return list(_own_on(user, [(start, end)]))


def own_appointments_on(user: User, spans: Sequence[Interval], *, besides: Appointment | None) -> list[Appointment]:
    """The person's other open appointments, as customer or as provider, that overlap any of `spans`. One query."""
    return list(_own_on(user, spans).exclude(pk=besides.pk if besides else 0))


def _own_on(user: User, spans: Sequence[Interval]) -> QuerySet[Appointment]:
    theirs, within = Q(customer=user) | Q(provider__user=user), Q(pk__in=[])
    for start, end in spans:
        within |= Q(start__lt=end, end__gt=start)
    return Appointment.objects.filter(theirs, within, status__in=OPEN).with_provider().order_by("start")
