"""What is read of connections: by pages, and of busy times by whoever asks when a provider is free."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Now

from accounts.models import User
from providers.models import Provider

from .models import BusyInterval, Channel, Connection, GoogleCalendar, Note, WrittenEvent
from .states import ChannelState, State


def busy_between(provider_ids: Iterable[int], start: datetime, end: datetime) -> QuerySet[BusyInterval]:
    """The outside busy times of these providers that meet [start, end), without what they treat as free."""
    return BusyInterval.objects.taking_time().filter(provider_id__in=list(provider_ids), end__gt=start, start__lt=end)


def own_busy(user: User, start: datetime, end: datetime) -> list[BusyInterval]:
    """The busy times of the person's own calendars that meet [start, end), as they alone may read them. One query."""
    rows = BusyInterval.objects.taking_time().filter(calendar__connection__user=user, end__gt=start, start__lt=end)
    return list(rows.order_by("start", "pk"))


def connections_of(user: User) -> QuerySet[Connection]:
    """The person's connections, the oldest first, without those being ended. Two queries.

    With their calendars, each of which has `is_told`: whether Google's messages of its changes arrive.
    """
    told = Channel.objects.filter(calendar=OuterRef("pk"), state=ChannelState.VERIFIED, expires_at__gt=Now())
    calendars = GoogleCalendar.objects.order_by("-is_primary", "name", "pk").annotate(is_told=Exists(told))
    rows = Connection.objects.filter(user=user).exclude(state=State.LEAVING).order_by("created_at", "pk")
    return rows.prefetch_related(Prefetch("calendars", queryset=calendars))


def every_connection() -> QuerySet[Connection]:
    """Everybody's connections with owner and calendars but without tokens, not those being ended; by owner. Two
    queries."""
    rows = Connection.objects.exclude(state=State.LEAVING).select_related("user").prefetch_related("calendars")
    return rows.defer("refresh_token", "access_token").order_by("user__email", "pk")


def history_of(connection: Connection) -> QuerySet[Note]:
    """The history of a connection, the newest first."""
    return connection.notes.select_related("calendar")


def busy_ahead(connection: Connection, *, now: datetime) -> int:
    """How many times that its calendars close for booking are not over. One query."""
    return BusyInterval.objects.taking_time().filter(calendar__connection=connection, end__gt=now).count()


def works_without(connection: Connection) -> bool:
    """Whether another connection of its owner works, with a calendar that was read. One query."""
    others = Connection.objects.that_work().exclude(pk=connection.pk)
    return others.filter(user=connection.user_id).exists()


def unwritten(user: User) -> QuerySet[WrittenEvent]:
    """The events in the person's calendars that Google could not be made to agree with, each with its problem."""
    rows = WrittenEvent.objects.filter(calendar__connection__user=user).exclude(problem="")
    return rows.exclude(calendar__connection__state=State.LEAVING)


def written_ahead(connection: Connection, *, now: datetime) -> int:
    """How many events of ours in its calendars are not over. One query."""
    is_ahead = Q(end__gt=now) | Q(end=None)
    return WrittenEvent.objects.filter(is_ahead, calendar__connection=connection).exclude(sent_at=None).count()


def free_by_choice(provider: Provider, *, now: datetime) -> QuerySet[BusyInterval]:
    """The events ahead that the provider treats as free, by start."""
    rows = BusyInterval.objects.filter(provider=provider, is_free_by_choice=True, end__gt=now)
    return rows.select_related("calendar").order_by("start", "pk")
