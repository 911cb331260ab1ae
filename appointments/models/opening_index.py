"""Tables of the search: an index of each provider's openings, and the counts of its page."""

from django.db import models

from providers.models import Provider


class OpeningIndex(models.Model):
    """The search's index of a provider who can be booked, used instead of their calendar.

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
    """The quarters of an hour of a UTC day in which a provider has openings that start.

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
    """The counts of the search page, measured by a job every ten minutes. The table has one row."""

    name = models.CharField(max_length=20, primary_key=True, default="search")
    measured_at = models.DateTimeField()
    figures = models.JSONField()

    class Meta:
        verbose_name_plural = "search figures"
