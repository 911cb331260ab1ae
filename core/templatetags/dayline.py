"""The tag that draws a working day as a line, with the scale of hours under it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from html import escape

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from core import wording
from core.page_reader import uses_12h_clock, zone_for

register = template.Library()

DAYLINE_WIDTH = 720
DAYLINE_HEIGHT = 10


@register.simple_tag(takes_context=True)
def dayline(
    context, segments: Iterable, start: datetime, end: datetime, now=None, label: str = "", zone=None, hours=True
):
    """`{% dayline segments start end now=now label="Today from 08:00 to 18:00: …" %}`: one working day as a line.

    `segments` are (kind, start, end) with instants, drawn in the order given: open, confirmed, requested, proposed,
    busy, mine. `label` is the sentence assistive technology reads. Parts outside `start` to `end` are cut off.
    """
    span = (end - start) or timedelta(seconds=1)

    def at(moment: datetime) -> float:
        return round(min(max((moment - start) / span, 0), 1) * DAYLINE_WIDTH, 1)

    edges = [(kind, at(opens), at(closes)) for kind, opens, closes in segments]
    boxes = [(kind, opens, round(closes - opens, 1)) for kind, opens, closes in edges]
    drawn = [
        f'<rect class="{escape(kind)}" x="{x:g}" y="0" width="{width:g}" height="{DAYLINE_HEIGHT}"/>'
        for kind, x, width in boxes
        if width > 0
    ]
    if now is not None and start <= now <= end:
        drawn.append(f'<rect class="now" x="{at(now) - 2:g}" y="-4" width="4" height="18"/>')
    scale = ""
    if hours:
        # Instants of one zone count as equal where its clock shows the same time twice: the cache's key is in UTC.
        whole = start.astimezone(UTC), end.astimezone(UTC)
        scale = _hour_scale(*whole, zone_for(context, zone), uses_12h_clock(context))
    return format_html(
        '<div class="dayline"><svg viewBox="0 0 {0} {1}" preserveAspectRatio="none" role="img" aria-label="{2}">'
        '<rect class="track" width="{0}" height="{1}"/>{3}</svg>{4}</div>',
        DAYLINE_WIDTH,
        DAYLINE_HEIGHT,
        label,
        mark_safe("".join(drawn)),
        scale,
    )


@lru_cache(maxsize=1024)
def _hour_scale(start: datetime, end: datetime, zone, twelve: bool) -> SafeString:
    length, most = round((end - start) / timedelta(hours=1)), 7 if twelve else 11
    step = next(step for step in (1, 2, 3, 4, 6, 24) if length / step <= most or step == 24)
    grid = step if length % step == 0 else 1  # the marks are spread evenly up to the end, those without a label, too
    spans = ""
    for n in range(0, length + 1, grid):
        hour = wording.local(start + timedelta(hours=n), zone).hour
        word = "" if n % step else _hour(hour) if twelve else f"{hour:02}"
        spans += f"<span>{word}</span>"
    return mark_safe(f'<div class="dayline__hours" aria-hidden="true">{spans}</div>')


def _hour(hour: int) -> str:
    """A label of the 12-hour scale: 8am, 3pm; but 00:00 and 12:00, since 12 am and 12 pm are easily confused."""
    return f"{hour:02}:00" if hour % 12 == 0 else f"{hour % 12}{'am' if hour < 12 else 'pm'}"
