"""Connecting a Google account, choosing its calendars, and disconnecting it."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts import url_secrets
from accounts.models import User, taking_part
from calendar_sync.exceptions import BoxLeftEmpty, NotAvailable, NotConnected, NotReadNow
from calendar_sync.google_api import oauth
from calendar_sync.google_api.calendars import Listed
from calendar_sync.google_api.errors import GoogleError, SignInNeeded, TryLater
from calendar_sync.models import BusyInterval, Connection, FreeEvent, GoogleCalendar, WrittenEvent
from calendar_sync.rules import scopes
from calendar_sync.rules.events import zone_name
from calendar_sync.states import NoteKind, Problem, Profile, State, WhenChanged, WhenStale
from core import clock
from core.db import lock_row, retrying
from outbox import services as outbox
from providers.exceptions import ChangedMeanwhile

from . import channels, ending, handing, health, leaving, meet_links, own_calendar, reading, tokens, writing, written
from .locks import lock_connection, lock_provider_of

log = structlog.get_logger("calendar_sync")

READ_LIST = "calendar_sync.read_list"
# How long somebody may be at Google.
LASTS = timedelta(minutes=30)
STOPPED_WITHIN = timedelta(minutes=10)
# What Google's list says of a calendar.
LISTED = ("name", "is_primary", "is_owned", "time_zone", "gone_since")


def is_available() -> bool:
    """Whether this site has a client at Google, without which nothing can be connected."""
    return bool(settings.GOOGLE_CLIENT_ID and settings.GOOGLE_CLIENT_SECRET)


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody who is at Google to connect a calendar, begun by a program: what the state of their address says."""

    user: int
    verifier: str
    profile: Profile
    again: str
    until: float


def begin(*, user: User, profile: Profile, redirect_uri: str, now: datetime, again: Connection | None = None) -> str:
    """The address at Google where `user` consents in a browser, for a program that has none.

    What proves their return travels sealed in the state, so that no browser needs to have been here before; it is for
    this person alone, who is signed in when they come back, and Google's code is good once. Raises NotAvailable.
    """
    if not is_available():
        raise NotAvailable

    def state_of(verifier: str) -> str:
        told = [user.pk, verifier, profile, again.uuid.hex if again else "", (now + LASTS).timestamp()]
        return url_secrets.seal(json.dumps(told))

    away = oauth.departure(
        scopes.scopes_of(profile),
        redirect_uri=redirect_uri,
        email=again.email if again else "",
        # What was granted before is more than the private profile says that it can see.
        adds_up=profile == Profile.FULL,
        state_of=state_of,
    )
    return away.address


def away_of(state: str) -> Away | None:
    """What the state of an address that `begin` made says; None for any other."""
    try:
        user, verifier, profile, again, until = json.loads(url_secrets.unseal(state))
        return Away(user=user, verifier=verifier, profile=Profile(profile), again=again, until=until)
    except (url_secrets.CannotDecrypt, ValueError, TypeError):
        return None


def finish(
    *, user: User, code: str, verifier: str, profile: Profile, redirect_uri: str, again: Connection | None = None
) -> Connection:
    """The connection for which `user` came back from Google with a code: a new one, or one signed in again.

    Whoever went to sign in to one `again` and chose another account there that is connected, too, changes none.

    Waits for Google, outside any transaction. Raises NotConnected with words for the person; then nothing was changed,
    and a connection of the same account goes on as it was.
    """
    try:
        grant = oauth.redeem(code, verifier=verifier, scopes=scopes.scopes_of(profile), redirect_uri=redirect_uri)
    except oauth.CodeRefused as error:
        log.warning("google_code_refused", reason=str(error))
        raise NotConnected("Google’s answer was used already or came too late. Connect again.") from None
    except TryLater:
        raise NotConnected("Google did not answer in time, so no calendar was connected. Try again.") from None
    missing = scopes.left_out(profile, grant.granted)
    if missing:
        raise BoxLeftEmpty(missing)
    return _save(user=user, profile=profile, grant=grant, again=again)


