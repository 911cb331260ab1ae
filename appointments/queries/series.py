"""Series, as their two sides read them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, F, Min, Q, QuerySet

from accounts.models import User
from appointments.models import Appointment, LeftOutDate, Series
from appointments.states import Status
from core.compiled_queries import prepared
from providers.models import Provider


def series_for_customer(user: User, uuid: UUID) -> Series:
    """The customer's series. One query. Raises Series.DoesNotExist for another person's."""
    return _only(_of_customer(customer_id=user.pk, uuid=uuid))


def series_for_provider(provider: Provider, uuid: UUID) -> Series:
    """The series of one of the provider's customers. One query. Raises Series.DoesNotExist for another provider's."""
    return _only(_of_provider(provider_id=provider.pk, uuid=uuid))


@prepared
def _of_customer(customer_id: int, uuid: UUID) -> QuerySet[Series]:
    return Series.objects.with_people().filter(customer_id=customer_id, uuid=uuid)


@prepared
def _of_provider(provider_id: int, uuid: UUID) -> QuerySet[Series]:
    return Series.objects.with_people().filter(provider_id=provider_id, uuid=uuid)


def _only(found: list[Series]) -> Series:
    if not found:
        raise Series.DoesNotExist
    return _with_its_service(found[0])


@dataclass(frozen=True, slots=True)
class WholeSeries:
    """A series with its appointments by number, and the dates that were not booked."""

    series: Series
    appointments: list[Appointment]
    left_out: list[LeftOutDate]


def whole_series_of(person: User, uuid: UUID) -> WholeSeries:
    """The person's series, as its customer or its provider. Three queries. Raises Series.DoesNotExist for others'."""
    theirs = Q(customer=person) | Q(provider__user=person)
    series = _with_its_service(Series.objects.with_people().get(theirs, uuid=uuid))
    return WholeSeries(series, appointments_of(series), list(LeftOutDate.objects.filter(series=series)))


def _with_its_service(series: Series) -> Series:
    series.service.provider = series.provider
    return series


def appointments_of(series: Series) -> list[Appointment]:
    """The appointments of the series by number, each with both sides, the service and its open proposal. One query."""
    rows = _in_series(series_id=series.pk)
    for one in rows:
        one.series, one.provider, one.customer = series, series.provider, series.customer
        one.service = series.service
    return rows


@prepared
def _in_series(series_id: int) -> QuerySet[Appointment]:
    return Appointment.objects.with_proposal().filter(series_id=series_id).order_by("occurrence")


def series_of_customer(user: User, *, now: datetime) -> QuerySet[Series]:
    """The customer's series, each with the number `ahead` and in all, and the next start; the soonest first."""
    ahead = _ahead(now)
    figures = {
        "ahead": Count("appointments", filter=ahead),
        "in_all": Count("appointments"),
        "next": Min("appointments__start", filter=ahead),
    }
    rows = Series.objects.filter(customer=user).select_related("provider", "service__provider").annotate(**figures)
    return rows.order_by(F("next").asc(nulls_last=True), "-created_at", "-id")


def _ahead(now: datetime) -> Q:
    """The condition, from a series, for its appointments and requests that lie ahead, as in `conditions`."""
    confirmed = Q(appointments__status=Status.CONFIRMED, appointments__start__gt=now)
    waiting = Q(appointments__status=Status.REQUESTED, appointments__answer_by__gt=now)
    return confirmed | waiting
