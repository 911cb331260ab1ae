"""What the pages of a connection show, from rows in hand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from core import clock, wording

from .hooks import Asked, source_of
from .models import Connection, GoogleCalendar, Note, WrittenEvent
from .rules.attention import Attention
from .rules.sign_in import TESTING_WORDS, ended_by_testing, ends_soon
from .states import Edit, NoteKind, Problem, Profile, WhenStale

# What a connection means for somebody who is no provider.
CONNECTED = "You are told when a time that you choose is one at which you are busy, and can book it all the same."


@dataclass(frozen=True, slots=True)
class Panel:
    """How a connection stands: the look and the words of its panel, and its facts below.

    `seen` is how many events a first reading has seen by now, None once every calendar was read.
    """

    connection: Connection
    kind: str
    icon: str
    heading: str
    text: str
    busy: list[GoogleCalendar]
    gone: list[GoogleCalendar]
    written_to: GoogleCalendar | None
    last_read_at: datetime | None
    next_read_at: datetime | None
    seen: int | None = None
    problem: str = ""
    # Whether Google tells of changes at once in all calendars that count, and whether it does in some.
    is_told: bool = False
    is_told_of_some: bool = False
    # Since when nobody can book because of it.
    stopped_at: datetime | None = None
    # Whether Google ends the sign-in within days.
    ends_soon: bool = False
    # The calendar that we made, where its owner has deleted it, and whether one is still to be made.
    deleted: GoogleCalendar | None = None
    is_making: bool = False
    # Whether Google has not said yet which calendars there are.
    is_listing: bool = False
    # How many changes wait to be written until its owner signs in, None where no sign-in is asked for.
    waiting: int | None = None

    @property
    def pauses(self) -> bool:
        return self.connection.when_stale == WhenStale.PAUSE


def panel_of(
    connection: Connection, *, is_booked: bool, stopped_at: datetime | None, now: datetime, waiting: int = 0
) -> Panel:
    """The panel of a connection whose calendars are loaded, of a provider if its owner `is_booked`; `stopped_at` is
    since when nobody can book, `waiting` how many changes wait to be written."""
    calendars = list(connection.calendars.all())
    busy = [each for each in calendars if each.counts_as_busy]
    is_private = connection.profile == Profile.PRIVATE
    read = [each.last_read_at for each in busy if each.last_read_at]
    unread = [each for each in busy if not each.last_read_at]
    is_listing = not calendars and connection.is_working  # which calendars there are is asked first, by a job
    told = [getattr(each, "is_told", False) for each in busy]  # as `queries.connections_of` says of each
    problem = next((each.get_problem_display() for each in busy if each.problem), "")
    if not calendars and connection.problem:  # they could not even be listed
        problem = connection.get_problem_display()
    facts: dict[str, Any] = {
        "connection": connection,
        "busy": busy,
        "gone": [each for each in calendars if _is_missed(each, has_own_words=is_private and each.is_made)],
        "deleted": next((each for each in calendars if each.is_made and each.gone_since), None) if is_private else None,
        "is_making": is_private and not any(each.is_made for each in calendars),
        "written_to": next((each for each in calendars if each.is_written_to), None),
        # The oldest of the copies, which is how old the whole is.
        "last_read_at": min(read) if read and not unread else None,
        "next_read_at": min((each.next_read_at for each in busy), default=None),
        "problem": problem,
        "stopped_at": stopped_at,
        "ends_soon": connection.is_working and ends_soon(connection.sign_in_until, now=now),
        "is_told": all(told) and bool(told),
        "is_told_of_some": any(told),
        "is_listing": is_listing,
    }
    if connection.needs_sign_in:
        text = "Nothing new in your calendar is seen until you sign in; your appointments are safe."
        is_dead = connection.problem == Problem.SIGN_IN
        if is_dead and ended_by_testing(connection.signed_in_at, connection.state_since):
            text += f" {TESTING_WORDS}"
        return Panel(
            kind="brass", icon="warn", heading="Google asks you to sign in again", text=text, waiting=waiting, **facts
        )
    if problem:
        text = f"{problem}. What was read before still {'closes time for booking' if is_booked else 'counts'}."
        return Panel(kind="brass", icon="warn", heading="Not read just now", text=text, **facts)
    if not busy and not is_listing:
        text = f"Choose at least one that makes you busy, or {_else(is_booked, stopped_at)}."
        return Panel(kind="slate", icon="link", heading="No calendar counts", text=text, **facts)
    if unread or is_listing:
        seen = sum(each.read_so_far for each in unread)
        meanwhile = "open once they are" if stopped_at else "go on meanwhile"
        text = (
            f"Your busy times are being read. You can leave this page{f'; bookings {meanwhile}' if is_booked else ''}."
        )
        return Panel(kind="iris", icon="refresh", heading="Syncing", text=text, seen=seen, **facts)
    text = "Customers see only times that are free in Google too." if is_booked else CONNECTED
    return Panel(kind="brand", icon="check", heading="Connected", text=text, **facts)


def _is_missed(calendar: GoogleCalendar, *, has_own_words: bool) -> bool:
    """Whether Google no longer shows a calendar that is read or written to, unless the latter `has_own_words`."""
    is_used = calendar.counts_as_busy or (calendar.is_written_to and not has_own_words)
    return is_used and calendar.gone_since is not None


def _else(is_booked: bool, stopped_at: datetime | None) -> str:
    """What no calendar that counts means."""
    if not is_booked:
        return "you are not told when you book while you are busy"
    return "nobody can book you here" if stopped_at else "customers may be offered times when you are"


@dataclass(frozen=True, slots=True)
class ProfileChoice:
    """How much of a Google account a connection may use, as somebody chooses it: what is read, what is written, and
    what we can never see or do."""

    value: str
    name: str
    lead: str
    read: Sequence[str]
    written: Sequence[str]
    never: Sequence[str]
    is_chosen: bool


def profiles_of(*, is_booked: bool, chosen: str = Profile.FULL) -> list[ProfileChoice]:
    """The profiles to choose from, for a provider if they are `is_booked`."""
    entries = "Your appointments, time off and own events" if is_booked else "Your appointments and own events"
    site = settings.SITE_NAME
    full = ProfileChoice(
        value=Profile.FULL,
        name=Profile.FULL.label,
        lead=f"{entries} stand among your own entries. Most people want this.",
        read=("When you are busy, in the calendars you choose", "Titles, only for yourself"),
        written=(entries, "Their changes and cancellations, within a minute or so"),
        never=("Mail, contacts, files", "Changing or deleting an entry that is yours"),
        is_chosen=chosen != Profile.PRIVATE,
    )
    private = ProfileChoice(
        value=Profile.PRIVATE,
        name=Profile.PRIVATE.label,
        lead=f"{entries} stand in a calendar “{site}” that is made in your account. Of all others Google tells us only "
        "when you are busy.",
        read=("Busy or free, in the calendars you choose", f"What stands in the calendar “{site}”"),
        written=(f"{entries}, into “{site}” alone",),
        never=("What your other entries are: no titles, guests or places", "Anything in another calendar of yours"),
        is_chosen=chosen == Profile.PRIVATE,
    )
    return [full, private]


@dataclass(frozen=True, slots=True)
class Row:
    """An entry of the history: its look, what happened, more about it, and when."""

    kind: str
    icon: str
    what: str
    more: str
    at: datetime


def rows_of(notes: Iterable[Note]) -> list[Row]:
    """The entries of a history as a page shows them. Needs their calendars."""
    return [_row(note) for note in notes]


def _row(note: Note) -> Row:
    calendar = note.calendar.name if note.calendar else ""
    if note.kind == NoteKind.READ:
        times = f"{note.busy} busy time{'' if note.busy == 1 else 's'} read"
        more = f"{note.changed} changed since the last time" if note.changed else "Nothing new"
        return Row("brand", "check", times, f"{calendar}. {more}" if calendar else more, note.at)
    if note.kind in {NoteKind.ASKED, NoteKind.OVERWRITTEN}:
        return Row("brass", "warn", note.get_kind_display(), calendar, note.at)
    if note.kind in {NoteKind.PROPOSED, NoteKind.PUT_BACK, NoteKind.TAKEN_OVER}:
        return Row("iris", "calendar", note.get_kind_display(), calendar, note.at)
    if note.kind == NoteKind.NO_MEET:
        return Row("brass", "warn", note.get_kind_display(), "Tell your customer how to join", note.at)
    if note.kind == NoteKind.NOT_TOLD:
        return Row("brass", "clock", note.get_kind_display(), "They are looked for every 12 minutes or so", note.at)
    if note.kind == NoteKind.WRITTEN:
        what = f"{note.changed} {'entry' if note.changed == 1 else 'entries'} written"
        return Row("brand", "check", what, "What you have here, in your calendar", note.at)
    if note.kind in {NoteKind.FAILED, NoteKind.NOT_WRITTEN, NoteKind.SIGNED_OUT}:
        icon = "warn" if note.kind == NoteKind.SIGNED_OUT else "clock"
        return Row("brass", icon, note.get_problem_display() or note.get_kind_display(), calendar, note.at)
    return Row("brand", "check", note.get_kind_display(), calendar, note.at)


def line_of(connection: Connection, reasons: Sequence[Attention]) -> str:
    """A connection as whoever runs the site reads it in a terminal, on one line; moments are in UTC. Needs owner and
    calendars."""
    counting = [each for each in connection.calendars.all() if each.counts_as_busy]
    read = [each.last_read_at for each in counting]
    known = [each for each in read if each]
    tries = [each.next_read_at for each in counting] if connection.is_working and connection.user.takes_part else []
    problem = next((each.problem for each in counting if each.problem), connection.problem)
    at_rest = [] if connection.user.takes_part else ["not read: the account is closed or suspended"]
    facts = [
        ", ".join([*reasons, *at_rest]) or "in order",
        f"{connection.get_state_display().lower()} since {_utc(connection.state_since)}",
        f"read {_utc(min(known)) if known and len(known) == len(read) else 'never' if counting else 'nothing'}",
        f"problem: {Problem(problem).label}" if problem else "no problem",
        f"next try {_utc(min(tries))}" if tries else "no next try",
    ]
    return f"{connection.user.email} ({connection.email}): {'; '.join(facts)}"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class Edited:
    """An event that somebody changed at Google, in the list of those about which they are asked: what was done with
    what, the times that stand here and at Google, and the event itself."""

    what: str
    was: str
    now: str
    start: datetime
    uuid: UUID


def edited_of(events: Iterable[WrittenEvent], zone: ZoneInfo, *, twelve: bool) -> list[Edited]:
    """The list of changed events. Times are told in `zone`."""
    return [_edited(each, zone, twelve) for each in events]


def _edited(event: WrittenEvent, zone: ZoneInfo, twelve: bool) -> Edited:
    def told(start: datetime | None, end: datetime | None) -> str:
        assert start and end
        return _days_of(start, end, event.calendar.zone) or wording.range_text(start, end, zone, twelve=twelve)

    assert event.start
    source = source_of(event.source)
    done = event.get_edit_display().removesuffix(" in Google").lower()
    return Edited(
        what=f"{source.word if source else 'Entry'} {done}",
        was=told(event.start, event.end),
        now=told(event.edit_start, event.edit_end) if event.edit == Edit.MOVED else "",
        start=event.start,
        uuid=event.uuid,
    )


def _days_of(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """The whole days of an entry, the last one told as included; empty where it does not have whole days in the
    calendar's own `zone`."""
    first, after = clock.local(start, zone).date(), clock.local(end, zone).date()
    if first == after or (start, end) != tuple(clock.day_bounds(day, zone)[0] for day in (first, after)):
        return ""
    last = after - clock.ONE_DAY
    days = wording.date_text(first) if first == last else f"{wording.date_text(first)} to {wording.date_text(last)}"
    return f"{days}, all day"


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody is asked about an event of theirs that was changed at Google."""

    event: WrittenEvent
    title: str
    zone: ZoneInfo
    follow: str
    meaning: str
    address: str
    go: str
    is_own: bool = False
    is_agreed: bool = False

    @property
    def what(self) -> str:
        return self.event.get_edit_display()

    @property
    def is_deleted(self) -> bool:
        return self.event.edit == Edit.DELETED

    def was(self, twelve: bool = False) -> str:
        """The time that stands here, with its zone."""
        return self._range(self.event.start, self.event.end, twelve)

    def now(self, twelve: bool = False) -> str:
        """The time at which it is at Google, or that it is deleted there, or says something else."""
        if self.event.edit_start is None:
            return "Deleted"
        if self.event.edit == Edit.CHANGED:
            return "Other words"
        return self._range(self.event.edit_start, self.event.edit_end, twelve)

    def _range(self, start: datetime | None, end: datetime | None, twelve: bool) -> str:
        assert start and end
        if days := _days_of(start, end, self.event.calendar.zone):
            return days
        return f"{wording.range_text(start, end, self.zone, twelve=twelve)}, {wording.zone_city(self.zone)} time"


def question_of(event: WrittenEvent, asked: Asked) -> Question:
    """The question about an event, with the words for what it is about."""
    words = asked.title, clock.zone(asked.zone), asked.follow, asked.meaning, asked.address, asked.go
    return Question(event, *words, is_own=asked.is_own, is_agreed=asked.is_agreed)
