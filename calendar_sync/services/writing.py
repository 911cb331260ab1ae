"""Making Google agree with what we have: one process at a time for each connection, one event after another.

The row of an event is there before anything is sent, with an id of ours. So whatever becomes of a call, of its answer
or of this process, the next one finds the same event, and writes it again or finds it written.
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from calendar_sync import hooks
from calendar_sync.google_api import oauth
from calendar_sync.google_api.calendars import CalendarApi
from calendar_sync.google_api.errors import (
    AlreadyThere,
    CalendarGone,
    ChangedThere,
    EventGone,
    GoogleError,
    Refused,
    SignInNeeded,
    TokenRefused,
    TryLater,
)
from calendar_sync.models import Connection, GoogleCalendar, WrittenEvent
from calendar_sync.rules import pauses
from calendar_sync.rules.entries import Entry, body_of, content_of, said_in
from calendar_sync.rules.events import span_of
from calendar_sync.rules.meet import NO_CONFERENCE, Stands, Step, conference_of, request_of, step_of
from calendar_sync.rules.read_back import read_back
from calendar_sync.states import Edit, NoteKind, Problem, Profile, State
from core import clock
from core.compiled_queries import prepared
from core.db import retrying
from core.letters import site_host
from outbox import services as outbox
from providers.exceptions import ChangedMeanwhile

from . import edits, handing, health, leaving, meet_links, reading, tokens, written
from .locks import lock_connection, lock_if_kept

log = structlog.get_logger("calendar_sync")

LEASE = timedelta(minutes=2)
Answer = TypeVar("Answer")
chance = random.Random()


class BeingWritten(Exception):
    """Another process writes to this account now; what is due then is found by it, or by whoever comes after it."""


def write_due(number: int) -> int:
    """Make Google agree with what is due of a connection; returns how many events were written, changed or deleted.

    Outside any transaction. A failure is noted, and what it concerns is due again later. Raises BeingWritten while
    another process writes, and `tokens.BeingRefreshed`.
    """
    connection = _take_turn(number)
    if connection is None:
        return 0
    count = 0
    try:
        while (row := _next_due(connection)) is not None and _go_on(connection):
            outcome = _write(row.calendar.connection, row)
            count += outcome.has_written
            if outcome.ends_turn:
                break
    finally:
        Connection.objects.filter(pk=number, writing_until=connection.writing_until).update(writing_until=None)
        if count:
            health.note_written(connection, count)
        if connection.former_token:
            _forget_former_grant(connection)
    return count


def remove_all(connection: Connection) -> None:
    """Delete at Google the events of a leaving connection that its owner does not want to stay there. What they made
    repeat there stays, as there is more of it than we wrote.

    Outside any transaction; one after another, so that whoever tries again goes on with those that are left. Stops
    where the account is connected anew. Raises TryLater. With a dead grant nobody may delete them, and they stay.
    """
    left = json.loads(connection.to_remove or "[]")
    if not left:
        return
    try:
        apis = [CalendarApi(oauth.new_access(connection.refresh_token).token), *_api_as_before(connection)]
        while left and leaving.is_left(connection):
            _remove(apis, *left[-1])
            left.pop()
            outbox.renew_lease()
    except (SignInNeeded, TokenRefused) as error:  # the grant is dead
        log.warning("google_events_not_removed", connection=connection.pk, reason=error.reason)
    finally:
        rows = Connection.objects.filter(pk=connection.pk, state_since=connection.state_since)
        rows.update(to_remove=json.dumps(left))


def _api_as_before(connection: Connection) -> list[CalendarApi]:
    """The API with the grant before the private profile; none where there is none, or it is dead, which keeps no event
    from being removed that the present one reaches."""
    if not connection.former_token:
        return []
    try:
        return [CalendarApi(oauth.new_access(connection.former_token).token)]
    except SignInNeeded:
        return []


def _remove(apis: Sequence[CalendarApi], calendar: str, event_id: str) -> None:
    """Delete an event with the first grant that reaches it; one that none does, or that Google refuses to delete, keeps
    no other from it."""
    for api in apis:
        try:
            return _remove_as_seen(api, calendar, event_id)
        except (TryLater, TokenRefused):
            raise
        except ChangedThere as error:
            raise TryLater(Problem.SLOW, error.reason) from None
        except (EventGone, CalendarGone):
            continue
        except GoogleError as error:
            log.warning("google_event_not_removed", reason=error.reason)
    return None


def _remove_as_seen(api: CalendarApi, calendar: str, event_id: str) -> None:
    """Delete an event that is still the one that we look at, and that does not repeat. Raises ChangedThere."""
    event = api.event(calendar, event_id)
    is_gone, repeats = event.get("status") == "cancelled", bool(event.get("recurrence"))
    if not is_gone and not repeats:
        api.delete(calendar, event_id, etag=event["etag"])


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of writing one event: whether Google has another event now, and whether nothing more is to be tried
    in this turn, as the next event would meet the same."""

    has_written: bool = False
    ends_turn: bool = False


