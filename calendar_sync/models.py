"""Busy times of providers, mirrored from connected calendars."""

from django.db import models
from django.db.models import F, Q

from providers.models import Provider


class BusyInterval(models.Model):
    """A time when the provider is busy elsewhere, mirrored from a calendar and never edited by hand."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="busy_intervals")
    start = models.DateTimeField()
    end = models.DateTimeField()
    # Names the calendar and the entry of the row, so that a sync can replace its own rows.
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["provider", "end"], name="busy_provider_end")]
        constraints = [models.CheckConstraint(condition=Q(end__gt=F("start")), name="busy_ends_after_it_starts")]
