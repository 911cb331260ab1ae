"""Queries about proposals of new times."""

from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import User
from appointments.models import Appointment, Proposal
from appointments.states import OPEN, Role
from core.compiled_queries import prepared
from providers.models import Provider


def latest_proposal(appointment: Appointment) -> Proposal | None:
    """The proposal that was made last for this appointment, whatever became of it; None if there never was one. One
    query."""
    found = Proposal.objects.filter(appointment=appointment).first()
    if found:
        found.appointment = appointment
    return found


def proposals_to_customer(user: User, *, now: datetime) -> QuerySet[Proposal]:
    """The new times that the customer has to answer, with their appointments, soonest deadline first."""
    rows = Proposal.objects.live(now).filter(appointment__customer=user).exclude(by=Role.CUSTOMER)
    return rows.with_appointment().order_by("answer_by", "id")


def proposals_to_provider(provider: Provider, *, now: datetime) -> QuerySet[Proposal]:
    """The new times that the provider has to answer, with their appointments, soonest deadline first."""
    rows = Proposal.objects.live(now).filter(appointment__provider=provider, by=Role.CUSTOMER)
    return rows.with_appointment().order_by("answer_by", "id")


def proposals_to(user: User, *, now: datetime) -> QuerySet[Proposal]:
    """The new times that the person has to answer, as a customer or as a provider, with their appointments, soonest
    deadline first."""
    as_customer = Q(appointment__customer=user) & ~Q(by=Role.CUSTOMER)
    as_provider = Q(appointment__provider__user=user, by=Role.CUSTOMER)
    rows = Proposal.objects.live(now).filter(as_customer | as_provider)
    return rows.with_appointment().order_by("answer_by", "id")


def live_proposals_of(provider: Provider, *, now: datetime) -> list[Proposal]:
    """Every new time for the provider's appointments that waits for an answer of either side, soonest deadline first.
    One query."""
    found = _live_of(provider_id=provider.pk, now=now)
    for each in found:
        each.appointment.provider = provider
        each.appointment.open_proposal = each
    return found


@prepared
def _live_of(provider_id: int, now: datetime) -> QuerySet[Proposal]:
    # What is open belongs to an open appointment; to say so leads to them by the index of the provider's.
    theirs = {"appointment__provider": provider_id, "appointment__status__in": sorted(OPEN)}
    rows = Proposal.objects.live(now).filter(**theirs)
    return rows.select_related("appointment__customer", "appointment__service").order_by("answer_by", "id")


def proposals_between(provider: Provider, start: datetime, end: datetime, *, now: datetime) -> QuerySet[Proposal]:
    """The provider's live proposals whose new time overlaps [start, end), with their appointments, in order."""
    rows = Proposal.objects.live(now).filter(appointment__provider=provider, start__lt=end, end__gt=start)
    return rows.with_appointment().order_by("start", "id")
