"""What is known of a connection's health: notes of what went well or wrong, and asking its owner to sign in again."""

import random
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Case, Q, QuerySet, When

from accounts.models import taking_part
from calendar_sync.google_api.errors import GoogleError, SignInNeeded, TryLater
from calendar_sync.models import BusyInterval, Connection, GoogleCalendar, Note, WrittenEvent
from calendar_sync.rules import pauses
from calendar_sync.rules.standing import Copy, standing_of
from calendar_sync.states import NoteKind, Problem, State, WhenStale
from core import clock
from core.db import retrying
from core.exceptions import Busy
from notifications import channels
from notifications.catalogue import Notice
from notifications.models import Kind
from outbox import services as outbox
from providers import services as providers
from providers.models import CalendarState, Listing, Provider

from . import handing
from .locks import lock_connection, lock_if_kept, lock_provider_of

log = structlog.get_logger("calendar_sync")

KEPT = timedelta(days=30)
# The owner of a connection that needs a sign-in is told at once, and again so many hours later while it still does.
TOLD_AGAIN = (24, 72)
SIGN_IN_NOTICE = "calendar_sync.sign_in_again"
# How many providers a change of this site's settings reaches at once.
MANY = 200

chance = random.Random()


def note_reading(calendar: GoogleCalendar, *, busy: int, changed: int, now: datetime) -> None:
    """Note that a calendar was read. Readings in a row that found nothing new stay one entry, of the last moment."""
    last = Note.objects.filter(calendar=calendar).order_by("-at", "-pk").first()
    if last and last.kind == NoteKind.READ and not last.changed and not changed and last.busy == busy:
        Note.objects.filter(pk=last.pk).update(at=now)
    else:
        _note(calendar.connection, NoteKind.READ, calendar=calendar, busy=busy, changed=changed, at=now)


def note_failure(calendar: GoogleCalendar, error: GoogleError, *, now: datetime) -> None:
    """Note why a calendar could not be read. The same failure in a row stays one entry, of its first moment."""
    last = Note.objects.filter(calendar=calendar).order_by("-at", "-pk").first()
    if not (last and last.kind == NoteKind.FAILED and last.problem == error.problem):
        _note(calendar.connection, NoteKind.FAILED, calendar=calendar, problem=error.problem, at=now)
    log.warning("google_calendar_not_read", calendar=calendar.pk, problem=error.problem, reason=error.reason)


@retrying
@transaction.atomic
def note_written(connection: Connection, events: int) -> None:
    """Note that so many events were written, changed or deleted at Google, unless the connection was ended since."""
    if lock_connection(Connection.objects.filter(pk=connection.pk).exclude(state=State.LEAVING)):
        _note(connection, NoteKind.WRITTEN, changed=events, at=clock.now())


def note_not_written(connection: Connection, calendar: GoogleCalendar, error: GoogleError, *, now: datetime) -> None:
    """Note why an event could not be written. The same failure in a row stays one entry, of its first moment.

    Needs the connection's row locked.
    """
    last = Note.objects.filter(connection=connection).order_by("-at", "-pk").first()
    if not (last and last.kind == NoteKind.NOT_WRITTEN and last.problem == error.problem):
        _note(connection, NoteKind.NOT_WRITTEN, calendar=calendar, problem=error.problem, at=now)
    log.warning("google_event_not_written", calendar=calendar.pk, problem=error.problem, reason=error.reason)


@retrying
@transaction.atomic
def note_edit(connection: Connection, event: WrittenEvent, kind: NoteKind) -> None:
    """Note that somebody changed an event of ours at Google, and what became of that, unless the connection was ended
    meanwhile."""
    if lock_if_kept(event.calendar):
        _note(connection, kind, calendar=event.calendar, at=clock.now())


def note_not_told(connection: Connection) -> None:
    """Note that Google refuses to tell of changes, once in the whole history. Needs the connection's row locked."""
    if not Note.objects.filter(connection=connection, kind=NoteKind.NOT_TOLD).exists():
        _note(connection, NoteKind.NOT_TOLD, at=clock.now())


