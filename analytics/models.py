"""The record of a provider's monthly report."""

from django.db import models

from providers.models import Provider


class MonthlyReport(models.Model):
    """The report of a provider's month, once it was made: by the job on the first of the next month, or on request.

    What it says is counted anew each time it is read. `mailings` is how often it was mailed, last at `mailed_at`.
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="reports")
    month = models.DateField(help_text="Its first day.")
    made_at = models.DateTimeField()
    mailings = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-month", "provider"]
        constraints = [models.UniqueConstraint(fields=["provider", "month"], name="monthly_report_once")]

    def __str__(self) -> str:
        return f"{self.provider_id}, {self.month:%Y-%m}"
