"""Providers, the services they offer, and the hours they are open."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from accounts.models import TAKES_PART, User, taking_part
from core import clock, money
from core.constraints import NoOverlap
from core.encryption import EncryptedText
from core.text import validate_line, validate_text

MINUTES_A_DAY = clock.END_OF_DAY
MOST_SERVICES = 60
# A product rule: the fewest and the most appointments of a series, and the most unless the provider says otherwise.
FEWEST_OCCURRENCES, MOST_OCCURRENCES, USUAL_OCCURRENCES = 2, 52, 12
MOST_OVERRIDES = 200
MOST_RANGES_A_DAY = 8


class Category(models.Model):
    name = models.CharField(max_length=60, unique=True, validators=[validate_line])
    slug = models.SlugField(max_length=60, unique=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Listing(models.TextChoices):
    """Whether customers can find and book a provider."""

    DRAFT = "draft", "Draft"
    LIVE = "live", "Live"
    PAUSED = "paused", "Paused"
    HIDDEN = "hidden", "Hidden by staff"


class CalendarState(models.TextChoices):
    """How a provider's connected calendar stands."""

    NONE = "", "Not connected"
    WORKING = "working", "Connected"
    FAILING = "failing", "Not read just now"
    SIGN_IN_AGAIN = "sign_in_again", "Sign in again"


# The listings whose pages anybody may open.
PUBLIC_LISTINGS = [Listing.LIVE, Listing.PAUSED]


class Venue(models.TextChoices):
    """The two ways to meet."""

    IN_PERSON = "in_person", "In person"
    ONLINE = "online", "Online"


class ProviderQuerySet(models.QuerySet["Provider"]):
    def public(self) -> "ProviderQuerySet":
        """Providers whose page anybody may open: live or paused, of a person who takes part."""
        return self.filter(taking_part("user__"), listing__in=PUBLIC_LISTINGS)

    def for_pages(self) -> "ProviderQuerySet":
        """Providers with all that a page about one of them reads: the person, the policy, the category."""
        return self.select_related("user", "policy", "category")

    def bookable(self) -> "ProviderQuerySet":
        """Providers who take bookings. Looks up the few who take no part, instead of joining all accounts."""
        live = self.filter(listing=Listing.LIVE, calendar_stopped_at=None)
        return live.exclude(user__in=User.objects.exclude(TAKES_PART))


