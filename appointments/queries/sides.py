"""A person's appointments on either side: those they booked, and those booked with them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery

from accounts.models import User
from appointments.models import REFERENCE_ALPHABET, REFERENCE_LENGTH, Appointment, conditions
from appointments.states import Role, Status
from core.folding import fold, terms
from providers.models import Provider

from .customers import over_at


class When(StrEnum):
    """The three lists of which each appointment stands in one."""

    UPCOMING = "upcoming"
    WAITING = "waiting"
    HISTORY = "history"


# What has a name to be found by.
NAMES = ("service", "provider", "customer")
LISTS = {When.UPCOMING: conditions.upcoming, When.WAITING: conditions.waiting, When.HISTORY: conditions.over}


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice among a person's appointments: those on one `side` of theirs, of one list, with one state, with one
    provider (a slug) or customer, that start from `since` on and before `until`, and that `words` find."""

    side: Role | None = None
    when: When | None = None
    status: Status | None = None
    provider: str | None = None
    customer: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""


def appointments_of(person: User) -> QuerySet[Appointment]:
    """The appointments of `person` as customer and as provider, with people, service, series and the open proposal.

    `contact_since` is when the last appointment between the two was over: the provider sees the customer's contact for
    a while after that.
    """
    pair = Appointment.objects.filter(customer=OuterRef("customer"), provider=OuterRef("provider"))
    last = pair.order_by().values("customer").annotate(last=Max(over_at())).values("last")
    rows = Appointment.objects.with_people().filter(_on_side(person, None))
    return rows.annotate(contact_since=Subquery(last))


def appointment_of(person: User, reference: str) -> Appointment:
    """The person's appointment with this reference, on either side. One query. Raises Appointment.DoesNotExist."""
    return appointments_of(person).get(reference=reference)


def chosen_appointments_of(person: User, choice: Choice, *, now: datetime) -> QuerySet[Appointment]:
    """Those of `appointments_of` that are chosen. One query, and one more to look for words."""
    rows = appointments_of(person).filter(_on_side(person, choice.side))
    if choice.when:
        rows = rows.filter(LISTS[choice.when](now))
    wanted = {
        "status": choice.status,
        "provider__slug": choice.provider,
        "customer__uuid": choice.customer,
        "start__gte": choice.since,
        "start__lt": choice.until,
    }
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    return rows.filter(_found(person, choice.words)) if choice.words.strip() else rows


def _on_side(person: User, side: Role | None) -> Q:
    # Without a join, so that both sides are found by their indexes.
    own_page = Provider.objects.filter(user=person).values("pk")[:1]
    sides = {Role.CUSTOMER: Q(customer=person), Role.PROVIDER: Q(provider=own_page)}
    return sides[side] if side else sides[Role.CUSTOMER] | sides[Role.PROVIDER]


def _found(person: User, text: str) -> Q:
    """The condition for a reference, or for names of service, provider and customer that have all the words between
    them, compared in Python without accents."""
    names = Appointment.objects.filter(_on_side(person, None)).order_by().distinct()
    rows = list(names.values_list(*(part for each in NAMES for part in (each, f"{each}__name"))))
    found = Q()
    for word in terms(text):
        has_word = Q(pk__in=[])
        for place, column in enumerate(NAMES):
            named = {row[2 * place] for row in rows if word in fold(row[2 * place + 1])}
            # One's own name stands in all of them, and finds none.
            has_word |= Q(**{f"{column}__in": named}) & _is_of_another(column, person)
        found &= has_word
    if not terms(text):
        found = Q(pk__in=[])
    reference = text.strip().upper()
    if len(reference) == REFERENCE_LENGTH and set(reference) <= set(REFERENCE_ALPHABET):
        found |= Q(reference=reference)
    return found


def _is_of_another(column: str, person: User) -> Q:
    if column == "service":
        return Q()
    return ~Q(customer=person) if column == "customer" else Q(customer=person)
