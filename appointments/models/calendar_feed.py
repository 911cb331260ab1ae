"""The link under which calendar programs read a person's appointments."""

from hashlib import sha256

from django.conf import settings
from django.db import models

from appointments.states import Shown
from core import clock


class CalendarFeed(models.Model):
    """A person's calendar link. Whoever knows its token reads their appointments; only a hash of the token is kept."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_feed")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    shows = models.CharField(max_length=8, choices=Shown, default=Shown.ALL)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return f"Calendar link of {self.owner}"

    @staticmethod
    def hash_of(token: str) -> str:
        """The hash by which a link is found. A token is random, so that it needs neither salt nor a slow hash."""
        return sha256(token.encode()).hexdigest()
