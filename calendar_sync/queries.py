"""What is read of connections: by pages, and of busy times by whoever asks when a provider is free."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from operator import attrgetter
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Now

from accounts.models import User
from core import clock
from core.compiled_queries import prepared
from providers.models import Provider

from . import hooks
from .models import BusyInterval, Channel, Connection, FreeEvent, GoogleCalendar, Note, WrittenEvent
from .states import PASSING, ChannelState, Edit, Meet, Problem, Profile, State


def busy_between(provider_ids: Iterable[int], start: datetime, end: datetime) -> QuerySet[BusyInterval]:
    """The outside busy times of these providers that meet [start, end), without what they treat as free."""
    return BusyInterval.objects.taking_time().filter(provider_id__in=list(provider_ids), end__gt=start, start__lt=end)


def own_busy(user: User, start: datetime, end: datetime) -> QuerySet[BusyInterval]:
    """The busy times of the person's own calendars that meet [start, end), as they alone may read them."""
    return BusyInterval.objects.taking_time().filter(calendar__connection__user=user, end__gt=start, start__lt=end)


@dataclass(frozen=True, slots=True)
class Mirrored:
    """An event of a connected calendar as its owner is shown it; `title` is empty where Google tells busy times alone.

    `start` and `end` are instants, which may be the same. Of a whole-day event `first_day` and `last_day`, both
    included, are the days that it has in its own calendar, whoever looks from wherever; of any other they are None.
    `takes_time` says that it closes its time: not so for one that is free at Google, nor for one that its provider
    treats as free (`is_free_by_choice`).
    """

    start: datetime
    end: datetime
    title: str
    calendar: str
    takes_time: bool
    is_free_by_choice: bool = False
    first_day: date | None = None
    last_day: date | None = None

    @property
    def is_all_day(self) -> bool:
        return self.first_day is not None


def mirrored_between(user: User, start: datetime, end: datetime) -> list[Mirrored]:
    """The events of the person's calendars that meet [start, end), busy and free, for them alone. Two queries.

    By start. What we wrote there ourselves is none of them.
    """
    theirs = Q(calendar__connection__user=user) | Q(provider__user=user)
    busy = BusyInterval.objects.filter(theirs, end__gt=start, start__lt=end).select_related("calendar")
    meets = Q(end__gt=start) | Q(end=F("start"), start__gte=start)
    free = FreeEvent.objects.filter(meets, calendar__connection__user=user, start__lt=end).select_related("calendar")
    found = [*map(_mirrored, busy), *map(_mirrored, free)]
    return sorted(found, key=attrgetter("start", "end", "title"))


def _mirrored(row: BusyInterval | FreeEvent) -> Mirrored:
    is_free_by_choice = isinstance(row, BusyInterval) and row.is_free_by_choice
    days = {}
    if row.is_all_day and row.calendar:
        zone = row.calendar.zone
        first = clock.local(row.start, zone).date()
        last = clock.local(row.end, zone).date() - clock.ONE_DAY  # the end is exclusive
        days = {"first_day": first, "last_day": max(first, last)}
    return Mirrored(
        start=row.start,
        end=row.end,
        title=row.title,
        calendar=row.calendar.name if row.calendar else "",
        takes_time=isinstance(row, BusyInterval) and not is_free_by_choice,
        is_free_by_choice=is_free_by_choice,
        **days,
    )


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
    return rows.defer("refresh_token", "access_token", "former_token").order_by("user__email", "pk")


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
    rows = WrittenEvent.objects.filter(_in_reach(), calendar__connection__user=user).exclude(problem="")
    return rows.exclude(calendar__connection__state=State.LEAVING)


def waiting(connections: Iterable[Connection]) -> dict[int, int]:
    """How many events of each of these wait to be compared with Google. One query, none without connections."""
    keys = [each.pk for each in connections]
    if not keys:
        return {}
    rows = WrittenEvent.objects.filter(calendar__connection__in=keys, write_at__isnull=False)
    counted = rows.values_list("calendar__connection").annotate(number=Count("pk"))
    return dict(counted.order_by())


