"""Series: appointments that repeat by a rule, booked in one act."""

import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Q

from appointments.states import Frequency, LeftOut
from core import clock
from providers.models import MOST_OCCURRENCES, Provider, Service


class SeriesQuerySet(models.QuerySet["Series"]):
    def with_people(self) -> "SeriesQuerySet":
        """Preload both sides, the policy and the service."""
        return self.select_related("provider__user", "provider__policy", "service", "customer")


class Series(models.Model):
    """A series: its rule and its two sides. Only the rule's end (`count`, `until`) moves on, when dates are added.

    Its appointments say by `occurrence` which date of the rule each is for; `left_out` says which were not booked. The
    zone is the one whose wall clock the rule means, so that a later move of the provider changes no sentence about it.
    """

    # Of a customer's list: the number of appointments ahead and in all, and the next start.
    ahead: int = 0
    in_all: int = 0
    next: datetime | None = None

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="series")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="series")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="series")
    frequency = models.CharField(max_length=13, choices=Frequency)
    first = models.DateTimeField(help_text="The first start by the rule, whether it was booked or not.")
    time_zone = models.CharField(max_length=64)
    count = models.PositiveSmallIntegerField(null=True, blank=True)
    until = models.DateField(null=True, blank=True, help_text="The last date, included.")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "series"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["customer", "created_at"], name="series_customer"),
            models.Index(fields=["provider", "created_at"], name="series_provider"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(count__isnull=False, until__isnull=True) | Q(count__isnull=True, until__isnull=False),
                name="series_ends_by_count_or_date",
            ),
            models.CheckConstraint(
                condition=Q(count__isnull=True) | Q(count__gte=1, count__lte=MOST_OCCURRENCES),
                name="series_has_at_most_52",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_frequency_display()} from {self.first:%d %b %Y}"

    @property
    def zone(self) -> ZoneInfo:
        return clock.zone(self.time_zone)


class LeftOutDate(models.Model):
    """A date of a series' rule that was not booked, with the reason that its customer read."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="left_out", db_index=False)
    occurrence = models.PositiveSmallIntegerField()
    start = models.DateTimeField()
    reason = models.CharField(max_length=6, choices=LeftOut)

    class Meta:
        ordering = ["occurrence"]
        constraints = [
            models.UniqueConstraint(fields=["series", "occurrence"], name="series_leaves_a_date_out_once"),
        ]

    def __str__(self) -> str:
        return f"{self.start:%d %b %Y}: {self.get_reason_display()}"