@retrying
@transaction.atomic
def _save(*, user: User, profile: Profile, grant: oauth.Grant, again: Connection | None = None) -> Connection:
    provider = lock_provider_of(user)
    lock_row(User.objects.filter(pk=user.pk))  # so that two tabs make one row
    now = clock.now()
    row = lock_connection(Connection.objects.filter(user=user, account=grant.account))
    if row is not None:
        _refuse_if_not_meant(row, profile, grant, again)
    is_new = row is None
    row = row or Connection(user=user, account=grant.account, profile=profile)
    if row.state == State.LEAVING:
        row.former_token = row.to_remove = ""
    before, former_token = row.profile, row.refresh_token
    # What was granted for another profile is no grant for this one.
    refresh_token = grant.refresh_token or (former_token if before == profile else "")
    if not refresh_token:
        raise NotConnected("Google granted access for an hour only. Connect again and allow it to stay.")
    row.email, row.profile, row.granted = grant.email, profile, list(grant.granted)
    row.refresh_token, row.access_token, row.access_until = refresh_token, grant.access_token, grant.access_until
    row.state, row.state_since, row.problem, row.signed_in_at = State.WORKING, now, "", now
    row.refreshing_until = row.wait_until = None
    if grant.refresh_token:
        row.sign_in_until = grant.lasts_until
    row.save()
    if before != profile:
        _change_reach(row, former_token, now=now)
    health.note_act(row, NoteKind.CONNECTED if is_new else NoteKind.SIGNED_IN)
    outbox.publish_all([_list_draft(row, str(now.timestamp()))])
    ending.plan_reminder(row, now=now)
    reading.hasten(row, now=now)
    written.compare(user, now=now)
    health.pass_on(provider)
    log.info("google_connected", connection=row.pk, is_new=is_new)
    return row


def _refuse_if_not_meant(row: Connection, profile: Profile, grant: oauth.Grant, again: Connection | None) -> None:
    """Raise NotConnected where the profile that a grant is for would change what nobody asked to change, or put what is
    still to be removed out of reach."""
    if row.profile == profile:
        return
    if row.state == State.LEAVING:
        if profile == Profile.PRIVATE and json.loads(row.to_remove or "[]"):
            raise NotConnected("Your entries are still being removed from that account. Connect it again in a minute.")
    elif again is not None and again.pk != row.pk:
        chosen = f"You chose {grant.email} at Google, which is connected with other access. Nothing was changed."
        raise NotConnected(f"{chosen} Try again, and choose {again.email} there.")


def _change_reach(row: Connection, former_token: str, *, now: datetime) -> None:
    """Read and write what the connection's other profile lets it. Inside the caller's transaction.

    What was written into a calendar that is written to no more is taken away from there, after the private profile was
    chosen with the grant before. What was read stays until the next reading, so that no time is free meanwhile; with
    the private profile without titles.
    """
    ours = row.calendars.filter(is_made=True)
    others = row.calendars.filter(is_made=False)
    if row.profile == Profile.PRIVATE:
        # Their times are good until they are read anew; what they are about is none of ours any more.
        BusyInterval.objects.filter(calendar__in=others).update(title="")
        FreeEvent.objects.filter(calendar__in=others).delete()
        # Also what is not sent by then, as far as we know: somebody may be sending it.
        left = WrittenEvent.objects.filter(Q(end__gt=now) | Q(end=None), calendar__in=others)
        row.former_token = former_token if left.exists() else ""
        if others.filter(is_written_to=True).update(is_written_to=False):
            ours.update(is_written_to=True)
    else:
        row.former_token = ""
        if ours.filter(is_written_to=True).update(is_written_to=False):
            others.filter(is_primary=True).update(is_written_to=True)
    row.save(update_fields=["former_token"])
    handing.hand_all(row.user_id)
    # A reading that is under way has another reach than the next.
    row.calendars.update(sync_token="", reading_until=None, next_read_at=now)
    written.note_keeper(row.user_id)
    health.note_act(row, NoteKind.CHANGED)
    channels.publish_due(now=now, of=row)


