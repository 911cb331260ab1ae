"""Reading calendars: which are due, one reading at a time for each, and its result written in one transaction.

The network comes first and touches no row but the calendar's lease and progress. Then everything that was read, and the
token that continues it, become true together; a reading that fails on the way changes nothing and frees no time.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from calendar_sync import hooks
from calendar_sync.google_api.calendars import CalendarApi
from calendar_sync.google_api.errors import (
    CalendarGone,
    FullReadingNeeded,
    GoogleError,
    Refused,
    SignInNeeded,
)
from calendar_sync.models import BusyInterval, Connection, FreeEvent, GoogleCalendar, WrittenEvent
from calendar_sync.rules import pauses
from calendar_sync.rules.entries import about, event_id_of
from calendar_sync.rules.events import Kept, busy_of, busy_ranges, free_of, is_invitation, zone_name
from calendar_sync.states import Problem, State
from core import clock
from core.db import lock_rows, retrying
from core.letters import site_host
from outbox import services as outbox
from providers.models import Provider

from . import handing, health, tokens, written
from .locks import lock_connection, lock_provider_of

log = structlog.get_logger("calendar_sync")

READ = "calendar_sync.read"
# The job of the app that has the appointments.
LOOK_FOR_CONFLICTS = "appointments.look_for_conflicts"
# How far ahead events are read, and from how much less on a calendar is read whole again. Bookings go a year ahead.
HORIZON, LEAST_AHEAD = timedelta(days=430), timedelta(days=370)
BEHIND = timedelta(days=1)
# The longest range of one free/busy question, and how far ahead such a calendar is read beyond the booking window.
FREE_BUSY_RANGE = timedelta(days=60)
LEASE = timedelta(minutes=2)
BATCH = 1000

chance = random.Random()


class BeingRead(Exception):
    """Another process reads this calendar now; what changed meanwhile is read after it."""


@dataclass(slots=True)
class Found:
    """What a reading brought: busy times by event, the events that make nobody busy (any more) with those of them that
    stand in the calendar as `shown`, and the next token.

    Of a whole reading, what is not in it is gone. `etags` are Google's names for what it has of each event, empty for a
    deleted one, `marked` the events that bear our mark, with what they are about, `copies` those to which it
    was invited, and `zone` that of the calendar; none of them is known where Google tells busy times and no events.
    """

    is_whole: bool
    since: datetime
    until: datetime
    has_events: bool = True
    busy: dict[str, Kept] = field(default_factory=dict)
    free: set[str] = field(default_factory=set)
    shown: dict[str, Kept] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    marked: dict[str, tuple[str, UUID]] = field(default_factory=dict)
    copies: set[str] = field(default_factory=set)
    sync_token: str = ""
    zone: str = ""

    def add(self, event: Mapping[str, Any], zone: ZoneInfo) -> None:
        """Add an event as it is now, in place of what was found of it before."""
        event_id, busy, free = event["id"], busy_of(event, zone), free_of(event, zone)
        self.shown.pop(event_id, None)
        if busy and self._holds(busy):
            self.busy[event_id] = busy
            self.free.discard(event_id)
        else:
            self.busy.pop(event_id, None)
            self.free.add(event_id)
            if free and self._holds(free):
                self.shown[event_id] = free
        self.etags[event_id] = "" if event.get("status") == "cancelled" else event.get("etag", "")
        if thing := about(event):
            self.marked[event_id] = thing
        if is_invitation(event):
            self.copies.add(event_id)

    def reaches(self, row: WrittenEvent) -> bool:
        """Whether an event of ours lies in the time of this reading."""
        return bool(row.start and row.end and row.end > self.since and row.start < self.until)

    def take_away(self, event_ids: Iterable[str]) -> None:
        """Let nothing be kept of these events: they make nobody busy, and are not shown."""
        for event_id in event_ids:
            self.shown.pop(event_id, None)
            if self.busy.pop(event_id, None):
                self.free.add(event_id)

    def _holds(self, kept: Kept) -> bool:
        """Whether an event lies in the time of this reading."""
        return kept.end > self.since and kept.start < self.until


# --- Which are due ----------------------------------------------------------------------------------------------------


def publish_due(*, now: datetime) -> int:
    """Publish a reading for each calendar that is due; returns their number. Published twice, one is read once.

    Due is also one whose turn somebody took and never ended, as a worker does that is killed.
    """
    with transaction.atomic():
        _make_due(_askable(now).filter(reading_until__lt=now, next_read_at__gt=now), now)
        return _publish(_askable(now).filter(next_read_at__lte=now))


@retrying
def refresh(connections: Sequence[Connection], *, now: datetime) -> None:
    """Have the calendars read whose copy is older than a minute, as somebody looks at them. Needs them prefetched.

    What failed keeps its pause. No query where all is fresh.
    """
    old = now - pauses.FRESH
    calendars = [each for connection in connections if connection.is_working for each in connection.calendars.all()]
    stale = [each.pk for each in calendars if each.counts_as_busy and not each.was_read_since(old)]
    if stale:
        with transaction.atomic():
            _make_due(_askable(now).filter(pk__in=stale, failures=0, next_read_at__gt=now), now)


@retrying
def read_soon(connection: Connection, *, now: datetime) -> None:
    """Have all calendars of a connection read now, as its owner asks for it."""
    with transaction.atomic():
        hasten(connection, now=now)


@retrying
@transaction.atomic
def read_all_soon(owner: User, *, now: datetime) -> None:
    """Have all calendars of a person read now, as something of theirs changed."""
    for connection in Connection.objects.filter(user=owner, state=State.WORKING):
        hasten(connection, now=now)


def hasten(connection: Connection, *, now: datetime) -> None:
    """Make the calendars of a connection due now, inside the caller's transaction.

    Asked for ten times while one is due, it is read once; asked for while one is being read, once more afterwards.
    """
    ones = _askable(now).filter(connection=connection)
    _make_due(ones.filter(next_read_at__gt=now), now)
    _publish(ones.filter(next_read_at__lte=now))


def hasten_one(number: int, *, now: datetime) -> None:
    """Make one calendar due now, inside the caller's transaction, because Google tells of a change in it.

    One that is due already is left alone, as whoever reads it finds that change, too. What failed keeps its pause.
    """
    _make_due(_askable(now).filter(pk=number, failures=0, next_read_at__gt=now), now)


def _make_due(calendars: QuerySet[GoogleCalendar], now: datetime) -> None:
    keys = list(calendars.values_list("pk", flat=True))
    GoogleCalendar.objects.filter(pk__in=keys, next_read_at__gt=now).update(next_read_at=now)
    _publish(GoogleCalendar.objects.read().filter(pk__in=keys))


def _publish(calendars: QuerySet[GoogleCalendar]) -> int:
    drafts = [_draft(pk, at) for pk, at in calendars.values_list("pk", "next_read_at")]
    outbox.publish_all(drafts)
    return len(drafts)


def _askable(now: datetime) -> QuerySet[GoogleCalendar]:
    """The calendars that are read, but those of accounts that Google wants left alone for a while."""
    may_ask = Q(connection__wait_until=None) | Q(connection__wait_until__lte=now)
    return GoogleCalendar.objects.read().filter(may_ask)


def _draft(calendar: int, at: datetime) -> outbox.Draft:
    return outbox.Draft(topic=READ, key=f"{calendar}:{at.timestamp()}", payload={"calendar": calendar})


# --- One reading ------------------------------------------------------------------------------------------------------


def read_calendar(number: int) -> bool:
    """Read one calendar if it is due; False where it is not. A failure is noted, and the calendar is due again later.

    Outside any transaction. Raises BeingRead while another process reads it, and `tokens.BeingRefreshed`.
    """
    calendar = _take_turn(number)
    if calendar is None:
        return False
    try:
        found = tokens.ask(calendar.connection, lambda api: _read(api, calendar))
    except tokens.BeingRefreshed:
        _release(calendar, next_read_at=clock.now())
        raise
    except SignInNeeded as error:
        if tokens.is_owned_no_more(calendar, error):
            _release(calendar, next_read_at=clock.now())  # by its busy times
            return True
        _release(calendar)
        health.ask_to_sign_in(calendar.connection, error)
        return True
    except GoogleError as error:
        _failed(calendar, error)
        return True
    except outbox.LeaseLost:
        raise
    except Exception as error:
        _failed(calendar, Refused(Problem.REFUSED, type(error).__name__))
        raise
    _save(calendar, found)
    return True


def _take_turn(number: int) -> GoogleCalendar | None:
    """The calendar with its connection, leased to this process and not due any more; None where it is not due.

    A change that is told of from now on makes it due again, and is read after this reading.
    """
    now = clock.now()
    lease, next_poll = now + LEASE, now + pauses.until_next_poll(chance)
    # The moments are asked of the row itself, not by a join: PostgreSQL looks at these again after waiting for a lock.
    row = GoogleCalendar.objects.filter(pk__in=_askable(now).filter(pk=number).values("pk"))
    due = row.filter(next_read_at__lte=now)
    free = due.filter(Q(reading_until=None) | Q(reading_until__lt=now))
    if free.update(reading_until=lease, next_read_at=next_poll, read_so_far=0):
        return GoogleCalendar.objects.select_related("connection__user").filter(pk=number, reading_until=lease).first()
    if due.exists():
        raise BeingRead
    return None


def _read(api: CalendarApi, calendar: GoogleCalendar) -> Found:
    """What Google says now, whole where the sync token is no longer good."""
    if not calendar.tells_events:
        return _read_busy(api, calendar)
    try:
        return _read_events(api, calendar)
    except FullReadingNeeded:
        calendar.sync_token = ""
        return _read_events(api, calendar)


def _read_events(api: CalendarApi, calendar: GoogleCalendar) -> Found:
    now = clock.now()
    until = calendar.read_until
    token = calendar.sync_token if until and until > now + LEAST_AHEAD else ""
    if not token:
        until = now + HORIZON
    assert until is not None
    since, seen = now - BEHIND, 0
    found = Found(is_whole=not token, since=since, until=until)
    for page in api.events(calendar.google_id, sync_token=token, since=since, until=until):
        found.zone = zone_name(page.time_zone) if page.time_zone else calendar.time_zone
        if token and found.zone != calendar.time_zone:
            # Whole days that were read before lie elsewhere now, and no change tells of them.
            raise FullReadingNeeded(Problem.REFUSED, "another zone")
        zone = clock.zone(found.zone)
        for event in page.events:
            found.add(event, zone)
        seen += len(page.events)
        found.sync_token = page.sync_token
        _go_on(calendar, seen)
    return found


def _read_busy(api: CalendarApi, calendar: GoogleCalendar) -> Found:
    """The busy times of a calendar whose events are not ours to read, as far ahead as anybody may book."""
    # From a midnight on, so that the same busy time is the same row whenever it is read, whatever Google cuts off.
    since = (clock.now() - BEHIND).replace(hour=0, minute=0, second=0, microsecond=0)
    until, at, ranges = since + _window(calendar) + 3 * BEHIND, since, []
    while at < until:
        end = min(at + FREE_BUSY_RANGE, until)
        ranges += api.busy(calendar.google_id, since=at, until=end)
        at = end
        _go_on(calendar, len(ranges))
    busy = busy_ranges(ranges, without=_own_times(calendar, since=since))
    return Found(is_whole=True, since=since, until=until, has_events=False, busy={each.event_id: each for each in busy})


def _own_times(calendar: GoogleCalendar, *, since: datetime) -> list[tuple[datetime | None, datetime | None]]:
    """The times of what we wrote there while its events were in reach: no foreign time, while what it is about takes
    the same time here. Of what has changed here since, Google's busy time may be somebody else's."""
    owner = calendar.connection.user
    rows = WrittenEvent.objects.filter(
        calendar__google_id=calendar.google_id, calendar__connection__user=owner, end__gt=since
    ).exclude(sent_at=None)
    return [(row.start, row.end) for row in rows if _still_takes(row, owner)]


def _still_takes(row: WrittenEvent, owner: User) -> bool:
    source = hooks.source_of(row.source)
    entry = source.entry(row.key, owner=owner) if source else None
    if entry is None or entry.is_free or row.start is None or row.end is None:
        return False
    # At Google, whole days are those of the calendar's own zone.
    apart = timedelta(days=1) if entry.all_day else timedelta(microseconds=1)
    return abs(entry.start - row.start) < apart and abs(entry.end - row.end) < apart


def _window(calendar: GoogleCalendar) -> timedelta:
    provider = Provider.objects.select_related("policy").filter(user=calendar.connection.user_id).first()
    return timedelta(days=provider.policy.window_days if provider else 60)


def _go_on(calendar: GoogleCalendar, seen: int) -> None:
    """A sign of life between two answers of Google: for the job, for the calendar's lease, and for who looks on."""
    outbox.renew_lease()
    lease = clock.now() + LEASE
    GoogleCalendar.objects.filter(pk=calendar.pk, reading_until=calendar.reading_until).update(
        reading_until=lease, read_so_far=seen
    )
    calendar.reading_until = lease


