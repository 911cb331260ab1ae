"""Jobs of the connections to Google. Each reads the present state, then calls one service."""

from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from core import clock
from outbox import services as outbox

from . import mails  # noqa: F401 registers what is told
from .google_api.errors import TryLater
from .services import (
    channels,
    connecting,
    ending,
    handing,
    health,
    leaving,
    own_calendar,
    reading,
    time_off,
    tokens,
    writing,
    written,
)

SOON = 2.0


@outbox.every(seconds=30, name="calendar_sync.poll")
def poll() -> None:
    """Publish what is due to be read and written, and stop bookings where a copy has become too old, or where a
    calendar is required and none works."""
    now = clock.now()
    reading.publish_due(now=now)
    written.publish_due(now=now)
    health.stop_stale(now=now)
    health.follow_requirement()


@outbox.handler(reading.READ)
def read(payload: dict[str, Any], *, message: Any) -> None:
    try:
        reading.read_calendar(payload["calendar"])
    except (reading.BeingRead, tokens.BeingRefreshed):
        raise outbox.NotYet(after=SOON) from None


@outbox.handler(written.WRITE)
def write(payload: dict[str, Any], *, message: Any) -> None:
    """Make Google agree with what is due of a connection."""
    try:
        writing.write_due(payload["connection"])
    except (writing.BeingWritten, tokens.BeingRefreshed):
        raise outbox.NotYet(after=SOON) from None


@outbox.handler(handing.HAND)
def hand_link(payload: dict[str, Any], *, message: Any) -> None:
    """Let something be joined by the Meet link that its event has now."""
    handing.take(source=payload["source"], key=UUID(payload["key"]), owner=payload["owner"])


@outbox.handler(handing.HAND_ALL)
def hand_links(payload: dict[str, Any], *, message: Any) -> None:
    """Let all that a person has ahead be joined by the Meet links that there are now."""
    handing.take_all(payload["owner"])


@outbox.handler("calendar_sync.write_time_off")
def write_time_off(payload: dict[str, Any], *, message: Any) -> None:
    """Have the calendar of a provider compared with their time off."""
    owner = User.objects.filter(provider=payload["provider"]).first()
    if owner is not None:
        written.compare(owner, now=clock.now(), source=time_off.name)


@outbox.handler("calendar_sync.read_person")
def read_person(payload: dict[str, Any], *, message: Any) -> None:
    """Have all calendars of a person read, as more of their time can be booked than was read so far."""
    owner = User.objects.filter(pk=payload["person"]).first()
    if owner is not None:
        reading.read_all_soon(owner, now=clock.now())


@outbox.handler("calendar_sync.compare_person")
def compare_person(payload: dict[str, Any], *, message: Any) -> None:
    """Have the calendar of a person compared with all that lies ahead of them."""
    owner = User.objects.filter(pk=payload["person"]).first()
    if owner is not None:
        written.compare(owner, now=clock.now())


@outbox.every(seconds=60, name="calendar_sync.channels")
def look_for_channels() -> None:
    """Publish a look at the connections whose push channels are to be opened, renewed or stopped."""
    now = clock.now()
    channels.forget_ended(now=now)
    channels.publish_due(now=now)


@outbox.handler(channels.LOOK)
def look_after_channels(payload: dict[str, Any], *, message: Any) -> None:
    try:
        channels.look_after(payload["connection"])
    except tokens.BeingRefreshed:
        raise outbox.NotYet(after=SOON) from None


@outbox.handler(connecting.READ_LIST)
def read_list(payload: dict[str, Any], *, message: Any) -> None:
    """Read which calendars an account has."""
    try:
        connecting.read_list(payload["connection"])
    except tokens.BeingRefreshed:
        raise outbox.NotYet(after=SOON) from None
    except TryLater as error:
        raise outbox.Retry(after=error.after.total_seconds() if error.after else 0, reason=str(error)) from None


@outbox.handler(own_calendar.MAKE)
def make_calendar(payload: dict[str, Any], *, message: Any) -> None:
    """Make the calendar that a private connection writes into."""
    try:
        own_calendar.make(payload["connection"])
    except (own_calendar.BeingMade, tokens.BeingRefreshed):
        raise outbox.NotYet(after=SOON) from None
    except TryLater as error:
        raise outbox.Retry(after=error.after.total_seconds() if error.after else 0, reason=str(error)) from None


@outbox.handler(leaving.REVOKE)
def revoke(payload: dict[str, Any], *, message: Any) -> None:
    try:
        connecting.revoke(payload["connection"], is_last_try=outbox.is_last_try(message))
    except channels.BeingOpened:
        raise outbox.NotYet(after=SOON) from None
    except TryLater as error:
        raise outbox.Retry(reason=str(error)) from None


@outbox.handler("calendar_sync.tell_again")
def tell_again(payload: dict[str, Any], *, message: Any) -> None:
    since = datetime.fromisoformat(payload["since"])
    health.tell_again(payload["connection"], since=since, hours=payload["hours"])


@outbox.handler(ending.REMIND)
def remind_of_end(payload: dict[str, Any], *, message: Any) -> None:
    ending.remind(payload["connection"], until=datetime.fromisoformat(payload["until"]))


@outbox.daily(hour=2, name="calendar_sync.compare_all")
def compare_all() -> None:
    """Have all that lies ahead compared, as what an event says follows from more than is told of, such as a name."""
    for owner in User.objects.filter(calendar_connections__calendars__is_written_to=True).distinct():
        outbox.renew_lease()
        written.compare(owner, now=clock.now())


@outbox.daily(hour=4, name="calendar_sync.refresh_lists")
def refresh_lists() -> int:
    return connecting.refresh_all_lists()


@outbox.daily(hour=3, name="calendar_sync.forget_old_notes")
def forget_old_notes() -> int:
    return health.forget_old_notes(now=clock.now())
