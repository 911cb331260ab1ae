"""Tags that frame content: notices, empty lists and lists of facts."""

from django import template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from . import marks

register = template.Library()

TONES = {"good": "check", "wait": "wait", "news": "info", "stop": "warn", "plain": "info"}
MESSAGE_TONES = {"success": "good", "warning": "wait", "error": "stop", "info": "plain", "debug": "plain"}


@register.simple_block_tag
def notice(content, tone: str = "plain", icon: str = "", role: str = "") -> SafeString:
    """`{% notice "wait" %}<p><b>Not confirmed yet.</b> Maya has until …</p>{% endnotice %}`.

    Tones: good, wait, news, stop, plain. `role="status"` only where it appears by itself.
    """
    return format_html(
        '<div class="notice" data-tone="{}"{}>{}<div>{}</div></div>',
        tone,
        format_html(' role="{}"', role) if role else "",
        marks.icon(icon or TONES.get(tone, "info")),
        mark_safe(content.strip()),
    )


@register.simple_tag
def message_notice(message) -> SafeString:
    """A message of django.contrib.messages as a notice; safe text may hold a link."""
    return notice(f"<p>{escape(message.message)}</p>", MESSAGE_TONES.get(message.level_tag, "plain"))


@register.simple_block_tag
def empty(content, heading: str, level: int = 2) -> SafeString:
    """`{% empty "No requests are waiting" %}<p class="muted">…</p><a class="btn" …>…</a>{% endempty %}`."""
    return format_html('<div class="empty"><h{0}>{1}</h{0}>{2}</div>', int(level), heading, mark_safe(content.strip()))


@register.simple_block_tag
def fact(content, label: str) -> SafeString:
    """Inside `<dl class="facts">`: `{% fact "Price" %}{% money … %}{% endfact %}`; no line when it is empty."""
    content = content.strip()
    return format_html("<dt>{}</dt><dd>{}</dd>", label, mark_safe(content)) if content else mark_safe("")


@register.simple_tag
def facts(pairs, start: bool = False) -> SafeString:
    """`{% facts pairs %}`: label and value pairs as a list of facts; `start=True` sets the values from the left."""
    rows = format_html_join("", "<dt>{}</dt><dd>{}</dd>", ((k, v) for k, v in pairs if v not in (None, "")))
    return format_html('<dl class="facts"{}>{}</dl>', mark_safe(" data-start") if start else "", rows)
