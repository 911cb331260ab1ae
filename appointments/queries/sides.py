"""A person's appointments on either side: those they booked, and those booked with them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Case, DateTimeField, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models import When as WhenTrue

from accounts.models import User
from appointments.models import REFERENCE_ALPHABET, REFERENCE_LENGTH, Appointment, conditions
from appointments.states import Role, Status
from core.compiled_queries import prepared
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


# The start and the key of an appointment behind which a list goes on.
After = tuple[datetime, int]


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


def appointment_of(person: User, reference: str) -> Appointment:
    """The person's appointment with this reference, on either side. One query. Raises Appointment.DoesNotExist."""
    found = _with_reference(person_id=person.pk, reference=reference)
    if not found:
        raise Appointment.DoesNotExist
    return found[0]


def chosen_appointments_of(
    person: User, choice: Choice, *, now: datetime, after: After | None, newest_first: bool, most: int
) -> list[Appointment]:
    """The first `most` of the appointments of `person` that are chosen, as `_of_person` gives them, by their start, or
    the first of them behind `after`. One query, and one more to look for words."""
    values: dict[str, Any] = {
        "person_id": person.pk,
        "as_customer": choice.side in {None, Role.CUSTOMER},
        "as_provider": choice.side in {None, Role.PROVIDER},
        **{each.value: choice.when is each for each in When},
        "now": now if choice.when else None,
        "since": choice.since,
        "until": choice.until,
        "after_start": after[0] if after else None,
        "after_key": after[1] if after else None,
        "newest_first": newest_first,
    }
    narrowed = {
        "status": choice.status,
        "provider__slug": choice.provider,
        "customer__uuid": choice.customer,
    }
    narrowed = {name: value for name, value in narrowed.items() if value is not None}
    if not narrowed and not choice.words.strip():
        return _listed_often.slice(0, most, **values)
    rows = _listed(**values).filter(**narrowed)
    return list((rows.filter(_found(person, choice.words)) if choice.words.strip() else rows)[:most])


@prepared
def _with_reference(person_id: int, reference: str) -> QuerySet[Appointment]:
    return _of_person(person_id, as_customer=True, as_provider=True).filter(reference=reference)


def _listed(
    *,
    person_id: int,
    as_customer: bool,
    as_provider: bool,
    upcoming: bool,
    waiting: bool,
    history: bool,
    now: datetime | None,
    since: datetime | None,
    until: datetime | None,
    after_start: datetime | None,
    after_key: int | None,
    newest_first: bool,
) -> QuerySet[Appointment]:
    rows = _of_person(person_id, as_customer=as_customer, as_provider=as_provider)
    if now is not None:
        chosen = {When.UPCOMING: upcoming, When.WAITING: waiting, When.HISTORY: history}
        rows = rows.filter(*(LISTS[when](now) for when, is_chosen in chosen.items() if is_chosen))
    rows = rows if since is None else rows.filter(start__gte=since)
    rows = rows if until is None else rows.filter(start__lt=until)
    if after_start is not None:
        beyond = "lt" if newest_first else "gt"
        same_start = Q(start=after_start, **{f"pk__{beyond}": after_key})
        rows = rows.filter(Q(**{f"start__{beyond}": after_start}) | same_start)
    return rows.order_by("-start", "-pk") if newest_first else rows.order_by("start", "pk")


# Only what every list may ask: that has 192 shapes at most, of the `MOST_SHAPES` of compiled queries that are kept.
_listed_often = prepared(_listed)


def _of_person(person_id: int, *, as_customer: bool, as_provider: bool) -> QuerySet[Appointment]:
    """The person's appointments with people, service, series and the open proposal.

    For the provider `contact_since` is when the last appointment between the two was over: they see the customer's
    contact for a while after that. The customer's rows don't need it, and do without looking for it.
    """
    pair = Appointment.objects.filter(customer=OuterRef("customer"), provider=OuterRef("provider"))
    last = pair.order_by().values("customer").annotate(last=Max(over_at())).values("last")
    unneeded = WhenTrue(customer=person_id, then=Value(None, output_field=DateTimeField()))
    rows = Appointment.objects.with_people().filter(_on_sides(person_id, as_customer, as_provider))
    return rows.annotate(contact_since=Case(unneeded, default=Subquery(last)))


def _on_sides(person_id: int, as_customer: bool, as_provider: bool) -> Q:
    # Without a join, so that both sides are found by their indexes.
    own_page = Provider.objects.filter(user=person_id).values("pk")[:1]
    customer, provider = Q(customer=person_id), Q(provider=own_page)
    return customer | provider if as_customer and as_provider else customer if as_customer else provider


def _found(person: User, text: str) -> Q:
    """The condition for a reference, or for names of service, provider and customer that have all the words between
    them, compared in Python without accents."""
    names = Appointment.objects.filter(_on_sides(person.pk, True, True)).order_by().distinct()
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


def appointment_of_key(key: UUID) -> Appointment | None:
    """The appointment with this key, with both its sides, if there is one. One query."""
    found = _of_key(key=key)
    return found[0] if found else None


@prepared
def _of_key(key: UUID) -> QuerySet[Appointment]:
    return Appointment.objects.with_people().filter(uuid=key)
