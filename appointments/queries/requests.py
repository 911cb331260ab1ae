"""Queries about the requests that wait for a provider's answer, with the customer's record at the provider."""

from datetime import datetime
from functools import partial

from django.core.paginator import Page
from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from appointments.models import Appointment, conditions
from appointments.states import Status
from core.compiled_queries import prepared
from core.paging import counted_page
from providers.models import Provider

from .proposals import proposals_to_provider

SHORT_LIST = 4
MOST_URGENT = ("answer_by", "start", "id")


def waiting_for(provider: Provider, *, now: datetime) -> QuerySet[Appointment]:
    """The requests that can still be answered, soonest deadline first, with the customer's `visits` and `no_shows`."""
    return with_history(_waiting(provider.pk, now)).order_by(*MOST_URGENT)


def _waiting(provider_id: int, now: datetime) -> QuerySet[Appointment]:
    return _with_series(Appointment.objects.filter(provider=provider_id).waiting(now).with_names())


def _with_series(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """The rows with the public id of their series, `series_uuid`, by which its dates are answered together."""
    return rows.annotate(series_uuid=F("series__uuid"))


def waiting_count(provider: Provider, *, now: datetime) -> int:
    """The number of requests and of new times that wait for the provider. One query, answered by indexes."""
    requests = Appointment.objects.for_provider(provider).waiting(now).order_by().values("pk")
    new_times = proposals_to_provider(provider, now=now).select_related(None).order_by().values("pk")
    return requests.union(new_times, all=True).count()


def deadlines_of(provider: Provider, *, now: datetime) -> list[datetime]:
    """The deadlines of all requests and new times that wait for the provider. Two queries."""
    requests = Appointment.objects.for_provider(provider).waiting(now).order_by().values_list("answer_by", flat=True)
    new_times = proposals_to_provider(provider, now=now).select_related(None).order_by()
    return [*(each for each in requests if each), *new_times.values_list("answer_by", flat=True)]


def asked_of(provider: Provider, references: list[str]) -> list[Appointment]:
    """The provider's own appointments among these references, in any state. One query, none for an empty list."""
    if not references:
        return []
    found = list(Appointment.objects.for_provider(provider).filter(reference__in=references).select_related("customer"))
    for one in found:
        one.provider = provider
    return found


def first_waiting(provider: Provider, *, now: datetime) -> tuple[list[Appointment], int]:
    """The few most urgent requests, and the number of all that wait. One query."""
    rows = _first_waiting(provider_id=provider.pk, now=now)
    return rows, getattr(rows[0], "in_all", 0) if rows else 0


def first_waiting_for(user: User, *, now: datetime) -> tuple[list[Appointment], int]:
    """The most urgent requests to a person who may be a provider, with both sides, and the number of all that wait. One
    query."""
    found = _first_waiting_for(user_id=user.pk, now=now)
    return found, getattr(found[0], "in_all", 0) if found else 0


@prepared
def _first_waiting_for(user_id: int, now: datetime) -> QuerySet[Appointment]:
    waiting = Appointment.objects.filter(provider__user=user_id).waiting(now).order_by()
    in_all = Subquery(waiting.values("provider").annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    rows = waiting.select_related("provider", "service", "customer").annotate(in_all=in_all)
    return rows.order_by(*MOST_URGENT)[:SHORT_LIST]


@prepared
def _first_waiting(provider_id: int, now: datetime) -> QuerySet[Appointment]:
    """The most urgent requests, chosen before the customers and services of all that wait are joined to them."""
    first = Appointment.objects.filter(provider=provider_id).waiting(now).order_by(*MOST_URGENT)[:SHORT_LIST]
    rows = Appointment.objects.filter(pk__in=first.values("pk")).with_names()
    return _counted(_with_series(rows), provider_id, now)


def waiting_page(provider: Provider, number: str | None, *, now: datetime) -> Page:
    """A page of the requests of `waiting_for`. One query, two more where `number` lies beyond the last page."""
    fetch = partial(_all_waiting.slice, provider_id=provider.pk, now=now)
    return counted_page(fetch, partial(waiting_for, provider, now=now), number)


@prepared
def _all_waiting(provider_id: int, now: datetime) -> QuerySet[Appointment]:
    return _counted(_waiting(provider_id, now), provider_id, now)


def _counted(rows: QuerySet[Appointment], provider_id: int, now: datetime) -> QuerySet[Appointment]:
    """The rows of `_waiting` with the number of all that wait, `in_all`.

    It is counted apart, since a window over the rows would make PostgreSQL look up the record of every customer.
    """
    waiting = Appointment.objects.filter(provider=provider_id).waiting(now).order_by().values("provider")
    in_all = Subquery(waiting.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return with_history(rows).order_by(*MOST_URGENT).annotate(in_all=in_all)


def with_history(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """The rows with the number of times this customer came to this provider (`visits`), did not (`no_shows`), and
    cancelled late (`late`)."""
    return rows.annotate(
        visits=_how_many(Q(status=Status.COMPLETED)),
        no_shows=_how_many(Q(status=Status.NO_SHOW)),
        late=_how_many(conditions.CANCELLED_LATE_BY_CUSTOMER),
    )


def _how_many(which: Q) -> Coalesce:
    # The provider is asked for in the count alone: as a condition it leads PostgreSQL through the provider's whole
    # past, once for each row, where the customer's own is short.
    theirs = Appointment.objects.filter(which, customer=OuterRef("customer")).order_by().values("customer")
    counted = theirs.annotate(n=Count("pk", filter=Q(provider=OuterRef("provider")))).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