class Provider(models.Model):
    """A person's page, with what it offers. Their photo is the account's own (`user.photo`).

    `steps_done` names the steps of becoming a provider that were saved. The slug changes with the name while
    the page is a draft and never after.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="provider")
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120, validators=[validate_line], help_text="As customers read it.")
    trade = models.CharField(max_length=80, blank=True, validators=[validate_line])
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, blank=True, related_name="providers")
    about = models.TextField(max_length=2000, blank=True, validators=[validate_text])
    languages = models.CharField(max_length=120, blank=True, validators=[validate_line])
    is_online = models.BooleanField(default=False)
    is_in_person = models.BooleanField(default=False)
    place = models.CharField(
        max_length=80, blank=True, validators=[validate_line], help_text="A district or town, shown to everybody."
    )
    address = models.CharField(
        max_length=200, blank=True, validators=[validate_line], help_text="Told to customers who have an appointment."
    )
    time_zone = models.CharField(max_length=64, validators=[clock.validate_zone])
    listing = models.CharField(max_length=8, choices=Listing, default=Listing.DRAFT)
    live_since = models.DateTimeField(null=True, blank=True)
    # Copies of what the connections to calendars say of themselves, so that each studio page and each booking knows it
    # without a query: how they stand, how old the oldest copy of a calendar is, and since when that stops bookings.
    calendar_state = models.CharField(max_length=16, choices=CalendarState, blank=True, default="", editable=False)
    calendar_read_at = models.DateTimeField(null=True, blank=True, editable=False)
    calendar_stopped_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Whether bookings are stopped because this site requires a calendar that is read, and none is.
    calendar_is_missing = models.BooleanField(default=False, db_default=False, editable=False)
    # A copy of the rates in `FeeRate` that are not withdrawn, as [instant, percent] in order, so that each booking
    # knows them without a query. Only `services.fee_rates` writes it.
    fee_rates = models.JSONField(default=list, db_default=[], blank=True, editable=False)
    steps_done = models.JSONField(default=list, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = ProviderQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["listing", "category"], name="provider_listing_category")]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return clock.zone(self.time_zone)

    @property
    def first_name(self) -> str:
        return self.name.split()[0] if self.name.split() else self.name

    @property
    def is_live(self) -> bool:
        return self.listing == Listing.LIVE

    @property
    def is_draft(self) -> bool:
        return self.listing == Listing.DRAFT

    @property
    def is_public(self) -> bool:
        """Whether anybody may open the page, as `public()` says in SQL. Needs the person loaded."""
        return self.listing in PUBLIC_LISTINGS and self.user.takes_part

    @property
    def takes_bookings(self) -> bool:
        """Whether the page is live, no calendar stops it, and its person takes part. Needs the person loaded."""
        return self.is_live and self.calendar_stopped_at is None and self.user.takes_part

    @property
    def venues(self) -> tuple[Venue, ...]:
        offered = ((Venue.IN_PERSON, self.is_in_person), (Venue.ONLINE, self.is_online))
        return tuple(venue for venue, is_offered in offered if is_offered)

    def fee_percent_at(self, moment: datetime) -> Decimal:
        """The percentage of the price that the platform keeps of what is booked at `moment`."""
        own = [percent for since, percent in self.fee_rates if datetime.fromisoformat(since) <= moment]
        return settings.PLATFORM_FEE_PERCENT if not own or own[-1] is None else Decimal(own[-1])

    @property
    def where(self) -> str:
        """The venues as text for the middle of a line: "Camden or online"."""
        return self.where_of(self.venues)

    def where_of(self, venues: Iterable[str]) -> str:
        """The venues as text for everybody; the address is only for people who have an appointment."""
        words = {Venue.IN_PERSON: self.place or "in person", Venue.ONLINE: "online"}
        return " or ".join(words[Venue(venue)] for venue in venues)


class Pricing(models.TextChoices):
    FIXED = "fixed", "For the appointment"
    HOURLY = "hourly", "By the hour"


class Confirmation(models.TextChoices):
    """How a service confirms requests; `POLICY` follows the provider's booking policy."""

    POLICY = "policy", "As in my policies"
    AT_ONCE = "at_once", "Confirm straight away"
    BY_HAND = "by_hand", "I answer each request"


