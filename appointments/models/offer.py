"""Times that are offered to one customer and held for them until a deadline."""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from appointments.states import OfferState
from core import clock
from providers.models import Provider, Service

from .appointment import Appointment
from .waitlist import WaitlistPlace


class OfferQuerySet(models.QuerySet["Offer"]):
    def open(self) -> Self:
        """Those that nobody took or closed, whether or not their deadline is over."""
        return self.filter(state=OfferState.OPEN)

    def live(self, now: datetime) -> Self:
        """Those that can still be taken."""
        return self.filter(state=OfferState.OPEN, expires_at__gt=now)

    def expired(self, now: datetime) -> Self:
        """Those whose deadline is over but which are not marked as expired yet."""
        return self.filter(state=OfferState.OPEN, expires_at__lte=now)


class Offer(models.Model):
    """A time of a provider that is offered to one customer, who may take it before `expires_at`.

    Until then a hold keeps it, which is in everybody's way but the customer's. Those that are offered instead of the
    same appointment belong together: whoever takes one passes the others. To a place on a waitlist one is offered at a
    time; where that place is for an earlier time of an appointment, taking it moves that.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="offers")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="offers")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="offers")
    start = models.DateTimeField()
    end = models.DateTimeField()
    # What it stands for: an appointment that was called off, or a place on the provider's waitlist.
    instead_of = models.ForeignKey(Appointment, on_delete=models.PROTECT, null=True, blank=True, related_name="offers")
    place = models.ForeignKey(WaitlistPlace, on_delete=models.PROTECT, null=True, blank=True, related_name="offers")
    by_hand = models.BooleanField(
        default=False, db_default=False, help_text="Whether the provider chose the customer for it."
    )
    # Of the link in the mail, which shows and takes it without signing in.
    token_hash = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    # The appointment that it has become.
    taken_as = models.OneToOneField(
        Appointment, on_delete=models.PROTECT, null=True, blank=True, related_name="taken_offer"
    )
    state = models.CharField(max_length=9, choices=OfferState, default=OfferState.OPEN)
    expires_at = models.DateTimeField(help_text="From then on it is open to everybody.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        ordering = ["start", "id"]
        indexes = [
            models.Index(fields=["expires_at"], name="offer_expires_at", condition=Q(state=OfferState.OPEN)),
            models.Index(fields=["provider", "start"], name="offer_of_provider", condition=Q(state=OfferState.OPEN)),
            models.Index(fields=["customer"], name="offer_to_customer", condition=Q(state=OfferState.OPEN)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["instead_of", "start"], name="offer_once_instead_of_one"),
            models.UniqueConstraint(
                fields=["place"], condition=Q(state=OfferState.OPEN), name="offer_one_open_for_a_place"
            ),
            models.CheckConstraint(
                condition=Q(instead_of__isnull=False, place__isnull=True)
                | Q(instead_of__isnull=True, place__isnull=False),
                name="offer_for_one_thing",
            ),
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="offer_ends_after_start"),
            models.CheckConstraint(condition=Q(expires_at__lte=F("start")), name="offer_expires_before_start"),
            models.CheckConstraint(
                condition=Q(state=OfferState.OPEN, closed_at__isnull=True)
                | (~Q(state=OfferState.OPEN) & Q(closed_at__isnull=False)),
                name="offer_closed_has_closed_at",
            ),
            models.CheckConstraint(
                # Who waits for an earlier time has the appointment already, and it moves.
                condition=Q(state=OfferState.TAKEN) & (Q(taken_as__isnull=False) | Q(place__isnull=False))
                | (~Q(state=OfferState.TAKEN) & Q(taken_as__isnull=True)),
                name="offer_taken_as_an_appointment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start:%d %b %Y, %H:%M} UTC"

    @property
    def booked_until(self) -> datetime:
        """The end of the appointment that taking it makes, by the present length of the service. Needs that loaded."""
        return self.start + timedelta(minutes=self.service.duration_minutes)

    @property
    def is_open(self) -> bool:
        return self.state == OfferState.OPEN

    @property
    def is_promised(self) -> bool:
        """Whether the provider has agreed by offering it, so that it is confirmed at once when it is taken.

        A waitlist offers by itself, and who answers requests by hand has not seen who takes the time.
        """
        return self.place_id is None or self.by_hand

    @property
    def group(self) -> tuple[str, int | None]:
        """What it belongs to: offers of one group are passed together."""
        return ("place", self.place_id) if self.place_id else ("instead_of", self.instead_of_id)

    def is_live(self, now: datetime) -> bool:
        """Whether it can still be taken. That is over with its time, before the job marks it as expired."""
        return self.is_open and self.expires_at > now