def refresh_list(connection: Connection) -> None:
    """Have it read soon which calendars the account has, once a minute at most."""
    _publish_lists([connection])


def refresh_all_lists() -> int:
    """Have it read which calendars each connected account has, as they change there; returns the number of accounts.

    Those of people whose account is closed or suspended are left out.
    """
    rows = list(Connection.objects.filter(taking_part("user__"), state=State.WORKING))
    _publish_lists(rows)
    return len(rows)


@transaction.atomic
def _publish_lists(connections: Iterable[Connection]) -> None:
    minute = f"{clock.now():%Y%m%d%H%M}"
    outbox.publish_all(_list_draft(each, minute) for each in connections)


def _list_draft(connection: Connection, when: str) -> outbox.Draft:
    return outbox.Draft(topic=READ_LIST, key=f"{connection.uuid.hex}:{when}", payload={"connection": connection.pk})


def read_list(number: int) -> None:
    """Read which calendars an account has, and write it down.

    Outside any transaction. Raises TryLater and `tokens.BeingRefreshed`; what will not pass by itself is noted.
    """
    connection = Connection.objects.filter(taking_part("user__"), pk=number, state=State.WORKING).first()
    if connection is None:
        return
    if connection.wait_until and connection.wait_until > clock.now():
        raise TryLater(Problem.BUSY, after=connection.wait_until - clock.now())
    asked_at = clock.now()
    try:
        listed = tokens.ask(connection, lambda api: api.calendars())
    except TryLater as error:
        health.leave_alone(connection, error)
        raise
    except SignInNeeded as error:
        health.ask_to_sign_in(connection, error)
    except GoogleError as error:
        Connection.objects.filter(pk=number).update(problem=error.problem)
        log.warning("google_calendars_not_listed", connection=number, problem=error.problem, reason=error.reason)
    else:
        _save_list(connection, listed, asked_at=asked_at)


@retrying
@transaction.atomic
def _save_list(connection: Connection, listed: Collection[Listed], *, asked_at: datetime) -> None:
    """Write which calendars the account had at that moment. Of a new connection the account's own calendar counts as
    busy; it is written to unless another of this person's is, or with the private profile, one that is made for that.

    One that Google does not list any more stays with its busy times, and its owner reads that it is gone.
    """
    provider = lock_provider_of(connection.user)
    row = lock_connection(Connection.objects.filter(pk=connection.pk, state=State.WORKING))
    if row is None:
        return
    now = clock.now()
    known = {each.google_id: each for each in row.calendars.all()}
    has_another = GoogleCalendar.objects.filter(connection__user=row.user_id, is_written_to=True).exists()
    for each in listed:
        if each.is_hidden and each.google_id not in known:
            continue
        is_first = not known and each.is_primary
        calendar = known.get(each.google_id) or GoogleCalendar(
            connection=row,
            google_id=each.google_id,
            counts_as_busy=is_first,
            is_written_to=is_first and not has_another and row.profile == Profile.FULL,
        )
        calendar.name, calendar.is_primary, calendar.is_owned = each.name[:255], each.is_primary, each.role == "owner"
        zone, calendar.gone_since = zone_name(each.time_zone), None
        if calendar.pk and calendar.time_zone != zone:
            # Whole days that were read before lie elsewhere now, and no change tells of them. A reading loses its turn.
            row.calendars.filter(pk=calendar.pk).update(sync_token="", reading_until=None, next_read_at=now)
        calendar.time_zone = zone
        # What a reading writes at the same time is left alone.
        calendar.save(update_fields=LISTED if calendar.pk else None)
    written.note_keeper(row.user_id)
    gone = row.calendars.exclude(google_id__in=[each.google_id for each in listed])
    # One that we made meanwhile could not be in that list.
    gone = gone.filter(gone_since=None, counts_since__lt=asked_at)
    handing.hand_waiting(WrittenEvent.objects.filter(calendar__in=gone), now=now)
    gone.update(gone_since=now)
    reading.hasten(row, now=now)
    if not known:
        written.compare(row.user, now=now)
    own_calendar.publish_if_wanted(row, now=now)
    channels.publish_due(now=now, of=row)
    health.pass_on(provider)


