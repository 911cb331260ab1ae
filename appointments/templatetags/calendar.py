"""Template tags for the content of a calendar: its columns, its lists and its months.

Built here because a full week has sixty entries with twenty values each: a template takes several times as long.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from zoneinfo import ZoneInfo

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from appointments.pages.calendar.layout import Column, Crowd, Entry, Figures, Kind, Piece, fills
from appointments.pages.calendar.listing import Line, ListDay
from appointments.pages.calendar.month import Cell
from appointments.pages.calendar.periods import View, nearest_shown
from appointments.pages.calendar.sides import Side
from core import wording
from core.page_reader import uses_12h_clock, zone_for
from core.templatetags.marks import badge, icon, leaf, ticks

register = template.Library()

SOME_DAY = date(2000, 1, 1)
DAY_WEEK_LIST_MONTH = (View.DAY, View.WEEK, View.LIST, View.MONTH)
# A link to other dates or another view, which with scripts change in place.
IN_PLACE = 'hx-boost="true"'
# How many entries that fill a date stand above its hours; the others are counted.
MOST_WHOLE = 3


@dataclass(frozen=True, slots=True)
class _Reader:
    """The zone and the clock in which times are written, and the addresses of a date, with `SOME_DAY` in place of it.
    Without `has_hours` no date can be full."""

    zone: ZoneInfo
    twelve: bool
    day: str
    week: str
    list: str
    month: str
    add: str
    today: date
    has_hours: bool

    @classmethod
    def of(cls, context: Context) -> "_Reader":
        zone, twelve = wording.as_zone(zone_for(context)), uses_12h_clock(context)
        side: Side = context["side"]
        day, week, listed, month = (reverse(side.on, args=[view, SOME_DAY]) for view in DAY_WEEK_LIST_MONTH)
        add, today = str(context["add_address"]), context["period"].today
        return cls(zone, twelve, day, week, listed, month, add, today, has_hours=side.is_studio)

    def to_day(self, day: date) -> str:
        return self.day.replace(SOME_DAY.isoformat(), nearest_shown(day).isoformat())

    def to_week(self, day: date) -> str:
        return self.week.replace(SOME_DAY.isoformat(), nearest_shown(day).isoformat())

    def to_list(self, day: date) -> str:
        return self.list.replace(SOME_DAY.isoformat(), nearest_shown(day).isoformat())

    def clock(self, moment: datetime) -> str:
        return self.time(moment, wording.clock_text(moment, self.zone, twelve=self.twelve))

    def moment(self, moment: datetime, *, long: bool = True) -> str:
        return self.time(moment, wording.moment_text(moment, self.zone, long=long, twelve=self.twelve))

    def time(self, moment: datetime, text: str) -> str:
        return f'<time datetime="{wording.iso(moment, self.zone)}">{escape(text)}</time>'

    def when(self, one: Entry) -> str:
        """The times of an entry: `Thursday 12 March, 14:20 to 15:05`; across midnight with both dates."""
        start, end = (wording.local(moment, self.zone).date() for moment in (one.start, one.end))
        return f"{self.moment(one.start)} to {self.clock(one.end) if start == end else self.moment(one.end)}"

    def plus(self, day: date) -> str:
        """The link that adds something on a date, from today on."""
        if day < self.today:
            return ""
        words = escape(wording.date_text(day, long=True))
        address = f"{self.add}?date={day.isoformat()}"
        return f'<a class="wday__add" href="{address}" aria-label="Add on {words}">{icon("plus")}</a>'


# --- Columns --------------------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def calendar_columns(context: Context, columns: Iterable[tuple[Column, Figures]]) -> SafeString:
    """`{% calendar_columns week.columns %}`: a section for each date, with its entries as items of lists."""
    reader, shown = _Reader.of(context), context["period"].day
    has_whole = bool(context["grid"].whole_rows)
    return mark_safe(
        "\n".join(
            _column(column, reader, _head(column, figures, reader, is_shown=column.day == shown), shown, has_whole)
            for column, figures in columns
        )
    )


@register.simple_tag(takes_context=True)
def calendar_day(context: Context, column: Column, figures: Figures) -> SafeString:
    """`{% calendar_day day.column day.figures %}`: the section of the only date, whose heading is not seen."""
    reader = _Reader.of(context)
    words = escape(wording.date_text(column.day, long=True))
    today = ", today" if column.is_today else ""
    head = f'<h3 id="d{_mark(column.day)}" class="visually-hidden">{words}{today}, {figures.counted}</h3>'
    return mark_safe(_column(column, reader, head, column.day, bool(column.rows_above), is_wide=True))


def _mark(day: date) -> str:
    return f"{day:%m%d}"


def _column(column: Column, reader: _Reader, head: str, shown: date, has_whole: bool, *, is_wide: bool = False) -> str:
    kind = (" data-today" if column.is_today else "") + (" data-shown" if column.day == shown else "")
    kind += f' data-day="{column.day.isoformat()}"' if column.day >= reader.today else ""
    kind += f' data-over="{column.over}"' if column.over else ""
    shut = "".join(
        f'<div class="shut" data-at="{at}" data-for="{rows}" aria-hidden="true"></div>' for at, rows in column.shut
    )
    now = "" if column.now_at is None else f'<div class="week__now" data-at="{column.now_at}" aria-hidden="true"></div>'
    items = "".join(_item(piece, column.day, reader, is_wide) for piece in column.pieces)
    items += "".join(_crowd(crowd, column.day, reader) for crowd in column.crowds)
    return (
        f'<section class="wday"{kind} aria-labelledby="d{_mark(column.day)}">\n{head}\n'
        f"{_whole(column, reader) if has_whole else ''}"
        f'<div class="wday__grid">{shut}{now}<ol role="list">{items}\n</ol></div></section>'
    )


def _head(column: Column, figures: Figures, reader: _Reader, *, is_shown: bool) -> str:
    day = column.day
    words, mark = escape(wording.date_text(day, long=True)), _mark(day)
    seen = f"<span>{escape(wording.date_part(day, 'D'))}</span> <b>{day.day}</b>"
    today = ", today" if column.is_today else ""
    figure = f", {figures.hours}" if figures.hours else ""
    current = ' aria-current="true"' if is_shown else ""
    count = figures.appointments + figures.requests
    dot = '<i class="wday__dot"></i>' if count else ""
    load = (
        '<svg class="load" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="t" width="100" height="4"/><rect class="l" width="{figures.load}" height="4"/></svg>'
        if reader.has_hours
        else ""
    )
    number = f'<span class="wday__n" aria-hidden="true">{count}</span>' if count else ""
    return (
        f'<h3 id="d{mark}"><span class="visually-hidden"><time datetime="{day.isoformat()}">{words}</time>{today}, '
        f"{figures.counted}{figure}</span>"
        f'<a class="wday__head" href="{reader.to_day(day)}" {IN_PLACE} aria-label="{words}, the day">{seen}</a>'
        f'<a class="wday__go" id="g{mark}" href="{reader.to_week(day)}#calendar" {IN_PLACE} aria-label="Show {words}"'
        f"{current}>"
        f"{seen}{dot}</a>{number}{reader.plus(day)}{load}</h3>"
    )


def _whole(column: Column, reader: _Reader) -> str:
    items_of = [_entry(one, column.day, reader, is_short=True, is_whole=True) for one in column.whole]
    items_of += [_entry(each.entry, column.day, reader, is_short=True, is_rest=each.is_rest) for each in column.above]
    shown, more = items_of, 0
    if len(shown) > MOST_WHOLE:
        shown, more = shown[: MOST_WHOLE - 1], len(shown) - MOST_WHOLE + 1
    items = "".join(f"<li>{item}</li>" for item in shown)
    if more:
        words = escape(wording.date_text(column.day, long=True))
        items += (
            f'<li><a class="wday__more" href="{reader.to_day(column.day)}" {IN_PLACE}>{more} more'
            f'<span class="visually-hidden"> on {words}</span></a></li>'
        )
    return f'<ul class="wday__all" role="list">{items}</ul>'


def _item(piece: Piece, day: date, reader: _Reader, is_wide: bool) -> str:
    lanes = f' data-lanes="{piece.lanes}" data-lane="{piece.lane}"' if piece.lanes > 1 else ""
    one = piece.entry
    inner = _entry(one, day, reader, is_short=piece.is_short, is_rest=piece.is_rest, is_wide=is_wide)
    item = f'\n<li data-at="{piece.at}" data-for="{piece.rows}"{lanes}>{inner}</li>'
    if one.held is None:
        return item
    before = _kept_free(piece.before, lanes, "before", one, (one.held[0], one.start), reader)
    return before + item + _kept_free(piece.after, lanes, "after", one, (one.end, one.held[1]), reader)


def _crowd(crowd: Crowd, day: date, reader: _Reader) -> str:
    words = escape(wording.date_text(day, long=True))
    return (
        f'\n<li data-at="{crowd.at}" data-for="{crowd.rows}" data-lanes="{crowd.lanes}" data-lane="{crowd.lanes}">'
        f'<a class="wday__more" href="{reader.to_list(day)}" {IN_PLACE}>{len(crowd.entries)} more'
        f'<span class="visually-hidden"> at once on {words}</span></a></li>'
    )


def _kept_free(
    rows: tuple[int, int] | None, lanes: str, side: str, one: Entry, span: tuple[datetime, datetime], reader: _Reader
) -> str:
    if rows is None:
        return ""
    words = f"Kept free {side} {escape(one.title)}, {reader.clock(span[0])} to {reader.clock(span[1])}"
    return (
        f'\n<li class="buf" data-side="{side}" data-at="{rows[0]}" data-for="{rows[1]}"{lanes}>'
        f'<span class="visually-hidden">{words}</span></li>'
    )


def _entry(
    one: Entry,
    day: date,
    reader: _Reader,
    *,
    is_short: bool,
    is_rest: bool = False,
    is_whole: bool = False,
    is_wide: bool = False,
) -> str:
    marks = (
        (" data-short" if is_short else "")
        + (" data-past" if one.is_past else "")
        + (" data-new" if one.is_new else "")
        + (" data-clash" if one.warning else "")
    )
    mark = icon("warn" if one.warning else one.icon) if one.icon or one.warning else ""
    said = [escape(one.what)] if one.what else []
    said += [f"all day {escape(wording.date_text(day, long=True))}" if is_whole else reader.when(one)]
    said += [escape(words) for words in (one.label, one.warning) if words]
    seen = "" if is_whole else _seen(one, reader, is_short=is_short, is_rest=is_rest, is_wide=is_wide)
    inner = f'<b dir="auto">{mark}{escape(one.title)}</b>{seen}<span class="visually-hidden">, {", ".join(said)}</span>'
    ident = f' id="e{_mark(day)}-{one.key}"'
    if not one.address:
        return f'<p class="ev"{ident} data-state="{one.state}"{marks}>{inner}</p>'
    return f'<a href="{escape(one.address)}" class="ev"{ident} data-state="{one.state}"{marks}>{inner}</a>'


def _seen(one: Entry, reader: _Reader, *, is_short: bool, is_rest: bool, is_wide: bool) -> str:
    """The second line: when it begins, or ends where it began before the date, and what it is."""
    shown = f"until {reader.clock(one.end)}" if is_rest else reader.clock(one.start)
    if is_wide and not is_rest:
        shown += f" to {reader.clock(one.end)}"
    what = f'{"," if is_wide else ""} <span dir="auto">{escape(one.what)}</span>' if one.what else ""
    if is_short and not is_wide:
        what = ""
    return f'<span class="ev__w" aria-hidden="true">{shown}{what}</span>'


# --- Lists ----------------------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def calendar_lists(context: Context, lists: Iterable[ListDay]) -> SafeString:
    """`{% calendar_lists lists %}`: a section for each date, with heading, figures and entries."""
    reader = _Reader.of(context)
    return mark_safe("\n".join(_list_day(each, reader, context) for each in lists))


@register.simple_tag(takes_context=True)
def calendar_lines(context: Context, day: ListDay) -> SafeString:
    """`{% calendar_lines month.chosen %}`: the entries of a date as items of a list."""
    return mark_safe(_lines(day, _Reader.of(context)))


def _list_day(each: ListDay, reader: _Reader, context: Context) -> str:
    mark, words = _mark(each.day), escape(each.heading)
    edge = "brass" if each.is_today else "slate" if each.is_shut or each.is_past else ""
    return (
        f'<section class="agenda__day"{" data-today" if each.is_today else ""} aria-labelledby="l{mark}">'
        f'<header class="agenda__head">{leaf(context, each.day, edge)}<div><h3 id="l{mark}">'
        f'<a href="{reader.to_day(each.day)}" {IN_PLACE}><time datetime="{each.day.isoformat()}">{words}</time></a>'
        "</h3>"
        f'<p class="muted">{escape(each.figures)}</p></div>{reader.plus(each.day)}</header>{_lines(each, reader)}'
        "</section>"
    )


def _lines(day: ListDay, reader: _Reader) -> str:
    if not day.lines:
        return ""
    rows = "".join(_line(line, day.day, reader) for line in day.lines)
    return f'<ol role="list">{rows}</ol>'


def _line(line: Line, day: date, reader: _Reader) -> str:
    one = line.entry
    quiet = "" if one.kind in {Kind.APPOINTMENT, Kind.OFFER, Kind.OWN} else ' data-quiet=""'
    title = f'<span dir="auto">{escape(one.title)}</span>'
    if one.is_new:
        title = f"New time for {title}"
    who = f'<a href="{escape(one.address)}">{title}</a>' if one.address else title
    what = f'<p class="agenda__what" dir="auto">{escape(one.what)}</p>' if one.what else ""
    note = f'<p class="agenda__note">{escape(one.note)}</p>' if one.note else ""
    if one.warning:
        decide = f' <a href="{escape(one.warning_at)}">Decide</a>' if one.warning_at else ""
        note += f'<p class="agenda__note">{icon("warn")}{escape(one.warning)}{decide}</p>'
    state = "".join(badge(family, words, mark, dashed) for words, family, mark, dashed in one.badges)
    price = f'<span class="agenda__p">{escape(one.price)}</span>' if one.price else ""
    return (
        f'<li class="agenda__row"{quiet}><p class="agenda__t">{_times(line, day, reader)}</p><div class="agenda__m">'
        f'<p class="agenda__who">{who}</p>{what}{note}</div><div class="agenda__s">{state}{price}</div></li>'
    )


def _times(line: Line, day: date, reader: _Reader) -> str:
    one = line.entry
    if line.is_whole:
        return "All day"
    if line.is_rest:
        return f"until {reader.clock(one.end)}"
    end = wording.local(one.end, reader.zone).date()
    until = reader.clock(one.end) if end == day else reader.moment(one.end, long=False)
    return f"{reader.clock(one.start)}<span>to {until}</span>"


# --- Months ---------------------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def calendar_cells(context: Context, cells: Iterable[Cell]) -> SafeString:
    """`{% calendar_cells week %}`: the cells of one week of a month."""
    reader = _Reader.of(context)
    return mark_safe("".join(_cell(cell, reader) for cell in cells))


def _cell(cell: Cell, reader: _Reader) -> str:
    marks = "".join(
        f" data-{name}"
        for name, holds in (
            ("out", cell.is_out),
            ("past", cell.is_past),
            ("off", cell.is_off),
            ("today", cell.is_today),
            ("chosen", cell.is_chosen),
        )
        if holds
    )
    day, label = cell.day, escape(cell.label)
    name = f'<span class="mday__mon">{escape(wording.date_part(day, "M"))}</span>' if day.day == 1 else ""
    chosen = ' aria-current="true"' if cell.is_chosen else ""
    here = reader.month.replace(SOME_DAY.isoformat(), nearest_shown(day).isoformat())
    strokes = ticks(*cell.open) if cell.open is not None else ""
    count = f'<span class="mday__n" aria-hidden="true">{cell.count}</span>' if cell.count else ""
    items = "".join(_title(one, day, reader) for one in cell.shown)
    more = (
        f'<a class="mday__more" href="{reader.to_day(day)}" {IN_PLACE}>{cell.more} more'
        f'<span class="visually-hidden"> on {escape(wording.date_text(day, long=True))}</span></a>'
        if cell.more
        else ""
    )
    return (
        f'<td class="mday"{marks}><div class="mday__head">'
        f'<a class="mday__go" href="{reader.to_day(day)}" {IN_PLACE} aria-label="{label}"><b>{day.day}</b>{name}</a>'
        f'<a class="mday__pick" id="p{_mark(day)}" href="{here}#chosen" {IN_PLACE} aria-label="Show {label}"{chosen}>'
        f"<b>{day.day}</b></a>"
        f"{strokes}{count}</div>" + (f'<ul role="list">{items}</ul>' if items else "") + f"{more}</td>"
    )


def _title(one: Entry, day: date, reader: _Reader) -> str:
    if fills(one, day, reader.zone):
        at = "All day"
    elif wording.local(one.start, reader.zone).date() < day:
        at = f"until {reader.clock(one.end)}"
    else:
        at = reader.clock(one.start)
    state = "completed" if one.state == "confirmed" and one.is_past else one.state
    said = f'<span class="visually-hidden">, {escape(one.label)}</span>' if one.label else ""
    inner = f'{at} <span dir="auto">{escape(one.title)}</span>{said}'
    inside = f'<a href="{escape(one.address)}">{inner}</a>' if one.address else f"<p>{inner}</p>"
    return f'<li data-state="{state}">{inside}</li>'
