"""Questions about a provider that only higher apps can answer."""

from datetime import datetime

from core.hooks import Question
from providers.models import Provider

outside_hours = Question[[Provider, datetime], int](
    "How many confirmed appointments ahead lie outside the provider's present working hours?"
)


def count_outside_hours(provider: Provider, now: datetime) -> int:
    """The number of confirmed appointments after `now` outside the present working hours; 0 without an answer."""
    return sum(outside_hours.each(provider, now))
