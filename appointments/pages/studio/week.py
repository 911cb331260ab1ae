"""A provider's week as columns of five-minute rows, made from an agenda. Asks neither the database nor the clock.

Pieces are placed as `pages.calendar.layout` places entries.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from appointments.models import Appointment, Offer
from appointments.pages.calendar.layout import (
    ROW,
    ROWS_AN_HOUR,
    TWO_LINES,
    Zooms,
    at_least,
    days_of_week,
    hour_marks,
    in_lanes,
    now_row,
    rows_of,
    shut_rows,
    visible_hours,
    zoom_for,
)
from appointments.pages.calendar.periods import dates_text
from appointments.pages.labels import PROPOSED, WILL_COME, Label, badges
from appointments.queries.agenda import Agenda
from appointments.states import Role
from core import clock

ONE_DAY = timedelta(days=1)
# An hour is 52, 78.4 or 104 px high.
ZOOMS: Zooms = {1: (30, 6, 4.33), 2: (20, 4, 6.53), 3: (0, 3, 8.67)}


@dataclass(frozen=True, slots=True)
class Piece:
    """A block in one column: an appointment, or, where `appointment` is None, an `offer`, a busy time or time off.

    `start` and `end` are those of the whole, even when only a part lies in this column. With `is_new` it is the time
    that is proposed for the appointment, which is held beside the present one. With `is_expected` its customer said
    that they will come.
    """

    start: datetime
    end: datetime
    at: int
    rows: int
    appointment: Appointment | None = None
    label: Label | None = None
    lane: int = 1
    lanes: int = 1
    is_past: bool = False
    is_short: bool = False
    is_rest: bool = False
    is_new: bool = False
    is_off: bool = False
    is_expected: bool = False
    offer: Offer | None = None


@dataclass(frozen=True, slots=True)
class Column:
    day: date
    is_today: bool
    is_shown: bool
    pieces: list[Piece]
    shut: list[tuple[int, int]]
    now_at: int | None
    load: int
    count: int
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class Week:
    first: date
    columns: list[Column]
    first_hour: int
    hours: int
    zoom: int
    # The shown date, if appointments of it can still be cancelled.
    can_be_cleared: date | None = None

    @property
    def last(self) -> date:
        return self.columns[-1].day

    @property
    def title(self) -> str:
        """The dates of the week: "9 to 14 March", "30 March to 4 April"; with the year where it is not this one."""
        return dates_text(self.first, self.last)

    @property
    def hour_marks(self) -> list[tuple[str, str]]:
        """The hours beside the columns, each for the 24-hour and the 12-hour clock."""
        return hour_marks(self.first_hour, self.hours)

    @property
    def has_busy(self) -> bool:
        return any(not (piece.appointment or piece.offer or piece.is_off) for piece in self._pieces)

    @property
    def has_offers(self) -> bool:
        return any(piece.offer for piece in self._pieces)

    @property
    def has_expected(self) -> bool:
        return any(piece.is_expected for piece in self._pieces)

    @property
    def has_off(self) -> bool:
        return any(piece.is_off for piece in self._pieces)

    @property
    def _pieces(self) -> list[Piece]:
        return [piece for column in self.columns for piece in column.pieces]

    @property
    def has_new_times(self) -> bool:
        return any(piece.label is PROPOSED for piece in self._pieces)

    @property
    def previous(self) -> str:
        return week_name(self.first - 7 * ONE_DAY)

    @property
    def following(self) -> str:
        return week_name(self.first + 7 * ONE_DAY)

    @property
    def is_this_week(self) -> bool:
        return any(column.is_today for column in self.columns)

    @property
    def is_empty(self) -> bool:
        return not any(column.pieces for column in self.columns)


def week_name(day: date) -> str:
    """The ISO 8601 name of the week, as browsers send it: "2026-W11"."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def build_week(agenda: Agenda, *, shown: date, today: date, now: datetime) -> Week:
    """The week of `shown`: Monday to Friday, and the weekend as far as it has something to show."""
    drawn = {day: _pieces(agenda, day, now) for day in days_of_week(shown)}
    days = _days_worth_showing(agenda, drawn, {shown, today})
    zoom = _zoom(piece for day in days for piece in drawn[day])
    columns = {day: [at_least(piece, ZOOMS[zoom][1]) for piece in drawn[day]] for day in days}
    first_hour, hours = _visible_hours(agenda, columns)
    return Week(
        first=days[0],
        first_hour=first_hour,
        hours=hours,
        zoom=zoom,
        can_be_cleared=shown if shown >= today else None,
        columns=[
            Column(
                day=day,
                is_today=day == today,
                is_shown=day == shown,
                pieces=_finished(_shown(columns[day], first_hour, hours), first_hour, zoom),
                shut=shut_rows(agenda.opening(day), first_hour, hours),
                now_at=now_row(now, day, agenda.zone, first_hour, hours) if day == today else None,
                load=_load(agenda, day),
                count=sum(piece.appointment is not None and not piece.is_new for piece in columns[day]),
                is_closed=not columns[day] and not agenda.opening(day),
            )
            for day in days
        ],
    )


