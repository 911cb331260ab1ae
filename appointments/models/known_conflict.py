"""Conflicts that a provider was told of, and those that they chose to keep."""

from django.db import models
from django.db.models import F, Q

from calendar_sync.models import GoogleCalendar
from core import clock

from .appointment import Appointment


class KnownConflict(models.Model):
    """A conflict between an appointment and an event of a connected calendar that the provider knows of.

    Whether there is one is asked of the appointment and the busy time themselves (`queries.conflicts`); the row only
    says that its provider was told, and whether they keep both. It is void once either has other times than these.
    """

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="known_conflicts")
    calendar = models.ForeignKey(GoogleCalendar, on_delete=models.CASCADE, related_name="known_conflicts")
    event_id = models.CharField(max_length=1100)
    start = models.DateTimeField()
    end = models.DateTimeField()
    busy_from = models.DateTimeField()
    busy_until = models.DateTimeField()
    known_at = models.DateTimeField(default=clock.now, editable=False)
    kept_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["appointment", "calendar", "event_id"], name="known_conflict_once"),
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="known_conflict_ends_after_start"),
            models.CheckConstraint(condition=Q(busy_until__gt=F("busy_from")), name="known_conflict_busy_has_length"),
        ]

    def __str__(self) -> str:
        return f"conflict at {self.start:%Y-%m-%d %H:%M}"