def _take_turn(number: int) -> Connection | None:
    """The connection, leased to this process; None where it may not write now."""
    now = clock.now()
    may_ask = Q(wait_until=None) | Q(wait_until__lte=now)
    rows = Connection.objects.filter(may_ask, pk=number, state=State.WORKING)
    free = rows.filter(Q(writing_until=None) | Q(writing_until__lt=now))
    if free.update(writing_until=now + LEASE):
        return Connection.objects.filter(pk=number, writing_until=now + LEASE).first()
    if rows.exists():
        raise BeingWritten
    return None


def _go_on(connection: Connection) -> bool:
    """Whether this process still has the connection to itself, for as long again."""
    outbox.renew_lease()
    lease = clock.now() + LEASE
    rows = Connection.objects.filter(pk=connection.pk, writing_until=connection.writing_until, state=State.WORKING)
    connection.writing_until = lease
    return bool(rows.update(writing_until=lease))


@retrying
@transaction.atomic
def _forget_former_grant(connection: Connection) -> None:
    """Forget the grant of before the private profile once nothing is left to be removed with it, and have the calendars
    read in which that stood."""
    rows = WrittenEvent.objects.filter(calendar__connection=connection, calendar__is_made=False)
    if rows.exclude(sent_at=None).exclude(write_at=None).exists():
        return
    row = lock_connection(Connection.objects.filter(pk=connection.pk, profile=Profile.PRIVATE).exclude(former_token=""))
    if row is not None:
        Connection.objects.filter(pk=row.pk).update(former_token="")
        reading.hasten(row, now=clock.now())


def _next_due(connection: Connection) -> WrittenEvent | None:
    return next(iter(_due(connection_id=connection.pk, now=clock.now())), None)


@prepared
def _due(connection_id: int, now: datetime) -> QuerySet[WrittenEvent]:
    """The first event that is due."""
    rows = WrittenEvent.objects.filter(calendar__connection=connection_id, write_at__lte=now)
    return rows.select_related("calendar__connection__user").order_by("write_at", "pk")[:1]


