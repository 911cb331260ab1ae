"""Two tables: the messages, which are work for later, and the recurring jobs.

Every moment in them comes from the database's clock, so machines whose clocks differ agree on due times and leases.
"""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now

from outbox import liveness
from outbox.exceptions import LeaseLost

PENDING = models.Q(done_at=None, dead_at=None)


class MessageQuerySet(models.QuerySet["Message"]):
    def pending(self) -> Self:
        """Messages neither done nor dead: waiting, running, or pausing before another attempt."""
        return self.filter(PENDING)

    def due(self) -> Self:
        """Messages that a worker may take now, oldest first. A leased one is not due before its lease ends."""
        return self.pending().filter(due_at__lte=Now()).order_by("due_at")

    def due_since(self) -> dict[str, datetime]:
        """The topics with due messages, each with the due time of its oldest one."""
        return dict(self.due().order_by().values_list("topic").annotate(models.Min("due_at")))

    def running(self) -> Self:
        return self.pending().filter(leased_until__gt=Now())

    def over(self) -> Self:
        return self.exclude(PENDING)

    def done(self) -> Self:
        return self.exclude(done_at=None)

    def dead(self) -> Self:
        return self.exclude(dead_at=None)


class Message(models.Model):
    """One piece of work for later. Its id follows from topic and key, so it exists at most once."""

    id = models.UUIDField(primary_key=True, editable=False)
    topic = models.CharField(max_length=100)
    key = models.CharField(max_length=200)
    payload = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    due_at = models.DateTimeField(
        db_default=Now(), help_text="When a worker may take it; moved on by leases and by pauses after failures."
    )
    attempts = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    done_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["topic", "key"], name="outbox_message_once_per_key"),
            models.CheckConstraint(
                condition=models.Q(done_at=None) | models.Q(dead_at=None), name="outbox_message_done_or_dead"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=PENDING, name="outbox_message_pending"),
            models.Index(fields=["done_at"], condition=models.Q(done_at__isnull=False), name="outbox_message_done"),
            models.Index(fields=["dead_at"], condition=models.Q(dead_at__isnull=False), name="outbox_message_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.key}"

    @staticmethod
    def id_for(topic: str, key: str) -> uuid.UUID:
        return uuid.uuid5(uuid.NAMESPACE_URL, f"outbox:{topic}\n{key}")

    def renew_lease(self) -> None:
        """Keep this message for another full lease; call it between the steps of a long handler.

        Raises LeaseLost when another worker has taken it: stop at once and touch nothing more.
        """
        liveness.show_sign()
        lease_end = Now() + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
        held = Message.objects.pending().filter(pk=self.pk, lease_token=self.lease_token)
        if not held.update(leased_until=lease_end, due_at=lease_end):
            raise LeaseLost(f"{self.topic} {self.pk}")


class ScheduledJob(models.Model):
    """The next firing of a recurring job. A worker fires it by changing `next_run_at` from the value it has read."""

    name = models.CharField(max_length=100, primary_key=True)
    rhythm = models.CharField(max_length=100, blank=True, help_text="In words, as the code last registered it.")
    next_run_at = models.DateTimeField()
    last_run_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
