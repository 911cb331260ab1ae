"""Checks whether a person may book with a provider, against the database."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from appointments.exceptions import AddressNeeded, PolicyRefused
from appointments.models import Appointment
from appointments.rules.persons import ADDRESS_FIRST, Dealings, move_refusal, refusals, refusals_of_provider
from appointments.states import OPEN, Status
from core.compiled_queries import Several, prepared
from core.intervals import Interval
from providers.models import CustomerAllowance, CustomerBlock, Provider

Row = tuple[int, bool, bool]


def asking_dealings(*, customer_id: int, provider_id: int) -> Several[Dealings]:
    """The question about what is between the two, for `together`."""
    return Several(_between.asking(customer_id=customer_id, provider_id=provider_id), read=_dealings)


def _dealings(answer: list[Row]) -> Dealings:
    [row] = answer
    return Dealings(*row)


def dealings_between(customer: User, provider: Provider) -> Dealings:
    """What is between the two now. One query."""
    return asking_dealings(customer_id=customer.pk, provider_id=provider.pk).answer()


def dealings_with(provider: Provider, customers: Collection[int]) -> dict[int, Dealings]:
    """What is between the provider and each of these customers now. One query."""
    between = _columns({"provider": provider, "customer": OuterRef("pk")}, per="customer")
    rows = User.objects.filter(pk__in=customers).values_list("pk", *between)
    return {pk: Dealings(*found) for pk, *found in rows}


def check_person(customer: User, provider: Provider, dealings: Dealings) -> None:
    """Raise PolicyRefused with the first reason why the customer may not book with the provider.

    Where that is the address they have not, it is an AddressNeeded.
    """
    for refused in refusals(customer, provider, dealings):
        raise _refusal(refused)


def check_may_move(customer: User, provider: Provider, dealings: Dealings) -> None:
    """Raise PolicyRefused, or AddressNeeded, where the customer may choose no new time for what is booked."""
    if refused := move_refusal(customer, provider, dealings):
        raise _refusal(refused)


def _refusal(sentence: str) -> PolicyRefused:
    return AddressNeeded(sentence) if sentence == ADDRESS_FIRST else PolicyRefused(sentence)


def check_dealings(customer: User, provider: Provider) -> None:
    """Raise PolicyRefused where something between the two is in the way, whatever the account may do. One query."""
    for refused in refusals_of_provider(provider, dealings_between(customer, provider)):
        raise PolicyRefused(refused)


def busy_elsewhere(customers: Collection[int], span: Interval) -> dict[int, list[Interval]]:
    """When these people have appointments, as customers or as providers, by person. One query."""
    start, end = span
    theirs = Q(customer__in=customers) | Q(provider__user__in=customers)
    rows = Appointment.objects.filter(theirs, status__in=OPEN, start__lt=end, end__gt=start).order_by()
    busy: dict[int, list[Interval]] = defaultdict(list)
    for customer, owner, *time in rows.values_list("customer", "provider__user", "start", "end"):
        for person in {customer, owner} & set(customers):
            busy[person].append((time[0], time[1]))
    return busy


@prepared
def _between(customer_id: int, provider_id: int) -> QuerySet[Provider, Row]:
    rows = Provider.objects.filter(pk=provider_id).order_by()
    return rows.values_list(*_columns({"provider": OuterRef("pk"), "customer": customer_id}, per="provider"))


def _columns(theirs: dict[str, Any], *, per: str) -> tuple[Coalesce, Exists, Exists]:
    """The fields of `Dealings` as columns, for rows of the provider or of the customer."""
    no_shows = Appointment.objects.filter(**theirs, status=Status.NO_SHOW).order_by().values(per)
    return (
        Coalesce(Subquery(no_shows.annotate(n=Count("pk")).values("n")), 0),
        Exists(CustomerAllowance.objects.filter(**theirs)),
        Exists(CustomerBlock.objects.open().filter(**theirs)),
    )
