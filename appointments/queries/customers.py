"""Queries about a provider's customers, and how long the provider sees their contact."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db.models import (
    Case,
    Count,
    DateTimeField,
    Exists,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    When,
)
from django.db.models.functions import Coalesce, Least

from accounts.models import User, taking_part
from appointments.models import Appointment, conditions
from appointments.states import HOLDING, Status
from core.folding import fold, terms
from core.money import Money, round_money
from providers.models import CustomerAllowance, CustomerBlock, Provider

# The provider sees a customer's email address and number from the first request until this long after the last end.
REACHED_FOR = timedelta(days=90)
SORTS = {"recent": "Most recent", "visits": "Most visits", "name": "Name"}


@dataclass(frozen=True, slots=True)
class CustomerFigures:
    """A provider's figures about one customer. The customer's contact is shown before `until`."""

    visits: int
    no_shows: int
    late: int
    first: datetime | None
    next: datetime | None
    until: datetime | None

    def can_be_reached(self, now: datetime) -> bool:
        return self.until is not None and now < self.until


def customer_figures(provider: Provider, customer: User, *, now: datetime) -> CustomerFigures:
    """The provider's figures about this customer. One query."""
    rows = Appointment.objects.for_provider(provider).filter(customer=customer)
    figures = rows.aggregate(
        visits=Count("pk", filter=Q(status=Status.COMPLETED)),
        no_shows=Count("pk", filter=Q(status=Status.NO_SHOW)),
        late=Count("pk", filter=conditions.CANCELLED_LATE_BY_CUSTOMER),
        first=Min("start", filter=Q(status=Status.COMPLETED)),
        next=Min("start", filter=conditions.ahead(now)),
        last=Max(over_at()),
    )
    last = figures.pop("last")
    return CustomerFigures(**figures, until=last + REACHED_FOR if last else None)


def over_at() -> Case:
    """The moment when an appointment was over: its end, or earlier if it was called off before."""
    called_off = Least(F("end"), Coalesce(F("closed_at"), F("end")))
    return Case(When(status__in=HOLDING, then=F("end")), default=called_off, output_field=DateTimeField())


def customer_rows(provider: Provider, *, now: datetime, words: str = "", sort: str = "recent") -> QuerySet:
    """One row for each customer, with `customer__uuid`, `customer__name`, `visits`, `no_shows`, `late`, `is_blocked`,
    `limits_lifted`, `last` and `next`.

    `last` is the last start of an appointment that took place or should have, `next` the next confirmed one. One query,
    one to count, and one more to search for `words`.
    """
    rows = Appointment.objects.for_provider(provider)
    if words:
        rows = rows.filter(customer__in=_named(provider, words))
    between = {"provider": provider, "customer": OuterRef("customer")}
    people = (
        rows.order_by()
        .values("customer", "customer__uuid", "customer__name", "customer__photo")
        .annotate(
            visits=Count("pk", filter=Q(status=Status.COMPLETED)),
            no_shows=Count("pk", filter=Q(status=Status.NO_SHOW)),
            late=Count("pk", filter=conditions.CANCELLED_LATE_BY_CUSTOMER),
            is_blocked=Exists(CustomerBlock.objects.open().filter(**between)),
            limits_lifted=Exists(CustomerAllowance.objects.filter(**between)),
            last=Max("start", filter=Q(status__in=HOLDING - {Status.REQUESTED}, start__lte=now)),
            next=Min("start", filter=conditions.ahead(now)),
        )
    )
    by_visits = [F("visits").desc(), F("last").desc(nulls_last=True)]
    recent = [F("last").desc(nulls_last=True), F("next").asc(nulls_last=True)]
    first = {"visits": by_visits, "name": []}.get(sort, recent)
    return people.order_by(*first, "customer__name", "customer__uuid")