def _pieces(agenda: Agenda, day: date, now: datetime) -> list[Piece]:
    found, zone = [], agenda.zone
    for one in agenda.on(day):
        labels = badges(one, Role.PROVIDER, now=now)
        at, rows = rows_of(day, one.start, one.end, zone)
        is_rest = clock.local(one.start, agenda.zone).date() < day
        found.append(
            Piece(
                one.start,
                one.end,
                at,
                rows,
                one,
                labels[0],
                is_past=one.end <= now,
                is_rest=is_rest,
                is_expected=WILL_COME in labels,
            )
        )
    for new in agenda.proposed_on(day):
        at, rows = rows_of(day, new.start, new.end, zone)
        is_rest = clock.local(new.start, agenda.zone).date() < day
        found.append(Piece(new.start, new.end, at, rows, new.appointment, PROPOSED, is_rest=is_rest, is_new=True))
    for offer in agenda.offered_on(day):
        at, rows = rows_of(day, offer.start, offer.end, zone)
        is_rest = clock.local(offer.start, agenda.zone).date() < day
        found.append(Piece(offer.start, offer.end, at, rows, is_rest=is_rest, offer=offer))
    for start, end in agenda.busy_on(day):
        found.append(Piece(start, end, *rows_of(day, start, end, zone), is_past=end <= now))
    for start, end in agenda.off_on(day):
        found.append(Piece(start, end, *rows_of(day, start, end, zone), is_past=end <= now, is_off=True))
    return sorted(found, key=lambda piece: (piece.start, piece.end))


def _days_worth_showing(agenda: Agenda, drawn: dict[date, list[Piece]], always: set[date]) -> list[date]:
    days = list(drawn)
    last = max(n for n, day in enumerate(days) if n < 5 or drawn[day] or agenda.opening(day) or day in always)
    return days[: last + 1]


def _zoom(pieces: Iterable[Piece]) -> int:
    """The zoom at which the shortest appointment can be read and hit with a finger."""
    return zoom_for((piece.appointment.end - piece.appointment.start for piece in pieces if piece.appointment), ZOOMS)


def _visible_hours(agenda: Agenda, columns: dict[date, list[Piece]]) -> tuple[int, int]:
    """The first hour and the number of hours: all open or taken time of any day, and an hour after it."""
    spans = [span for day in columns for span in agenda.opening(day)]
    # Whole days off would stretch the week over the night.
    spans += [(p.at * ROW, (p.at + p.rows) * ROW) for pieces in columns.values() for p in pieces if not p.is_off]
    return visible_hours(spans)


def _shown(pieces: list[Piece], first_hour: int, hours: int) -> list[Piece]:
    """The pieces, of time off only the part within the visible hours."""
    first, last = first_hour * ROWS_AN_HOUR, (first_hour + hours) * ROWS_AN_HOUR
    found = []
    for piece in pieces:
        at, end = max(piece.at, first), min(piece.at + piece.rows, last)
        if not piece.is_off:
            found.append(piece)
        elif at < end:
            found.append(replace(piece, at=at, rows=end - at))
    return found


def _finished(pieces: list[Piece], first_hour: int, zoom: int) -> list[Piece]:
    """The pieces in lanes, with rows counted from the first visible hour; short where a second line does not fit."""
    height = ZOOMS[zoom][2]
    above = first_hour * ROWS_AN_HOUR
    return [replace(p, at=p.at - above, is_short=p.rows * height < TWO_LINES) for p in in_lanes(pieces)]


def _load(agenda: Agenda, day: date) -> int:
    """The percentage of the open time that is taken."""
    first, last = clock.day_bounds(day, agenda.zone)
    taken = sum((min(one.end, last) - max(one.start, first)).total_seconds() for one in agenda.on(day)) / 60
    opening = sum(end - start for start, end in agenda.opening(day))
    return min(round(100 * taken / opening), 100) if opening else 100 if taken else 0
