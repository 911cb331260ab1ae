"""The rows of what is written to Google: which there are, and which are to be compared with what they are about.

Nothing here asks Google; `writing` does. A comparison asked for ten times is made once.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts.models import User
from calendar_sync import hooks
from calendar_sync.models import GoogleCalendar, WrittenEvent
from calendar_sync.rules.entries import event_id_of
from calendar_sync.states import State
from core import clock
from core.db import retrying
from core.letters import site_host
from outbox import services as outbox

WRITE = "calendar_sync.write"
POLL = 30
BATCH = 500


@retrying
@transaction.atomic
def things_changed(*, source: str, keys: Collection[UUID], owners: Iterable[User]) -> None:
    """Have the calendars of these people compared with things of theirs that have changed, by a job.

    Does nothing for whoever has no calendar that is written to.
    """
    calendars = list(_written_to().filter(connection__user__in=list(owners)).select_related("connection"))
    _add((calendar, source, key) for calendar in calendars for key in keys)
    written_changed(source=source, keys=keys)


@retrying
@transaction.atomic
def written_changed(*, source: str, keys: Collection[UUID]) -> None:
    """Have events compared with what they are about, by a job, in whosever calendar they stand; none is added."""
    _ask(WrittenEvent.objects.filter(source=source, key__in=keys), clock.now())


@retrying
@transaction.atomic
def compare(owner: User, *, now: datetime, source: str = "") -> None:
    """Have all that lies ahead of a person (of one source) compared with their calendars at Google, by a job.

    What Google should not have any more is taken away, in calendars that are no longer written to as well.
    """
    wanted = [
        (each.name, key) for each in hooks.sources if source in {"", each.name} for key in each.ahead(owner, now=now)
    ]
    calendars = list(_written_to().filter(connection__user=owner).select_related("connection"))
    _add((calendar, name, key) for calendar in calendars for name, key in wanted)
    # What was over by what we wrote may last longer by now.
    is_ahead = Q(end__gt=now) | Q(end=None) | Q(key__in=[key for _, key in wanted])
    rows = WrittenEvent.objects.filter(is_ahead, calendar__connection__user=owner)
    _ask(rows.filter(source=source) if source else rows, now)


def look_at(keys: Collection[int], *, now: datetime) -> None:
    """Have events compared with Google, too, where somebody has changed or deleted them. Inside a transaction."""
    rows = WrittenEvent.objects.filter(pk__in=keys)
    rows.update(must_look=True)
    _ask(rows, now)


@retrying
@transaction.atomic
def try_again(owner: User, *, event: WrittenEvent | None = None, now: datetime) -> int:
    """Have what could not be written into the person's calendars tried again now, or one event of it; their number."""
    rows = WrittenEvent.objects.filter(calendar__connection__user=owner).exclude(problem="")
    keys = list((rows.filter(pk=event.pk) if event else rows).values_list("pk", flat=True))
    ask_again(keys, now=now)
    return len(keys)


def ask_again(keys: Collection[int], *, now: datetime) -> None:
    """Have these events compared with what they are about. Inside a transaction."""
    _ask(WrittenEvent.objects.filter(pk__in=keys), now)


def adopt(calendar: GoogleCalendar, things: Collection[tuple[str, UUID]], *, now: datetime) -> None:
    """Take events of ours that a calendar has and our tables do not for written, as after disconnecting from Google
    and connecting again. Inside a transaction."""
    _add(((calendar, source, key) for source, key in things), sent_at=now)
    rows = calendar.written.filter(key__in=[key for _, key in things])
    rows.filter(sent_at=None).update(sent_at=now)  # a row that was there and knew nothing of it
    _ask(rows, now)


def note_keeper(owner: int) -> None:
    """Copy to the person's row whether they have a calendar that is written to. Inside the transaction of a change."""
    keeps = _written_to().filter(connection__user=owner).exists()
    User.objects.filter(pk=owner).exclude(keeps_calendar=keeps).update(keeps_calendar=keeps)


def publish_due(*, now: datetime) -> int:
    """Publish the writing of each connection that has something to compare; returns their number.

    An account that Google wants left alone for a while is left alone.
    """
    may_ask = Q(calendar__connection__wait_until=None) | Q(calendar__connection__wait_until__lte=now)
    due = WrittenEvent.objects.filter(may_ask, write_at__lte=now, calendar__connection__state=State.WORKING)
    # While something is due and nobody can write it, one message in each poll.
    slot = f"{now.timestamp() // POLL:.0f}"
    drafts = [_draft(each, slot) for each in _connections_of(due)]
    with transaction.atomic():
        outbox.publish_all(drafts)
    return len(drafts)


def wait_for_link(row: WrittenEvent, pause: timedelta | None, *, now: datetime) -> None:
    """Have an event that agrees with what it is about looked at again after a pause, as its Meet link is to come, or,
    with None, no more. What somebody asked for meanwhile is due now, and looked at then. Inside a transaction."""
    rows = WrittenEvent.objects.filter(pk=row.pk)
    as_read = rows.filter(asked=row.asked)
    if pause is None:
        as_read.update(write_at=None, must_look=False)
        return
    rows.update(must_look=True)
    at = now + pause
    if as_read.update(write_at=at):
        draft = _draft(row.calendar.connection_id, f"{row.pk}:{at.timestamp()}")
        outbox.publish_all([replace(draft, due_at=at)])


def _written_to() -> QuerySet[GoogleCalendar]:
    return GoogleCalendar.objects.filter(is_written_to=True).exclude(connection__state=State.LEAVING)


def _add(things: Iterable[tuple[GoogleCalendar, str, UUID]], **fields: Any) -> None:
    """Add the rows that are missing; what is to be written is not known by then, nor whether anything is."""
    site = site_host()
    rows = [
        WrittenEvent(
            calendar=calendar,
            source=source,
            key=key,
            event_id=event_id_of(source, key, owner=calendar.connection.user_id, site=site),
            **fields,
        )
        for calendar, source, key in things
    ]
    WrittenEvent.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)


def _ask(rows: QuerySet[WrittenEvent], now: datetime) -> None:
    keys = list(rows.values_list("pk", flat=True))
    found = WrittenEvent.objects.filter(pk__in=keys)
    found.update(write_at=now, asked=F("asked") + 1)
    working = found.filter(calendar__connection__state=State.WORKING)
    outbox.publish_all(_draft(each, uuid4().hex) for each in _connections_of(working))


def _connections_of(rows: QuerySet[WrittenEvent]) -> list[int]:
    return sorted(set(rows.values_list("calendar__connection", flat=True)))


def _draft(connection: int, when: str) -> outbox.Draft:
    return outbox.Draft(topic=WRITE, key=f"{connection}:{when}", payload={"connection": connection})