# --- What came of it --------------------------------------------------------------------------------------------------


@retrying
@transaction.atomic
def _save(calendar: GoogleCalendar, found: Found) -> None:
    """Make the person's busy times those that were found, together with the token that continues from there.

    Does nothing where the calendar is no longer wanted, or another reading has taken over.
    """
    provider = lock_provider_of(calendar.connection.user)
    row = _still_ours(calendar)
    if row is None:
        return
    now = clock.now()
    _set_own_apart(row, found, now=now)
    changed = _write(row, provider, found)
    row.sync_token, row.read_until, row.last_read_at = found.sync_token, found.until, now
    row.time_zone = found.zone or row.time_zone
    row.failures, row.problem, row.gone_since, row.reading_until = 0, "", None, None
    # `next_read_at` is left alone: the calendar may be due again already.
    row.save(
        update_fields=[
            *("sync_token", "read_until", "last_read_at", "time_zone"),
            *("failures", "problem", "gone_since", "reading_until"),
        ]
    )
    Connection.objects.filter(pk=row.connection_id).exclude(problem="").update(problem="")
    health.note_reading(row, busy=row.busy_intervals.count(), changed=changed, now=now)
    health.pass_on(provider, has_changed=changed > 0)
    if provider and changed:
        look_for_conflicts(provider)


