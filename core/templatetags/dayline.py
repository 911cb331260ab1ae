"""The tags of the design system. They are built in: no page needs to load them.

Zone and 12/24 h are taken, in this order, from the tag's own argument, from `zone` in the context, and from the
signed-in person's settings. Dates and times come as `<time>`; inside an attribute say `plain=True`. No tag asks the
database.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any
from zlib import crc32

from django import template
from django.conf import settings
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import conditional_escape, escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from core import clock, unsaved_forms, wording
from core.money import price_words

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
    "customers": "users",
    "coins": "coin",
    "sliders": "hours",
    "tray": "inbox",
    "requests": "inbox",
    "arrows": "swap",
    "parasol": "away",
    "online": "video",
    "place": "pin",
}
TONES = {"good": "check", "wait": "wait", "news": "info", "stop": "warn", "plain": "info"}
MESSAGE_TONES = {"success": "good", "warning": "wait", "error": "stop", "info": "plain", "debug": "plain"}


# --- Who is looking -------------------------------------------------------------------------------------------------


def _user(context):
    user = getattr(getattr(context, "request", None) or context.get("request"), "user", None)
    return user if user is not None and user.is_authenticated else None


@register.simple_tag(takes_context=True)
def whose(context) -> str:
    """`{% whose %}` in a form: the mark of the person it is drawn for, see `core.unsaved_forms`."""
    user = _user(context)
    return (
        format_html('<input type="hidden" name="{}" value="{}">', unsaved_forms.WHOSE, unsaved_forms.mark_of(user))
        if user
        else ""
    )


def _zone(context, zone):
    if zone:
        return zone
    user = _user(context)
    return context.get("zone") or (user.time_zone if user else settings.TIME_ZONE)


def _twelve(context) -> bool:
    if "twelve_hour" in context:
        return bool(context["twelve_hour"])
    user = _user(context)
    return bool(user and user.uses_12h_clock)


# --- Marks ----------------------------------------------------------------------------------------------------------


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
    """`{% state_badge state %}` for whatever says `family`, `icon`, `label` and, if it waits, `dashed`."""
    read = state.get if isinstance(state, dict) else lambda name, default="": getattr(state, name, default)
    return badge(read("family", "slate"), read("label", ""), read("icon", ""), bool(read("dashed", False)))


@register.simple_tag
def avatar(name: str, photo="", size: str = "") -> SafeString:
    """`{% avatar provider.name photo=provider.photo size="l" %}`: the photo, else initials on a tint of the name's."""
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

    `kind` is a family (brand, brass, iris, ruby, slate) or one of requested, proposed, late, ended. Always beside the
    date in words: assistive technology does not hear the leaf.
    """
    if isinstance(day, datetime):
        day = wording.local(day, _zone(context, zone)).date()
    return _leaf(day, kind, size == "l", get_language())


@lru_cache(maxsize=1024, typed=True)
def _leaf(day: date, kind: str, large: bool, language: str | None) -> SafeString:
    return format_html(
        '<span class="leaf"{}{} aria-hidden="true"><span class="leaf__dow">{}</span>'
        '<span class="leaf__day">{}</span><span class="leaf__mon">{}</span></span>',
        format_html(' data-{}="{}"', "kind" if kind in FAMILIES else "state", kind) if kind else "",
        mark_safe(' data-size="l"') if large else "",
        wording.date_part(day, "l" if large else "D"),
        day.day,
        wording.date_part(day, "F" if large else "M"),
    )


@register.simple_tag
def ticks(morning, afternoon, evening) -> SafeString:
    """`{% ticks 2 0 1 %}`: three strokes, filled where time is open."""
    strokes = "".join("<i></i>" if part else "<i data-none></i>" for part in (morning, afternoon, evening))
    return mark_safe(f'<span class="ticks" aria-hidden="true">{strokes}</span>')


@register.simple_tag
def strikes(used: int, limit: int, adding: int = 0) -> SafeString:
    """`{% strikes 1 3 adding=1 %}`: bars used, the next ones dashed."""
    bars = [
        "<i data-used></i>" if n < used else "<i data-next></i>" if n < used + adding else "<i></i>"
        for n in range(limit)
    ]
    return format_html(
        '<div class="strikes" role="img" aria-label="{} of {} used">{}</div>', used, limit, mark_safe("".join(bars))
    )


DAYLINE_WIDTH = 720
DAYLINE_HEIGHT = 10


@register.simple_tag(takes_context=True)
def dayline(
    context, segments: Iterable, start: datetime, end: datetime, now=None, label: str = "", zone=None, hours=True
):
    """`{% dayline segments start end now=now label="Today from 08:00 to 18:00: …" %}`: one working day as a line.

    `segments` are (kind, start, end) with instants, drawn in the order given: open, confirmed, requested, proposed,
    busy, mine. `label` is the sentence assistive technology reads. What lies outside `start` to `end` is cut off.
    """
    span = (end - start).total_seconds() or 1

    def at(moment: datetime) -> float:
        return round(min(max((moment - start).total_seconds() / span, 0), 1) * DAYLINE_WIDTH, 1)

    boxes = [(kind, at(opens), round(at(closes) - at(opens), 1)) for kind, opens, closes in segments]
    drawn = [
        f'<rect class="{escape(kind)}" x="{x:g}" y="0" width="{width:g}" height="{DAYLINE_HEIGHT}"/>'
        for kind, x, width in boxes
        if width > 0
    ]
    if now is not None and start <= now <= end:
        drawn.append(f'<rect class="now" x="{at(now) - 2:g}" y="-4" width="4" height="18"/>')
    return format_html(
        '<div class="dayline"><svg viewBox="0 0 {0} {1}" preserveAspectRatio="none" role="img" aria-label="{2}">'
        '<rect class="track" width="{0}" height="{1}"/>{3}</svg>{4}</div>',
        DAYLINE_WIDTH,
        DAYLINE_HEIGHT,
        label,
        mark_safe("".join(drawn)),
        _hour_scale(start, end, _zone(context, zone), _twelve(context)) if hours else "",
    )


def _hour_scale(start: datetime, end: datetime, zone, twelve: bool) -> SafeString:
    length, most = round((end - start) / timedelta(hours=1)), 7 if twelve else 11
    step = next(step for step in (1, 2, 3, 4, 6, 24) if length / step <= most or step == 24)
    grid = step if length % step == 0 else 1  # the marks are spread evenly up to the end: those without a word, too
    spans = ""
    for n in range(0, length + 1, grid):
        hour = wording.local(start + timedelta(hours=n), zone).hour
        word = "" if n % step else _hour(hour) if twelve else f"{hour:02}"
        spans += f"<span>{word}</span>"
    return mark_safe(f'<div class="dayline__hours" aria-hidden="true">{spans}</div>')


def _hour(hour: int) -> str:
    """8am, 3pm; midnight and noon as everywhere, since 12 am and 12 pm are easily taken for each other."""
    return f"{hour:02}:00" if hour % 12 == 0 else f"{hour % 12}{'am' if hour < 12 else 'pm'}"


# --- Dates, times, lengths, money -----------------------------------------------------------------------------------


def _time(moment, text: str, zone=None, *, plain: bool = False) -> str:
    if plain:
        return text
    stamp = moment.isoformat() if not isinstance(moment, datetime) else wording.iso(moment, zone)
    return format_html('<time datetime="{}">{}</time>', stamp, text)


@register.simple_tag(takes_context=True)
def when(context, start, end=None, zone=None, long=False, year=None, zoned=False, plain=False) -> str:
    """`{% when start end zone %}`: Thu 12 March, 14:20 to 15:05; `long=True` writes Thursday, `zoned=True` the zone."""
    zone, twelve = _zone(context, zone), _twelve(context)
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
def time_range(context, start, end, zone=None, plain=False) -> str:
    """`{% time_range start end %}`: 14:20 to 15:05; the end's date is added when it is another day."""
    zone, twelve = _zone(context, zone), _twelve(context)
    same = wording.local(start, zone).date() == wording.local(end, zone).date()
    last = wording.clock_text(end, zone, twelve=twelve) if same else wording.moment_text(end, zone, twelve=twelve)
    first = wording.clock_text(start, zone, twelve=twelve)
    return format_html("{} to {}", _time(start, first, zone, plain=plain), _time(end, last, zone, plain=plain))


