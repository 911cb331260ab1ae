"""Tags and filters that write dates, times, lengths, money and the site's own names.

Dates and times come as `<time>`; inside an attribute say `plain=True`. Zone and 12/24 h: see `core.page_reader`.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from html import escape

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from core import clock, wording
from core.money import price_words
from core.page_reader import uses_12h_clock, zone_for

register = template.Library()


def _time(moment, text: str, zone=None, *, plain: bool = False) -> str:
    if plain:
        return text
    stamp = moment.isoformat() if not isinstance(moment, datetime) else wording.iso(moment, zone)
    return mark_safe(f'<time datetime="{escape(stamp)}">{escape(text)}</time>')


@register.simple_tag(takes_context=True)
def when(context, start, end=None, zone=None, long=False, year=None, zoned=False, plain=False) -> str:
    """`{% when start end zone %}`: Thu 12 March, 14:20 to 15:05; `long=True` writes Thursday, `zoned=True` the zone."""
    zone, twelve = zone_for(context, zone), uses_12h_clock(context)
    text = _time(start, wording.moment_text(start, zone, long=long, year=year, twelve=twelve), zone, plain=plain)
    if end is not None:
        same = wording.local(start, zone).date() == wording.local(end, zone).date()
        last = (
            wording.clock_text(end, zone, twelve=twelve)
            if same
            else wording.moment_text(end, zone, long=long, year=year, twelve=twelve)
        )
        text = format_html("{} to {}", text, _time(end, last, zone, plain=plain))
    return format_html("{}, {}", text, wording.zone_text(zone)) if zoned else text


@register.simple_tag(takes_context=True)
def day_and_time(context, moment) -> str:
    """`{% day_and_time at %}`: Thu 12, 14:20; for times so close that no month is needed."""
    zone, twelve = zone_for(context, None), uses_12h_clock(context)
    day, time = wording.local(moment, zone).date(), wording.clock_text(moment, zone, twelve=twelve)
    return _time(moment, f"{wording.date_part(day, 'D')} {day.day}, {time}", zone)


@register.simple_tag(takes_context=True)
def time_range(context, start, end, zone=None, plain=False) -> str:
    """`{% time_range start end %}`: 14:20 to 15:05; the end's date is added when it is another day."""
    zone, twelve = zone_for(context, zone), uses_12h_clock(context)
    same = wording.local(start, zone).date() == wording.local(end, zone).date()
    last = wording.clock_text(end, zone, twelve=twelve) if same else wording.moment_text(end, zone, twelve=twelve)
    first = wording.clock_text(start, zone, twelve=twelve)
    return format_html("{} to {}", _time(start, first, zone, plain=plain), _time(end, last, zone, plain=plain))


@register.simple_tag(takes_context=True)
def clock_time(context, moment, zone=None, plain=False) -> str:
    """`{% clock_time moment %}`: 14:20, or 2:20 pm for a reader with that setting."""
    zone = zone_for(context, zone)
    return _time(moment, wording.clock_text(moment, zone, twelve=uses_12h_clock(context)), zone, plain=plain)


@register.simple_tag(takes_context=True)
def date_long(context, day, zone=None, year=None, plain=False) -> str:
    """`{% date_long day %}`: Thursday 12 March, with the year when it is not this one (or `year=True`)."""
    return _date(context, day, zone, year, long=True, plain=plain)


@register.simple_tag(takes_context=True)
def date_short(context, day, zone=None, year=None, plain=False) -> str:
    """`{% date_short day %}`: Thu 12 March."""
    return _date(context, day, zone, year, long=False, plain=plain)


def _date(context, day: date | datetime, zone, year, *, long: bool, plain: bool) -> str:
    if isinstance(day, datetime):
        zone = zone_for(context, zone)
        return _time(day, wording.date_text(wording.local(day, zone).date(), long=long, year=year), zone, plain=plain)
    return _time(day, wording.date_text(day, long=long, year=year), plain=plain)


@register.simple_tag(takes_context=True)
def days_until(context, moment, zone=None, now=None) -> str:
    """`{% days_until appointment.starts_at %}`: today, tomorrow, in 2 days. Only ever beside the date itself."""
    zone = zone_for(context, zone)
    day = wording.local(moment, zone).date() if isinstance(moment, datetime) else moment
    return wording.day_distance(day, wording.today(zone, now))


@register.simple_tag
def time_until(moment, now=None) -> str:
    """`{% time_until deadline %}`: 5 h 18 min."""
    return wording.duration_text(max(moment - (now or clock.now()), timedelta()))


@register.simple_tag(takes_context=True)
def zone_city(context, zone=None) -> str:
    """`{% zone_city zone %}`: London."""
    return wording.zone_city(zone_for(context, zone))


@register.filter
def duration(minutes) -> str:
    """`{{ service.duration_minutes|duration }}`: 1 h 30 min. Minutes or a timedelta."""
    return wording.duration_text(minutes) if minutes is not None and minutes != "" else ""


@register.simple_tag(name="duration")
def duration_tag(minutes) -> str:
    """`{% duration 90 %}`: 1 h 30 min."""
    return wording.duration_text(minutes)


@register.simple_tag
def money(amount, currency=None) -> str:
    """`{% money service.price service.currency %}`: £58, or Free. A Money object needs no currency."""
    if currency is None:
        amount, currency = amount.amount, amount.currency
    return price_words(Decimal(amount), currency)


@register.simple_tag
def site(name: str) -> str:
    """`{% site "SITE_NAME" %}` on pages drawn without context: SITE_NAME, SUPPORT_EMAIL or SUPPORT_PHONE."""
    return getattr(settings, name) if name in {"SITE_NAME", "SUPPORT_EMAIL", "SUPPORT_PHONE"} else ""
