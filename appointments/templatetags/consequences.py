"""The tag that writes a phrase of `appointments.pages.consequences` in the zone and clock of the page."""

from datetime import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from appointments.pages.consequences import Day, OfDay, Phrase
from core.templatetags.words import clock_time, date_short, when

register = template.Library()


@register.simple_tag(takes_context=True)
def say(context: template.Context, phrase: Phrase) -> SafeString:
    """`{% say standing.until_when %}`: the phrase, with each of its moments as `<time>`."""
    if not phrase.values:
        return format_html("{}", phrase.pattern)
    return format_html(phrase.pattern, *(_written(context, value) for value in phrase.values))


def _written(context: template.Context, value: datetime | OfDay | Day | str) -> str:
    if isinstance(value, OfDay):
        return clock_time(context, value.moment)
    if isinstance(value, Day):
        return date_short(context, value.moment)
    return when(context, value) if isinstance(value, datetime) else value
