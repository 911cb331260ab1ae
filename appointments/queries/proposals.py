"""Queries about proposals of new times."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet

from accounts.models import User
from appointments.models import Appointment, Proposal, Series
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


def proposals_of(appointment: Appointment) -> QuerySet[Proposal]:
    """Every new time that was proposed for this appointment, whatever became of it."""
    return Proposal.objects.filter(appointment=appointment)


def proposal_of(appointment: Appointment, uuid: UUID) -> Proposal:
    """The proposal with this public id for this appointment. One query. Raises Proposal.DoesNotExist."""
    found = proposals_of(appointment).get(uuid=uuid)
    found.appointment = appointment
    return found


def proposals_to_customer(user: User, *, now: datetime) -> QuerySet[Proposal]:
    """The new times that the customer has to answer, with their appointments, soonest deadline first."""
    rows = Proposal.objects.live(now).filter(appointment__customer=user).exclude(by=Role.CUSTOMER)
    return _with_series(rows.with_appointment().order_by("answer_by", "id"))


def proposals_to_provider(provider: Provider, *, now: datetime) -> QuerySet[Proposal]:
    """The new times that the provider has to answer, with their appointments, soonest deadline first."""
    rows = Proposal.objects.live(now).filter(appointment__provider=provider, by=Role.CUSTOMER)
    return _with_series(rows.with_appointment().order_by("answer_by", "id"))


def proposals_for_series(series: Series, named: Collection[UUID]) -> list[Proposal]:
    """The new times with these public ids for dates of the series, whatever became of them, by date. One query."""
    rows = Proposal.objects.filter(appointment__series=series, uuid__in=named).select_related("appointment")
    return list(rows.order_by("appointment__occurrence"))


def proposals_to(user: User, *, now: datetime) -> list[Proposal]:
    """The new times that the person has to answer, as a customer or as a provider, with their appointments, soonest
    deadline first. One query."""
    return _to_either_side(user_id=user.pk, now=now)


@prepared
def _to_either_side(user_id: int, now: datetime) -> QuerySet[Proposal]:
    as_customer = Q(appointment__customer=user_id) & ~Q(by=Role.CUSTOMER)
    as_provider = Q(appointment__provider__user=user_id, by=Role.CUSTOMER)
    rows = Proposal.objects.live(now).filter(as_customer | as_provider)
    return _with_series(rows.with_appointment().order_by("answer_by", "id"))


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
    rows = Proposal.objects.live(now).filter(**theirs).order_by("answer_by", "id")
    return _with_series(rows.select_related("appointment__customer", "appointment__service"))


def _with_series(rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """The rows with the public id of their series, `series_uuid`, whose new times are answered together."""
    return rows.annotate(series_uuid=F("appointment__series__uuid"))
