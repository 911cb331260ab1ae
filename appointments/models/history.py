"""The history of appointments, written once and never changed."""

import uuid
from typing import NoReturn

from django.conf import settings
from django.db import models

from appointments.states import Role, Status, Verb

from .appointment import Appointment
from .proposal import Proposal


class HistoryQuerySet(models.QuerySet["AppointmentEvent"]):
    def forget_words(self) -> int:
        """Empty the reasons, for a person whose account is erased; what happened, when and between whom, stays."""
        return super().update(reason="")

    def hand_over(self, person) -> int:
        """Name `person` as the one who acted, where somebody invited acted before they had an account."""
        return super().update(actor=person)

    def update(self, **kwargs) -> NoReturn:
        raise TypeError("History is never changed.")

    def delete(self) -> NoReturn:
        raise TypeError("History is never deleted.")


class AppointmentEvent(models.Model):
    """One entry of an appointment's history: who, when, from, to, why. Written once, never changed."""

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="history")
    # The id of one act of one person, shared by all entries that it made.
    occasion = models.UUIDField(default=uuid.uuid4, editable=False)
    at = models.DateTimeField()
    verb = models.CharField(max_length=16, choices=Verb)
    role = models.CharField(max_length=8, choices=Role)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    from_status = models.CharField(max_length=9, choices=Status, blank=True)
    to_status = models.CharField(max_length=9, choices=Status)
    # The appointment's time before the entry, so that the entry stays true after a later move, and the new one that it
    # proposed, refused or moved to.
    start = models.DateTimeField()
    to_start = models.DateTimeField(null=True, blank=True)
    # A new time that waited for an answer until then, and that another one has replaced.
    dropped_start = models.DateTimeField(null=True, blank=True)
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    # The provider's own rules that the act overrode, one a line, for provider and staff alone.
    overridden = models.TextField(blank=True, default="", db_default="", editable=False)

    objects = HistoryQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.get_verb_display()}, {self.at:%d %b %Y, %H:%M} UTC"

    def save(self, *args, **kwargs) -> None:
        if not self._state.adding:
            raise TypeError("History is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs) -> NoReturn:
        raise TypeError("History is never deleted.")
