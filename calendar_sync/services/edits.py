"""What people do with our events at Google: put back, proposed to the other side, or asked about, as they chose.

No agreement is ever ended by it. What concerns nobody but its owner is taken over, unless they want it put back. What
follows goes through the services of the thing, as from a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from calendar_sync import hooks
from calendar_sync.google_api.errors import TryLater
from calendar_sync.hooks import Asked, Edited
from calendar_sync.models import Connection, WrittenEvent
from calendar_sync.rules.entries import Entry, body_of, content_of, said_in
from calendar_sync.rules.events import span_of
from calendar_sync.rules.read_back import read_back
from calendar_sync.states import Edit, NoteKind, Problem, State, WhenChanged
from core import clock
from core.db import lock_rows, retrying
from core.exceptions import Busy, DomainError
from core.letters import site_host
from notifications import channels
from notifications.catalogue import Notice
from notifications.models import Kind
from providers.exceptions import ChangedMeanwhile

from . import handing, health, written
from .locks import lock_if_kept

log = structlog.get_logger("calendar_sync")

NOTICE = "calendar_sync.edited"
# The fields of an event about which nothing is asked.
NONE: dict[str, Any] = {"edit": "", "edit_start": None, "edit_end": None, "edited_at": None, "refusal": ""}


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an edit: the event stays as it is until its owner answers (`asks`), or because the thing is like
    it by now (`taken`, with what the calendar should hold for it); else it is overwritten."""

    asks: bool = False
    taken: bool = False
    entry: Entry | None = None


PUT_BACK, ASKED = Decision(), Decision(asks=True)


def edit_of(
    row: WrittenEvent,
    event: Mapping[str, Any] | None,
    entry: Entry,
    body: Mapping[str, Any],
    *,
    is_missing: bool = False,
) -> Edited | None:
    """What somebody did with an event that stood as we wrote it; None where it lies as it did, or is over.

    Of a thing that is its owner's alone, other words are an edit, too, and so is one of what is over. `is_missing` says
    that there is no such event, and nothing that says that it was deleted.
    """
    if hooks.takes_over(row.source):
        return _edit_of_own(row, event, entry, body, is_missing=is_missing)
    if row.start is None or row.end is None or row.end <= clock.now():
        return None
    if event is None:
        return Edited(Edit.DELETED, row.start, row.end)
    start, end = span_of(event, row.calendar.zone)
    # Whole days stay where they are also when their calendar has another zone by now, in which they begin elsewhere.
    if (start, end) == (row.start, row.end) or _days_of(event) == _days_of(body) is not None:
        return None
    return Edited(Edit.MOVED, row.start, row.end, start, end)


