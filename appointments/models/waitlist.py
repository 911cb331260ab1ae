"""Places on the waitlists of providers."""

import uuid
from datetime import date, datetime
from typing import Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from appointments.states import ALL_PARTS, ALL_WEEKDAYS, PlaceState
from core import clock
from core.text import validate_line
from providers.models import Provider, Service, Venue

from .appointment import Appointment


class WaitlistPlaceQuerySet(models.QuerySet["WaitlistPlace"]):
    def waiting(self) -> Self:
        """Those that are still on a list, whether or not a time is offered to them."""
        return self.filter(state=PlaceState.WAITING)

    def with_people(self) -> Self:
        """Preload the customer, the service, and the provider with policy and user."""
        return self.select_related("customer", "service", "provider__user", "provider__policy")


class WaitlistPlace(models.Model):
    """A customer's place on a provider's waitlist: for one service, on some dates, weekdays and parts of the day.

    Dates and parts of the day are meant in `time_zone`. With an `appointment` the customer waits for a time before it,
    and taking one moves it there. Places are in the order of their keys: whoever joined first is asked first.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="waitlist_places")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="waitlist_places")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="waitlist_places")
    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, null=True, blank=True, related_name="waitlist_places"
    )
    first_on = models.DateField()
    last_on = models.DateField()
    # Bits: Monday is 1, Sunday 64; morning 1, afternoon 2, evening 4.
    weekdays = models.PositiveSmallIntegerField(
        default=ALL_WEEKDAYS, validators=[MinValueValidator(1), MaxValueValidator(ALL_WEEKDAYS)]
    )
    parts = models.PositiveSmallIntegerField(
        default=ALL_PARTS, validators=[MinValueValidator(1), MaxValueValidator(ALL_PARTS)]
    )
    time_zone = models.CharField(max_length=64, validators=[clock.validate_zone])
    venue = models.CharField(max_length=9, choices=Venue, blank=True, default="", help_text="Empty: either.")
    state = models.CharField(max_length=7, choices=PlaceState, default=PlaceState.WAITING)
    reason = models.CharField(
        max_length=200, blank=True, default="", validators=[validate_line], help_text="Why the provider removed it."
    )
    # The one-time key of the program's call that made it, so that a repeated call makes no second one.
    made_by_key = models.UUIDField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = WaitlistPlaceQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["provider", "id"], name="place_of_provider", condition=Q(state=PlaceState.WAITING)),
            models.Index(fields=["customer", "-id"], name="place_of_customer"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "service"],
                condition=Q(state=PlaceState.WAITING, appointment=None),
                name="place_once_for_service",
            ),
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(state=PlaceState.WAITING), name="place_once_for_appointment"
            ),
            models.UniqueConstraint(fields=["customer", "made_by_key"], name="place_made_once_by_key"),
            models.CheckConstraint(condition=Q(last_on__gte=F("first_on")), name="place_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(weekdays__gte=1, weekdays__lte=ALL_WEEKDAYS, parts__gte=1, parts__lte=ALL_PARTS),
                name="place_wants_a_day_and_a_part",
            ),
            models.CheckConstraint(
                condition=Q(state=PlaceState.WAITING, closed_at__isnull=True)
                | (~Q(state=PlaceState.WAITING) & Q(closed_at__isnull=False)),
                name="place_closed_has_closed_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_on} to {self.last_on}"

    @property
    def zone(self) -> ZoneInfo:
        return clock.zone(self.time_zone)

    @property
    def is_waiting(self) -> bool:
        return self.state == PlaceState.WAITING

    def is_over(self, now: datetime) -> bool:
        """Whether its last date is over, where it is meant."""
        today: date = clock.local(now, self.zone).date()
        return self.last_on < today
