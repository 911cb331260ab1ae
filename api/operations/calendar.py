"""Operations on a provider's connections to Google Calendar. To consent, a person opens an address in a browser."""

from typing import Any

from api.calls import Call
from api.errors import not_found
from api.operations import found, own
from api.serializers.calendar import Connected
from calendar_sync import queries
from calendar_sync.models import Connection
from calendar_sync.services import connecting
from calendar_sync.states import Profile
from core.letters import page as address_of


def read_calendar(call: Call) -> Connected:
    """Read how one's own connections to Google stand: their calendars, the last success and the next try."""
    page = own.provider(call)
    return Connected(page, _connections(call), connecting.is_available())


def reconnect(call: Call, *, account: str | None = None, profile: str | None = None) -> dict[str, Any]:
    """Begin to connect a Google account, or to sign in to one again, which `account` names.

    The person opens `authorization_url` in a browser where they are signed in here, within 30 minutes, and consents.
    """
    page = own.provider(call)
    known = _one(call, account) if account else None
    address = connecting.begin(
        user=page.user,
        profile=Profile(profile or (known.profile if known else Profile.FULL)),
        again=known,
        redirect_uri=address_of("google_come_back"),
        now=call.now,
    )
    return {"authorization_url": address}


def sync(call: Call) -> Connected:
    """Have one's calendars read, and what could not be written tried again, by a job."""
    own.provider(call)
    rows = _connections(call)
    if not rows:
        raise not_found()
    connecting.read_all_now(connections=rows, now=call.now)
    return read_calendar(call)


def read_before(call: Call, made: str) -> Connected:
    """How the connections stand that this request had read before."""
    return read_calendar(call)


def disconnect(call: Call, *, account: str | None = None) -> None:
    """Disconnect one's Google accounts, or the one that `account` names. Their busy times are open again at once.

    What was written there stays, and follows no change any more.
    """
    own.provider(call)
    rows = [_one(call, account)] if account else _connections(call)
    if not rows:
        raise not_found()
    seen = call.seen.rows if call.seen else None
    connecting.disconnect_several(connections=rows, actor=call.person, seen=seen)


def _connections(call: Call) -> list[Connection]:
    return list(queries.connections_of(call.person))


def _one(call: Call, account: str) -> Connection:
    wanted = found.uuid_of(account)
    row = next((each for each in _connections(call) if each.uuid == wanted), None)
    if row is None:
        raise not_found()
    return row
