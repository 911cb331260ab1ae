"""Holds: the rows that take a provider's time."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from appointments.states import HOLD_COLUMNS, HoldKind
from core.constraints import NoOverlap
from providers.models import Provider

from .appointment import Appointment
from .offer import Offer


def columns_of_kind() -> Q:
    """The condition that each kind of hold sets the columns of `HOLD_COLUMNS` and leaves the others of them empty."""
    every = sorted(set().union(*HOLD_COLUMNS.values()))
    wanted = Q()
    for kind, columns in HOLD_COLUMNS.items():
        wanted |= Q(kind=kind.value, **{f"{name}__isnull": name not in columns for name in every})
    return wanted


class Hold(models.Model):
    """A taken range of a provider's time: by an appointment, by a proposal of another time for one until that is
    answered, by an offer of a time to a customer until its deadline, or for ten minutes by somebody who is booking.

    Two holds of one provider never overlap unless they belong to the same appointment; the database refuses it.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="holds")
    kind = models.CharField(max_length=11, choices=HoldKind, default=HoldKind.APPOINTMENT, db_default="appointment")
    start = models.DateTimeField()
    end = models.DateTimeField()
    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, null=True, blank=True, related_name="holds")
    offer = models.OneToOneField(Offer, on_delete=models.CASCADE, null=True, blank=True, related_name="hold")
    # The browser (a hash) that keeps the time while somebody fills in the form.
    browser = models.CharField(max_length=64, null=True, blank=True, unique=True)
    # From then on a kept, proposed or offered time is free, before any job deletes the row.
    expires_at = models.DateTimeField(null=True, blank=True)
    extended = models.BooleanField(default=False)
    # The keeper of the time: an account, or a visitor at an address (a hash). Visitors share a part of each day.
    kept_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    kept_from = models.CharField(max_length=64, blank=True, default="", db_default="")

    class Meta:
        indexes = [models.Index(fields=["provider", "end"], name="hold_provider_end")]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="hold_ends_after_start"),
            models.CheckConstraint(condition=columns_of_kind(), name="hold_columns_of_its_kind"),
            models.UniqueConstraint(fields=["kept_by"], name="hold_one_kept_by_an_account"),
            NoOverlap(key="provider", start="start", end="end", unless_same="appointment", name="hold_no_overlap"),
        ]

    def __str__(self) -> str:
        return f"{self.start:%d %b %Y, %H:%M} UTC to {self.end:%d %b %Y, %H:%M} UTC"