@register.simple_tag(takes_context=True)
def clock_time(context, moment, zone=None, plain=False) -> str:
    """`{% clock_time moment %}`: 14:20, or 2:20 pm for who prefers it."""
    zone = _zone(context, zone)
    return _time(moment, wording.clock_text(moment, zone, twelve=_twelve(context)), zone, plain=plain)


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
        zone = _zone(context, zone)
        return _time(day, wording.date_text(wording.local(day, zone).date(), long=long, year=year), zone, plain=plain)
    return _time(day, wording.date_text(day, long=long, year=year), plain=plain)


@register.simple_tag(takes_context=True)
def days_until(context, moment, zone=None, now=None) -> str:
    """`{% days_until appointment.starts_at %}`: today, tomorrow, in 2 days. Only ever beside the date itself."""
    zone = _zone(context, zone)
    day = wording.local(moment, zone).date() if isinstance(moment, datetime) else moment
    return wording.day_distance(day, wording.today(zone, now))


@register.simple_tag
def time_until(moment, now=None) -> str:
    """`{% time_until deadline %}`: 5 h 18 min."""
    return wording.duration_text(max(moment - (now or clock.now()), timedelta()))


@register.simple_tag(takes_context=True)
def zone_city(context, zone=None) -> str:
    """`{% zone_city zone %}`: London."""
    return wording.zone_city(_zone(context, zone))


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


