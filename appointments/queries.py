"""What pages and jobs ask about appointments. None costs more queries for more rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Max, Min, Q, QuerySet

from accounts.models import User
from appointments.rules.moves import COMPLETES_AFTER
from appointments.rules.slots import ONE_DAY, Facts, Rules, working_ranges
from core.compiled_queries import prepared
from core.intervals import contains, merge
from providers.models import PUBLIC_LISTINGS, Listing, Provider, Service
from providers.queries import coming_overrides, week_of

from .models import Appointment, AppointmentEvent
from .states import OPEN, Status

WITH_PEOPLE = ("provider__user", "provider__policy", "service", "customer")
IN_LISTS = ("provider", "service")


def public_service(provider_slug: str, service_slug: str) -> Service:
    """The service with provider, policy and user in one query, also one that is paused: the page then says so.

    Raises Service.DoesNotExist when the provider's page is not public.
    """
    found = _public_service(provider_slug=provider_slug, service_slug=service_slug)
    if not found:
        raise Service.DoesNotExist
    return found[0]


@prepared
def _public_service(provider_slug: str, service_slug: str) -> QuerySet[Service]:
    rows = Service.objects.select_related("provider__policy", "provider__user", "provider__category")
    return rows.filter(
        provider__slug=provider_slug,
        slug=service_slug,
        provider__listing__in=PUBLIC_LISTINGS,
        provider__user__is_active=True,
    )


def public_provider(slug: str, *, viewer: User | AnonymousUser) -> tuple[Provider, list[Service]]:
    """The provider as anybody may see them (their own draft as a preview) and what they offer. Two queries.

    Raises Provider.DoesNotExist for whoever may not see the page.
    """
    found = _provider_page(slug=slug, viewer_id=viewer.pk if viewer.is_authenticated else None)
    if not found:
        raise Provider.DoesNotExist
    [provider] = found
    services = _active_services(provider_id=provider.pk)
    for service in services:
        service.provider = provider
    return provider, services


@prepared
def _provider_page(slug: str, viewer_id: int | None) -> QuerySet[Provider]:
    seen = Q(pk__in=Provider.objects.public())
    if viewer_id is not None:
        seen |= Q(user=viewer_id)
    return Provider.objects.select_related("user", "policy", "category").filter(seen, slug=slug)


@prepared
def _active_services(provider_id: int) -> QuerySet[Service]:
    return Service.objects.filter(provider=provider_id, is_active=True)


def providers_alike(provider: Provider, *, count: int = 3) -> list[Provider]:
    """Others of the same category who can be booked. One query."""
    rows = Provider.objects.bookable().filter(category=provider.category_id).exclude(pk=provider.pk)
    return list(rows.select_related("user").order_by("name")[:count])


def appointment_for_customer(user: User, reference: str) -> Appointment:
    """One query. Raises Appointment.DoesNotExist when it is not theirs: it does not exist for them."""
    return Appointment.objects.select_related(*WITH_PEOPLE).get(customer=user, reference=reference)


def appointment_for_provider(provider: Provider, reference: str) -> Appointment:
    """One query. Raises Appointment.DoesNotExist when it is not theirs."""
    return Appointment.objects.select_related(*WITH_PEOPLE).get(provider=provider, reference=reference)


def history_of(appointment: Appointment) -> list[AppointmentEvent]:
    """Newest first, with who did it. One query."""
    return list(AppointmentEvent.objects.filter(appointment=appointment).select_related("actor"))


def upcoming_for_customer(user: User, *, now: datetime) -> QuerySet[Appointment]:
    """Confirmed ones that are not over, soonest first."""
    rows = Appointment.objects.for_customer(user).filter(_upcoming(now))
    return rows.select_related(*WITH_PEOPLE).order_by("start", "id")


def waiting_for_customer(user: User, *, now: datetime) -> QuerySet[Appointment]:
    """The customer's requests that can still be answered, soonest first."""
    rows = Appointment.objects.for_customer(user).filter(_waiting(now))
    return rows.select_related(*IN_LISTS).order_by("start", "id")


def history_for_customer(user: User, *, now: datetime) -> QuerySet[Appointment]:
    """Whatever is over, newest first."""
    rows = Appointment.objects.for_customer(user).filter(_over(now))
    return rows.select_related(*IN_LISTS).order_by("-start", "-id")


def _upcoming(now: datetime) -> Q:
    return Q(status=Status.CONFIRMED, end__gt=now)


