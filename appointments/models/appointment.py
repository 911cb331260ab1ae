"""The appointment of a customer with a provider, and its queryset."""

import secrets
import uuid
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, FilteredRelation, Q
from django.db.models.functions import Round

from appointments.states import OPEN, ProposalState, Role, Status
from core import clock
from providers.models import Provider, Service, Venue

from . import conditions
from .series import Series

if TYPE_CHECKING:
    from .proposal import Proposal

# No 0, O, 1, I: a reference survives being read out on the phone.
REFERENCE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
REFERENCE_LENGTH = 8


def make_reference() -> str:
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))


def _demands(name: str, states: Q, condition: Q) -> models.CheckConstraint:
    return models.CheckConstraint(condition=~states | condition, name=name)


# The fields that each state demands, as constraints.
STATES_AND_FIELDS = [
    _demands("appointment_requested_has_answer_by", Q(status=Status.REQUESTED), Q(answer_by__isnull=False)),
    _demands("appointment_agreed_has_agreed_at", conditions.AGREED, Q(agreed_at__isnull=False)),
    _demands("appointment_ended_has_closed_at", conditions.ENDED, Q(closed_at__isnull=False)),
    _demands("appointment_cancelled_has_ended_by", Q(status=Status.CANCELLED), ~Q(ended_by="")),
    _demands("appointment_ended_is_settled", conditions.ENDED, Q(refund__isnull=False, fee_due__isnull=False)),
    _demands("appointment_open_is_not_settled", ~conditions.ENDED, Q(refund=None, fee_due=None)),
]


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    """The queryset of appointments, with the filters that are defined in `conditions`, and named preloads."""

    def waiting(self, now: datetime) -> "AppointmentQuerySet":
        return self.filter(conditions.waiting(now))

    def unanswered(self, now: datetime) -> "AppointmentQuerySet":
        return self.filter(conditions.unanswered(now))

    def upcoming(self, now: datetime) -> "AppointmentQuerySet":
        return self.filter(conditions.upcoming(now))

    def ahead(self, now: datetime) -> "AppointmentQuerySet":
        return self.filter(conditions.ahead(now))

    def over(self, now: datetime) -> "AppointmentQuerySet":
        return self.filter(conditions.over(now))

    def counted(self, now: datetime) -> "AppointmentQuerySet":
        return self.filter(conditions.counted(now))

    def taking_time(self, now: datetime) -> "AppointmentQuerySet":
        return self.filter(conditions.taking_time(now))

    def with_people(self) -> "AppointmentQuerySet":
        """Preload both sides, the policy, the service, the series and the open proposal, for a page, a link or a mail
        about one appointment."""
        return self.with_proposal().select_related(
            "provider__user", "provider__policy", "service", "customer", "series"
        )

    def with_provider(self) -> "AppointmentQuerySet":
        """Preload the provider, the service and the open proposal, for a row of a customer's lists."""
        return self.with_proposal().select_related("provider", "service")

    def with_customer(self) -> "AppointmentQuerySet":
        """Preload the customer, the service and the open proposal, for a row of a provider's lists; the caller sets
        the one provider."""
        return self.with_proposal().select_related("customer", "service")

    def with_proposal(self) -> "AppointmentQuerySet":
        """Preload the `open_proposal`. No query more: at most one is open, so that it joins the row."""
        is_open = Q(proposals__state=ProposalState.OPEN)
        rows = self.annotate(open_proposal=FilteredRelation("proposals", condition=is_open))
        return rows.select_related("open_proposal")  # type: ignore[misc] # the plugin knows no filtered relation

    def with_names(self) -> "AppointmentQuerySet":
        """Preload the names of customer and service, the customer's photo and zone, and the open proposal, for a row of
        a provider's day; the caller sets the one provider."""
        own = [field.name for field in Appointment._meta.concrete_fields]
        names = (
            "service__name",
            *(f"customer__{name}" for name in ("name", "photo", "time_zone", "is_active", "leaves_at")),
        )
        return self.with_proposal().select_related("customer", "service").only(*own, *names)

    def for_customer(self, user) -> "AppointmentQuerySet":
        return self.filter(customer=user)

    def for_provider(self, provider) -> "AppointmentQuerySet":
        return self.filter(provider=provider)