@retrying
@transaction.atomic
def choose_calendars(
    *,
    connection: Connection,
    busy: Collection[GoogleCalendar],
    write_to: GoogleCalendar | None,
    writes_requests: bool = False,
    when_changed: WhenChanged = WhenChanged.ASK,
    makes_meet: bool = False,
    when_stale: WhenStale,
    actor: User,
) -> None:
    """Let exactly these calendars count as busy, and have what lies ahead written into `write_to` alone.

    What others made busy is open again at once; what was written into others of this person is taken away from there,
    where nothing is to be written into this account only what was written into it. With `makes_meet` what takes place
    online gets a Google Meet link, also where Google made none before; without it those that there are go.
    """
    provider = lock_provider_of(connection.user, actor=actor)
    row = lock_connection(Connection.objects.filter(pk=connection.pk).exclude(state=State.LEAVING))
    if row is None:
        raise NotConnected("This connection was ended meanwhile.")
    if write_to is not None:
        write_to = row.calendars.filter(pk=write_to.pk).first()
        if write_to is None or not write_to.is_in_reach:
            raise NotConnected("That calendar can’t be written to any more. Choose again.")
    wanted = {each.pk for each in busy}
    row.when_stale, row.when_changed, row.writes_requests = when_stale, when_changed, writes_requests
    links_by = _makes_links(row)
    row.makes_meet = makes_meet
    row.save(update_fields=["when_stale", "when_changed", "writes_requests", "makes_meet"])
    dropped = [each for each in row.calendars.filter(counts_as_busy=True) if each.pk not in wanted]
    freed = reading.drop_copies(dropped)
    row.calendars.filter(pk__in=[each.pk for each in dropped]).update(counts_as_busy=False)
    now = clock.now()
    # Read whole: of a calendar that was read for our own events alone, what makes busy was thrown away.
    row.calendars.filter(pk__in=wanted, counts_as_busy=False).update(
        counts_as_busy=True,
        counts_since=now,
        next_read_at=now,
        sync_token="",
        read_until=None,
        last_read_at=None,
        reading_until=None,
    )
    if write_to is not None:
        others = GoogleCalendar.objects.filter(connection__user=row.user_id).exclude(pk=write_to.pk)
        others.update(is_written_to=False)
        row.calendars.filter(pk=write_to.pk, is_written_to=False).update(is_written_to=True, next_read_at=now)
    else:
        row.calendars.update(is_written_to=False)
    written.note_keeper(row.user_id)
    events = WrittenEvent.objects.filter(calendar__connection__user=row.user_id)
    meet_links.ask_anew(events.filter(calendar__connection=row), wanted=makes_meet)
    if _makes_links(row) != links_by:
        handing.hand_all(row.user_id)
    written.compare(row.user, now=now)
    health.note_act(row, NoteKind.CHOSEN)
    reading.hasten(row, now=now)
    channels.publish_due(now=now, of=row)
    health.pass_on(provider, has_changed=freed)


def _makes_links(row: Connection) -> tuple[bool, int | None]:
    """Whether a connection makes Meet links, and which calendar of its owner is written to, on which both depend."""
    written_to = GoogleCalendar.objects.filter(connection__user=row.user_id, is_written_to=True)
    return row.makes_meet, written_to.values_list("pk", flat=True).first()


