"""The calendar of our own in an account of the private profile: made once, found again, and made anew if it is deleted.

Google takes no id of ours for a calendar, and would make as many as it is asked for. So one process at a time asks; it
looks first for one that bears our mark; that it asks is written before it does; and where no answer came, nobody asks
again before the one asked for would be in the list.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.models import User, taking_part
from calendar_sync.google_api.calendars import OWNER, Listed
from calendar_sync.google_api.errors import CalendarGone, GoogleError, SignInNeeded, TryLater
from calendar_sync.models import Connection, GoogleCalendar, WrittenEvent
from calendar_sync.rules.events import zone_name
from calendar_sync.rules.own_calendar import body_of, mark_of
from calendar_sync.states import NoteKind, Problem, Profile, State
from core import clock
from core.db import retrying
from core.letters import site_host
from outbox import services as outbox
from providers.models import Provider

from . import channels, handing, health, reading, tokens, written
from .locks import lock_connection, lock_provider_of

log = structlog.get_logger("calendar_sync")

MAKE = "calendar_sync.make_calendar"
LEASE = timedelta(minutes=2)
# How long a calendar that was asked for without an answer may take until it is in the list.
ANSWERED_WITHIN = timedelta(minutes=1)


class BeingMade(Exception):
    """Another process makes this calendar now: come again in a few seconds."""


def is_wanted(row: Connection) -> bool:
    """Whether a connection lacks the calendar of our own that it writes into. One query with the private profile.

    One that its owner deleted is not wanted again by itself.
    """
    return row.profile == Profile.PRIVATE and not row.calendars.filter(is_made=True).exists()


def publish_if_wanted(row: Connection, *, now: datetime) -> None:
    """Have the calendar made that a connection lacks, by a job. Inside the caller's transaction."""
    if row.is_working and is_wanted(row):
        outbox.publish(MAKE, key=f"{row.uuid.hex}:{now.timestamp()}", payload={"connection": row.pk})


def make(number: int) -> bool:
    """Make the calendar of a connection, or find the one that was made before; False where none is wanted.

    Outside any transaction. Raises BeingMade while another process does it, TryLater and `tokens.BeingRefreshed`; what
    will not pass by itself is noted.
    """
    connection = _take_turn(number)
    if connection is None:
        return False
    try:
        if not is_wanted(connection):  # whoever had the turn before has ended it with the calendar
            return False
        listed = _find(connection) or _ask(connection)
        return bool(listed and _save(connection, listed))
    except TryLater as error:
        health.leave_alone(connection, error)
        raise
    except SignInNeeded as error:
        health.ask_to_sign_in(connection, error)
    except GoogleError as error:
        Connection.objects.filter(pk=number).update(problem=error.problem)
        log.warning("google_calendar_not_made", connection=number, problem=error.problem, reason=error.reason)
    finally:
        Connection.objects.filter(pk=number, making_until=connection.making_until).update(making_until=None)
    return False


@retrying
@transaction.atomic
def make_again(*, connection: Connection, actor: User) -> bool:
    """Have the calendar made anew that its owner deleted in Google, and all that lies ahead written into it.

    False where it is there, or was never made.
    """
    provider = lock_provider_of(connection.user, actor=actor)
    row = lock_connection(Connection.objects.filter(pk=connection.pk, state=State.WORKING))
    gone = row.calendars.filter(is_made=True).exclude(gone_since=None).first() if row else None
    if row is None or gone is None:
        return False
    now = clock.now()
    freed = reading.drop_copies([gone])
    handing.hand(handing.with_link(gone.written.all(), now=now))
    gone.delete()
    written.note_keeper(row.user_id)
    publish_if_wanted(row, now=now)
    health.pass_on(provider, has_changed=freed)
    return True


def _wanting(number: int) -> Q:
    return Q(pk=number, state=State.WORKING, profile=Profile.PRIVATE)


def _take_turn(number: int) -> Connection | None:
    """The connection, leased to this process; None where it has its calendar, or wants none, and while its owner's
    account is closed or suspended."""
    now = clock.now()
    rows = Connection.objects.filter(_wanting(number))
    row = rows.filter(taking_part("user__")).first()
    if row is None or not is_wanted(row):
        return None
    if row.wait_until and row.wait_until > now:
        raise TryLater(Problem.BUSY, after=row.wait_until - now)
    if not rows.filter(Q(making_until=None) | Q(making_until__lt=now)).update(making_until=now + LEASE):
        raise BeingMade
    return Connection.objects.select_related("user").filter(pk=number, making_until=now + LEASE).first()


