"""A provider's week as columns of five-minute rows, made from an agenda. Asks neither the database nor the clock.

Pieces are placed by wall time. On the day clocks go back an hour occurs twice, so two pieces may have the same rows:
pieces that overlap as drawn share the width, so that none covers another.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from appointments.models import Appointment, Offer
from appointments.pages.labels import PROPOSED, WILL_COME, Label, badges
from appointments.queries.agenda import Agenda
from appointments.states import Role
from core import clock, wording
from core.intervals import Interval, subtract

ROW = 5
ROWS_AN_HOUR = 60 // ROW
ROWS_A_DAY = 24 * ROWS_AN_HOUR
ONE_DAY = timedelta(days=1)
MOST_LANES = 6
# Minutes of the day shown when nothing is open or taken, and the fewest hours shown.
USUAL = (9 * 60, 17 * 60)
FEWEST_HOURS = 8
# The height of an hour: zoom -> (shortest length in minutes it suits, rows of a 24 px target, px of a row).
ZOOMS = {1: (30, 6, 4.33), 2: (20, 4, 6.53), 3: (0, 3, 8.67)}
TWO_LINES = 38


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
        last = wording.date_text(self.last).partition(" ")[2]
        if self.first.year != self.last.year:
            return f"{wording.date_text(self.first, year=True).partition(' ')[2]} to {last}"
        first = wording.date_text(self.first, year=False).partition(" ")[2]
        return f"{self.first.day if self.first.month == self.last.month else first} to {last}"

    @property
    def hour_marks(self) -> list[tuple[str, str]]:
        """The hours beside the columns, each for the 24-hour and the 12-hour clock."""
        hours = range(self.first_hour, self.first_hour + self.hours)
        return [(f"{hour:02}", f"{hour % 12 or 12}{'am' if hour < 12 else 'pm'}") for hour in hours]

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


def days_of_week(day: date) -> list[date]:
    """The dates of the week of `day`, Monday to Sunday."""
    monday = day - timedelta(days=day.weekday())
    return [monday + n * ONE_DAY for n in range(7)]


def build_week(agenda: Agenda, *, shown: date, today: date, now: datetime) -> Week:
    """The week of `shown`: Monday to Friday, and the weekend as far as it has something to show."""
    drawn = {day: _pieces(agenda, day, now) for day in days_of_week(shown)}
    days = _days_worth_showing(agenda, drawn, {shown, today})
    zoom = _zoom(piece for day in days for piece in drawn[day])
    columns = {day: _at_least(drawn[day], zoom) for day in days}
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
                shut=_shut(agenda, day, first_hour, hours),
                now_at=_now_row(agenda, day, today, now, first_hour, hours),
                load=_load(agenda, day),
                count=sum(piece.appointment is not None and not piece.is_new for piece in columns[day]),
                is_closed=not columns[day] and not agenda.opening(day),
            )
            for day in days
        ],
    )


def wall_minute(moment: datetime, day: date, agenda: Agenda) -> int:
    """The wall-clock minute of `moment` on `day`: 0 before that day, 1440 after it."""
    there = clock.local(moment, agenda.zone)
    if there.date() != day:
        return 0 if there.date() < day else clock.END_OF_DAY
    return there.hour * 60 + there.minute


def _pieces(agenda: Agenda, day: date, now: datetime) -> list[Piece]:
    found = []
    for one in agenda.on(day):
        labels = badges(one, Role.PROVIDER, now=now)
        at, rows = _rows(agenda, day, one.start, one.end)
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
        at, rows = _rows(agenda, day, new.start, new.end)
        is_rest = clock.local(new.start, agenda.zone).date() < day
        found.append(Piece(new.start, new.end, at, rows, new.appointment, PROPOSED, is_rest=is_rest, is_new=True))
    for offer in agenda.offered_on(day):
        at, rows = _rows(agenda, day, offer.start, offer.end)
        is_rest = clock.local(offer.start, agenda.zone).date() < day
        found.append(Piece(offer.start, offer.end, at, rows, is_rest=is_rest, offer=offer))
    for start, end in agenda.busy_on(day):
        found.append(Piece(start, end, *_rows(agenda, day, start, end), is_past=end <= now))
    for start, end in agenda.off_on(day):
        found.append(Piece(start, end, *_rows(agenda, day, start, end), is_past=end <= now, is_off=True))
    return sorted(found, key=lambda piece: (piece.start, piece.end))


def _rows(agenda: Agenda, day: date, start: datetime, end: datetime) -> tuple[int, int]:
    """The first row and the number of rows, enough for the real length where wall time is shorter (clocks go back)."""
    first, last = clock.day_bounds(day, agenda.zone)
    start, end = max(start, first), min(end, last)
    begins = wall_minute(start, day, agenda)
    lasts = int((end - start).total_seconds() // 60)
    ends = clock.END_OF_DAY if end == last else wall_minute(end, day, agenda)
    ends = min(max(ends, begins + lasts), clock.END_OF_DAY)
    at = begins // ROW
    return at, max(-(-ends // ROW) - at, 1)


def _days_worth_showing(agenda: Agenda, drawn: dict[date, list[Piece]], always: set[date]) -> list[date]:
    days = list(drawn)
    last = max(n for n, day in enumerate(days) if n < 5 or drawn[day] or agenda.opening(day) or day in always)
    return days[: last + 1]


def _zoom(pieces: Iterable[Piece]) -> int:
    """The zoom at which the shortest appointment can be read and hit with a finger."""
    shortest = min((piece.appointment.minutes for piece in pieces if piece.appointment), default=60)
    return next(zoom for zoom, (suits, _, _) in ZOOMS.items() if shortest >= suits)


def _at_least(pieces: list[Piece], zoom: int) -> list[Piece]:
    least = ZOOMS[zoom][1]
    return [
        piece if piece.rows >= least else replace(piece, at=min(piece.at, ROWS_A_DAY - least), rows=least)
        for piece in pieces
    ]


def _visible_hours(agenda: Agenda, columns: dict[date, list[Piece]]) -> tuple[int, int]:
    """The first hour and the number of hours: all open or taken time of any day, and an hour after it."""
    spans = [span for day in columns for span in agenda.opening(day)]
    # Whole days off would stretch the week over the night.
    spans += [(p.at * ROW, (p.at + p.rows) * ROW) for pieces in columns.values() for p in pieces if not p.is_off]
    spans = spans or [USUAL]
    first = min(start for start, _ in spans) // 60
    last = min(-(-max(end for _, end in spans) // 60) + 1, 24)
    last = min(max(last, first + FEWEST_HOURS), 24)
    first = min(first, last - FEWEST_HOURS)
    return first, last - first


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
    return [replace(p, at=p.at - above, is_short=p.rows * height < TWO_LINES) for p in _in_lanes(pieces)]


def _in_lanes(pieces: list[Piece]) -> list[Piece]:
    """The pieces in their order, with lanes: each group of pieces that overlap as drawn shares the width."""
    lane_of: dict[int, int] = {}
    groups: list[list[int]] = []
    ends: list[int] = []
    for n in sorted(range(len(pieces)), key=lambda n: (pieces[n].at, -pieces[n].rows)):
        piece = pieces[n]
        if not ends or piece.at >= max(ends):
            ends = []
            groups.append([])
        lane = next((i for i, end in enumerate(ends) if end <= piece.at), len(ends))
        ends[lane : lane + 1] = [piece.at + piece.rows]
        lane_of[n] = lane
        groups[-1].append(n)
    placed = list(pieces)
    for group in groups:
        lanes = min(max(lane_of[n] for n in group) + 1, MOST_LANES)
        lanes = MOST_LANES if lanes == 5 else lanes
        if lanes > 1:
            for n in group:
                placed[n] = replace(pieces[n], lanes=lanes, lane=min(lane_of[n] + 1, lanes))
    return placed


def _shut(agenda: Agenda, day: date, first_hour: int, hours: int) -> list[tuple[int, int]]:
    """The first row and the number of rows of each visible closed stretch."""
    visible = [(first_hour * 60, (first_hour + hours) * 60)]
    closed: list[Interval] = subtract(visible, agenda.opening(day))
    rows = [(-(-start // ROW) - first_hour * ROWS_AN_HOUR, end // ROW - -(-start // ROW)) for start, end in closed]
    return [(at, length) for at, length in rows if length > 0]


def _now_row(agenda: Agenda, day: date, today: date, now: datetime, first_hour: int, hours: int) -> int | None:
    if day != today:
        return None
    row = wall_minute(now, day, agenda) // ROW - first_hour * ROWS_AN_HOUR
    return row if 0 <= row < hours * ROWS_AN_HOUR else None


def _load(agenda: Agenda, day: date) -> int:
    """The percentage of the open time that is taken."""
    first, last = clock.day_bounds(day, agenda.zone)
    taken = sum((min(one.end, last) - max(one.start, first)).total_seconds() for one in agenda.on(day)) / 60
    opening = sum(end - start for start, end in agenda.opening(day))
    return min(round(100 * taken / opening), 100) if opening else 100 if taken else 0