# --- Places ---------------------------------------------------------------------------------------------------------


@register.simple_tag
def url_if_exists(name: str, *args, **kwargs) -> str:
    """`{% url_if_exists "search" as address %}`: the address, or nothing where this release has no such page."""
    try:
        return reverse(name, args=args, kwargs=kwargs)
    except NoReverseMatch:
        return ""


@register.simple_tag(takes_context=True)
def nav_link(context, name: str, label: str, **options) -> SafeString:
    """`{% nav_link "search" "Find a provider" icon="search" %}`: a list item that knows whether one is there.

    Nothing at all where no page has that name. Options: `icon`, `count` (of waiting things), `dot` (the same as a dot),
    `live` (an id for the two, so that an answer can change them in place), `wide` (hidden on phones), `exact` (deeper
    pages do not count), `also` (the name of another page that belongs here), `bare` (without the list item), `class`,
    `query` (what follows the address).
    """
    address = url_if_exists(name)
    if not address:
        return mark_safe("")
    path = getattr(getattr(context, "request", None) or context.get("request"), "path", "")
    current = "page" if path == address else ""
    if address != "/" and not options.get("exact") and path.startswith(address):
        current = "page"
    elif options.get("also") and path == url_if_exists(options["also"]):
        current = "true"
    waiting = _waiting(options.get("count"), options.get("dot"))
    if options.get("live"):
        waiting = format_html('<span class="live-count" id="{}">{}</span>', options["live"], waiting)
    link = format_html(
        '<a href="{}"{}{}>{}{}{}</a>',
        address + options.get("query", ""),
        format_html(' class="{}"', options["class"]) if options.get("class") else "",
        format_html(' aria-current="{}"', current) if current else "",
        _icon(options["icon"]) if options.get("icon") else "",
        label,
        waiting,
    )
    if options.get("bare"):
        return link
    return format_html("<li{}>{}</li>", mark_safe(' class="wide"') if options.get("wide") else "", link)


def _waiting(count: int | None, dot: int | None) -> SafeString:
    if count:
        return format_html('<span class="count">{}<span class="visually-hidden"> waiting</span></span>', count)
    if dot:
        return format_html('<span class="dot"><span class="visually-hidden">, {} waiting</span></span>', dot)
    return mark_safe("")


@register.simple_tag
def waiting_now(live: str, *, count: int | None = None, dot: int | None = None) -> SafeString:
    """What a `nav_link` shows of waiting things, for an answer that changes it in place."""
    return format_html('<span class="live-count" id="{}" hx-swap-oob="true">{}</span>', live, _waiting(count, dot))


@register.simple_tag(takes_context=True)
def url_with(context, **changes) -> str:
    """`{% url_with page=2 tab=None %}`: this page's query string with these changed; None or "" leaves one out."""
    request = getattr(context, "request", None) or context.get("request")
    return _query_with(request.GET.copy(), changes) or request.path


def _query_with(query: QueryDict, changes: dict[str, Any]) -> str:
    for key, value in changes.items():
        if value is None or value == "":
            query.pop(key, None)
        elif isinstance(value, (list, tuple)):
            query.setlist(key, [str(each) for each in value])
        else:
            query[key] = str(value)
    encoded = query.urlencode()
    return f"?{encoded}" if encoded else ""