def _write(connection: Connection, row: WrittenEvent) -> Outcome:
    try:
        return _make_agree(connection, row)
    except (tokens.BeingRefreshed, outbox.LeaseLost):
        raise
    except SignInNeeded as error:
        if tokens.is_owned_no_more(row.calendar, error):
            return Outcome()  # the event is due still, and out of reach
        health.ask_to_sign_in(connection, error)
        return Outcome(ends_turn=True)
    except ChangedMeanwhile:
        return Outcome()  # what was changed here is due, and written next
    except ChangedThere as error:
        if not row.must_look:
            _look_again(row)
            return Outcome()
        _failed(connection, row, TryLater(Problem.SLOW, error.reason))  # changed again since we looked
        return Outcome(ends_turn=True)
    except tokens.OutOfReach:
        # It stays there, until its owner removes it or grants more.
        WrittenEvent.objects.filter(pk=row.pk).update(write_at=None, problem=Problem.SCOPES)
        return Outcome()
    except GoogleError as error:
        _failed(connection, row, error)
        return Outcome(ends_turn=error.passes)
    except Exception:
        log.exception("google_event_not_written", written=row.pk)
        _failed(connection, row, Refused(Problem.REFUSED))
        return Outcome()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a calendar should hold: the fields of an event, with the entry that they are of, None for no event, and
    whether it should have a Meet link, None where that stays as it is. Of a thing that is its owner's alone also a hash
    of what they said, as `said`."""

    body: Mapping[str, Any] | None
    meets: bool | None = None
    entry: Entry | None = None
    said: str = ""

    @property
    def content(self) -> str:
        return content_of(self.body, self.said) if self.body is not None else ""

    def is_as_said(self, row: WrittenEvent) -> bool:
        """Whether the owner has said nothing else here since it was written. Of what is not theirs alone, whether
        nothing is other at all."""
        return row.content == self.content or bool(self.said) and row.content.startswith(self.said)

    @property
    def start(self) -> datetime | None:
        return self.entry.start if self.entry else None

    def step(self, row: WrittenEvent) -> Step:
        return step_of(row.meet, wanted=self.meets)


@dataclass(frozen=True, slots=True)
class Sent:
    """The answer to a write: the event as Google has it now, and whether a Meet link was asked for with it."""

    event: Mapping[str, Any] | None
    has_asked: bool = False


def _make_agree(connection: Connection, row: WrittenEvent) -> Outcome:
    wanted = _wanted(connection, row)
    if _agrees(row, wanted):
        _save_agreed(row, is_asked=edits.ask_about(row) is not None)
        return Outcome()
    body, entry = wanted.body, wanted.entry
    if body is not None and entry is not None and row.must_look and row.sent_at:
        seen = _ask(row, lambda api: _look(api, row))
        event = seen if seen and seen.get("status") != "cancelled" else None
        known, row.etag = row.etag, event["etag"] if event else ""
        pause = None
        if event:
            noted = _note_link(row, wanted, event)
            noted.put_on(row)  # also where somebody is asked about what they changed besides
            pause = noted.pause
        if wanted.is_as_said(row):  # else what we have is newer than what they changed
            edit = edits.edit_of(row, event, entry, body, is_missing=seen is None)
            is_written = row.content == wanted.content
            if edit is None and is_written and (event is None or wanted.step(row) is Step.NOTHING):
                _save(row, wanted, Sent(event))  # what they changed there, such as a colour, is theirs
                return Outcome()
            if edit is not None:
                decision = edits.decide(connection, row, edit)
                if decision.taken:
                    wanted = _fields(connection, row, decision.entry)
                    if is_written or wanted.body is None:
                        _save(row, wanted, Sent(event))
                        return Outcome()
                if decision.asks:
                    if pause is not None:
                        _look_for_link(row, pause)
                    return Outcome()
                # Decided about the event with this etag, also if putting it back takes several tries: with other
                # content than is wanted it is overwritten.
                WrittenEvent.objects.filter(pk=row.pk).update(content="", etag=row.etag)
        elif edits.is_lost(row, event, entry, body, known=known):
            health.note_edit(connection, row, NoteKind.OVERWRITTEN)
            WrittenEvent.objects.filter(pk=row.pk).update(content="", etag=row.etag)
    if wanted.body is None and hooks.takes_over(row.source) and not _may_delete(connection, row):
        _save(row, wanted, Sent(None))
        return Outcome()
    if wanted.body is not None and row.sent_at is None:
        # Known before it is sent: should the answer never come, the event is looked for.
        row.sent_at = clock.now()
        if not WrittenEvent.objects.filter(pk=row.pk).update(sent_at=row.sent_at):
            return Outcome(ends_turn=True)  # the connection was ended meanwhile
    sent = _ask(row, lambda api: _send(api, row, wanted))
    _save(row, wanted, sent)
    return Outcome(has_written=True)


def _ask(row: WrittenEvent, call: Callable[[CalendarApi], Answer]) -> Answer:
    """What `call` gets with the grant that reaches the event's calendar. Raises `tokens.OutOfReach`."""
    calendar = row.calendar
    return (tokens.ask if calendar.is_in_reach else tokens.ask_as_before)(calendar.connection, call)


