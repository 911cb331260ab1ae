"""People's own entries in their calendar."""

import uuid
from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from appointments.states import Frequency
from core import clock
from core.encryption import EncryptedText


class OwnRecurrence(models.Model):
    """The rule by which an own event repeats. Each of its dates is an event, made when the rule was saved.

    Events say by `occurrence` which date of the rule each is for; one that is missing was deleted alone. The zone is
    the one whose wall clock the rule means.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="own_recurrences")
    frequency = models.CharField(max_length=13, choices=Frequency)
    first = models.DateTimeField(help_text="The start of the first date by the rule.")
    time_zone = models.CharField(max_length=64)
    count = models.PositiveSmallIntegerField(null=True, blank=True)
    until = models.DateField(null=True, blank=True, help_text="The last date, included.")

    class Meta:
        verbose_name = "repetition of own events"
        verbose_name_plural = "repetitions of own events"
        constraints = [
            models.CheckConstraint(
                condition=Q(count__gte=1, until__isnull=True) | Q(count__isnull=True, until__isnull=False),
                name="own_recurrence_ends_by_count_or_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_frequency_display()} from {self.first:%Y-%m-%d %H:%M}"

    @property
    def zone(self) -> ZoneInfo:
        return clock.zone(self.time_zone)


class OwnEventQuerySet(models.QuerySet["OwnEvent"]):
    def between(self, start: datetime, end: datetime) -> "OwnEventQuerySet":
        """The events that meet [start, end)."""
        return self.filter(end__gt=start, start__lt=end)

    def taking_time(self, provider_ids: Collection[int], start: datetime, end: datetime) -> "OwnEventQuerySet":
        """The events of these providers that close time for booking and meet [start, end), each with `provider_id`."""
        rows = self.between(start, end).filter(is_free=False, user__provider__in=list(provider_ids))
        return rows.annotate(provider_id=F("user__provider"))


class OwnEvent(models.Model):
    """A personal entry in somebody's calendar that is no appointment. Only its owner reads the texts.

    Nobody can book a provider in it unless it `is_free`; what was agreed before stays. `is_all_day` says that it was
    given as whole dates of the owner's zone; the instants stay when that changes. `version` rises with every change, so
    that a form knows whether others changed the event since it was shown.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="own_events", db_index=False
    )
    title = EncryptedText(blank=True)
    place = EncryptedText(blank=True)
    description = EncryptedText(blank=True)
    start = models.DateTimeField()
    end = models.DateTimeField()
    recurrence = models.ForeignKey(
        OwnRecurrence, on_delete=models.SET_NULL, null=True, blank=True, related_name="events", editable=False
    )
    occurrence = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    is_all_day = models.BooleanField(default=False)
    is_free = models.BooleanField(default=False, help_text="Takes no time: it can be booked.")
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    changed_at = models.DateTimeField(default=clock.now, editable=False)

    objects = OwnEventQuerySet.as_manager()

    class Meta:
        verbose_name = "own event"
        indexes = [models.Index(fields=["user", "end"], name="own_event_user_end")]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="own_event_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(version__gte=1), name="own_event_has_a_version"),
            models.UniqueConstraint(fields=["recurrence", "occurrence"], name="own_event_one_for_each_date"),
        ]

    def __str__(self) -> str:
        return f"own event {self.start:%Y-%m-%d %H:%M}"

    @property
    def name(self) -> str:
        """The title, or what stands for an empty one."""
        return self.title or "Untitled event"


class DeletedOwnEvent(models.Model):
    """That an own event was deleted lately, so that its form, sent again, does not make it anew. Nothing of what it
    said is kept."""

    uuid = models.UUIDField(unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    deleted_at = models.DateTimeField(editable=False, db_index=True)

    class Meta:
        verbose_name = "deleted own event"

    def __str__(self) -> str:
        return f"deleted own event {self.deleted_at:%Y-%m-%d %H:%M}"
