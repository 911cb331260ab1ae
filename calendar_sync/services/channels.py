"""Push channels: opened for calendars whose events are read, renewed before their end, stopped when of no use.

Google is asked outside any transaction, by a job, and each step is committed before the next: a worker that is killed
leaves rows from which the next look goes on. What is told by a channel is in `pushes`. Polling never stops.
"""

import secrets
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from calendar_sync.google_api import oauth
from calendar_sync.google_api.calendars import CalendarApi, Watched
from calendar_sync.google_api.errors import GoogleError, Refused, SignInNeeded, TryLater
from calendar_sync.models import Channel, Connection, GoogleCalendar
from calendar_sync.rules import pauses
from calendar_sync.states import ChannelState, Problem, Profile, State
from core import clock
from core.db import retrying
from outbox import services as outbox

from . import health, tokens
from .locks import lock_connection
from .pushes import hash_of
from .reading import chance

log = structlog.get_logger("calendar_sync")

LOOK = "calendar_sync.look_after_channels"
# How long Google's channels live unless it says otherwise, and how long its answer to the request for one may take.
LIFE = timedelta(days=7)
ANSWERED_WITHIN = timedelta(minutes=1)
LIVE = (ChannelState.OPEN, ChannelState.VERIFIED)


class BeingOpened(Exception):
    """Another process asks Google for a channel right now: come again in a few seconds."""


# --- Which connections need a look ------------------------------------------------------------------------------------


def publish_due(*, now: datetime, of: Connection | None = None) -> int:
    """Publish a look at each connection (or at one) that wants a channel, or has one too many; returns their number."""
    if not Channel.objects.exists() and not settings.GOOGLE_PUSH_ADDRESS:
        return 0
    needs: set[int] = set()
    for rows in (_wanting(now), _of_no_use(), _to_stop(now)):
        needs |= set((rows.filter(connection=of) if of else rows).values_list("connection", flat=True))
    with transaction.atomic():
        outbox.publish_all(
            outbox.Draft(topic=LOOK, key=f"{number}:{now.timestamp()}", payload={"connection": number})
            for number in sorted(needs)
        )
    return len(needs)


def forget_ended(*, now: datetime) -> int:
    """Delete the channels that have ended by themselves; returns their number."""
    return Channel.objects.filter(expires_at__lt=now).delete()[0]


def _watched() -> QuerySet[GoogleCalendar]:
    """The calendars of which Google is to tell: those whose events are read."""
    if not settings.GOOGLE_PUSH_ADDRESS:
        return GoogleCalendar.objects.none()
    tells = Q(connection__profile=Profile.FULL) | Q(is_made=True)
    return GoogleCalendar.objects.read().filter(tells, is_owned=True, gone_since=None)


def _wanting(now: datetime) -> QuerySet[GoogleCalendar]:
    """The watched calendars without a channel that lasts, and of which it is time to ask (again) for one."""
    lasting = Channel.objects.filter(
        calendar=OuterRef("pk"), address=settings.GOOGLE_PUSH_ADDRESS, next_at__gt=now, expires_at__gt=now
    ).exclude(state=ChannelState.STOPPING)
    may_ask = Q(connection__wait_until=None) | Q(connection__wait_until__lte=now)
    return _watched().filter(may_ask).filter(~Exists(lasting))


def _of_no_use() -> QuerySet[Channel]:
    """The channels that can be stopped and are to be: another took their place, or nobody watches their calendar."""
    newer = Channel.objects.filter(
        calendar=OuterRef("calendar"), pk__gt=OuterRef("pk"), state__in=LIVE, address=settings.GOOGLE_PUSH_ADDRESS
    )
    rows = Channel.objects.filter(connection__state=State.WORKING).exclude(resource_id="")
    rows = rows.exclude(state=ChannelState.STOPPING)
    unwatched = Q(calendar=None) | ~Q(calendar__in=_watched().values("pk")) | ~Q(address=settings.GOOGLE_PUSH_ADDRESS)
    return rows.filter(unwatched | Exists(newer))


def _to_stop(now: datetime) -> QuerySet[Channel]:
    return Channel.objects.filter(
        connection__state=State.WORKING, state=ChannelState.STOPPING, next_at__lte=now, expires_at__gt=now
    )


# --- One look ---------------------------------------------------------------------------------------------------------


def look_after(number: int) -> None:
    """Open the channels that a connection wants, and stop those of no use.

    Outside any transaction. Failures are noted on the channels and tried again after growing pauses; raises
    `tokens.BeingRefreshed` alone.
    """
    connection = Connection.objects.select_related("user").filter(pk=number, state=State.WORKING).first()
    now = clock.now()
    if connection is None or (connection.wait_until and connection.wait_until > now):
        return
    for calendar in _wanting(now).filter(connection=connection):
        if not _open(connection, calendar):
            return
        outbox.renew_lease()
    keys = list(_of_no_use().filter(connection=connection).values_list("pk", flat=True))
    Channel.objects.filter(pk__in=keys).update(state=ChannelState.STOPPING, next_at=now, failures=0)
    for channel in _to_stop(now).filter(connection=connection):
        _stop(connection, channel)
        outbox.renew_lease()