def _waiting(now: datetime) -> Q:
    return Q(status=Status.REQUESTED, answer_by__gt=now)


def _over(now: datetime) -> Q:
    """Neither of the two above, said so that each of them is a range of an index."""
    unanswered = Q(status=Status.REQUESTED, answer_by__lte=now)
    return ~Q(status__in=OPEN) | Q(status=Status.CONFIRMED, end__lte=now) | unanswered


@dataclass(frozen=True, slots=True)
class CustomerCounts:
    """How many appointments a customer has in each list, and when the first and last of those that are over started."""

    upcoming: int
    waiting: int
    history: int
    first: datetime | None
    last: datetime | None

    @property
    def total(self) -> int:
        return self.upcoming + self.waiting + self.history


def counts_for_customer(user: User, *, now: datetime) -> CustomerCounts:
    """One query."""
    found = _customer_counts(customer_id=user.pk, now=now)
    return CustomerCounts(*found[0]) if found else CustomerCounts(0, 0, 0, None, None)


@prepared
def _customer_counts(customer_id: int, now: datetime) -> QuerySet[Appointment, tuple]:
    """A row for the customer, none where there is no appointment."""
    over = _over(now)
    figures = {
        "upcoming": Count("pk", filter=_upcoming(now)),
        "waiting": Count("pk", filter=_waiting(now)),
        "history": Count("pk", filter=over),
        "first": Min("start", filter=over),
        "last": Max("start", filter=over),
    }
    rows = Appointment.objects.filter(customer=customer_id).order_by().values("customer").annotate(**figures)
    return rows.values_list(*figures)


@dataclass(frozen=True, slots=True)
class BookedService:
    """A service this customer has had an appointment for, whatever came of it."""

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
    """The latest first. One query, with a row for each service, however often it was booked."""
    return [
        BookedService(
            id=row["service_id"],
            name=row["service__name"],
            provider_slug=row["provider__slug"],
            provider_name=row["provider__name"],
            can_be_booked=row["provider__listing"] == Listing.LIVE and row["provider__user__is_active"],
            last=row["last"],
        )
        for row in _booked_services(customer_id=user.pk)
    ]


@prepared
def _booked_services(customer_id: int) -> QuerySet[Appointment, dict[str, Any]]:
    columns = ("service_id", "service__name", "provider__slug", "provider__name", "provider__listing")
    rows = Appointment.objects.filter(customer=customer_id).values(*columns, "provider__user__is_active")
    return rows.annotate(last=Max("start")).order_by("-last", "service_id")


def own_clashes(user: User, start: datetime, end: datetime) -> list[Appointment]:
    """The person's open appointments, as customer or as provider, that meet [start, end). One query."""
    theirs = Q(customer=user) | Q(provider__user=user)
    rows = Appointment.objects.filter(theirs, status__in=OPEN, start__lt=end, end__gt=start)
    return list(rows.select_related("provider", "service").order_by("start"))


def expired_requests(*, now: datetime) -> QuerySet[Appointment]:
    """Requests whose time to answer is over but which still read as waiting."""
    return Appointment.objects.filter(status=Status.REQUESTED, answer_by__lte=now).order_by("answer_by")


def due_for_completion(*, now: datetime) -> QuerySet[Appointment]:
    """Confirmed ones that ended 24 hours ago or earlier."""
    return Appointment.objects.filter(status=Status.CONFIRMED, end__lte=now - COMPLETES_AFTER).order_by("end")


def count_outside_hours(provider: Provider, now: datetime) -> int:
    """How many confirmed appointments ahead lie outside the provider's present working hours. Three queries."""
    zone = provider.zone
    rows = Appointment.objects.for_provider(provider).filter(status=Status.CONFIRMED, start__gt=now)
    times = list(rows.order_by("start").values_list("start", "end"))
    if not times:
        return 0
    first = times[0][0].astimezone(zone).date() - ONE_DAY
    last = max(end for _, end in times).astimezone(zone).date() + ONE_DAY
    facts = Facts(
        zone=zone,
        rules=Rules(notice=timedelta(), window_days=0),
        hours=week_of(provider),
        overrides={
            day: [(start, end) for start, end in override.ranges]
            for override in coming_overrides(provider, today=first)
            for day in override.dates_between(first, last)
        },
        taken=[],
    )
    opening = merge(working_ranges(facts, first, last))
    return sum(not contains(opening, start, end) for start, end in times)