def brought_by(provider: Provider, customers: Collection[int]) -> dict[int, list[Money]]:
    """What the kept appointments of these customers came to, less refunds, by customer and currency. One query."""
    rows = Appointment.objects.for_provider(provider).filter(status=Status.COMPLETED, customer__in=customers)
    sums = rows.values_list("customer", "currency").annotate(kept=Sum(F("price") - F("refund"))).order_by("currency")
    found: dict[int, list[Money]] = {customer: [] for customer in customers}
    for customer, currency, kept in sums:
        if kept:
            found[customer].append(Money(round_money(kept, currency), currency))
    return found


@dataclass(frozen=True, slots=True)
class FoundCustomer:
    """A customer found by what a provider typed, with the figures that tell two of one name apart.

    `email` is empty where the provider no longer sees it.
    """

    uuid: UUID
    name: str
    photo: str
    email: str
    visits: int
    no_shows: int
    late: int
    next: datetime | None


def find_customers(
    provider: Provider, words: str, *, now: datetime, chosen: UUID | None = None, most: int = 5
) -> list[FoundCustomer]:
    """The provider's customers who take part and whose name has all these words, or whose address is `words`.

    The `chosen` one comes first, whatever the words; without words those who came last. Nobody is found by an address
    that the provider no longer sees. At most two queries.
    """
    rows = Appointment.objects.for_provider(provider).filter(taking_part("customer__"))
    by_address = Q(customer__email=words.strip().lower()) | Q(customer__invited_email=words.strip().lower())
    if words:
        rows = rows.filter(Q(customer__in=_named(provider, words)) | by_address | Q(customer__uuid=chosen))
    people = (
        rows.order_by()
        .values("customer__uuid", "customer__name", "customer__photo", "customer__email", "customer__invited_email")
        .annotate(
            visits=Count("pk", filter=Q(status=Status.COMPLETED)),
            no_shows=Count("pk", filter=Q(status=Status.NO_SHOW)),
            late=Count("pk", filter=conditions.CANCELLED_LATE_BY_CUSTOMER),
            next=Min("start", filter=conditions.ahead(now)),
            last=Max("start"),
            over=Max(over_at()),
            is_chosen=Max(Case(When(customer__uuid=chosen, then=1), default=0, output_field=IntegerField())),
        )
        .order_by("-is_chosen", "-last", "customer__name", "customer__uuid")
    )
    if words:
        people = people.exclude(by_address, is_chosen=0, over__lte=now - REACHED_FOR)
    return [_found(row, now) for row in people[:most]]


def _found(row: Mapping[str, Any], now: datetime) -> FoundCustomer:
    is_seen = now < row["over"] + REACHED_FOR
    return FoundCustomer(
        uuid=row["customer__uuid"],
        name=row["customer__name"],
        photo=default_storage.url(row["customer__photo"]) if row["customer__photo"] else "",
        email=(row["customer__email"] or row["customer__invited_email"]) if is_seen else "",
        **{name: row[name] for name in ("visits", "no_shows", "late", "next")},
    )


def _named(provider: Provider, words: str) -> list[int]:
    """The ids of customers whose name has all these words, compared in Python to ignore accents. One query."""
    wanted = terms(words)
    people = Appointment.objects.for_provider(provider).order_by().values_list("customer_id", "customer__name")
    return [pk for pk, name in people.distinct() if wanted and all(word in fold(name) for word in wanted)]


def customer_of(provider: Provider, uuid) -> User:
    """The provider's customer with this uuid. One query.

    Raises User.DoesNotExist for a person who never had an appointment with this provider.
    """
    joined = Appointment.objects.for_provider(provider).filter(customer__uuid=uuid)
    return User.objects.get(pk__in=joined.values("customer"), uuid=uuid)


def appointments_with(provider: Provider, customer: User) -> QuerySet[Appointment]:
    """All appointments of the provider with this customer, the newest first."""
    rows = Appointment.objects.for_provider(provider).filter(customer=customer)
    return rows.with_customer().order_by("-start", "-id")
