"""Queries about times that are offered to customers."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max, QuerySet

from accounts.models import User
from appointments.models import Appointment, Offer
from appointments.states import OfferState, Status
from core.compiled_queries import prepared
from providers.models import Provider

from .waitlist import whole_offers

CALLED_OFF = {Status.CANCELLED, Status.DECLINED}


def offers_instead_of(appointment: Appointment) -> list[Offer]:
    """All times that were ever offered instead of the appointment, in order, each with what it became.

    One query, none for an appointment in another state than those that a provider leaves behind with an offer. Needs an
    appointment of `with_people()`.
    """
    if appointment.status not in CALLED_OFF:
        return []
    found = list(Offer.objects.filter(instead_of=appointment).select_related("service", "taken_as"))
    for each in found:
        each.instead_of, each.customer, each.provider = appointment, appointment.customer, appointment.provider
        each.service.provider = appointment.provider
    return found


def live_offers_instead_of(appointments: Iterable[int], *, now: datetime) -> dict[int, list[Offer]]:
    """The times that can still be taken instead of each of these appointments, by its key. One query."""
    found: dict[int, list[Offer]] = {}
    for each in Offer.objects.live(now).filter(instead_of__in=appointments).select_related("service"):
        found.setdefault(each.instead_of_id or 0, []).append(each)
    return found


def withdrawn_instead_of_at(appointment: int) -> datetime | None:
    """The moment when the last of the times offered instead of the appointment was withdrawn, if one was. One query."""
    withdrawn = Offer.objects.filter(instead_of=appointment, state=OfferState.WITHDRAWN)
    at: datetime | None = withdrawn.aggregate(at=Max("closed_at"))["at"]
    return at


def offers_to_customer(user: User, *, now: datetime) -> tuple[list[list[Offer]], list[Offer]]:
    """The times that the customer can take, the soonest deadline first: those offered instead of an appointment, in a
    list for each, and those from waitlists. One query."""
    groups: dict[int, list[Offer]] = {}
    opened = []
    for each in _to_customer(user_id=user.pk, now=now):
        if each.instead_of is None:
            opened.append(each)
        else:
            each.instead_of.provider = each.provider
            groups.setdefault(each.instead_of.pk, []).append(each)
    return list(groups.values()), opened


@prepared
def _to_customer(user_id: int, now: datetime) -> QuerySet[Offer]:
    rows = whole_offers().live(now).filter(customer=user_id).select_related("instead_of__service")
    return rows.order_by("expires_at", "instead_of", "start")


def live_offers_of(provider: Provider, *, now: datetime) -> list[Offer]:
    """Every time that the provider offers and that can still be taken, in order. One query."""
    return _live_of(provider_id=provider.pk, now=now)


@prepared
def _live_of(provider_id: int, now: datetime) -> QuerySet[Offer]:
    rows = Offer.objects.live(now).filter(provider=provider_id)
    return rows.select_related("customer", "service", "instead_of").order_by("start", "id")
