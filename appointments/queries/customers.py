"""The people a provider knows from appointments, and for how long they can be reached."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, DateTimeField, F, Max, Min, Q, QuerySet, When
from django.db.models.functions import Coalesce, Least

from accounts.models import User
from appointments.models import Appointment, conditions
from appointments.states import HOLDING, Status
from core.folding import fold, terms
from providers.models import Provider

# A customer's address and number are the provider's to see from the request on until then.
REACHED_FOR = timedelta(days=90)
SORTS = {"recent": "Most recent", "visits": "Most visits"}


@dataclass(frozen=True, slots=True)
class CustomerFigures:
    """What this provider knows of one customer. `until` is when their contact stops being shown."""

    visits: int
    no_shows: int
    first: datetime | None
    next: datetime | None
    until: datetime | None

    def can_be_reached(self, now: datetime) -> bool:
        return self.until is not None and now < self.until


def customer_figures(provider: Provider, customer: User, *, now: datetime) -> CustomerFigures:
    """One query."""
    rows = Appointment.objects.for_provider(provider).filter(customer=customer)
    figures = rows.aggregate(
        visits=Count("pk", filter=Q(status=Status.COMPLETED)),
        no_shows=Count("pk", filter=Q(status=Status.NO_SHOW)),
        first=Min("start", filter=Q(status=Status.COMPLETED)),
        next=Min("start", filter=conditions.ahead(now)),
        last=Max(_over_at()),
    )
    last = figures.pop("last")
    return CustomerFigures(**figures, until=last + REACHED_FOR if last else None)


def _over_at() -> Case:
    """When an appointment was over: its end, or earlier when it was called off before."""
    called_off = Least(F("end"), Coalesce(F("closed_at"), F("end")))
    return Case(When(status__in=HOLDING, then=F("end")), default=called_off, output_field=DateTimeField())


def customer_rows(provider: Provider, *, now: datetime, words: str = "", sort: str = "recent") -> QuerySet:
    """One row for each customer, with `customer__uuid`, `customer__name`, `visits`, `last` and `next`.

    `last` is the last one that took place or should have, `next` the next confirmed one. One query, one to count, and
    one more to look for `words`.
    """
    rows = Appointment.objects.for_provider(provider)
    if words:
        rows = rows.filter(customer__in=_named(provider, words))
    people = (
        rows.order_by()
        .values("customer__uuid", "customer__name", "customer__photo")
        .annotate(
            visits=Count("pk", filter=Q(status=Status.COMPLETED)),
            last=Max("start", filter=Q(status__in=HOLDING - {Status.REQUESTED}, start__lte=now)),
            next=Min("start", filter=conditions.ahead(now)),
        )
    )
    by_visits = [F("visits").desc(), F("last").desc(nulls_last=True)]
    recent = [F("last").desc(nulls_last=True), F("next").asc(nulls_last=True)]
    return people.order_by(*(by_visits if sort == "visits" else recent), "customer__name", "customer__uuid")


def _named(provider: Provider, words: str) -> list[int]:
    """Whose names have all these words: compared here, where accents don't matter. One query."""
    wanted = terms(words)
    people = Appointment.objects.for_provider(provider).order_by().values_list("customer_id", "customer__name")
    return [pk for pk, name in people.distinct() if wanted and all(word in fold(name) for word in wanted)]


def customer_of(provider: Provider, uuid) -> User:
    """One query. Raises User.DoesNotExist for whoever never had an appointment with this provider."""
    joined = Appointment.objects.for_provider(provider).filter(customer__uuid=uuid)
    return User.objects.get(pk__in=joined.values("customer"), uuid=uuid)


def appointments_with(provider: Provider, customer: User) -> QuerySet[Appointment]:
    """All that there was and is between the two, the newest first."""
    rows = Appointment.objects.for_provider(provider).filter(customer=customer)
    return rows.with_customer().order_by("-start", "-id")