def read_now(*, connection: Connection, now: datetime) -> None:
    """Have the calendars of a connection listed and read, and what could not be written tried again, by jobs.

    Raises NotReadNow where its owner has to sign in first, or Google wants the account left alone for a while.
    """
    if not connection.is_working:
        raise NotReadNow("Google asks you to sign in first.")
    if connection.wait_until and connection.wait_until > now:
        raise NotReadNow("Google asked us to slow down. The next try comes by itself.")
    refresh_list(connection)
    reading.read_soon(connection, now=now)
    written.try_again(connection.user, now=now)


def read_all_now(*, connections: Iterable[Connection], now: datetime) -> None:
    """Have the calendars of several connections read, as `read_now` does. Raises the first refusal where none can be
    read."""
    refusals, is_read = [], False
    for connection in connections:
        try:
            read_now(connection=connection, now=now)
            is_read = True
        except NotConnected as refusal:
            refusals.append(refusal)
    if refusals and not is_read:
        raise refusals[0]


@retrying
@transaction.atomic
def disconnect(*, connection: Connection, actor: User, removes_events: bool = False) -> bool:
    """End a connection: its busy times are open again at once, and a job has Google forget the grant.

    What was written of what lies ahead stays in Google, and follows no change any more; or the job deletes it first.
    False where Google has forgotten it already.
    """
    provider = lock_provider_of(connection.user, actor=actor)
    had_busy_times = BusyInterval.objects.filter(calendar__connection=connection).exists()
    is_asked = leaving.leave(connection, removes_after=clock.now() if removes_events else None)
    health.pass_on(provider, has_changed=had_busy_times)
    return is_asked


@retrying
@transaction.atomic
def disconnect_several(
    *, connections: Sequence[Connection], actor: User, seen: Sequence[Connection] | None = None
) -> None:
    """End connections of the actor as `disconnect` does, all or none. Raises ChangedMeanwhile where the actor's
    connections, or what is chosen of their calendars, are not as `seen`."""
    lock_provider_of(actor, actor=actor)
    present = Connection.objects.filter(user=actor).exclude(state=State.LEAVING).prefetch_related("calendars")
    if seen is not None and _choices(present) != _choices(seen):
        raise ChangedMeanwhile
    for connection in connections:
        disconnect(connection=connection, actor=actor)


def _choices(connections: Iterable[Connection]) -> dict[object, object]:
    return {
        (one.pk, one.profile, one.state): {
            (each.pk, each.counts_as_busy, each.is_written_to) for each in one.calendars.all()
        }
        for one in connections
    }


def revoke(number: int, *, is_last_try: bool) -> None:
    """Have Google stop the channels of a leaving connection, delete the events that are to go, and forget the grant.

    Then its row is deleted.

    Raises TryLater where Google does not answer; on the last try the row is deleted all the same, because a token that
    nobody keeps opens nothing. Channels that can't be stopped delay that for ten minutes, no more: they end by
    themselves. Raises `channels.BeingOpened`.
    """
    row = Connection.objects.filter(pk=number, state=State.LEAVING).first()
    if row is None:
        return
    try:
        channels.stop_all(row)
    except TryLater:
        if clock.now() < row.state_since + STOPPED_WITHIN:
            raise
        log.warning("google_channels_not_stopped", connection=number)
    try:
        writing.remove_all(row)
    except TryLater:
        if not is_last_try:
            raise
        log.warning("google_events_not_removed", connection=number)
    if not leaving.is_left(row):  # connected anew meanwhile: revoking would end that, too
        return
    try:
        oauth.revoke(row.refresh_token)
    except TryLater:
        if not is_last_try:
            raise
        log.warning("google_grant_not_revoked", connection=number)
    Connection.objects.filter(pk=number, state=State.LEAVING, state_since=row.state_since).delete()
