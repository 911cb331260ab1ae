"""The template tag for the content of the columns of a provider's week."""

from datetime import datetime
from html import escape

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from appointments.models import REFERENCE_ALPHABET, REFERENCE_LENGTH, Appointment
from appointments.pages.studio.week import Column, Piece
from core import wording
from core.page_reader import uses_12h_clock, zone_for
from core.wording import Zone

register = template.Library()

SOME_REFERENCE = REFERENCE_ALPHABET[0] * REFERENCE_LENGTH


@register.simple_tag(takes_context=True)
def week_pieces(context: Context, column: Column) -> SafeString:
    """`{% week_pieces column %}`: the column's appointments and busy times as items of a list.

    Built here because a full week has sixty of them with twenty values each: a template takes several times as long.
    """
    zone, twelve = zone_for(context), uses_12h_clock(context)
    address = reverse("studio_appointment", args=[SOME_REFERENCE])
    return mark_safe("".join(f"\n{_item(piece, column, address, zone, twelve)}" for piece in column.pieces))


def _item(piece: Piece, column: Column, address: str, zone: Zone, twelve: bool) -> str:
    lanes = f' data-lanes="{piece.lanes}" data-lane="{piece.lane}"' if piece.lanes > 1 else ""
    one = piece.appointment
    inner = _busy(piece, zone, twelve) if one is None else _link(piece, one, column, address, zone, twelve)
    return f'<li data-at="{piece.at}" data-for="{piece.rows}"{lanes}>{inner}</li>'


def _link(piece: Piece, one: Appointment, column: Column, address: str, zone: Zone, twelve: bool) -> str:
    marks = (" data-short" if piece.is_short else "") + (" data-past" if piece.is_past else "")
    service, label = escape(one.service.name), escape(piece.label.label if piece.label else "")
    shown = f"until {_clock(piece.end, zone, twelve)}" if piece.is_rest else _clock(piece.start, zone, twelve)
    return (
        f'<a href="{address.replace(SOME_REFERENCE, one.reference)}" class="ev" id="e{column.day:%m%d}-{one.reference}"'
        f' data-state="{one.status}"{marks}><b>{escape(one.customer.name)}</b>'
        f'<span class="ev__w" aria-hidden="true">{shown} {service}</span>'
        f'<span class="visually-hidden">, {service}, {_when(piece, zone, twelve)}, {label}</span></a>'
    )


def _busy(piece: Piece, zone: Zone, twelve: bool) -> str:
    short = " data-short" if piece.is_short else ""
    return (
        f'<p class="ev" data-state="busy"{short}><b>Busy</b>'
        f'<span class="ev__w" aria-hidden="true">{_clock(piece.start, zone, twelve)}</span>'
        f'<span class="visually-hidden">, {_when(piece, zone, twelve)}, in your own calendar</span></p>'
    )


def _clock(moment: datetime, zone: Zone, twelve: bool) -> str:
    return _time(moment, wording.clock_text(moment, zone, twelve=twelve), zone)


def _when(piece: Piece, zone: Zone, twelve: bool) -> str:
    """The times of a piece: `Thursday 12 March, 14:20 to 15:05`; across midnight with both dates."""
    start, end = piece.start, piece.end
    same = wording.local(start, zone).date() == wording.local(end, zone).date()
    first = _time(start, wording.moment_text(start, zone, long=True, twelve=twelve), zone)
    if same:
        return f"{first} to {_clock(end, zone, twelve)}"
    return f"{first} to {_time(end, wording.moment_text(end, zone, long=True, twelve=twelve), zone)}"


def _time(moment: datetime, text: str, zone: Zone) -> str:
    return f'<time datetime="{wording.iso(moment, zone)}">{escape(text)}</time>'
