"""The template tag for the cards of requests that wait."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from appointments.models import REFERENCE_ALPHABET, REFERENCE_LENGTH, Appointment
from appointments.pages.labels import PROPOSED, live_proposal
from appointments.pages.studio.requests import Fit, RequestRow, cards_of
from core import wording
from core.money import price_words
from core.templatetags import marks
from core.templatetags.dayline import dayline
from core.templatetags.words import time_until, when

register = template.Library()

SOME_REFERENCE = REFERENCE_ALPHABET[0] * REFERENCE_LENGTH
NOTE_SHOWN = 180
# The dates of a series that its card names.
DATES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class _Cards:
    """What all cards of a page have in common. `reader` is the zone and the clock of their times, as tags read them."""

    reader: dict[str, Any]
    now: datetime
    level: int
    is_today: bool
    may_tick: bool
    ticked: frozenset[str]
    focus: str
    token: str
    addresses: tuple[str, str, str, str]


@register.simple_tag(takes_context=True)
def request_cards(context: Context, rows: Iterable[RequestRow], level: int, today: bool = False) -> SafeString:
    """`{% request_cards rows level=2 %}`: the requests as items of a list, each with its buttons.

    Needs `zone`, `twelve`, `now` and `csrf_token`; with `many`, on the list of all, a box to tick on each, as in
    `ticked`; `focus` is the reference of the one to focus. With `today` an answer leads back to that page.

    Built here because a page has twenty of them with thirty values each: a template takes several times as long.
    """
    cards = _Cards(
        reader={"zone": context["zone"], "twelve_hour": context["twelve"]},
        now=context["now"],
        level=level,
        is_today=today,
        may_tick=bool(context.get("many")) and not today,
        ticked=frozenset(context.get("ticked") or ()),
        focus=context.get("focus") or "",
        token=escape(str(context.get("csrf_token", ""))),
        addresses=(
            _address("studio_request"),
            _address("accept_request"),
            _address("decline_request"),
            _address("studio_reschedule"),
        ),
    )
    written = (_card(one[0], cards) if len(one) == 1 else _series_card(one, cards) for one in cards_of(rows))
    return mark_safe("\n".join(f"<li>{card}</li>" for card in written))


def _address(name: str) -> str:
    return reverse(name, args=[SOME_REFERENCE])


def _card(row: RequestRow, cards: _Cards) -> str:
    one = row.appointment
    reference, name = escape(one.reference), escape(one.customer.name)
    return (
        f'<article class="req"{_standing(row)} aria-labelledby="r-{reference}">\n'
        f"{_who(row, cards, reference, name)}\n{_body(one, cards)}\n"
        f"{_fit(row.fit, cards)}\n{_do(row, cards, reference, name)}\n</article>"
    )


def _standing(row: RequestRow) -> str:
    return (" data-soon" if row.is_soon else "") + (" data-wide" if row.fit else "")


def _series_card(rows: list[RequestRow], cards: _Cards) -> str:
    """The card of several dates of a series, which are answered together on a page of their own."""
    first, count = rows[0], len(rows)
    one = first.appointment
    reference, name = one.reference, escape(one.customer.name)
    page = reverse("answer_series", args=[one.series_uuid])  # type: ignore[attr-defined]
    # The dates are named by start, whatever the order of their deadlines.
    starts = sorted((row.appointment for row in rows), key=lambda each: (each.start, each.pk))
    dates = "".join(f"<li>{when(cards.reader, each.start, each.end)}</li>" for each in starts[:DATES_SHOWN])
    if len(starts) > DATES_SHOWN:
        dates += f"<li>and {len(starts) - DATES_SHOWN} more</li>"
    price = escape(price_words(one.price, one.currency))
    note = escape(Truncator(one.note).chars(NOTE_SHOWN)) if one.note else ""
    return (
        f'<article class="req"{_standing(first)} aria-labelledby="r-{reference}">\n'
        f"{_who(first, cards, reference, name, ticks=False)}\n"
        f'<div class="req__body"><p class="req__when"><b>{count} dates of a series</b>'
        f"<span>{escape(one.service.name)}, {wording.duration_text(one.minutes)}, {price} each</span></p>\n"
        f'<ul class="req__dates" role="list">{dates}</ul>'
        + (f'<p class="req__note" dir="auto">“{note}”</p>' if note else "")
        + '</div>\n<div class="req__do">'
        f'<a class="btn" id="a-{reference}" data-kind="primary" data-size="s" href="{page}">Answer {count} requests'
        f'<span class="visually-hidden"> of {name}</span></a>\n'
        f'<p class="req__by end">{_deadline(first, cards)}</p></div>\n</article>'
    )


def _who(row: RequestRow, cards: _Cards, reference: str, name: str, *, ticks: bool = True) -> str:
    one, level, tick = row.appointment, cards.level, ""
    if cards.may_tick and ticks:
        checked = " checked" if one.reference in cards.ticked else ""
        tick = (
            f'<input type="checkbox" class="req__tick" form="accept-many" name="request" id="t-{reference}"'
            f' value="{reference}"{checked} aria-label="Tick {name}">'
            f'<input type="hidden" name="shown" form="accept-many" value="{reference}:{one.as_shown}">'
        )
    focus = " data-focus" if one.reference == cards.focus else ""
    page = cards.addresses[0].replace(SOME_REFERENCE, reference)
    return (
        f'<div class="req__who">{tick}{marks.avatar(one.customer.name, photo=one.customer.photo)}'
        f'<div><h{level} class="req__name" id="r-{reference}" tabindex="-1"{focus}>'
        f'<a id="n-{reference}" href="{page}">{name}</a></h{level}>'
        f'<p class="muted">{escape(row.history)}</p></div></div>'
    )


def _body(one: Appointment, cards: _Cards) -> str:
    venue = f", {escape(one.get_venue_display().lower())}" if one.venue else ""
    price = escape(price_words(one.price, one.currency))
    note = escape(Truncator(one.note).chars(NOTE_SHOWN)) if one.note else ""
    return (
        f'<div class="req__body"><p class="req__when"><b>{when(cards.reader, one.start, one.end)}</b>'
        f"<span>{escape(one.service.name)}, {wording.duration_text(one.minutes)}{venue}, {price}</span></p>\n"
        + (f"<p>{marks.state_badge(PROPOSED)}</p>" if live_proposal(one, cards.now) else "")
        + (f'<p class="req__note" dir="auto">“{note}”</p>' if note else "")
        + "</div>"
    )


def _fit(fit: Fit | None, cards: _Cards) -> str:
    if fit is None:
        return ""
    twelve = " data-twelve" if cards.reader["twelve_hour"] else ""
    line = dayline(cards.reader, fit.segments, fit.opens, fit.closes, label=fit.words)
    return f'<div class="req__fit"{twelve}>{line}</div>'


def _do(row: RequestRow, cards: _Cards, reference: str, name: str) -> str:
    accept, decline, suggest = (address.replace(SOME_REFERENCE, reference) for address in cards.addresses[1:])
    other = ""
    if not cards.is_today:
        other = (
            f'<a class="btn" id="s-{reference}" data-size="s" data-kind="quiet" href="{suggest}"'
            f' aria-label="Suggest another time to {name}">Another time</a>'
        )
    shown = row.appointment.as_shown
    ticks = ' hx-include=".req__tick"' if cards.may_tick else ""
    origin = '<input type="hidden" name="from" value="today">' if cards.is_today else ""
    return (
        f'<div class="req__do" id="do-{reference}">'
        f'<form method="post" action="{accept}" hx-post="{accept}" hx-target="#requests"{ticks}>'
        f'<input type="hidden" name="csrfmiddlewaretoken" value="{cards.token}">{origin}'
        f'<input type="hidden" name="shown" value="{shown}">'
        f'<button class="btn" id="a-{reference}" data-kind="primary" data-size="s" data-saving="Accepting…"'
        f' aria-label="Accept {name}">Accept</button></form>'
        f'<a class="btn" id="d-{reference}" data-size="s" href="{decline}" data-dialog data-narrow'
        f' aria-label="Decline {name}">Decline</a>{other}\n<p class="req__by end">{_deadline(row, cards)}</p></div>'
    )


def _deadline(row: RequestRow, cards: _Cards) -> str:
    answer_by = row.appointment.answer_by
    if row.is_soon:
        return marks.badge("brass", f"Expires in {time_until(answer_by, cards.now)}", "clock", True)
    verb = "" if cards.is_today else '<span class="req__verb">Answer </span>'
    return (
        f'<span class="muted">{verb}by <span aria-hidden="true">{escape(row.deadline)}</span>'
        f'<span class="visually-hidden">{when(cards.reader, answer_by)}</span></span>'
    )