def _wanted(connection: Connection, row: WrittenEvent) -> Wanted:
    """What the calendar should hold for what the row is about."""
    source = hooks.source_of(row.source) if row.calendar.is_written_to else None
    return _fields(connection, row, source.entry(row.key, owner=connection.user) if source else None)


def _fields(connection: Connection, row: WrittenEvent, entry: Entry | None) -> Wanted:
    if entry is None or (entry.is_tentative and not connection.writes_requests):
        return Wanted(None)
    body = body_of(entry, source=row.source, key=row.key, site=site_host())
    is_over = entry.end <= clock.now()
    meets = None if is_over else connection.makes_meet and entry.is_online and not entry.is_tentative
    return Wanted(body, meets, entry, said_in(entry) if hooks.takes_over(row.source) else "")


def _may_delete(connection: Connection, row: WrittenEvent) -> bool:
    """Look at an event that is its owner's alone before it is deleted: a change of theirs that goes with it is told,
    and one that they made repeat there stays, as there is more of it than we ever wrote."""
    try:
        event = _ask(row, lambda api: _look(api, row))
    except CalendarGone:
        return True
    if event is None or event.get("status") == "cancelled":
        return True
    if event.get("recurrence"):
        # What repeats is an ordinary event from now on, and is to be read as one.
        GoogleCalendar.objects.filter(pk=row.calendar_id).update(sync_token="")
        return False
    if row.etag and row.etag != event["etag"]:
        found = read_back(event, calendar_zone=row.calendar.zone, zone=connection.user.time_zone)
        if found is None or not row.content.startswith(said_in(found)):
            health.note_edit(connection, row, NoteKind.OVERWRITTEN)
    row.etag = event["etag"]
    WrittenEvent.objects.filter(pk=row.pk).update(etag=row.etag)
    return True


def _agrees(row: WrittenEvent, wanted: Wanted) -> bool:
    """Whether nothing needs to be asked of Google. An event about which its owner is asked stays as it is."""
    if wanted.body is None:
        return row.sent_at is None
    is_there = bool(row.etag) or row.edit == Edit.DELETED
    if not is_there or row.must_look:
        return False
    if row.edit:
        return wanted.is_as_said(row)
    return row.content == wanted.content and wanted.step(row) is Step.NOTHING


def _look(api: CalendarApi, row: WrittenEvent) -> Mapping[str, Any] | None:
    """The event as it stands at Google now, also one that was deleted, of which its status says so; None where there is
    none. Raises CalendarGone where its calendar is gone."""
    try:
        return api.event(row.calendar.google_id, row.event_id)
    except EventGone as error:
        if not api.has_calendar(row.calendar.google_id):
            raise CalendarGone(Problem.GONE, error.reason) from None
        return None


def _send(api: CalendarApi, row: WrittenEvent, wanted: Wanted) -> Sent:
    """Have Google hold an event with these fields, or none; returns the event as Google has it now."""
    calendar, body = row.calendar.google_id, wanted.body
    if body is None:
        api.delete(calendar, row.event_id, etag=row.etag if hooks.takes_over(row.source) else "")
        return Sent(None)
    asks = request_of(row.event_id, row.pk, row.meet_attempt + 1)
    if row.etag:
        step = wanted.step(row)
        try:
            if step is Step.ASK:
                return _with_link(lambda more: api.patch(calendar, row.event_id, {**body, **more}, etag=row.etag), asks)
            more = NO_CONFERENCE if step is Step.TAKE_AWAY else {}
            return Sent(api.patch(calendar, row.event_id, {**body, **more}, etag=row.etag))
        except EventGone:
            pass
    try:
        if wanted.meets:
            return _with_link(lambda more: api.insert(calendar, {**body, "id": row.event_id, **more}), asks)
        return Sent(api.insert(calendar, {**body, "id": row.event_id}))
    except AlreadyThere:  # the answer that it was written got lost, or it was deleted, which a patch undoes
        return _send_again(api, row, wanted, asks)


def _with_link(write: Callable[[Mapping[str, Any]], Mapping[str, Any]], asks: Mapping[str, Any]) -> Sent:
    """Write an event and ask for a Meet link; where Google refuses it so, as of an account that may make none, without
    one."""
    try:
        return Sent(write(asks), has_asked=True)
    except Refused:
        return Sent(write({}), has_asked=True)