def note_no_meet(calendar: GoogleCalendar, *, now: datetime) -> None:
    """Note that Google made no Meet link. Several in a row stay one entry, of the first moment.

    Needs the row of the connection locked.
    """
    last = Note.objects.filter(connection=calendar.connection).order_by("-at", "-pk").first()
    if not (last and last.kind == NoteKind.NO_MEET):
        _note(calendar.connection, NoteKind.NO_MEET, calendar=calendar, at=now)
    log.warning("google_meet_not_made", calendar=calendar.pk)


def leave_alone(connection: Connection, error: TryLater) -> None:
    """Have an account left alone for a while that Google limits, by whatever asks it next."""
    if error.problem in {Problem.BUSY, Problem.LIMIT}:
        pause = pauses.after_failure(1, chance, problem=error.problem, passes=error.passes, asked=error.after)
        Connection.objects.filter(pk=connection.pk).update(wait_until=clock.now() + pause)


def note_act(connection: Connection, kind: NoteKind) -> None:
    """Note what the owner did."""
    _note(connection, kind, at=clock.now())


@retrying
@transaction.atomic
def ask_to_sign_in(seen: Connection, error: SignInNeeded) -> bool:
    """Stop a connection whose grant is gone, and tell its owner now, and later while that is still so.

    False where it is not as it was `seen` any more: its owner signed in meanwhile, or disconnected it. Its busy times
    stay: a connection that died frees no time.
    """
    provider = lock_provider_of(seen.user)
    row = lock_connection(Connection.objects.filter(pk=seen.pk))
    if row is None or not row.is_working or row.signed_in_at != seen.signed_in_at:
        return False
    now = clock.now()
    row.state, row.state_since, row.problem = State.SIGN_IN_AGAIN, now, error.problem
    row.access_token, row.access_until = "", None
    if error.problem == Problem.SIGN_IN:  # dead; where only a permission is missing, it is good for ending the grant
        row.refresh_token = ""
    row.save(update_fields=["state", "state_since", "problem", "access_token", "refresh_token", "access_until"])
    if row.makes_meet:
        handing.hand_all(row.user_id)
    _note(row, NoteKind.SIGNED_OUT, problem=error.problem, at=now)
    log.warning("google_sign_in_needed", connection=row.pk, reason=error.reason)
    _tell(row, hours=0)
    outbox.publish_all(
        outbox.Draft(
            topic="calendar_sync.tell_again",
            key=f"{row.uuid.hex}:{now.timestamp():.0f}:{hours}",
            payload={"connection": row.pk, "since": now.isoformat(), "hours": hours},
            due_at=now + timedelta(hours=hours),
        )
        for hours in TOLD_AGAIN
    )
    pass_on(provider)
    return True


@transaction.atomic
def tell_again(number: int, *, since: datetime, hours: int) -> bool:
    """Tell the owner once more that Google asks for a sign-in, if it has done so ever `since` and they take part."""
    waiting = Connection.objects.filter(taking_part("user__"), state=State.SIGN_IN_AGAIN, state_since=since)
    row = waiting.filter(pk=number).first()
    if row is None:
        return False
    _tell(row, hours=hours)
    return True


def pass_on(provider: Provider | None, *, has_changed: bool = False) -> None:
    """Write on the locked provider's row how their connections stand, and whether that stops bookings.

    The last step of a transaction that changed a connection. Whoever follows open time is told where that is other now,
    because busy times are (`has_changed`) or bookings stop or go on. Does nothing for a customer.
    """
    if provider is None:
        return
    now = clock.now()
    rows = Connection.objects.filter(user=provider.user_id).exclude(state=State.LEAVING)
    copies = [copy_of(each) for each in rows.prefetch_related("calendars")]
    standing = standing_of(
        copies,
        now=now,
        good_for=timedelta(minutes=settings.GOOGLE_COPY_GOOD_MINUTES),
        is_required=settings.GOOGLE_CALENDAR_REQUIRED,
    )
    had_stopped = provider.calendar_stopped_at is not None
    provider.calendar_state, provider.calendar_read_at = standing.state, standing.read_at
    provider.calendar_stopped_at = (provider.calendar_stopped_at or now) if standing.stops else None
    provider.calendar_is_missing = standing.is_missing
    provider.save(update_fields=["calendar_state", "calendar_read_at", "calendar_stopped_at", "calendar_is_missing"])
    if has_changed or had_stopped != standing.stops:
        providers.open_time_changed(provider)


