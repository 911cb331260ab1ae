"""Tags that draw small marks: icons, badges, avatars, calendar leaves, strokes and strikes."""

from datetime import date, datetime
from functools import cache, lru_cache
from zlib import crc32

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from core import wording
from core.page_reader import zone_for

register = template.Library()

FAMILIES = {"brand", "brass", "iris", "ruby", "slate"}
ICON_NAMES = {
    "calendar": "cal",
    "tick": "check",
    "cross": "x",
    "close": "x",
    "hourglass": "wait",
    "warning": "warn",
    "people": "users",
    "coins": "coin",
    "sliders": "hours",
    "tray": "inbox",
    "requests": "inbox",
    "arrows": "swap",
    "parasol": "away",
    "online": "video",
    "place": "pin",
}


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """`{% icon "pin" %}`: a line icon, hidden from assistive technology; a word stands beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="#i-{}"/></svg>', ICON_NAMES.get(name, name)
    )


@register.simple_tag
def badge(kind: str, text: str, icon: str = "", dashed: bool = False) -> SafeString:
    """`{% badge "brand" "Live" "check" %}`. Kinds: brand, brass, iris, ruby, slate, or a state's name."""
    return format_html(
        '<span class="badge" data-{}="{}"{}>{}{}</span>',
        "kind" if kind in FAMILIES else "state",
        kind,
        mark_safe(" data-dashed") if dashed else "",
        _icon(icon) if icon else "",
        text,
    )


_icon = icon


@register.simple_tag
def state_badge(state) -> SafeString:
    """`{% state_badge state %}`: a badge from its `family`, `icon`, `label` and, if it waits, `dashed`."""
    read = state.get if isinstance(state, dict) else lambda name, default="": getattr(state, name, default)
    return badge(read("family", "slate"), read("label", ""), read("icon", ""), bool(read("dashed", False)))


@register.simple_tag
def avatar(name: str, photo="", size: str = "") -> SafeString:
    """`{% avatar provider.name photo=provider.photo size="l" %}`: the photo, else initials on a tint by the name."""
    address = photo if isinstance(photo, str) else getattr(photo, "url", "") if photo else ""
    sized = format_html(' data-size="{}"', size) if size else ""
    if address:
        return format_html('<span class="avatar"{}><img src="{}" alt="" width="76" height="76"></span>', sized, address)
    hue = (crc32(str(name).encode()) >> 16) % 5 + 1
    letters = wording.initials(str(name))
    return format_html('<span class="avatar" data-hue="{}"{} aria-hidden="true">{}</span>', hue, sized, letters)


@register.simple_tag(takes_context=True)
def leaf(context, day, kind: str = "", size: str = "", zone=None) -> SafeString:
    """`{% leaf appointment.starts_at kind=label.family size="l" %}`: a date as a page of a desk calendar.

    Of size "s" it shows no month, which a heading has said. `kind` is a family (brand, brass, iris, ruby, slate) or one
    of requested, proposed, late, ended. Always beside the date in words: assistive technology does not hear the leaf.
    """
    if isinstance(day, datetime):
        day = wording.local(day, zone_for(context, zone)).date()
    return _leaf(day, kind, size, get_language())


@lru_cache(maxsize=1024, typed=True)
def _leaf(day: date, kind: str, size: str, language: str | None) -> SafeString:
    return format_html(
        '<span class="leaf"{}{} aria-hidden="true"><span class="leaf__dow">{}</span>'
        '<span class="leaf__day">{}</span><span class="leaf__mon">{}</span></span>',
        format_html(' data-{}="{}"', "kind" if kind in FAMILIES else "state", kind) if kind else "",
        format_html(' data-size="{}"', size) if size else "",
        wording.date_part(day, "l" if size == "l" else "D"),
        day.day,
        wording.date_part(day, "F" if size == "l" else "M"),
    )


@register.simple_tag
def ticks(morning, afternoon, evening) -> SafeString:
    """`{% ticks 2 0 1 %}`: three strokes, filled where time is open."""
    strokes = "".join("<i></i>" if part else "<i data-none></i>" for part in (morning, afternoon, evening))
    return mark_safe(f'<span class="ticks" aria-hidden="true">{strokes}</span>')


@register.simple_tag
def strikes(used: int, limit: int, adding: int = 0, size: str = "", label: str = "") -> SafeString:
    """`{% strikes 1 3 adding=1 size="l" %}`: bars used, the next ones dashed; `label` says more than "1 of 3 used"."""
    bars = [
        "<i data-used></i>" if n < used else "<i data-next></i>" if n < used + adding else "<i></i>"
        for n in range(limit)
    ]
    return format_html(
        '<div class="strikes"{} role="img" aria-label="{}">{}</div>',
        format_html(' data-size="{}"', size) if size else "",
        label or f"{used} of {limit} used",
        mark_safe("".join(bars)),
    )
