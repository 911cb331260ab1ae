"""Where entries stand on a calendar: columns of five-minute rows, lanes, whole days. Knows no model and no clock.

Entries are placed by wall time. On the day clocks go back an hour occurs twice, so two entries may have the same rows:
entries that overlap as drawn share the width, so that none covers another. On the day clocks go forward the hour that
is skipped is shut.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol, Self, TypeVar
from zoneinfo import ZoneInfo

from core import clock, wording
from core.intervals import Interval, clip, merge, subtract

ROW = 5
ROWS_AN_HOUR = 60 // ROW
ROWS_A_DAY = 24 * ROWS_AN_HOUR
MOST_LANES = 6
# Minutes of the day shown when nothing is open or taken, and the fewest hours shown.
USUAL = (9 * 60, 17 * 60)
FEWEST_HOURS = 8
# An event without a length is on the date of its instant.
MOMENT = timedelta(microseconds=1)
# Below this height, in px, an entry has one line.
TWO_LINES = 38
# The height of an hour: zoom -> (shortest length in minutes it suits, rows of a 24 px target, px of a row).
Zooms = Mapping[int, tuple[int, int, float]]
WallRange = tuple[int, int]


class Kind(StrEnum):
    """The kinds of entries of a calendar."""

    APPOINTMENT = "appointment"
    NEW_TIME = "new_time"
    OFFER = "offer"
    KEPT = "kept"
    OWN = "own"
    BUSY = "busy"
    FREE = "free"
    OFF = "off"


# Whatever else reaches over midnight does not stretch the hours shown over the night.
STRETCHES = frozenset({Kind.APPOINTMENT, Kind.NEW_TIME, Kind.OFFER, Kind.KEPT})
OUTSIDE = frozenset({Kind.BUSY, Kind.FREE})


@dataclass(frozen=True, slots=True)
class Entry:
    """Something on a calendar, in words. `key` is its own among the entries; `state` names its look.

    `label` says its state, `note` what follows from it, `warning` what is wrong with it, and `warning_at` where that is
    decided. `badges` are those of a list, as (words, family, icon, dashed). `held` is all the time it takes, with what
    is kept free around it, where that is more than its own. `counts` says that it is an agreed appointment, or was, and
    `waits` that somebody has to answer.
    """

    key: str
    kind: Kind
    state: str
    start: datetime
    end: datetime
    title: str
    what: str = ""
    label: str = ""
    icon: str = ""
    address: str = ""
    note: str = ""
    warning: str = ""
    warning_at: str = ""
    price: str = ""
    badges: tuple[tuple[str, str, str, bool], ...] = ()
    held: Interval | None = None
    is_all_day: bool = False
    is_past: bool = False
    is_new: bool = False
    counts: bool = False
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """What entries lie on: the zone, and the opening hours by date, in minutes after midnight of wall time. Without
    opening hours, as on a customer's calendar, nothing is shut."""

    zone: ZoneInfo
    opening: Mapping[date, list[WallRange]] | None = None

    def open_on(self, day: date) -> list[WallRange]:
        return self.opening.get(day, []) if self.opening is not None else [(0, clock.END_OF_DAY)]

    def open_between(self, day: date) -> list[Interval]:
        """The opening hours of a date as instants, merged, without what a clock change swallows."""
        return merge(clock.wall_interval(day, start, end, self.zone) for start, end in self.open_on(day))


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of an entry in one column. With `is_rest` it began before the column's date.

    `before` and `after` are the first row and the number of rows of the time kept free around it.
    """

    entry: Entry
    at: int
    rows: int
    lane: int = 1
    lanes: int = 1
    is_short: bool = False
    is_rest: bool = False
    before: tuple[int, int] | None = None
    after: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Crowd:
    """What has no lane of its own, where too much is on at once: its rows, and the entries, which are counted."""

    at: int
    rows: int
    lanes: int
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class Column:
    """A date: its pieces by start, the entries that fill it whole, the pieces `above` that have no place in the hours
    shown, the `crowds` for which no lane is left, and the stretches that are shut, in rows."""

    day: date
    is_today: bool
    pieces: list[Piece]
    whole: list[Entry]
    shut: list[tuple[int, int]]
    now_at: int | None = None
    above: list[Piece] = field(default_factory=list)
    crowds: list[Crowd] = field(default_factory=list)
    # How many of the visible rows are over, today.
    over: int = 0

    @property
    def entries(self) -> list[Entry]:
        crowded = [one for crowd in self.crowds for one in crowd.entries]
        return [*self.whole, *(piece.entry for piece in [*self.above, *self.pieces]), *crowded]

    @property
    def is_empty(self) -> bool:
        return not (self.pieces or self.whole or self.above)

    @property
    def rows_above(self) -> int:
        """How many entries stand above the hours."""
        return len(self.whole) + len(self.above)


@dataclass(frozen=True, slots=True)
class Grid:
    """Columns beside each other over the same hours. `whole_rows` is the most entries above the hours of a date."""

    columns: list[Column]
    first_hour: int
    hours: int
    zoom: int
    whole_rows: int = 0

    @property
    def hour_marks(self) -> list[tuple[str, str]]:
        """The hours beside the columns, each for the 24-hour and the 12-hour clock."""
        return hour_marks(self.first_hour, self.hours)


def build_grid(
    entries: Iterable[Entry],
    days: Sequence[date],
    *,
    ground: Ground,
    now: datetime,
    zooms: Zooms,
    lanes: int = MOST_LANES,
) -> Grid:
    """The dates as columns over the hours that are open or taken on any of them, each with so many lanes at most."""
    zone, today = ground.zone, clock.local(now, ground.zone).date()
    found = by_day(entries, days, zone)
    whole, timed = {}, {}
    for day in days:
        whole[day] = [one for one in found[day] if fills(one, day, zone)]
        timed[day] = [_piece(one, day, zone) for one in found[day] if not fills(one, day, zone)]
    zoom = zoom_for(
        ((p.entry.end - p.entry.start) for pieces in timed.values() for p in pieces if p.entry.kind in STRETCHES), zooms
    )
    _, least, height = zooms[zoom]
    opening = {day: ground.open_on(day) for day in days}
    drawn = {day: [at_least(piece, least) for piece in timed[day]] for day in days}
    spans = [USUAL] if ground.opening is None else [span for ranges in opening.values() for span in ranges]
    spans += [_minutes(p) for pieces in drawn.values() for p in pieces if _stretches(p.entry, zone)]
    first_hour, hours = visible_hours(spans)
    columns = []
    for day in days:
        pieces, hidden = _visible(drawn[day], first_hour, hours)
        finished, crowds = _finished(pieces, day, zone, first_hour, hours, height, lanes)
        is_off = any(one.kind is Kind.OFF for one in whole[day])
        shut = [] if ground.opening is None else shut_rows([] if is_off else opening[day], first_hour, hours)
        columns.append(
            Column(
                day=day,
                is_today=day == today,
                pieces=finished,
                crowds=crowds,
                over=_over(now, day, zone, first_hour, hours) if day == today else 0,
                whole=whole[day],
                shut=_with_gap(shut, day, zone, first_hour, hours),
                now_at=now_row(now, day, zone, first_hour, hours) if day == today else None,
                # What has no place in the hours shown stands above them, so that nothing is lost.
                above=hidden,
            )
        )
    return Grid(columns, first_hour, hours, zoom, max((column.rows_above for column in columns), default=0))


# --- Days -----------------------------------------------------------------------------------------------------------


def days_of_week(day: date, first_weekday: int = 0) -> list[date]:
    """The seven dates of the week of `day` that begins with this weekday (Monday is 0)."""
    first = day - timedelta(days=(day.weekday() - first_weekday) % 7)
    return [first + timedelta(days=n) for n in range(7)]


def by_day(entries: Iterable[Entry], days: Sequence[date], zone: ZoneInfo) -> dict[date, list[Entry]]:
    """The entries that meet each date, by start; one that reaches over midnight is on both."""
    found: dict[date, list[Entry]] = {day: [] for day in days}
    bounds = sorted((*clock.day_bounds(day, zone), day) for day in days)
    starts = [start for start, _, _ in bounds]
    for one in sorted(entries, key=lambda one: (one.start, one.end, one.key)):
        for start, end, day in bounds[max(bisect_right(starts, one.start) - 1, 0) :]:
            if start >= max(one.end, one.start + MOMENT):
                break
            if end > one.start and start < end:
                found[day].append(one)
    return found


def fills(one: Entry, day: date, zone: ZoneInfo) -> bool:
    """Whether the entry takes the whole of the date, and so has no place among its hours."""
    start, end = clock.day_bounds(day, zone)
    if one.start <= start and one.end >= end:
        return True
    # Whole dates of another zone belong to the date of which they take the most.
    return one.is_all_day and min(one.end, end) - max(one.start, start) > (end - start) / 2


def minutes_on(spans: Iterable[Interval], day: date, zone: ZoneInfo) -> int:
    """The elapsed minutes of a date that lie in the spans, which may overlap."""
    inside = clip(merge(spans), *clock.day_bounds(day, zone))
    return int(sum((end - start).total_seconds() for start, end in inside) // 60)


def open_minutes(ground: Ground, day: date, entries: Iterable[Entry]) -> int:
    """The elapsed minutes of a date that are open and not taken off."""
    off = merge((one.start, one.end) for one in entries if one.kind is Kind.OFF)
    return minutes_on(subtract(ground.open_between(day), off), day, ground.zone)


# --- Rows -----------------------------------------------------------------------------------------------------------


def wall_minute(moment: datetime, day: date, zone: ZoneInfo) -> int:
    """The wall-clock minute of `moment` on `day`: 0 before that day, 1440 after it."""
    there = clock.local(moment, zone)
    if there.date() != day:
        return 0 if there.date() < day else clock.END_OF_DAY
    return there.hour * 60 + there.minute


def rows_of(day: date, start: datetime, end: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """The first row and the number of rows, enough for the real length where wall time is shorter (clocks go back)."""
    first, last = clock.day_bounds(day, zone)
    start, end = max(start, first), min(end, last)
    begins = wall_minute(start, day, zone)
    lasts = int((end - start).total_seconds() // 60)
    ends = clock.END_OF_DAY if end == last else wall_minute(end, day, zone)
    ends = min(max(ends, begins + lasts), clock.END_OF_DAY)
    at = begins // ROW
    return at, max(-(-ends // ROW) - at, 1)


def zoom_for(lengths: Iterable[timedelta], zooms: Zooms) -> int:
    """The zoom at which the shortest of these can be read and hit with a finger."""
    shortest = min((int(length.total_seconds() // 60) for length in lengths), default=60)
    return next(zoom for zoom, (suits, _, _) in zooms.items() if shortest >= suits)


def visible_hours(spans: Iterable[WallRange]) -> tuple[int, int]:
    """The first hour and the number of hours that show all these minutes of the day, and an hour after them."""
    spans = list(spans) or [USUAL]
    first = min(start for start, _ in spans) // 60
    last = min(-(-max(end for _, end in spans) // 60) + 1, 24)
    last = min(max(last, first + FEWEST_HOURS), 24)
    first = min(first, last - FEWEST_HOURS)
    return first, last - first


def hour_marks(first_hour: int, hours: int) -> list[tuple[str, str]]:
    """The hours beside columns, each for the 24-hour and the 12-hour clock."""
    shown = range(first_hour, first_hour + hours)
    return [(f"{hour:02}", f"{hour % 12 or 12}{'am' if hour < 12 else 'pm'}") for hour in shown]


def shut_rows(opening: Sequence[WallRange], first_hour: int, hours: int) -> list[tuple[int, int]]:
    """The first row and the number of rows of each visible closed stretch."""
    visible = [(first_hour * 60, (first_hour + hours) * 60)]
    closed: list[Interval] = subtract(visible, opening)
    rows = [(-(-start // ROW) - first_hour * ROWS_AN_HOUR, end // ROW - -(-start // ROW)) for start, end in closed]
    return [(at, length) for at, length in rows if length > 0]


def now_row(now: datetime, day: date, zone: ZoneInfo, first_hour: int, hours: int) -> int | None:
    """The row of the present time on its date, None where it is not among the hours shown."""
    row = wall_minute(now, day, zone) // ROW - first_hour * ROWS_AN_HOUR
    return row if 0 <= row < hours * ROWS_AN_HOUR else None


def _over(now: datetime, day: date, zone: ZoneInfo, first_hour: int, hours: int) -> int:
    return min(max(wall_minute(now, day, zone) // ROW - first_hour * ROWS_AN_HOUR, 0), hours * ROWS_AN_HOUR)


class Box(Protocol):
    """Anything that stands in rows of a column."""

    @property
    def at(self) -> int: ...
    @property
    def rows(self) -> int: ...


B = TypeVar("B", bound=Box)


def at_least(piece: B, least: int) -> B:
    """The piece with so many rows, moved up where it would reach beyond the day."""
    if piece.rows >= least:
        return piece
    return replace(piece, at=min(piece.at, ROWS_A_DAY - least), rows=least)  # type: ignore[type-var]


def in_lanes(pieces: Sequence[B], most: int = MOST_LANES, *, first: Callable[[B], bool] | None = None) -> list[B]:
    """The pieces in their order, with lanes: each group of pieces that overlap as drawn shares the width. Where that
    takes more than `most`, the last lane has the rest, and lanes with what is to be seen `first` come before."""
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
        needed = max(lane_of[n] for n in group) + 1
        lanes = min(needed, most)
        lanes = MOST_LANES if lanes == 5 else lanes
        order = list(range(needed))
        if needed > most and first is not None:
            seen = {lane_of[n] for n in group if first(pieces[n])}
            order.sort(key=lambda lane: lane not in seen)
        if lanes > 1:
            for n in group:
                lane = min(order.index(lane_of[n]) + 1, lanes)
                placed[n] = replace(pieces[n], lanes=lanes, lane=lane)  # type: ignore[type-var]
    return placed


def _piece(one: Entry, day: date, zone: ZoneInfo) -> Piece:
    is_rest = one.start < clock.day_bounds(day, zone)[0]
    return Piece(one, *rows_of(day, one.start, one.end, zone), is_rest=is_rest)


def _minutes(piece: Piece) -> WallRange:
    return piece.at * ROW, (piece.at + piece.rows) * ROW


def _stretches(one: Entry, zone: ZoneInfo) -> bool:
    if one.kind in STRETCHES:
        return True
    last = one.end - timedelta(microseconds=1)
    return clock.local(one.start, zone).date() == clock.local(last, zone).date()


def _visible(pieces: Sequence[Piece], first_hour: int, hours: int) -> tuple[list[Piece], list[Piece]]:
    """The pieces as far as they lie within the hours shown, and those that do not at all."""
    first, last = first_hour * ROWS_AN_HOUR, (first_hour + hours) * ROWS_AN_HOUR
    shown, hidden = [], []
    for piece in pieces:
        at, end = max(piece.at, first), min(piece.at + piece.rows, last)
        if at < end:
            shown.append(replace(piece, at=at, rows=end - at))
        else:
            hidden.append(piece)
    return shown, hidden


def _finished(
    pieces: Sequence[Piece], day: date, zone: ZoneInfo, first_hour: int, hours: int, height: float, lanes: int
) -> tuple[list[Piece], list[Crowd]]:
    """The pieces in lanes, with rows counted from the first visible hour; short where a second line does not fit. And
    what lies over each other in a last lane."""
    above, most = first_hour * ROWS_AN_HOUR, hours * ROWS_AN_HOUR
    found = []
    in_order = in_lanes(pieces, lanes, first=lambda piece: piece.entry.kind in STRETCHES)
    placed, crowds = _without_crowds(in_order, above, lanes)
    for piece in placed:
        at = piece.at - above
        before, after = _kept_free(piece.entry, day, zone, at, at + piece.rows, above, most)
        is_short = piece.rows * height < TWO_LINES
        found.append(replace(piece, at=at, is_short=is_short, before=before, after=after))
    return found, crowds


def _without_crowds(pieces: Sequence[Piece], above: int, most: int) -> tuple[list[Piece], list[Crowd]]:
    """The pieces that do not lie over each other, and those that do, together, in rows from the first visible one."""
    last = [piece for piece in pieces if piece.lanes == most == piece.lane]
    crowds, alone = [], []
    for at, end in merge((piece.at, piece.at + piece.rows) for piece in last):
        inside = [piece for piece in last if at <= piece.at < end]
        over = sum(piece.rows for piece in inside) > end - at
        if over:
            crowds.append(Crowd(at - above, end - at, most, [piece.entry for piece in inside]))
        else:
            alone += inside
    kept = {piece.entry.key for piece in alone}
    return [p for p in pieces if not p.lanes == most == p.lane or p.entry.key in kept], crowds


def _kept_free(
    one: Entry, day: date, zone: ZoneInfo, at: int, end: int, above: int, most: int
) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """The visible rows of the time kept free before and after an entry that stands in the rows from `at` to `end`."""
    first, last = clock.day_bounds(day, zone)
    if one.held is None:
        return None, None
    spans: list[tuple[int, int] | None] = []
    for start, until in ((one.held[0], one.start), (one.end, one.held[1])):
        begins, ends = max(start, first), min(until, last)
        if begins >= ends:
            spans.append(None)
            continue
        row, rows = rows_of(day, begins, ends, zone)
        row, until_row = row - above, row - above + rows
        row, until_row = (row, min(until_row, at)) if until == one.start else (max(row, end), until_row)
        row, until_row = max(row, 0), min(until_row, most)
        spans.append((row, until_row - row) if row < until_row else None)
    return spans[0], spans[1]


def _with_gap(
    shut: list[tuple[int, int]], day: date, zone: ZoneInfo, first_hour: int, hours: int
) -> list[tuple[int, int]]:
    """The shut stretches, and the hour that the date does not have where clocks go forward."""
    start, end = clock.day_bounds(day, zone)
    skipped = []
    # A change at midnight belongs to the date that it begins.
    for change in clock.transitions(zone, start - timedelta(seconds=1), end - timedelta(seconds=1)):
        if change.after > change.before:
            wall = (change.instant + change.before).replace(tzinfo=None)
            minute = wall.hour * 60 + wall.minute if wall.date() == day else 0
            until = min(minute + int((change.after - change.before).total_seconds() // 60), clock.END_OF_DAY)
            skipped.append((minute, until))
    if not skipped:
        return shut
    rows = merge([(at, at + length) for at, length in shut] + _rows_within(skipped, first_hour, hours))
    return [(at, end - at) for at, end in rows]


def _rows_within(ranges: Iterable[WallRange], first_hour: int, hours: int) -> list[Interval]:
    above, most = first_hour * ROWS_AN_HOUR, hours * ROWS_AN_HOUR
    rows = [(start // ROW - above, -(-end // ROW) - above) for start, end in ranges]
    return [(max(at, 0), min(end, most)) for at, end in rows if max(at, 0) < min(end, most)]


# --- Figures --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """What stands on some dates: appointments, requests, new times and offers, and the booked minutes of the open."""

    appointments: int = 0
    requests: int = 0
    proposals: int = 0
    offers: int = 0
    booked: int = 0
    open: int = 0

    @classmethod
    def on(cls, days: Sequence[date], entries: Iterable[Entry], ground: Ground) -> Self:
        """The figures of these dates. Whatever is on several of them counts once, its minutes by date."""
        found = by_day(entries, days, ground.zone)
        seen = {one.key: one for rows in found.values() for one in rows}
        kinds = list(seen.values())
        booked = sum(minutes_on([(o.start, o.end) for o in found[d] if o.counts], d, ground.zone) for d in days)
        return cls(
            appointments=sum(one.counts for one in kinds),
            requests=sum(one.kind is Kind.APPOINTMENT and not one.counts for one in kinds),
            proposals=len({one.address for one in kinds if one.state == "proposed"}),
            offers=sum(one.kind is Kind.OFFER for one in kinds),
            booked=booked,
            open=sum(open_minutes(ground, day, found[day]) for day in days) if ground.opening is not None else 0,
        )

    @property
    def load(self) -> int:
        """The percentage of the open time that is booked."""
        return min(round(100 * self.booked / self.open), 100) if self.open else 100 if self.booked else 0

    @property
    def counted(self) -> str:
        """What stands there: "2 appointments, 1 request"; "no appointments" where nothing does."""
        parts = [
            counted(number, word)
            for number, word in (
                (self.appointments, "appointment"),
                (self.requests, "request"),
                (self.offers, "offered time"),
            )
            if number
        ]
        return ", ".join(parts) or "no appointments"

    @property
    def hours(self) -> str:
        """How much is booked: "1 h 15 min of 9 h booked", "9 h open"; empty where nothing is open or booked."""
        if not self.open:
            return f"{hours_text(self.booked)} booked" if self.booked else ""
        if not self.booked:
            return f"{hours_text(self.open)} open"
        return f"{hours_text(self.booked)} of {hours_text(self.open)} booked"


def hours_text(minutes: int) -> str:
    """A length of work in hours, however many: "49 h", where a duration says "2 days 1 h"."""
    hours, rest = divmod(minutes, 60)
    return f"{hours} h{f' {rest} min' if rest else ''}" if hours else wording.duration_text(rest)


def counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
