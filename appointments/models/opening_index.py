"""Tables of the search: an index of each provider's openings, and the counts of its page."""

from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Cast

from providers.models import Category, Provider

# The providers of a block have neighbouring ids; a block's number has its day above this bit.
BLOCK_PROVIDERS = 16
BLOCK_BITS = 40


def block_number(day: int, provider_id: int) -> int:
    """The number of the block that holds a provider's openings of a day. Numbers sort by day, then by provider."""
    return (day << BLOCK_BITS) + provider_id // BLOCK_PROVIDERS


class OpeningIndex(models.Model):
    """The search's index of a provider who can be booked, used instead of their calendar.

    A hint, never a promise: times on pages come from the calendar itself (`docs/decisions/soonest-opening.md`).
    """

    provider = models.OneToOneField(Provider, on_delete=models.CASCADE, primary_key=True, related_name="opening_index")
    next_at = models.DateTimeField(null=True, blank=True, help_text="The soonest opening of any service; empty: none.")
    low_price = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    category = models.ForeignKey(
        Category, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    name_key = models.TextField(blank=True, default="", help_text="The name, folded, by which a list is sorted.")
    words = models.TextField(blank=True, help_text="All that a search for text looks at, folded.")
    refreshed_at = models.DateTimeField()
    stale_at = models.DateTimeField(help_text="When time alone makes this wrong.")

    class Meta:
        verbose_name_plural = "opening index"
        indexes = [
            models.Index(fields=["next_at", "provider"], name="opening_index_next"),
            models.Index(fields=["category", "next_at", "provider"], name="opening_index_category"),
            models.Index(fields=["name_key", "provider"], name="opening_index_name"),
            models.Index(fields=["currency", "low_price", "provider"], name="opening_index_price"),
            models.Index(fields=["stale_at"], name="opening_index_stale"),
        ]


class OpenDay(models.Model):
    """The quarters of an hour of a UTC day in which a provider has openings that start.

    `day` counts from 1 January 2000; bit n of `early` is the n-th quarter after midnight, of `late` after noon.
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="open_days", db_index=False)
    day = models.PositiveSmallIntegerField()
    early = models.PositiveBigIntegerField(default=0)
    late = models.PositiveBigIntegerField(default=0)
    block = models.GeneratedField(
        # The same as `block_number`.
        expression=Cast(F("day"), models.BigIntegerField()) * Value(1 << BLOCK_BITS, models.BigIntegerField())
        + F("provider_id") / Value(BLOCK_PROVIDERS, models.BigIntegerField()),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )

    class Meta:
        indexes = [models.Index(fields=["block", "provider"], name="open_day_block")]
        constraints = [models.UniqueConstraint(fields=["provider", "day"], name="open_day_once_for_provider")]


class OpenBlock(models.Model):
    """The quarters of a UTC day in which one or more of `BLOCK_PROVIDERS` neighbouring providers have openings.

    Each bit of a member's `OpenDay` is set here, too, so that a search can skip blocks whose bits do not fit.
    """

    number = models.BigIntegerField(primary_key=True, help_text="The `block` of its members' days.")
    day = models.PositiveSmallIntegerField()
    early = models.PositiveBigIntegerField(default=0)
    late = models.PositiveBigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["day", "number", "early", "late"], name="open_block_day")]


class SearchFigures(models.Model):
    """The counts of the search page, measured by a job every ten minutes. The table has one row."""

    name = models.CharField(max_length=20, primary_key=True, default="search")
    measured_at = models.DateTimeField()
    figures = models.JSONField()

    class Meta:
        verbose_name_plural = "search figures"
