"""Template tags for the parts of search cards that occur hundreds of times on a page."""

from collections.abc import Iterable
from html import escape

from django import template
from django.utils.safestring import SafeString, mark_safe

from appointments.search.cards import Day

register = template.Library()

NONE = '<p class="none"><span aria-hidden="true">–</span><span class="visually-hidden">No times</span></p>'


@register.simple_tag
def openings(days: Iterable[Day]) -> SafeString:
    """`{% openings card.days %}`: each day with its first times as links to the booking form, and a link to the others.

    Built here because a page has 100 days and up to 400 times: loops in a template cost ten times as much.
    """
    return mark_safe(
        "\n".join(
            f'<div class="day"><h4><span>{escape(day.name)}</span> {escape(day.short)}</h4>{_times(day)}</div>'
            for day in days
        )
    )


def _times(day: Day) -> str:
    if not day.times:
        return NONE
    chips = [
        f'<li><a class="slot-chip" href="{escape(time.href)}">'
        f'<time datetime="{time.iso}">{escape(time.text)}</time></a></li>'
        for time in day.times
    ]
    if day.more:
        chips.append(f'<li><a class="more" href="{escape(day.href)}">{day.more} more</a></li>')
    return f'<ul role="list">{"".join(chips)}</ul>'