class Service(models.Model):
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="services")
    name = models.CharField(max_length=80, validators=[validate_line])
    slug = models.SlugField(max_length=80)
    description = models.TextField(max_length=600, blank=True, validators=[validate_text])
    duration_minutes = models.PositiveSmallIntegerField(validators=[MinValueValidator(5), MaxValueValidator(720)])
    buffer_before_minutes = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(240)])
    buffer_after_minutes = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(240)])
    # The grid on which starts fall; empty means one start per duration.
    slot_interval_minutes = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(5), MaxValueValidator(720)]
    )
    pricing = models.CharField(max_length=6, choices=Pricing, default=Pricing.FIXED)
    price = models.DecimalField(max_digits=12, decimal_places=3, validators=[MinValueValidator(Decimal(0))])
    currency = models.CharField(max_length=3, default="GBP", validators=[money.validate_currency])
    confirmation = models.CharField(max_length=7, choices=Confirmation, default=Confirmation.POLICY)
    venue = models.CharField(
        max_length=9, choices=Venue, blank=True, default="", db_default="", help_text="Empty: all that the page says."
    )
    repeats = models.BooleanField(default=False, db_default=False, help_text="Whether customers may book a series.")
    max_occurrences = models.PositiveSmallIntegerField(
        default=USUAL_OCCURRENCES,
        db_default=USUAL_OCCURRENCES,
        validators=[MinValueValidator(FEWEST_OCCURRENCES), MaxValueValidator(MOST_OCCURRENCES)],
        help_text="The most appointments of a series.",
    )
    requests_beyond_window = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether dates of a series beyond the booking window may be requested.",
    )
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    # The one-time key of the program's call that made it, so that a repeated call makes no second one.
    made_by_key = models.UUIDField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "made_by_key"], name="service_made_once_by_key"),
            models.UniqueConstraint(fields=["provider", "slug"], name="service_slug_unique_for_provider"),
            models.CheckConstraint(condition=Q(duration_minutes__gt=0), name="service_has_a_duration"),
            models.CheckConstraint(
                condition=Q(slot_interval_minutes__isnull=True) | Q(slot_interval_minutes__gt=0),
                name="service_grid_moves_on",
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="service_price_not_negative"),
            models.CheckConstraint(
                condition=Q(max_occurrences__gte=FEWEST_OCCURRENCES, max_occurrences__lte=MOST_OCCURRENCES),
                name="service_series_of_2_to_52",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Check that the price has no more digits than its currency."""
        price: Decimal | None = self.price  # a form leaves it empty when it was no amount
        if price is not None and self.currency in money.CURRENCIES:
            try:
                self.price = money.validate_amount(price, self.currency)
            except ValidationError as error:
                raise ValidationError({"price": error}) from None

    @property
    def grid_minutes(self) -> int:
        return self.slot_interval_minutes or self.duration_minutes

    @property
    def venues(self) -> tuple[Venue, ...]:
        """The venues of an appointment; of two the customer chooses one."""
        return (Venue(self.venue),) if self.venue else self.provider.venues

    @property
    def where(self) -> str:
        return self.provider.where_of(self.venues)

    def confirms_at_once(self, policy: "BookingPolicy") -> bool:
        if self.confirmation == Confirmation.POLICY:
            return policy.accepts_at_once
        return self.confirmation == Confirmation.AT_ONCE


class WorkingHours(models.Model):
    """One range of a weekday, in wall-clock minutes after midnight in the provider's zone; 1440 is the day's end."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="working_hours")
    weekday = models.PositiveSmallIntegerField(validators=[MaxValueValidator(6)], help_text="Monday is 0.")
    start_minute = models.PositiveSmallIntegerField()
    end_minute = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["weekday", "start_minute"]
        verbose_name_plural = "working hours"
        constraints = [
            models.CheckConstraint(
                condition=Q(end_minute__gt=F("start_minute"), end_minute__lte=MINUTES_A_DAY, weekday__lte=6),
                name="working_hours_are_a_range_of_a_day",
            )
        ]

    def __str__(self) -> str:
        return f"weekday {self.weekday}, minutes {self.start_minute} to {self.end_minute}"


class DateOverride(models.Model):
    """Hours that differ from the week, or none, on every date from `start_on` to `end_on`, both included.

    `ranges` is a sorted list of [start_minute, end_minute]; an empty list means closed.
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="date_overrides")
    start_on = models.DateField()
    end_on = models.DateField()
    ranges = models.JSONField(default=list, blank=True)
    note = models.CharField(max_length=120, blank=True, validators=[validate_line], help_text="Only you see this.")
    # The one-time key of the program's call that made it, so that a repeated call makes no second one.
    made_by_key = models.UUIDField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["start_on"]
        indexes = [models.Index(fields=["provider", "end_on"], name="override_provider_end")]
        constraints = [
            models.CheckConstraint(condition=Q(end_on__gte=F("start_on")), name="override_ends_after_it_starts"),
            models.UniqueConstraint(fields=["provider", "start_on"], name="override_start_unique_for_provider"),
            models.UniqueConstraint(fields=["provider", "made_by_key"], name="override_made_once_by_key"),
        ]

    def __str__(self) -> str:
        return f"{self.start_on} to {self.end_on}"

    def clean(self) -> None:
        """Check that `ranges` are pairs of minutes of a day, in order and apart."""
        last = -1
        for pair in self.ranges if isinstance(self.ranges, list) else [None]:
            start, end = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
            if type(start) is not int or type(end) is not int or not last < start < end <= MINUTES_A_DAY:
                raise ValidationError({"ranges": "Enter pairs of minutes after midnight, like [[540, 1020]]."})
            last = end

    @property
    def is_closed(self) -> bool:
        return not self.ranges

    def dates_between(self, first: date, last: date) -> list[date]:
        """The dates of this override from `first` to `last`, both included."""
        start, end = max(self.start_on, first), min(self.end_on, last)
        return [start + timedelta(days=n) for n in range((end - start).days + 1)]


class TimeOff(models.Model):
    """A time when the provider is away, whatever the hours say. Nobody can book it; what was agreed before may stay.

    `all_day` says that it was given as whole dates of the provider's zone. The instants stay when the zone changes.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="time_off")
    start = models.DateTimeField()
    end = models.DateTimeField()
    all_day = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True, validators=[validate_line], help_text="Only you see this.")
    public_word = models.CharField(
        max_length=120, blank=True, validators=[validate_line], help_text="On the public page: Back on 12 January."
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "time off"
        indexes = [models.Index(fields=["provider", "end"], name="time_off_provider_end")]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="time_off_ends_after_it_starts"),
            NoOverlap(key="provider", start="start", end="end", name="time_off_no_overlap"),
        ]

    def __str__(self) -> str:
        return f"{self.start:%d %b %Y, %H:%M} UTC to {self.end:%d %b %Y, %H:%M} UTC"


