"""How far the reminders have been sent."""

from django.db import models

from appointments.states import Swept


class ReminderSweep(models.Model):
    """The reminders `minutes` before moments of a kind are sent for all that were due by `until`, and for none later.

    It only moves forward, in the transaction that publishes the reminders, so that none goes out twice.
    """

    what = models.CharField(max_length=8, choices=Swept, default=Swept.START, db_default="start")
    minutes = models.PositiveIntegerField()
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["what", "minutes"], name="remindersweep_one")]

    def __str__(self) -> str:
        return f"{self.get_what_display()}, {self.minutes} minutes before, until {self.until:%d %b %Y, %H:%M} UTC"