def _open(connection: Connection, calendar: GoogleCalendar) -> bool:
    """Ask Google for a channel; False where its grant is gone, so that nothing more can be asked."""
    try:
        tokens.access_token(connection)  # before there is a row, which says that Google was asked
    except SignInNeeded:
        return False
    except TryLater:
        return True
    token = secrets.token_urlsafe(32)
    channel = _commit(connection, calendar, hash_of(token))
    if channel is None:
        return True
    try:
        watched = tokens.ask(
            connection,
            lambda api: api.watch(calendar.google_id, channel=str(channel.uuid), token=token, address=channel.address),
        )
    except tokens.BeingRefreshed:
        channel.delete()  # Google refused the access token, and so opened nothing
        raise
    except GoogleError as error:
        _failed(channel, error)
    else:
        _opened(channel, watched)
    return True


@retrying
@transaction.atomic
def _commit(connection: Connection, calendar: GoogleCalendar, token_hash: str) -> Channel | None:
    """The row of a channel before Google is asked for it; None where that was done meanwhile, or is not wanted."""
    now = clock.now()
    row = lock_connection(Connection.objects.filter(pk=connection.pk, state=State.WORKING))
    if row is None or not _wanting(now).filter(pk=calendar.pk).exists():
        return None
    before = Channel.objects.filter(calendar=calendar).order_by("-pk").first()
    Channel.objects.filter(calendar=calendar, state=ChannelState.REFUSED).delete()
    return Channel.objects.create(
        connection=row,
        calendar=calendar,
        address=settings.GOOGLE_PUSH_ADDRESS,
        token_hash=token_hash,
        failures=before.failures if before else 0,
        expires_at=now + LIFE,
        next_at=now + ANSWERED_WITHIN,
    )


@retrying
def _opened(channel: Channel, watched: Watched) -> None:
    """Write what Google answered. Its first message may have been here before."""
    renewed = pauses.renewal(clock.now(), watched.until)
    row = Channel.objects.filter(pk=channel.pk)
    with transaction.atomic():
        row.update(resource_id=watched.resource_id, expires_at=watched.until, next_at=renewed, failures=0)
        row.filter(state=ChannelState.ASKED).update(state=ChannelState.OPEN)
    log.info("google_channel_opened", channel=str(channel.uuid), connection=channel.connection_id)


@retrying
@transaction.atomic
def _failed(channel: Channel, error: GoogleError) -> None:
    """Note that Google opened no channel, or gave no answer, so that one may be open; and when to ask for another."""
    connection = lock_connection(Connection.objects.filter(pk=channel.connection_id))
    if connection is None:
        return
    failures = channel.failures + 1
    is_unknown = error.problem == Problem.SLOW or "channelIdNotUnique" in error.reason
    Channel.objects.filter(pk=channel.pk, state=ChannelState.ASKED).update(
        state=ChannelState.ASKED if is_unknown else ChannelState.REFUSED,
        failures=failures,
        next_at=clock.now() + _pause_after(failures, error),
    )
    if isinstance(error, Refused) and not is_unknown:
        health.note_not_told(connection)
    log.warning("google_channel_not_opened", connection=connection.pk, problem=error.problem, reason=error.reason)


def _pause_after(failures: int, error: GoogleError) -> timedelta:
    pause = pauses.after_failure(failures, chance, problem=error.problem, passes=error.passes, asked=error.after)
    return max(ANSWERED_WITHIN, pause)


def _stop(connection: Connection, channel: Channel) -> None:
    try:
        tokens.ask(connection, lambda api: api.stop(channel=str(channel.uuid), resource_id=channel.resource_id))
    except TryLater as error:
        failures = channel.failures + 1
        pause = pauses.until_next_try(failures, chance, asked=error.after)
        Channel.objects.filter(pk=channel.pk).update(failures=failures, next_at=clock.now() + pause)
    except GoogleError as error:
        # Google knows of no such channel, or never stops it for us. Either way it says nothing that we listen to.
        log.info("google_channel_gone", channel=str(channel.uuid), reason=error.reason)
        Channel.objects.filter(pk=channel.pk).delete()
    else:
        log.info("google_channel_stopped", channel=str(channel.uuid), connection=connection.pk)
        Channel.objects.filter(pk=channel.pk).delete()


# --- The end of a connection ------------------------------------------------------------------------------------------


def stop_all(connection: Connection) -> None:
    """Stop the channels of a leaving connection, while its grant still lives.

    Outside any transaction. Raises TryLater, and BeingOpened while another process waits for Google's answer about one.
    """
    asked = connection.channels.filter(state=ChannelState.ASKED, resource_id="")
    if asked.filter(asked_at__gt=clock.now() - ANSWERED_WITHIN).exists():
        raise BeingOpened
    channels = list(connection.channels.exclude(resource_id="").filter(expires_at__gt=clock.now()))
    if not channels:
        return
    try:
        api = CalendarApi(oauth.new_access(connection.refresh_token).token)
    except SignInNeeded:
        return  # the grant is dead, and nobody else may stop them
    for channel in channels:
        try:
            api.stop(channel=str(channel.uuid), resource_id=channel.resource_id)
        except TryLater:
            raise
        except GoogleError as error:
            log.info("google_channel_gone", channel=str(channel.uuid), reason=error.reason)
        channel.delete()
        outbox.renew_lease()
