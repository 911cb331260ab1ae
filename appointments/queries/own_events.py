"""Queries about people's own events."""

from datetime import datetime
from uuid import UUID

from accounts.models import User
from appointments.models import OwnEvent


def own_events_between(user: User, start: datetime, end: datetime) -> list[OwnEvent]:
    """The person's own events that meet [start, end), by start. One query."""
    return list(OwnEvent.objects.filter(user=user).between(start, end).order_by("start", "pk"))


def own_event_of(user: User, key: UUID) -> OwnEvent:
    """The person's event. Raises OwnEvent.DoesNotExist for anybody else's."""
    return OwnEvent.objects.get(user=user, uuid=key)


def busy_by_own_events(user: User, start: datetime, end: datetime) -> list[OwnEvent]:
    """The person's own events that take time and meet [start, end), by start. One query."""
    rows = OwnEvent.objects.filter(user=user, is_free=False).between(start, end)
    return list(rows.order_by("start", "pk"))
