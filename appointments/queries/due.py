"""Queries for the scheduled jobs: appointments that are due for a change."""

from datetime import datetime

from django.db.models import Exists, F, IntegerField, OuterRef, QuerySet
from django.db.models.functions import Mod

from appointments.models import Appointment, Hold, Offer, Proposal, WaitlistPlace
from appointments.rules.moves import COMPLETES_AFTER
from appointments.states import Status
from providers.models import Provider


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


def providers_with_waitlists(*, part: int, of: int) -> QuerySet[Provider, int]:
    """The keys of the providers with whom somebody waits, one of `of` parts of them."""
    rows = Provider.objects.filter(Exists(WaitlistPlace.objects.waiting().filter(provider=OuterRef("pk"))))
    rows = rows.annotate(part=Mod(F("pk"), of, output_field=IntegerField())).filter(part=part)
    return rows.order_by("pk").values_list("pk", flat=True)


def providers_with_lapsed_times(*, now: datetime) -> QuerySet[Provider, int]:
    """The keys of the providers with whom somebody waits and whose kept, proposed or offered times ran out."""
    lapsed = Hold.objects.filter(provider=OuterRef("pk"), expires_at__lte=now)
    waiting = WaitlistPlace.objects.waiting().filter(provider=OuterRef("pk"))
    return Provider.objects.filter(Exists(waiting), Exists(lapsed)).order_by("pk").values_list("pk", flat=True)