@register.simple_tag(takes_context=True)
def pager(context, page, what: str = "results", param: str = "page", here: str = "") -> SafeString:
    """`{% pager page_obj what="appointments" %}`: what is shown of how many, Previous and Next with the query kept.

    `here` is the address of the list where another one, such as that of a press, is answered with it.
    """

    def turned(number: int | None) -> str:
        if not here:
            return url_with(context, **{param: number})
        path, _, query = here.partition("?")
        return path + _query_with(QueryDict(query, mutable=True), {param: number})

    return mark_safe(
        render_to_string(
            "components/pager.html",
            {
                "page": page,
                "what": what,
                "previous": turned(_page_number(page.previous_page_number())) if page.has_previous() else "",
                "next": turned(page.next_page_number()) if page.has_next() else "",
            },
        )
    )


def _page_number(number: int) -> int | None:
    return number if number > 1 else None


# --- Boxes ----------------------------------------------------------------------------------------------------------


@register.simple_block_tag
def notice(content, tone: str = "plain", icon: str = "", role: str = "") -> SafeString:
    """`{% notice "wait" %}<p><b>Not confirmed yet.</b> Maya has until …</p>{% endnotice %}`.

    Tones: good, wait, news, stop, plain. `role="status"` only where it appears by itself.
    """
    return format_html(
        '<div class="notice" data-tone="{}"{}>{}<div>{}</div></div>',
        tone,
        format_html(' role="{}"', role) if role else "",
        _icon(icon or TONES.get(tone, "info")),
        mark_safe(content.strip()),
    )


@register.simple_tag
def message_notice(message) -> SafeString:
    """One message of Django's as a notice; safe text may hold a link."""
    return notice(f"<p>{escape(message.message)}</p>", MESSAGE_TONES.get(message.level_tag, "plain"))


@register.simple_block_tag
def empty(content, heading: str, level: int = 2) -> SafeString:
    """`{% empty "No requests are waiting" %}<p class="muted">…</p><a class="btn" …>…</a>{% endempty %}`."""
    return format_html('<div class="empty"><h{0}>{1}</h{0}>{2}</div>', int(level), heading, mark_safe(content.strip()))


@register.simple_block_tag
def fact(content, label: str) -> SafeString:
    """Inside `<dl class="facts">`: `{% fact "Price" %}{% money … %}{% endfact %}`; nothing when there is nothing."""
    content = content.strip()
    return format_html("<dt>{}</dt><dd>{}</dd>", label, mark_safe(content)) if content else mark_safe("")


@register.simple_tag
def facts(pairs, start: bool = False) -> SafeString:
    """`{% facts pairs %}`: label and value pairs as a list of facts; `start=True` sets the values from the left."""
    rows = format_html_join("", "<dt>{}</dt><dd>{}</dd>", ((k, v) for k, v in pairs if v not in (None, "")))
    return format_html('<dl class="facts"{}>{}</dl>', mark_safe(" data-start") if start else "", rows)


# --- Forms ----------------------------------------------------------------------------------------------------------


@register.simple_tag
def field(bound, label=None, hint=None, counter=False, **attributes) -> SafeString:
    """`{% field form.note hint="Only Maya sees this." counter=True %}`: label, error, hint and control, tied together.

    Anything else becomes an attribute of the control: `{% field form.email autocomplete="email" data_width="m" %}`.
    """
    if label is not None:
        bound.label = label
    if hint is not None:
        # Hints are shown as markup, and some have a person's name in them.
        bound.help_text = conditional_escape(hint)
    attrs = bound.field.widget.attrs
    if counter:
        attrs["data-counter"] = True
    attrs.update({name.replace("_", "-"): value for name, value in attributes.items()})
    return bound.as_field_group()


@register.simple_tag
def error_summary(*forms, level: int = 2) -> SafeString:
    """`{% error_summary form formset %}`: what there is to fix, each a link to its field; nothing without errors."""
    problems = list(_problems(forms))
    if not problems:
        return mark_safe("")
    return mark_safe(render_to_string("components/error_summary.html", {"problems": problems, "level": level}))


def _problems(forms):
    for form in forms:
        if hasattr(form, "forms"):
            yield from (("", error) for error in form.non_form_errors())
            yield from _problems(form.forms)
        elif form is not None and form != "" and form.is_bound:
            yield from (("", error) for error in form.non_field_errors())
            for bound in form:
                target = "" if bound.is_hidden else bound.id_for_label or f"{bound.auto_id}_0"
                yield from ((target, error) for error in bound.errors)