def take_over(provider: Provider) -> None:
    """Let the busy times of somebody who has just become a provider close their time, and their connections count.
    Inside the transaction in which they did."""
    BusyInterval.objects.filter(provider=None, calendar__connection__user=provider.user_id).update(provider=provider)
    if Connection.objects.filter(user=provider.user_id).exclude(state=State.LEAVING).exists():
        pass_on(provider)


def stop_stale(*, now: datetime) -> int:
    """Stop bookings at providers whose copy has become too old since it was read; returns how many were looked at."""
    old = now - timedelta(minutes=settings.GOOGLE_COPY_GOOD_MINUTES)
    stale = Q(calendar_read_at__lt=old) | Q(calendar_read_at=None)
    rows = Provider.objects.filter(stale, calendar_stopped_at=None).exclude(calendar_state=CalendarState.NONE)
    pausing = Connection.objects.filter(when_stale=WhenStale.PAUSE).exclude(state=State.LEAVING)
    pausing = pausing.filter(Q(calendars__counts_as_busy=True) | Q(calendars=None))
    return _look_at_each(rows.filter(user__in=pausing.values("user")))


def follow_requirement() -> int:
    """Stop bookings at providers without a calendar that works, if this site requires one; let them go on if it does so
    no more. Returns how many were looked at: so many at once that others do not wait, the live ones first."""
    if settings.GOOGLE_CALENDAR_REQUIRED:
        working = Connection.objects.that_work()
        rows = Provider.objects.filter(calendar_is_missing=False).exclude(user__in=working.values("user"))
    else:
        rows = Provider.objects.filter(calendar_is_missing=True)
    live_first = Case(When(listing=Listing.LIVE, then=0), default=1)
    return _look_at_each(rows.order_by(live_first, "pk")[:MANY])


def _look_at_each(providers: QuerySet[Provider]) -> int:
    found = list(providers.select_related("user"))
    for provider in found:
        try:
            _look_again(provider)
        except Busy:
            log.warning("calendar_state_not_looked_at", provider=provider.pk)  # in half a minute
    return len(found)


@retrying
@transaction.atomic
def _look_again(provider: Provider) -> None:
    pass_on(lock_provider_of(provider.user))


def forget_old_notes(*, now: datetime) -> int:
    """Delete the history that is older than 30 days; returns the number of entries removed."""
    return Note.objects.filter(at__lt=now - KEPT).delete()[0]


def _tell(row: Connection, *, hours: int) -> None:
    channels.tell(
        [
            Notice(
                name=SIGN_IN_NOTICE,
                key=f"{row.uuid.hex}:{row.state_since.timestamp():.0f}:{hours}",
                reader=row.user_id,
                kind=Kind.CALENDAR,
                facts={"connection": row.pk, "since": row.state_since.isoformat(), "hours": hours},
            )
        ]
    )


def copy_of(row: Connection) -> Copy:
    """What is known of a connection whose calendars are loaded."""
    calendars = list(row.calendars.all())
    counting = [each for each in calendars if each.counts_as_busy]
    known = [each.known_at for each in counting] if calendars else [row.signed_in_at]  # its calendars were never listed
    return Copy(
        state=State(row.state),
        has_problem=any(each.problem for each in counting),
        when_stale=WhenStale(row.when_stale),
        read_at=min(known, default=None) if all(each.last_read_at for each in counting) and calendars else None,
        known_at=min(known, default=None),
        was_read=any(each.last_read_at for each in counting),
    )


def _note(connection: Connection, kind: NoteKind, **fields: Any) -> None:
    Note.objects.create(connection=connection, kind=kind, **fields)
