"""Proposals of a new time for an appointment."""

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from appointments.states import ProposalState, Role, side_of
from core import clock

from .appointment import Appointment


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def open(self) -> Self:
        """Those without an answer, whether or not the time to answer is over."""
        return self.filter(state=ProposalState.OPEN)

    def live(self, now: datetime) -> Self:
        """Those that can still be answered."""
        return self.filter(state=ProposalState.OPEN, answer_by__gt=now)

    def lapsed(self, now: datetime) -> Self:
        """Those whose time to answer is over but which are not marked as lapsed yet."""
        return self.filter(state=ProposalState.OPEN, answer_by__lte=now)

    def with_appointment(self) -> Self:
        """Preload the appointment with both sides, the policy and the service."""
        joined = ("provider__user", "provider__policy", "service", "customer")
        return self.select_related(*(f"appointment__{name}" for name in joined))


class Proposal(models.Model):
    """A new time that one side of an appointment proposes to the other, who may answer before `answer_by`.

    Until then a hold keeps the new time beside the present one. At most one proposal of an appointment is open.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="proposals")
    by = models.CharField(max_length=8, choices=Role)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    old_start = models.DateTimeField(help_text="The appointment's start when this was proposed.")
    start = models.DateTimeField()
    end = models.DateTimeField()
    message = models.CharField(max_length=500, blank=True, help_text="To the other side.")
    answer_by = models.DateTimeField(help_text="When it lapses without an answer.")
    state = models.CharField(max_length=9, choices=ProposalState, default=ProposalState.OPEN)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["answer_by"], name="proposal_answer_by", condition=Q(state=ProposalState.OPEN)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], name="proposal_one_open", condition=Q(state=ProposalState.OPEN)
            ),
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="proposal_ends_after_start"),
            models.CheckConstraint(condition=~Q(start=F("old_start")), name="proposal_is_another_time"),
            models.CheckConstraint(
                condition=Q(answer_by__lte=F("start")) & Q(answer_by__lte=F("old_start")),
                name="proposal_answered_before_both",
            ),
            models.CheckConstraint(
                condition=Q(state=ProposalState.OPEN, closed_at__isnull=True)
                | (~Q(state=ProposalState.OPEN) & Q(closed_at__isnull=False)),
                name="proposal_closed_has_closed_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start:%d %b %Y, %H:%M} UTC instead of {self.old_start:%d %b %Y, %H:%M} UTC"

    @property
    def side(self) -> Role:
        """The side from which it comes; the other one answers it."""
        return side_of(Role(self.by))

    @property
    def is_open(self) -> bool:
        return self.state == ProposalState.OPEN

    def is_live(self, now: datetime) -> bool:
        """Whether it can still be answered. That is over with its time, before the job marks it as lapsed."""
        return self.is_open and self.answer_by > now

    def waits_for(self, side: Role, now: datetime) -> bool:
        """Whether this side has to answer it."""
        return self.is_live(now) and self.side is not side
