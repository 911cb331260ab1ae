"""The tag that writes a cell of a table of figures on a page."""

from datetime import datetime, timedelta
from typing import Any

from django import template

from core.money import Money, format_money
from core.page_reader import uses_12h_clock, zone_for
from core.wording import moment_text
from providers.hours import hours_text

register = template.Library()


@register.simple_tag(takes_context=True)
def figure(context: Any, value: Any) -> str:
    """`{% figure cell %}`: money with its sign, a length in hours, a moment in the page's zone, else as it is."""
    match value:
        case Money(amount=amount, currency=currency):
            return format_money(amount, currency)
        case timedelta():
            return hours_text(int(value.total_seconds()) // 60)
        case datetime():
            return moment_text(value, zone_for(context, None), twelve=uses_12h_clock(context))
        case None:
            return ""
        case int():
            return f"{value:,}"
    return str(value)
