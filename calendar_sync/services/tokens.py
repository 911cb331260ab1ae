"""Access tokens: got from Google by one process at a time, and a refusal that tells the owner."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import structlog
from django.db.models import Q

from calendar_sync.google_api import oauth
from calendar_sync.google_api.calendars import OWNER, CalendarApi
from calendar_sync.google_api.errors import GoogleError, SignInNeeded, TokenRefused, TryLater
from calendar_sync.models import Connection, GoogleCalendar
from calendar_sync.states import Problem, Profile, State
from core import clock

from . import health

log = structlog.get_logger("calendar_sync")

Answer = TypeVar("Answer")
# A token is not used in its last minute: the call may be slower than that.
LAST_MINUTE = timedelta(minutes=1)
LEASE = timedelta(seconds=3 * oauth.SECONDS)


class OutOfReach(Exception):
    """What Google granted reaches this calendar no more, nor does what it granted before."""


class BeingRefreshed(Exception):
    """Another process asks Google for a token of this connection right now: come again in a second."""


def ask(connection: Connection, call: Callable[[CalendarApi], Answer]) -> Answer:
    """What `call` gets from the Calendar API; once more with a new access token where the first is refused.

    Outside any transaction. Raises the errors of `access_token` and of the API, never TokenRefused.
    """
    token = access_token(connection)
    try:
        return call(CalendarApi(token))
    except TokenRefused:
        token = access_token(connection, refused=token)
    try:
        return call(CalendarApi(token))
    except TokenRefused as error:
        raise TryLater(error.problem, error.reason) from None


def ask_as_before(connection: Connection, call: Callable[[CalendarApi], Answer]) -> Answer:
    """What `call` gets with the grant that a private connection had before it was one. Outside any transaction.

    Raises OutOfReach where there is none, or it is dead, and the errors of the API.
    """
    if not connection.former_token:
        raise OutOfReach
    try:
        return call(CalendarApi(oauth.new_access(connection.former_token).token))
    except (SignInNeeded, TokenRefused):
        raise OutOfReach from None


def is_owned_no_more(calendar: GoogleCalendar, error: SignInNeeded) -> bool:
    """Whether Google misses a permission because the account has lost a calendar that it owned, and not because of the
    grant. Then it is written down, and the calendar out of reach. Outside any transaction."""
    if error.problem != Problem.SCOPES or calendar.is_made or calendar.connection.profile != Profile.FULL:
        return False
    try:
        role = ask(calendar.connection, lambda api: api.role_in(calendar.google_id))
    except GoogleError:
        return False
    if role == OWNER:
        return False
    GoogleCalendar.objects.filter(pk=calendar.pk).update(is_owned=False, sync_token="")
    log.warning("google_calendar_not_owned", calendar=calendar.pk)
    return True


def access_token(connection: Connection, *, refused: str = "") -> str:
    """An access token of a connection, from its row or else from Google; never the one that was `refused`.

    Outside any transaction. Of many who ask at once, one calls Google and the others get BeingRefreshed. Raises
    SignInNeeded where the grant is gone, which marks the connection and tells its owner, and TryLater.
    """
    now = clock.now()
    row = Connection.objects.filter(pk=connection.pk, state=State.WORKING).first()
    if row is None:
        raise SignInNeeded(Problem.SIGN_IN, "not working any more")
    if row.access_token and row.access_token != refused and row.access_until and row.access_until > now + LAST_MINUTE:
        return row.access_token
    if not _take_turn(row):
        raise BeingRefreshed
    # Whoever signed in to Google meanwhile has newer tokens, which stay, and has ended this turn.
    rows = Connection.objects.filter(pk=row.pk, signed_in_at=row.signed_in_at)
    try:
        access = oauth.new_access(row.refresh_token)
    except GoogleError as error:
        rows.update(refreshing_until=None)
        if isinstance(error, SignInNeeded):
            health.ask_to_sign_in(row, error)
        raise
    other = {"refresh_token": access.refresh_token} if access.refresh_token else {}
    # In one statement: between two, another process would find no token and nobody who asks for one.
    rows.update(access_token=access.token, access_until=access.until, refreshing_until=None, **other)
    log.info("google_token_refreshed", connection=row.pk)
    return access.token


def _take_turn(row: Connection) -> bool:
    now = clock.now()
    free = Connection.objects.filter(Q(refreshing_until=None) | Q(refreshing_until__lt=now), pk=row.pk)
    return bool(free.filter(state=State.WORKING).update(refreshing_until=now + LEASE))
