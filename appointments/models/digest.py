"""A provider's wish to be mailed the next day, the evening before."""

from django.db import models
from django.db.models import Q

from providers.models import Provider

# The earliest and the latest time of day at which it may be sent, in minutes after midnight. No zone's clocks skip one
# of these, so that each comes on each day.
EARLIEST, LATEST, USUAL = 12 * 60, 22 * 60, 18 * 60


class Digest(models.Model):
    """The evening digest of a provider who wants it; without a row none is sent.

    It goes at `minute` after midnight on the provider's clocks. `told` is the date of the last one that was published:
    for each date there is one at most.
    """

    provider = models.OneToOneField(Provider, on_delete=models.CASCADE, primary_key=True, related_name="digest")
    minute = models.PositiveSmallIntegerField(default=USUAL, help_text="Minutes after midnight, on their clocks.")
    also_empty = models.BooleanField(default=False, help_text="Also before a day on which nothing is booked.")
    told = models.DateField(null=True, blank=True, editable=False, help_text="The day told last.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(minute__gte=EARLIEST, minute__lte=LATEST), name="digest_in_the_evening")
        ]

    def __str__(self) -> str:
        return f"Evening digest of {self.provider_id}"
