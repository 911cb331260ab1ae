"""Queries about people's own events."""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from appointments.models import OwnEvent

MOST_PAST = 12


def own_events_between(user: User, start: datetime, end: datetime) -> list[OwnEvent]:
    """The person's own events that meet [start, end), by start. One query."""
    return list(OwnEvent.objects.filter(user=user).between(start, end).order_by("start", "pk"))


def own_event_of(user: User, key: UUID) -> OwnEvent:
    """The person's event. Raises OwnEvent.DoesNotExist for anybody else's."""
    return OwnEvent.objects.select_related("recurrence").get(user=user, uuid=key)


def own_events_of(user: User, *, since: datetime | None = None, until: datetime | None = None) -> QuerySet[OwnEvent]:
    """The person's own events; those that meet [since, until), where these are given. For a page of them."""
    rows = OwnEvent.objects.filter(user=user).select_related("recurrence")
    rows = rows.filter(end__gt=since) if since else rows
    return rows.filter(start__lt=until) if until else rows


def coming_own_events(user: User, *, now: datetime) -> QuerySet[OwnEvent]:
    """The person's own events that are not over, soonest first, of those that repeat the next date; for a page."""
    ahead = OwnEvent.objects.filter(user=user, end__gt=now)
    earlier = ahead.filter(recurrence=OuterRef("recurrence"), occurrence__lt=OuterRef("occurrence"))
    return ahead.exclude(Exists(earlier)).select_related("recurrence").order_by("start", "pk")


def past_own_events(user: User, *, now: datetime) -> list[OwnEvent]:
    """The person's last few events that are over, the latest first. One query."""
    over = OwnEvent.objects.filter(user=user, end__lte=now).select_related("recurrence")
    return list(over.order_by("-end", "-pk")[:MOST_PAST])