class BookingPolicy(models.Model):
    """A provider's own rules of booking, with the defaults of a new provider. None means no limit."""

    LONGEST_LEAD = 60 * MINUTES_A_DAY

    provider = models.OneToOneField(Provider, on_delete=models.CASCADE, related_name="policy")
    notice_minutes = models.PositiveIntegerField(default=120, validators=[MaxValueValidator(LONGEST_LEAD)])
    window_days = models.PositiveSmallIntegerField(
        default=60, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    max_per_day = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(500)]
    )
    max_open = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5000)]
    )
    accepts_at_once = models.BooleanField(default=True)
    answer_minutes = models.PositiveIntegerField(
        default=48 * 60, validators=[MinValueValidator(15), MaxValueValidator(LONGEST_LEAD)]
    )
    cancellation_cutoff_minutes = models.PositiveIntegerField(default=120, validators=[MaxValueValidator(LONGEST_LEAD)])
    reschedule_cutoff_minutes = models.PositiveIntegerField(default=120, validators=[MaxValueValidator(LONGEST_LEAD)])
    max_waiting_per_customer = models.PositiveSmallIntegerField(
        "most unanswered requests of one customer",
        default=3,
        db_default=3,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    max_week_per_customer = models.PositiveSmallIntegerField(
        "most appointments of one customer in any 7 days",
        default=5,
        db_default=5,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    no_show_limit = models.PositiveSmallIntegerField(
        "no-shows that stop a customer from booking",
        null=True,
        blank=True,
        default=3,
        db_default=3,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )

    waitlist_minutes = models.PositiveSmallIntegerField(
        "minutes for which a time is kept for somebody on the waitlist",
        default=30,
        db_default=30,
        validators=[MinValueValidator(10), MaxValueValidator(24 * 60)],
    )
    waitlist_at_night = models.BooleanField("ask people on the waitlist at night, too", default=False, db_default=False)

    class Meta:
        verbose_name_plural = "booking policies"

    def __str__(self) -> str:
        return f"Policy of {self.provider}"


class CustomerAllowance(models.Model):
    """A customer to whom the provider does not apply the limits per customer of `BookingPolicy`."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="allowances")
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "customer"], name="customer_allowance_once_for_provider")
        ]

    def __str__(self) -> str:
        return f"{self.provider} lifts the limits for {self.customer}"


class CustomerNote(models.Model):
    """A dated note of the provider about one of their customers. Nobody but the provider reads it, staff neither.

    `version` rises with every change, so that a form knows whether the note changed since it was shown.
    """

    LONGEST = 2000

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="customer_notes", db_index=False)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    text = EncryptedText()
    version = models.PositiveIntegerField(default=1, editable=False)
    written_at = models.DateTimeField(default=clock.now, editable=False)
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-written_at", "-id"]
        indexes = [models.Index(fields=["provider", "customer"], name="customer_note_of_provider")]

    def __str__(self) -> str:
        return f"note of {self.written_at:%Y-%m-%d %H:%M}"


class CustomerBlockQuerySet(models.QuerySet["CustomerBlock"]):
    def open(self) -> "CustomerBlockQuerySet":
        """Those that keep a customer from booking now."""
        return self.filter(lifted_at=None)


class CustomerBlock(models.Model):
    """A customer of whom the provider takes no bookings, from `since` until it is lifted. Rows are kept as history.

    The reason is the provider's own: no page, mail or export of the customer shows it.
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="blocks")
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.TextField(max_length=500, blank=True, validators=[validate_text])
    since = models.DateTimeField(default=clock.now, editable=False)
    blocked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = CustomerBlockQuerySet.as_manager()

    class Meta:
        ordering = ["-since", "-id"]
        indexes = [models.Index(fields=["customer", "provider"], name="customer_block_customer")]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "customer"], condition=Q(lifted_at=None), name="customer_block_one_open"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None) | Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="customer_block_lifted_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} takes no bookings of {self.customer}"

    @property
    def is_open(self) -> bool:
        return self.lifted_at is None


