"""Keys of programs, and the requests that were sent with an Idempotency-Key."""

import uuid

from django.conf import settings
from django.db import models

from core import clock


class Scope(models.TextChoices):
    """What a key may do. A scope to write does not include the one to read."""

    PROFILE_READ = "profile:read", "Read your profile and preferences"
    PROFILE_WRITE = "profile:write", "Change your profile and preferences"
    APPOINTMENTS_READ = "appointments:read", "Read your appointments"
    APPOINTMENTS_WRITE = "appointments:write", "Book, change and cancel appointments"
    OFFER_READ = "offer:read", "Read your page, services, hours and customers"
    OFFER_WRITE = "offer:write", "Change your page, services, hours and time off"
    CALENDAR_READ = "calendar:read", "Read your own events and the state of your calendar"
    REPORTS_READ = "reports:read", "Read your figures"
    CALENDAR_WRITE = "calendar:write", "Change your own events and have your calendar read"


class ApiKey(models.Model):
    """A key by which a program acts for its person, within its scopes, until it ends. The key itself is not kept.

    It is found by `prefix` and proven by `digest`, the SHA-256 of the whole. It outlives a new password, and works only
    while its person takes part. `version` is the newest of the API when it was made.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=60)
    prefix = models.CharField(max_length=8, unique=True)
    digest = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    version = models.CharField(max_length=10)
    made_at = models.DateTimeField(default=clock.now, editable=False)
    ends_at = models.DateTimeField()
    # The day and the network of the last use: enough to recognise it, and one write a day and network.
    used_on = models.DateField(null=True, blank=True)
    used_from = models.CharField(max_length=45, blank=True)

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("made_at")), name="api_key_ends_after_it_was_made"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.begins_with}…)"

    @property
    def begins_with(self) -> str:
        """The beginning of the key's text, by which its person knows it."""
        return f"dl_{self.prefix}"


class PageWish(models.Model):
    """The wish of somebody who signed up as a provider for the draft of a page, until their address is confirmed."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    wished_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"{self.wished_at:%d %b %Y, %H:%M} UTC"


class OnceRequest(models.Model):
    """A request with an Idempotency-Key: being done while `done_at` is empty, then done.

    `made` names what it made, so that the same request again can be answered with it, as it is by then; bodies are not
    kept. Both hashes are keyed: of the key, and of verb, path and
    body; the second is empty for a request that was refused.
    """

    # The key of what the request makes. A request with the same Idempotency-Key a day later makes another thing.
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key_hash = models.CharField(max_length=64)
    request_hash = models.CharField(max_length=64)
    began_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(default=0)
    made = models.CharField(max_length=100, blank=True)

    class Meta:
        indexes = [models.Index(fields=["began_at"], name="once_request_began_at")]
        constraints = [models.UniqueConstraint(fields=["person", "key_hash"], name="once_request_one_for_a_key")]

    def __str__(self) -> str:
        return f"{self.began_at:%d %b %Y, %H:%M} UTC"
