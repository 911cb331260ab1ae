"""Queries for the scheduled jobs: appointments that are due for a change."""

from datetime import datetime

from django.db.models import QuerySet

from appointments.models import Appointment, Offer, Proposal
from appointments.rules.moves import COMPLETES_AFTER
from appointments.states import Status


def expired_requests(*, now: datetime) -> QuerySet[Appointment]:
    """The requests whose time to answer is over but which are not marked as expired yet."""
    return Appointment.objects.unanswered(now).order_by("answer_by")


def due_for_completion(*, now: datetime) -> QuerySet[Appointment]:
    """The confirmed appointments that ended 24 hours ago or earlier."""
    return Appointment.objects.filter(status=Status.CONFIRMED, end__lte=now - COMPLETES_AFTER).order_by("end")


def lapsed_proposals(*, now: datetime) -> QuerySet[Proposal]:
    """The proposals whose time to answer is over but which are not marked as lapsed yet."""
    return Proposal.objects.lapsed(now).select_related("appointment").order_by("answer_by")


def expired_offers(*, now: datetime) -> QuerySet[Offer]:
    """The offers whose deadline is over but which are not marked as expired yet."""
    return Offer.objects.expired(now).order_by("expires_at")
