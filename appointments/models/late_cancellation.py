"""Late cancellations, from which a ban follows."""

from typing import Self

from django.conf import settings
from django.db import models

from accounts.models import Ban


class LateCancellationQuerySet(models.QuerySet["LateCancellation"]):
    def counting(self) -> Self:
        """Those that count for as long as they are recent: neither forgiven nor the evidence of a ban."""
        return self.filter(forgiven_at=None, ban=None)


class LateCancellation(models.Model):
    """One act by which a person cancelled one or more appointments late; the history entries share its `occasion`.

    `ban` is the ban it is evidence of. Once that is lifted, the count starts anew without it.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="late_cancellations")
    occasion = models.UUIDField(editable=False)
    at = models.DateTimeField(help_text="When it was cancelled.")
    ban = models.ForeignKey(Ban, on_delete=models.PROTECT, null=True, blank=True, related_name="evidence")
    forgiven_at = models.DateTimeField(null=True, blank=True)
    forgiven_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    forgiven_reason = models.CharField(max_length=500, blank=True)

    objects = LateCancellationQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["person", "occasion"], name="late_cancellation_once_for_an_act"),
        ]
        indexes = [models.Index(fields=["person", "at"], name="late_cancellation_person")]

    def __str__(self) -> str:
        return f"{self.person}, {self.at:%d %b %Y, %H:%M} UTC"