def look_for_conflicts(provider: Provider) -> None:
    """Have a job look for what is agreed at times that have become busy, inside the caller's transaction."""
    outbox.publish(LOOK_FOR_CONFLICTS, key=f"{provider.pk}:{uuid4().hex}", payload={"provider": provider.pk})


def _set_own_apart(row: GoogleCalendar, found: Found, *, now: datetime) -> None:
    """Let our own events make nobody busy, and have those looked at that somebody changed or deleted at Google.

    The echo of what we wrote is known by its etag, and causes nothing.
    """
    site, owner = site_host(), row.connection.user_id
    # Also what another account of this person wrote into the same calendar, which they share.
    written_here = WrittenEvent.objects.filter(
        calendar__google_id=row.google_id, calendar__connection__user=owner, sent_at__isnull=False
    )
    if not found.is_whole:
        # The dates of what repeats have the id of the whole with their start.
        written_here = written_here.filter(event_id__in={each.partition("_")[0] for each in found.etags})
    sent = {each.event_id: each for each in written_here}
    firsts = [first for each in sent.values() for first in _ids_of_first(each, row.zone)]
    marked = {
        event_id: thing
        for event_id, thing in found.marked.items()
        if event_id == event_id_of(*thing, owner=owner, site=site)
        and (event_id in sent or _is_taken_up(row, *thing) or not found.etags[event_id])
    }
    ours = [*sent, *firsts, *marked, *_copies_of_ours(row.connection.user, found)]
    found.take_away(ours if row.counts_as_busy else [*found.busy, *found.shown])
    unknown = [thing for event_id, thing in marked.items() if event_id not in sent and found.etags[event_id]]
    written.adopt(row, unknown, now=now)
    other = [each.pk for event_id, each in sent.items() if found.etags.get(event_id, each.etag) != each.etag]
    if found.is_whole and found.has_events:
        other += [each.pk for event_id, each in sent.items() if event_id not in found.etags and found.reaches(each)]
    written.look_at(other, now=now)


