"""How far the reminders have been sent."""

from django.db import models


class ReminderSweep(models.Model):
    """The reminders `minutes` before an appointment are sent for every moment up to `until`, and for none after it.

    It only moves forward, in the transaction that publishes the reminders, so that none goes out twice.
    """

    minutes = models.PositiveIntegerField(unique=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.minutes} minutes before, until {self.until:%d %b %Y, %H:%M} UTC"
