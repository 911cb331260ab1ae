"""The template tag for the content of the columns of a provider's week."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from zoneinfo import ZoneInfo

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from appointments.models import REFERENCE_ALPHABET, REFERENCE_LENGTH, Appointment, Offer
from appointments.pages.labels import PROPOSED, WILL_COME
from appointments.pages.offers import OFFERED
from appointments.pages.studio.week import Column, Piece
from core import clock, wording
from core.page_reader import uses_12h_clock, zone_for
from core.templatetags.marks import icon

register = template.Library()

SOME_REFERENCE = REFERENCE_ALPHABET[0] * REFERENCE_LENGTH


@dataclass(frozen=True, slots=True)
class _Place:
    """What all pieces of a column have in common. `mark` is the end of the column's ids, `words` the date in full."""

    day: date
    mark: str
    words: str
    address: str
    waitlist: str
    zone: ZoneInfo
    twelve: bool


@register.simple_tag(takes_context=True)
def week_columns(context: Context, columns: Iterable[Column]) -> SafeString:
    """`{% week_columns week.columns %}`: a section for each day, with appointments and busy times as items of a list.

    Built here because a full week has sixty of them with twenty values each: a template takes several times as long.
    """
    address = reverse("studio_appointment", args=[SOME_REFERENCE])
    zone, twelve = wording.as_zone(zone_for(context)), uses_12h_clock(context)
    return mark_safe("\n".join(_column(column, address, zone, twelve) for column in columns))


def _column(column: Column, address: str, zone: ZoneInfo, twelve: bool) -> str:
    day = column.day
    waitlist = reverse("studio_waitlist")
    place = _Place(day, f"{day:%m%d}", wording.date_text(day, long=True), address, waitlist, zone, twelve)
    kind = (
        (" data-today" if column.is_today else "")
        + (" data-shown" if column.is_shown else "")
        + (" data-closed" if column.is_closed else "")
    )
    shut = "".join(
        f'<div class="shut" data-at="{at}" data-for="{rows}" aria-hidden="true"></div>' for at, rows in column.shut
    )
    now = "" if column.now_at is None else f'<div class="week__now" data-at="{column.now_at}" aria-hidden="true"></div>'
    items = "".join(f"\n{_item(piece, place)}" for piece in column.pieces)
    closed = '<p class="wday__closed">Closed, and nothing is booked.</p>' if column.is_closed else ""
    return (
        f'<section class="wday"{kind} aria-labelledby="d{place.mark}">\n{_head(column, place)}\n'
        f'<div class="wday__grid">{shut}{now}<ol role="list">{items}\n</ol></div>{closed}</section>'
    )


def _head(column: Column, place: _Place) -> str:
    day, words = column.day, escape(place.words)
    seen = f"<span>{escape(wording.date_part(day, 'D'))}</span> <b>{day.day}</b>"
    today = ", today" if column.is_today else ""
    shown = ' aria-current="true"' if column.is_shown else ""
    dot = '<i class="wday__dot"></i>' if column.count else ""
    return (
        f'<h3 id="d{place.mark}"><span class="visually-hidden"><time datetime="{day.isoformat()}">{words}</time>{today}'
        f", {column.count} appointment{'' if column.count == 1 else 's'}</span>"
        f'<span class="wday__head" aria-hidden="true">{seen}</span>'
        f'<a class="wday__go" id="g{place.mark}" href="?day={day.isoformat()}#week" aria-label="Show {words}"{shown}>'
        f"{seen}{dot}</a>"
        '<svg class="load" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="t" width="100" height="4"/><rect class="l" width="{column.load}" height="4"/></svg></h3>'
    )


def _item(piece: Piece, place: _Place) -> str:
    lanes = f' data-lanes="{piece.lanes}" data-lane="{piece.lane}"' if piece.lanes > 1 else ""
    one = piece.appointment
    if one is not None:
        inner = _link(piece, one, place)
    elif piece.offer is not None:
        inner = _offered(piece, piece.offer, place)
    else:
        inner = _off(piece, place) if piece.is_off else _busy(piece, place)
    return f'<li data-at="{piece.at}" data-for="{piece.rows}"{lanes}>{inner}</li>'