class Appointment(models.Model):
    """An appointment, from its request or booking on. Price, currency, fee and its rate are copies and never change.

    Only `services.transitions.apply` assigns `status`, moves `start` and `end` and says what is due once it ended;
    constraints check the fields that each state demands.
    """

    # The proposal that waits for an answer, where the row was loaded by `with_proposal()` and there is one.
    open_proposal: "Proposal | None" = None

    reference = models.CharField(max_length=REFERENCE_LENGTH, unique=True, default=make_reference, editable=False)
    # The UID of the calendar entry, for ever; `sequence` rises with every change of time, state, note or
    # proposed time, not of the link.
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="appointments")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="appointments")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="appointments")
    # The series that the appointment was booked in, if any, and the number of its date in the series' rule.
    series = models.ForeignKey(
        Series, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments", db_index=False
    )
    occurrence = models.PositiveSmallIntegerField(null=True, blank=True)
    status = models.CharField(max_length=9, choices=Status)
    start = models.DateTimeField()
    end = models.DateTimeField()
    price = models.DecimalField(max_digits=12, decimal_places=3)
    currency = models.CharField(max_length=3)
    fee_percent = models.DecimalField(max_digits=6, decimal_places=3, default=Decimal(0), db_default=Decimal(0))
    platform_fee = models.DecimalField(max_digits=12, decimal_places=3, default=Decimal(0))
    # What is due once it ended, by `rules.earnings`; None while it is open.
    refund = models.DecimalField(
        max_digits=12, decimal_places=3, null=True, blank=True, help_text="What of the price is the customer's again."
    )
    fee_due = models.DecimalField(
        max_digits=12, decimal_places=3, null=True, blank=True, help_text="The fee on what is not refunded."
    )
    venue = models.CharField(
        max_length=9,
        choices=Venue,
        blank=True,
        default="",
        db_default="",
        help_text="As agreed; empty: wherever the provider works.",
    )
    # The link by which both join online, and the one of which the customer was told last, each with the moment at which
    # it came (the first: or went, or was known not to come); see `services.join_links`.
    join_link = models.CharField(max_length=200, blank=True, default="", db_default="", editable=False)
    join_link_at = models.DateTimeField(null=True, blank=True, editable=False)
    told_join_link = models.CharField(max_length=200, blank=True, default="", db_default="", editable=False)
    told_join_link_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When the customer first read that a link follows, until they are told that none does.
    link_promised_at = models.DateTimeField(null=True, blank=True, editable=False)
    note = models.TextField(max_length=1000, blank=True, help_text="What the customer asked for.")
    answer_by = models.DateTimeField(null=True, blank=True, help_text="When an unanswered request expires.")
    ended_by = models.CharField(
        max_length=8, choices=Role, blank=True, help_text="Who cancelled, withdrew or declined."
    )
    was_withdrawn = models.BooleanField(default=False, db_default=False, help_text="Taken back before it was answered.")
    will_come_at = models.DateTimeField(
        null=True, blank=True, help_text="The start for which the customer said that they will come."
    )
    agreed_at = models.DateTimeField(null=True, blank=True, help_text="When it was confirmed, whatever came after.")
    closed_at = models.DateTimeField(null=True, blank=True, help_text="When it first reached a state that ends it.")
    entered_by = models.CharField(
        max_length=8,
        choices=Role,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="Who entered it for the customer; empty where they booked or asked themselves.",
    )
    # The form's one-time key, so that a form sent twice makes one appointment.
    booking_key = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["customer", "status", "start"], name="appointment_customer_status"),
            models.Index(fields=["provider", "status", "start"], name="appointment_provider_status"),
            models.Index(fields=["provider", "start"], name="appointment_provider_start"),
            models.Index(fields=["answer_by"], name="appointment_answer_by", condition=Q(status=Status.REQUESTED)),
            models.Index(fields=["start"], name="appointment_to_remind", condition=Q(status=Status.CONFIRMED)),
            models.Index(fields=["end"], name="appointment_to_complete", condition=Q(status=Status.CONFIRMED)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="appointment_ends_after_start"),
            models.CheckConstraint(condition=Q(price__gte=0), name="appointment_price_not_negative"),
            models.CheckConstraint(
                condition=Q(platform_fee__gte=0) & Q(platform_fee__lte=F("price")), name="appointment_fee_within_price"
            ),
            models.CheckConstraint(
                condition=Q(refund=None) | Q(refund__gte=0, refund__lte=F("price")),
                name="appointment_refund_within_price",
            ),
            models.CheckConstraint(
                # Rounded, since SQLite counts in binary fractions.
                condition=Q(fee_due=None) | Q(fee_due__gte=0, fee_due__lte=Round(F("price") - F("refund"), 3)),
                name="appointment_fee_due_within_kept",
            ),
            models.UniqueConstraint(fields=["customer", "booking_key"], name="appointment_booked_once_per_form"),
            models.UniqueConstraint(fields=["series", "occurrence"], name="appointment_once_per_occurrence"),
            models.CheckConstraint(
                condition=Q(series__isnull=True, occurrence__isnull=True)
                | Q(series__isnull=False, occurrence__isnull=False),
                name="appointment_of_series_has_occurrence",
            ),
            *STATES_AND_FIELDS,
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def is_of_share(self) -> bool:
        """Whether it counts on the customer's share: `conditions.OF_SHARE` of the row in hand."""
        return self.series_id is None and not self.entered_by

    @property
    def as_shown(self) -> str:
        """What a page shows that may change under it, for its form to send back: the time, and the new time proposed.

        Needs a row loaded by `with_proposal()`.
        """
        return f"{int(self.start.timestamp())}.{self.open_proposal.uuid if self.open_proposal else ''}"

    @property
    def minutes(self) -> int:
        return int((self.end - self.start).total_seconds() // 60)

    @property
    def venues(self) -> tuple[Venue, ...]:
        """The venue of the appointment; two while it is not decided between them. Needs the provider loaded."""
        return (Venue(self.venue),) if self.venue else self.provider.venues

    @property
    def where(self) -> str:
        """The public name of the place, like "Camden", for the middle of a line."""
        return self.provider.where_of(self.venues)

    @property
    def is_in_person(self) -> bool:
        return Venue.IN_PERSON in self.venues

    @property
    def is_only_online(self) -> bool:
        return self.venues == (Venue.ONLINE,)

    @property
    def joined_by(self) -> str:
        """The link by which both join, while it is confirmed and takes place online; else empty. Needs the provider
        loaded."""
        return self.join_link if self.is_confirmed and self.is_only_online else ""

    @property
    def is_request(self) -> bool:
        return self.status == Status.REQUESTED

    @property
    def is_confirmed(self) -> bool:
        return self.status == Status.CONFIRMED

    @property
    def will_come(self) -> bool:
        """Whether it is confirmed, and its customer said that they will come at the time that it has now."""
        return self.is_confirmed and self.will_come_at == self.start

    @property
    def was_agreed(self) -> bool:
        """Whether the appointment was ever confirmed, whatever its state is now."""
        return self.agreed_at is not None

    def is_unanswered(self, now: datetime) -> bool:
        """Whether this is a request whose time to answer is over, as `conditions.unanswered` says in SQL."""
        return self.is_request and (self.answer_by or self.start) <= now