def _send_again(api: CalendarApi, row: WrittenEvent, wanted: Wanted, asks: Mapping[str, Any]) -> Sent:
    """Write an event of which nothing is known but that it is there, or was. Whether it has a link its answer says."""
    assert wanted.body is not None
    event = api.patch(row.calendar.google_id, row.event_id, wanted.body)

    def write_more(more: Mapping[str, Any]) -> Mapping[str, Any]:
        if not more:
            return event
        return api.patch(row.calendar.google_id, row.event_id, more, etag=event["etag"])

    if wanted.meets and conference_of(event).stands is Stands.NONE:
        return _with_link(write_more, asks)
    if wanted.step(row) is Step.TAKE_AWAY and conference_of(event).stands is not Stands.NONE:
        return Sent(write_more(NO_CONFERENCE))
    return Sent(event)


@retrying
@transaction.atomic
def _note_link(row: WrittenEvent, wanted: Wanted, event: Mapping[str, Any]) -> meet_links.Noted:
    return meet_links.note(
        row,
        event,
        wanted=wanted.meets,
        start=wanted.start,
        has_asked=False,
        now=clock.now(),
    )


@retrying
@transaction.atomic
def _save(row: WrittenEvent, wanted: Wanted, sent: Sent) -> None:
    """Note what Google holds now. The row is due again where somebody asked for it meanwhile, and where its Meet link
    is still to come."""
    rows, now = WrittenEvent.objects.filter(pk=row.pk), clock.now()
    if wanted.body is None or sent.event is None:
        handing.hand(handing.with_link(rows, now=now))
        if not rows.filter(asked=row.asked).delete()[0]:
            rows.update(sent_at=None, etag="", content="", start=None, end=None, meet="", meet_link="", meet_since=None)
        return
    event = sent.event
    has_asked = sent.has_asked
    noted = meet_links.note(
        row,
        event,
        wanted=wanted.meets,
        start=wanted.start,
        has_asked=has_asked,
        now=now,
    )
    start, end = span_of(event, row.calendar.zone)
    rows.update(
        etag=event["etag"],
        content=wanted.content,
        start=start,
        end=end,
        written_at=now,
        failures=0,
        problem="",
        **edits.NONE,
    )
    written.wait_for_link(row, noted.pause, now=now)


def _save_agreed(row: WrittenEvent, *, is_asked: bool) -> None:
    """Note that nothing is to be done, and that nothing is asked any more about what is over."""
    rows = WrittenEvent.objects.filter(pk=row.pk, asked=row.asked)
    if row.sent_at is None:
        rows.delete()
    else:
        rows.update(write_at=None, failures=0, problem="", **({} if is_asked else edits.NONE))


@retrying
@transaction.atomic
def _look_for_link(row: WrittenEvent, pause: timedelta) -> None:
    """Have an event about which its owner is asked looked at again even so, as its Meet link is to come."""
    written.wait_for_link(row, pause, now=clock.now())


@retrying
@transaction.atomic
def _look_again(row: WrittenEvent) -> None:
    """Have an event looked at that was changed at Google since we knew it."""
    written.look_at([row.pk], now=clock.now())


@retrying
@transaction.atomic
def _failed(connection: Connection, row: WrittenEvent, error: GoogleError) -> None:
    """Note a failure, and when to try again, unless the connection was ended meanwhile."""
    if not lock_if_kept(row.calendar):
        return
    now, failures = clock.now(), row.failures + 1
    again_at = now + pauses.after_failure(
        failures, chance, problem=error.problem, passes=error.passes, asked=error.after
    )
    rows = WrittenEvent.objects.filter(pk=row.pk)
    rows.update(write_at=again_at, failures=failures, problem=error.problem)
    if row.problem != error.problem:
        handing.hand_waiting(rows, now=now)
    if error.problem in {Problem.BUSY, Problem.LIMIT}:  # Google limits the account, and all that is written to it
        Connection.objects.filter(pk=connection.pk).update(wait_until=again_at)
    health.note_not_written(connection, row.calendar, error, now=now)