def _copies_of_ours(owner: User, found: Found) -> list[str]:
    """The events of ours in another calendar of the person to which they invited this one: Google keeps a copy here, by
    the same id."""
    if not found.copies:
        return []
    rows = WrittenEvent.objects.filter(calendar__connection__user=owner, end__gt=found.since).exclude(sent_at=None)
    return [row.event_id for row in rows if row.event_id in found.copies and _still_takes(row, owner)]


def _ids_of_first(event: WrittenEvent, zone: ZoneInfo) -> list[str]:
    """The ids that Google gives the date at our own start once its owner made an event of ours repeat there: by its
    moment, or by its day."""
    if event.start is None:
        return []
    start = event.start.astimezone(UTC)
    return [f"{event.event_id}_{start:%Y%m%dT%H%M%SZ}", f"{event.event_id}_{clock.local(start, zone):%Y%m%d}"]


def _is_taken_up(row: GoogleCalendar, name: str, key: UUID) -> bool:
    """Whether an event that bears our mark, and of which our tables know nothing, is written by us again.

    What is its owner's alone may have been moved there by them, or have outlived the thing. Then it is theirs, as any
    other event of that calendar is, and never deleted by us.
    """
    source = hooks.source_of(name)
    if hooks.takes_over(name) is None or source is None:
        return True
    return row.is_written_to and source.entry(key, owner=row.connection.user) is not None