def _find(connection: Connection) -> Listed | None:
    """The calendar in the account's list that bears our mark and is in reach, if one is."""
    mark = _mark(connection)
    listed: Collection[Listed] = tokens.ask(connection, lambda api: api.calendars())
    ours = [each for each in listed if each.role == OWNER and mark in each.description]
    ours.sort(key=lambda each: each.google_id)
    return next((each for each in ours if _is_reached(connection, each)), None)


def _is_reached(connection: Connection, listed: Listed) -> bool:
    """Whether the grant reaches a calendar that bears our mark: not so where another client of this site at Google made
    it, before the site had this one."""
    now = clock.now()
    try:
        tokens.ask(connection, lambda api: next(api.events(listed.google_id, since=now, until=now + LEASE)))
    except CalendarGone:
        return False
    except SignInNeeded as error:
        if error.problem != Problem.SCOPES:
            raise
        return False
    return True


def _ask(connection: Connection) -> Listed | None:
    """Ask Google for a new calendar; None where this process has lost its turn, or none is wanted any more."""
    now = clock.now()
    if connection.calendar_asked_at and connection.calendar_asked_at > now - ANSWERED_WITHIN:
        raise TryLater(Problem.SLOW, "asked already", after=connection.calendar_asked_at + ANSWERED_WITHIN - now)
    turn = Connection.objects.filter(_wanting(connection.pk), making_until=connection.making_until)
    if not turn.update(calendar_asked_at=now):
        return None
    body = body_of(name=settings.SITE_NAME, zone=_zone(connection.user), mark=_mark(connection))
    try:
        return tokens.ask(connection, lambda api: api.make_calendar(body))
    except tokens.BeingRefreshed:
        turn.update(calendar_asked_at=None)  # Google refused the access token, and so made nothing
        raise
    except GoogleError as error:
        if error.problem != Problem.SLOW:  # an answer, and none that a calendar was made
            turn.update(calendar_asked_at=None)
        raise


@retrying
@transaction.atomic
def _save(connection: Connection, listed: Listed) -> bool:
    """Write down which calendar is ours, and have all that lies ahead written into it, unless something of this person
    is written elsewhere. False where none is wanted any more."""
    provider = lock_provider_of(connection.user)
    row = lock_connection(Connection.objects.filter(_wanting(connection.pk)))
    if row is None or row.calendars.filter(is_made=True).exists():
        return False
    now = clock.now()
    calendar = row.calendars.filter(google_id=listed.google_id).first()
    calendar = calendar or GoogleCalendar(connection=row, google_id=listed.google_id)
    has_another = GoogleCalendar.objects.filter(connection__user=row.user_id, is_written_to=True).exists()
    calendar.name, calendar.time_zone = listed.name[:255], zone_name(listed.time_zone)
    calendar.is_made = calendar.is_owned = True
    calendar.is_written_to = not has_another
    # Its events are read from now on, and whole, also where its busy times were.
    calendar.sync_token, calendar.reading_until, calendar.next_read_at, calendar.gone_since = "", None, now, None
    calendar.save()
    handing.hand(handing.with_link(WrittenEvent.objects.filter(calendar__connection__user=row.user_id), now=now))
    Connection.objects.filter(pk=row.pk).update(calendar_asked_at=None)
    written.note_keeper(row.user_id)
    written.compare(row.user, now=now)
    health.note_act(row, NoteKind.MADE)
    reading.hasten(row, now=now)
    channels.publish_due(now=now, of=row)
    health.pass_on(provider)
    log.info("google_calendar_made", connection=row.pk)
    return True


def _mark(connection: Connection) -> str:
    return mark_of(owner=connection.user_id, account=connection.account, site=site_host())


def _zone(owner: User) -> str:
    """The zone of the new calendar: that in which the person is booked, or their own."""
    provider = Provider.objects.filter(user=owner).first()
    return provider.time_zone if provider else owner.time_zone