class PageDecision(models.Model):
    """What staff decided about a provider's page, and why. Rows are kept as history."""

    class Decided(models.TextChoices):
        REVIEWED = "reviewed", "Reviewed"
        PAUSED = "paused", "Paused"
        HIDDEN = "hidden", "Hidden"
        SHOWN = "shown", "Shown again"

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="decisions")
    decided = models.CharField("what was decided", max_length=8, choices=Decided)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField(max_length=500, validators=[validate_text])

    class Meta:
        verbose_name = "decision about a page"
        verbose_name_plural = "decisions about pages"
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider"], condition=Q(decided="reviewed"), name="page_decision_reviewed_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_decided_display()}, {self.at:%d %b %Y}"


class FeeRateQuerySet(models.QuerySet["FeeRate"]):
    def standing(self) -> "FeeRateQuerySet":
        """Those that count, or will: all that were not withdrawn."""
        return self.filter(withdrawn_at=None)


class FeeRate(models.Model):
    """The percentage that the platform keeps of a provider's prices from a moment on, until the next rate's moment.

    It counts for what is booked from then on, and never for what was booked before. Without a percentage the platform's
    usual one counts again. Rows are kept as history; one whose moment has not come can be withdrawn.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    percent = models.DecimalField(
        max_digits=6,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
        help_text="Of each price. Empty: the platform's usual one.",
    )
    starts_at = models.DateTimeField("from")
    reason = models.TextField(max_length=500, validators=[validate_text])
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField("set at", default=clock.now, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdrawn_reason = models.TextField(max_length=500, blank=True)

    objects = FeeRateQuerySet.as_manager()

    class Meta:
        verbose_name = "fee of a provider"
        verbose_name_plural = "fees of providers"
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "starts_at"], condition=Q(withdrawn_at=None), name="fee_rate_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(percent=None) | Q(percent__gte=0, percent__lte=100), name="fee_rate_is_a_percentage"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False, withdrawn_at__lt=F("starts_at")),
                name="fee_rate_withdrawn_before_it_counts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {money.percent_text(self.percent) if self.percent is not None else 'the usual fee'}"