def _write(row: GoogleCalendar, provider: Provider | None, found: Found) -> int:
    """Write the difference between the rows and what was found; returns how many busy times are new, other or gone."""
    busy, free = row.busy_intervals.defer("title"), row.free_events.defer("title")
    if not found.is_whole:
        seen = [*found.busy, *found.free]
        busy, free = busy.filter(event_id__in=seen), free.filter(event_id__in=seen)
    _make_agree(free, found.shown, FIELDS, calendar=row)
    return _make_agree(busy, found.busy, (*FIELDS, "is_free_by_choice"), calendar=row, provider=provider)


def _make_agree(
    rows: QuerySet[BusyInterval] | QuerySet[FreeEvent],
    kept: Mapping[str, Kept],
    changing: Sequence[str],
    **fields: Any,
) -> int:
    """Make these rows those of the events that are kept; returns how many are new, other or gone."""
    model: Any = rows.model
    known = {each.event_id: each for each in rows}
    gone = [each.pk for event_id, each in known.items() if event_id not in kept]
    new = [
        model(event_id=event_id, **fields, **_values(each)) for event_id, each in kept.items() if event_id not in known
    ]
    others = [each for event_id, each in known.items() if event_id in kept and _differs(each, _values(kept[event_id]))]
    for each in others:
        each.become(**_values(kept[each.event_id]))
    for at in range(0, len(gone), BATCH):
        model.objects.filter(pk__in=gone[at : at + BATCH]).delete()
    model.objects.bulk_create(new, batch_size=BATCH)
    model.objects.bulk_update(others, changing, batch_size=100)
    return len(gone) + len(new) + len(others)


FIELDS = ("etag", "start", "end", "is_all_day", "title")


def _values(kept: Kept) -> dict[str, Any]:
    return {name: getattr(kept, name) for name in FIELDS}


def _differs(row: BusyInterval | FreeEvent, values: Mapping[str, Any]) -> bool:
    """Whether an event is another by now. Its title is not compared, which the etag changes with."""
    return any(getattr(row, name) != values[name] for name in FIELDS if name != "title")


@retrying
@transaction.atomic
def _failed(calendar: GoogleCalendar, error: GoogleError) -> None:
    """Note a failure, and when to try again. What was read before stays, so that nothing is free that was busy."""
    provider = lock_provider_of(calendar.connection.user)
    row = _still_ours(calendar)
    if row is None:
        return
    now = clock.now()
    row.failures += 1
    row.problem = error.problem
    row.reading_until = None
    if isinstance(error, CalendarGone) and row.gone_since is None:
        row.gone_since = now
        handing.hand_waiting(row.written.all(), now=now)
    pause = pauses.after_failure(row.failures, chance, problem=error.problem, passes=error.passes, asked=error.after)
    row.next_read_at = now + pause
    row.save(update_fields=["failures", "problem", "reading_until", "gone_since", "next_read_at"])
    # Google limits the account and not the calendar: its other calendars wait as long, and whoever asks for them.
    wait = {"wait_until": row.next_read_at} if error.problem in {Problem.BUSY, Problem.LIMIT} else {}
    Connection.objects.filter(pk=row.connection_id).update(problem=error.problem, **wait)
    health.note_failure(row, error, now=now)
    health.pass_on(provider)


def drop_copies(calendars: Sequence[GoogleCalendar]) -> bool:
    """Delete what was read of these calendars, so that a later reading is whole; whether any time was busy for them.

    Inside the caller's transaction, which holds the provider's lock.
    """
    keys = [each.pk for each in calendars]
    removed = BusyInterval.objects.filter(calendar__in=keys).delete()[0]
    FreeEvent.objects.filter(calendar__in=keys).delete()
    # A reading that is under way loses its turn, and what it brings is not written.
    GoogleCalendar.objects.filter(pk__in=keys).update(
        sync_token="", read_until=None, last_read_at=None, reading_until=None, failures=0, problem=""
    )
    return bool(removed)


def _release(calendar: GoogleCalendar, **fields: Any) -> None:
    rows = GoogleCalendar.objects.filter(pk=calendar.pk, reading_until=calendar.reading_until)
    rows.update(reading_until=None, **fields)


def _still_ours(calendar: GoogleCalendar) -> GoogleCalendar | None:
    """The calendar's row, locked, while this reading is the one under way; None once it is not."""
    if lock_connection(Connection.objects.filter(pk=calendar.connection_id)) is None:
        return None
    rows = (
        GoogleCalendar.objects.read()
        .select_related("connection")
        .filter(pk=calendar.pk, reading_until=calendar.reading_until)
    )
    return lock_rows(rows).first()