def _link(piece: Piece, one: Appointment, place: _Place) -> str:
    state = "proposed" if piece.label is PROPOSED else one.status
    kind = "n" if piece.is_new else "e"
    marks = (
        (" data-short" if piece.is_short else "")
        + (" data-past" if piece.is_past else "")
        + (" data-new" if piece.is_new else "")
    )
    service, label = escape(one.service.name), escape(piece.label.label if piece.label else "")
    label = f"{label}, the new time" if piece.is_new else label
    mark = ""
    if piece.is_expected:
        label, mark = f"{label}, {WILL_COME.label.lower()}", icon(WILL_COME.icon)
    shown = f"until {_clock(piece.end, place)}" if piece.is_rest else _clock(piece.start, place)
    address = place.address.replace(SOME_REFERENCE, one.reference)
    return (
        f'<a href="{address}" class="ev" id="{kind}{place.mark}-{one.reference}" data-state="{state}"{marks}>'
        f"<b>{mark}{escape(one.customer.name)}</b>"
        f'<span class="ev__w" aria-hidden="true">{shown} {service}</span>'
        f'<span class="visually-hidden">, {service}, {_when(piece, place)}, {label}</span></a>'
    )


def _offered(piece: Piece, offer: Offer, place: _Place) -> str:
    """A link to the appointment instead of which the time is offered, where it can be withdrawn, or to the waitlist."""
    short = " data-short" if piece.is_short else ""
    shown = f"until {_clock(piece.end, place)}" if piece.is_rest else _clock(piece.start, place)
    service = escape(offer.service.name)
    one = offer.instead_of
    address = place.address.replace(SOME_REFERENCE, one.reference) if one else place.waitlist
    until = wording.moment_text(offer.expires_at, place.zone, twelve=place.twelve)
    said = f", {service}, {_when(piece, place)}, {OFFERED.label.lower()} until {until}"
    return (
        f'<a href="{address}" class="ev" id="o{place.mark}-{offer.uuid.hex[:8]}" data-state="offered"{short}>'
        f"<b>{icon(OFFERED.icon)}{escape(offer.customer.name)}</b>"
        f'<span class="ev__w" aria-hidden="true">{shown} {service}</span>'
        f'<span class="visually-hidden">{said}</span></a>'
    )


def _busy(piece: Piece, place: _Place) -> str:
    short = " data-short" if piece.is_short else ""
    return (
        f'<p class="ev" data-state="busy"{short}><b>Busy</b>'
        f'<span class="ev__w" aria-hidden="true">{_clock(piece.start, place)}</span>'
        f'<span class="visually-hidden">, {_when(piece, place)}, in your own calendar</span></p>'
    )


def _off(piece: Piece, place: _Place) -> str:
    short = " data-short" if piece.is_short else ""
    # Off from midnight on is off since before the day, or for the whole of it.
    from_midnight = piece.start == clock.day_bounds(place.day, place.zone)[0]
    shown = "" if from_midnight else f'<span class="ev__w" aria-hidden="true">{_clock(piece.start, place)}</span>'
    return (
        f'<p class="ev" data-state="off"{short}><b>{icon("away")}Time off</b>{shown}'
        f'<span class="visually-hidden">, {_when(piece, place)}</span></p>'
    )


def _when(piece: Piece, place: _Place) -> str:
    """The times of a piece: `Thursday 12 March, 14:20 to 15:05`; across midnight with both dates."""
    start, end = (wording.local(moment, place.zone).date() for moment in (piece.start, piece.end))
    last = _clock(piece.end, place) if start == end else _moment(piece.end, end, place)
    return f"{_moment(piece.start, start, place)} to {last}"


def _clock(moment: datetime, place: _Place) -> str:
    return _time(moment, wording.clock_text(moment, place.zone, twelve=place.twelve), place)


def _moment(moment: datetime, day: date, place: _Place) -> str:
    words = place.words if day == place.day else wording.date_text(day, long=True)
    return _time(moment, f"{words}, {wording.clock_text(moment, place.zone, twelve=place.twelve)}", place)


def _time(moment: datetime, text: str, place: _Place) -> str:
    return f'<time datetime="{wording.iso(moment, place.zone)}">{escape(text)}</time>'
