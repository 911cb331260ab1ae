"""Holds: the rows that take a provider's time."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core.constraints import NoOverlap
from providers.models import Provider

from .appointment import Appointment


class Hold(models.Model):
    """This provider's time from `start` to `end` is taken: by an appointment, or for ten minutes by somebody booking.

    Two holds of one provider never overlap unless they belong to the same appointment; the database refuses it.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="holds")
    start = models.DateTimeField()
    end = models.DateTimeField()
    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, null=True, blank=True, related_name="holds")
    # A time kept while somebody fills in the form: whose browser (a hash), until when.
    browser = models.CharField(max_length=64, null=True, blank=True, unique=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    extended = models.BooleanField(default=False)
    # Who keeps it: an account, or a visitor at an address (a hash). Visitors share a part of each day.
    kept_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    kept_from = models.CharField(max_length=64, blank=True, default="", db_default="")

    class Meta:
        indexes = [models.Index(fields=["provider", "end"], name="hold_provider_end")]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="hold_ends_after_start"),
            models.CheckConstraint(
                condition=Q(appointment__isnull=False, browser__isnull=True, expires_at__isnull=True)
                | Q(appointment__isnull=True, browser__isnull=False, expires_at__isnull=False),
                name="hold_has_one_reason",
            ),
            models.UniqueConstraint(fields=["kept_by"], name="hold_one_kept_by_an_account"),
            NoOverlap(key="provider", start="start", end="end", unless_same="appointment", name="hold_no_overlap"),
        ]

    def __str__(self) -> str:
        return f"{self.start:%d %b %Y, %H:%M} UTC to {self.end:%d %b %Y, %H:%M} UTC"