def _days_of(event: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first day of a whole-day event, and the one after its last; None for any other."""
    first, after = (event[each].get("date") for each in ("start", "end"))
    return (first, after) if first and after else None


def _edit_of_own(
    row: WrittenEvent,
    event: Mapping[str, Any] | None,
    entry: Entry,
    body: Mapping[str, Any],
    *,
    is_missing: bool = False,
) -> Edited | None:
    if event is None:
        return Edited(Edit.DELETED, entry.start, entry.end, is_missing=is_missing, entry=entry)
    found, wrote = (read_back(each, calendar_zone=row.calendar.zone, zone=entry.zone) for each in (event, body))
    if found is None or wrote is None or found == wrote:
        return None
    is_moved = (found.start, found.end) != (wrote.start, wrote.end)
    kind = Edit.MOVED if is_moved else Edit.CHANGED
    return Edited(kind, entry.start, entry.end, found.start, found.end, entry=entry, wrote=wrote, found=found)


def is_lost(
    row: WrittenEvent, event: Mapping[str, Any] | None, entry: Entry, body: Mapping[str, Any], *, known: str
) -> bool:
    """Whether its owner changed at Google what is theirs alone, and what they changed or decided here overwrites it.

    `known` is Google's name for what the event was when we last knew it, and that is decided about where the row has no
    content.
    """
    if hooks.takes_over(row.source) is None or not (row.content or known and known != row.etag):
        return False
    return _edit_of_own(row, event, entry, body) is not None


def decide(connection: Connection, row: WrittenEvent, edit: Edited) -> Decision:
    """Do what the owner chose for such an edit. Outside any transaction.

    Raises ChangedMeanwhile where the thing is not as it was written any more: it is to be written anew.
    """
    choice = WhenChanged(connection.when_changed)
    if choice == WhenChanged.PUT_BACK:
        health.note_edit(connection, row, NoteKind.PUT_BACK)
        return PUT_BACK
    refusal = ""
    own, source = hooks.takes_over(row.source), hooks.source_of(row.source)
    try:
        if own and not edit.is_missing:  # what goes with a whole calendar is not deleted here unasked
            entry = own.take_over(row.key, owner=connection.user, edit=edit)
            health.note_edit(connection, row, NoteKind.TAKEN_OVER)
            return Decision(taken=True, entry=entry)
        if choice == WhenChanged.PROPOSE and edit.has_other_start and source:
            source.follow(row.key, owner=connection.user, edit=edit)
            health.note_edit(connection, row, NoteKind.PROPOSED)
            return PUT_BACK
    except Busy:
        raise TryLater(Problem.SLOW, "our own database was busy") from None
    except ChangedMeanwhile:
        raise
    except DomainError as error:
        refusal = str(error)
    _ask(connection, row, edit, refusal)
    return ASKED


@retrying
@transaction.atomic
def _ask(connection: Connection, row: WrittenEvent, edit: Edited, refusal: str) -> None:
    """Ask the owner what the edit means, and tell them so, once for each edit, unless they ended the connection."""
    if not lock_if_kept(row.calendar):
        return
    now = clock.now()
    rows = WrittenEvent.objects.filter(pk=row.pk)
    told = rows.values_list("edit", "edit_start", "edit_end", "edited_at").first()
    is_new = told is None or told[:3] != (edit.kind, edit.start, edit.end)
    rows.update(
        etag=row.etag,
        edit=edit.kind,
        edit_start=edit.start,
        edit_end=edit.end,
        edited_at=now if is_new or told is None else told[3],
        refusal=refusal,
        failures=0,
        problem="",
    )
    rows.filter(asked=row.asked).update(write_at=None, must_look=False)
    if is_new:
        handing.hand_waiting(rows, now=now)
        health.note_edit(connection, row, NoteKind.ASKED)
        channels.tell(
            [
                Notice(
                    name=NOTICE,
                    key=f"{row.event_id}:{now.timestamp()}",
                    reader=connection.user_id,
                    kind=Kind.CALENDAR,
                    facts={"event": row.pk, "at": now.isoformat()},
                )
            ]
        )


def all_of(owner: User) -> QuerySet[WrittenEvent]:
    """The events of ours in the person's calendars."""
    return WrittenEvent.objects.filter(calendar__connection__user=owner)


def open_for(owner: User) -> QuerySet[WrittenEvent]:
    """The events about which the person is asked, the earliest first, with their calendars."""
    rows = all_of(owner).exclude(edit="").exclude(calendar__connection__state=State.LEAVING)
    return rows.select_related("calendar__connection__user").order_by("start", "pk")


def edited(row: WrittenEvent) -> Edited:
    """What was done with an event about which its owner is asked."""
    assert row.start and row.end
    return Edited(Edit(row.edit), row.start, row.end, row.edit_start, row.edit_end)


@retrying
@transaction.atomic
def put_back(*, event: WrittenEvent, actor: User) -> bool:
    """Have an event at Google put back as we had written it; False where nothing is asked about it any more."""
    row = lock_rows(WrittenEvent.objects.filter(pk=event.pk, edited_at=event.edited_at, edit__gt="")).first()
    if row is None:
        return False
    # With other content than is to be written, it is written.
    WrittenEvent.objects.filter(pk=row.pk).update(content="", **NONE)
    written.ask_again([row.pk], now=clock.now())
    return True


def follow(*, event: WrittenEvent, actor: User) -> str:
    """Do with the thing what was done with its event; returns what was done, empty where nothing is asked any more.

    The event is put back to where the thing stands now. Raises DomainError where it can't be done: nothing has changed.
    """
    row = open_for(actor).filter(pk=event.pk, edited_at=event.edited_at).first()
    source = hooks.source_of(row.source) if row else None
    if row is None or source is None:
        return ""
    said = _follow_own(row, source, actor) if hooks.takes_over(row.source) else _follow(row, source, actor)
    log.info("google_edit_followed", written=row.pk, edit=row.edit)
    return said


def _follow(row: WrittenEvent, source: hooks.Source, actor: User) -> str:
    said = source.follow(row.key, owner=actor, edit=edited(row))
    put_back(event=row, actor=actor)
    return said


@retrying
@transaction.atomic
def _follow_own(row: WrittenEvent, source: hooks.Source, actor: User) -> str:
    """Follow an edit of what is its owner's alone. What else they changed there, such as its title, is no part of the
    question: the event is looked at as one that was written as the thing is now, so that it is taken over, too."""
    said = source.follow(row.key, owner=actor, edit=edited(row))
    entry = source.entry(row.key, owner=actor)
    if entry is None:
        put_back(event=row, actor=actor)
        return said
    body = body_of(entry, source=row.source, key=row.key, site=site_host())
    WrittenEvent.objects.filter(pk=row.pk).update(content=content_of(body, said_in(entry)), **NONE)
    written.look_at([row.pk], now=clock.now())
    return said


def ask_about(event: WrittenEvent) -> Asked | None:
    """What is asked about an event, as words; None where nothing is, or nothing any more. Needs its connection."""
    source = hooks.source_of(event.source)
    if not event.edit or source is None:
        return None
    return source.asked(event.key, owner=event.calendar.connection.user, edit=edited(event))


def asked_at(event: WrittenEvent, moment: datetime) -> bool:
    """Whether the owner is still asked about what was found at that moment."""
    return bool(event.edit) and event.edited_at == moment
