"""Appointments, the holds that keep their time, and their history."""

import secrets
import uuid
from datetime import datetime
from decimal import Decimal
from typing import NoReturn

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core import clock
from core.constraints import NoOverlap
from providers.models import Provider, Service, Venue

from .states import OPEN, Role, Status, Verb

# No 0, O, 1, I: a reference survives being read out on the phone.
REFERENCE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
REFERENCE_LENGTH = 8


def make_reference() -> str:
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def open(self) -> "AppointmentQuerySet":
        return self.filter(status__in=OPEN)

    def for_customer(self, user) -> "AppointmentQuerySet":
        return self.filter(customer=user)

    def for_provider(self, provider) -> "AppointmentQuerySet":
        return self.filter(provider=provider)


class Appointment(models.Model):
    """What customer and provider agreed on. Price, currency and fee are copies and never change.

    `status` is assigned by `services.life._move` alone.
    """

    reference = models.CharField(max_length=REFERENCE_LENGTH, unique=True, default=make_reference, editable=False)
    # Names the calendar entry for ever; `sequence` rises with every change of time or state.
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="appointments")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="appointments")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="appointments")
    status = models.CharField(max_length=9, choices=Status)
    start = models.DateTimeField()
    end = models.DateTimeField()
    price = models.DecimalField(max_digits=12, decimal_places=3)
    currency = models.CharField(max_length=3)
    platform_fee = models.DecimalField(max_digits=12, decimal_places=3, default=Decimal(0))
    venue = models.CharField(
        max_length=9,
        choices=Venue,
        blank=True,
        default="",
        db_default="",
        help_text="As agreed; empty: wherever the provider works.",
    )
    note = models.TextField(max_length=1000, blank=True, help_text="What the customer asked for.")
    answer_by = models.DateTimeField(null=True, blank=True, help_text="When an unanswered request expires.")
    ended_by = models.CharField(max_length=8, choices=Role, blank=True, help_text="Who cancelled or withdrew.")
    was_withdrawn = models.BooleanField(default=False, db_default=False, help_text="Taken back before it was answered.")
    closed_at = models.DateTimeField(null=True, blank=True, help_text="When it first reached a state that ends it.")
    # The form's one-time key: the same form sent twice makes one appointment.
    booking_key = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["customer", "status", "start"], name="appointment_customer_status"),
            models.Index(fields=["provider", "status", "start"], name="appointment_provider_status"),
            models.Index(fields=["provider", "start"], name="appointment_provider_start"),
            models.Index(fields=["answer_by"], name="appointment_answer_by", condition=Q(status=Status.REQUESTED)),
            models.Index(fields=["end"], name="appointment_to_complete", condition=Q(status=Status.CONFIRMED)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="appointment_ends_after_start"),
            models.CheckConstraint(condition=Q(price__gte=0), name="appointment_price_not_negative"),
            models.CheckConstraint(
                condition=Q(platform_fee__gte=0) & Q(platform_fee__lte=F("price")), name="appointment_fee_within_price"
            ),
            models.UniqueConstraint(fields=["customer", "booking_key"], name="appointment_booked_once_per_form"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def minutes(self) -> int:
        return int((self.end - self.start).total_seconds() // 60)

    @property
    def venues(self) -> tuple[Venue, ...]:
        """Where it takes place: one, unless nobody ever said which of two. Needs the provider loaded."""
        return (Venue(self.venue),) if self.venue else self.provider.venues

    @property
    def where(self) -> str:
        """ "Camden": what everybody may know of the place, for the middle of a line."""
        return self.provider.where_of(self.venues)

    @property
    def is_in_person(self) -> bool:
        return Venue.IN_PERSON in self.venues

    @property
    def is_request(self) -> bool:
        return self.status == Status.REQUESTED

    @property
    def is_confirmed(self) -> bool:
        return self.status == Status.CONFIRMED

    def is_unanswered(self, now: datetime) -> bool:
        """A request whose time to answer is over, whether or not the job has marked it yet."""
        return self.status == Status.REQUESTED and (self.start <= now or (self.answer_by or self.start) <= now)


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

    class Meta:
        indexes = [models.Index(fields=["provider", "end"], name="hold_provider_end")]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="hold_ends_after_start"),
            models.CheckConstraint(
                condition=Q(appointment__isnull=False, browser__isnull=True, expires_at__isnull=True)
                | Q(appointment__isnull=True, browser__isnull=False, expires_at__isnull=False),
                name="hold_has_one_reason",
            ),
            NoOverlap(key="provider", start="start", end="end", unless_same="appointment", name="hold_no_overlap"),
        ]

    def __str__(self) -> str:
        return f"{self.start:%d %b %Y, %H:%M} UTC to {self.end:%d %b %Y, %H:%M} UTC"


class HistoryQuerySet(models.QuerySet["AppointmentEvent"]):
    def update(self, **kwargs) -> NoReturn:
        raise TypeError("History is never changed.")

    def delete(self) -> NoReturn:
        raise TypeError("History is never deleted.")


class AppointmentEvent(models.Model):
    """One entry of an appointment's history: who, when, from, to, why. Written once, never changed."""

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="history")
    at = models.DateTimeField()
    verb = models.CharField(max_length=8, choices=Verb)
    role = models.CharField(max_length=8, choices=Role)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    from_status = models.CharField(max_length=9, choices=Status, blank=True)
    to_status = models.CharField(max_length=9, choices=Status)
    # The appointment's time when this happened, so that the entry reads true after a later move.
    start = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True)

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


class OpeningIndex(models.Model):
    """What the search knows of a provider who can be booked, without looking at their calendar.

    A hint, never a promise: times on pages come from the calendar itself (`docs/decisions/soonest-opening.md`).
    """

    provider = models.OneToOneField(Provider, on_delete=models.CASCADE, primary_key=True, related_name="opening_index")
    next_at = models.DateTimeField(null=True, blank=True, help_text="The soonest opening of any service; empty: none.")
    low_price = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    words = models.TextField(blank=True, help_text="All that a search for text looks at, folded.")
    refreshed_at = models.DateTimeField()
    stale_at = models.DateTimeField(help_text="When time alone makes this wrong.")

    class Meta:
        verbose_name_plural = "opening index"
        indexes = [
            models.Index(fields=["next_at", "provider"], name="opening_index_next"),
            models.Index(fields=["stale_at"], name="opening_index_stale"),
        ]


class OpenDay(models.Model):
    """In which quarters of an hour of a UTC day a provider has openings that start there.

    `day` counts from 1 January 2000; bit n of `early` is the n-th quarter after midnight, of `late` after noon.
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="open_days", db_index=False)
    day = models.PositiveSmallIntegerField()
    early = models.PositiveBigIntegerField(default=0)
    late = models.PositiveBigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["day"], name="open_day_day")]
        constraints = [models.UniqueConstraint(fields=["provider", "day"], name="open_day_once_for_provider")]


class SearchFigures(models.Model):
    """Counts for the search page, measured by a job every ten minutes. One row."""

    name = models.CharField(max_length=20, primary_key=True, default="search")
    measured_at = models.DateTimeField()
    figures = models.JSONField()

    class Meta:
        verbose_name_plural = "search figures"