@dataclass(frozen=True, slots=True)
class MeetLink:
    """The Google Meet link of something in somebody's calendar, empty while there is none; `is_coming` says that one is
    on its way, and `has_failed` that Google made none. One that comes once its owner has done something, such as signed
    in to Google, has waited for them since `paused_since`."""

    link: str = ""
    is_coming: bool = False
    has_failed: bool = False
    paused_since: datetime | None = None


def meet_links(owner: int, *, source: str, keys: Collection[UUID]) -> dict[UUID, MeetLink]:
    """The links of things of a source in the calendar of a person. Two queries, one where no links are made."""
    found = _with_links(owner_id=owner)
    if not found:
        return {key: MeetLink() for key in keys}
    calendar = found[0]
    known = {row.key: row for row in calendar.written.filter(source=source, key__in=keys)}
    return {key: _link(known.get(key), calendar) for key in keys}


@prepared
def _with_links(owner_id: int) -> QuerySet[GoogleCalendar]:
    rows = GoogleCalendar.objects.filter(connection__user=owner_id, connection__makes_meet=True, is_written_to=True)
    return rows.exclude(connection__state=State.LEAVING).select_related("connection").order_by("pk")


def _link(row: WrittenEvent | None, calendar: GoogleCalendar) -> MeetLink:
    """The link of an event in a calendar, or of one that is written there in a moment (None)."""
    connection, meet = calendar.connection, row.meet if row else ""
    known = MeetLink(row.meet_link if row else "", has_failed=meet == Meet.FAILED)
    may_come = calendar.gone_since is None and meet in {"", Meet.ASKED} and (not row or row.problem in {"", *PASSING})
    if not may_come:
        return known
    if not connection.is_working:
        return replace(known, paused_since=connection.state_since if connection.needs_sign_in else None)
    if row and row.edit and (row.edit == Edit.DELETED or meet != Meet.ASKED):  # nothing is asked for until they answer
        return replace(known, paused_since=row.edited_at)
    return replace(known, is_coming=True)


def readers_of_links(connection: Connection, *, owner: User, now: datetime) -> int:
    """How many people are told once a connection of this owner makes no Meet links any more, as they know one or wait
    for one. One query, none where it makes none. Needs its calendars."""
    if not connection.makes_meet or not any(each.is_written_to for each in connection.calendars.all()):
        return 0
    return sum(part.count_readers(owner, now=now) for part in hooks.joined)


def left_behind(user: User, *, now: datetime) -> int:
    """How many events of ours ahead still stand in calendars that Google lets us change no more. One query."""
    rows = WrittenEvent.objects.filter(~_in_reach(), calendar__connection__user=user, end__gt=now)
    rows = rows.filter(problem=Problem.SCOPES)  # what else failed is tried again
    return rows.exclude(sent_at=None).exclude(calendar__connection__state=State.LEAVING).count()


def _in_reach() -> Q:
    """The condition of an event in a calendar whose events may be changed, as `GoogleCalendar.is_in_reach` says it."""
    return Q(calendar__is_made=True) | Q(calendar__connection__profile=Profile.FULL, calendar__is_owned=True)


def written_ahead(connection: Connection, *, now: datetime) -> int:
    """How many events of ours in its calendars are not over and can be removed there. One query.

    None of a calendar that is gone, nor of one that Google lets us change no more.
    """
    is_ahead, removable = Q(end__gt=now) | Q(end=None), _in_reach() | ~Q(calendar__connection__former_token="")
    rows = WrittenEvent.objects.filter(is_ahead, removable, calendar__connection=connection, calendar__gone_since=None)
    return rows.exclude(sent_at=None).count()


def free_by_choice(provider: Provider, *, now: datetime) -> QuerySet[BusyInterval]:
    """The events ahead that the provider treats as free, by start."""
    rows = BusyInterval.objects.filter(provider=provider, is_free_by_choice=True, end__gt=now)
    return rows.select_related("calendar").order_by("start", "pk")
