"""Answers that only a higher app has, handed down by name when that app starts.

`appointments` sets `count_outside_hours` in its `ready`; without it the editors simply say nothing of appointments.
"""

from collections.abc import Callable
from datetime import datetime

from providers.models import Provider

# How many confirmed appointments ahead lie outside the provider's present working hours.
OutsideHours = Callable[[Provider, datetime], int]
_outside_hours: OutsideHours | None = None


def set_outside_hours(answer: OutsideHours) -> None:
    global _outside_hours
    _outside_hours = answer


def count_outside_hours(provider: Provider, now: datetime) -> int:
    return _outside_hours(provider, now) if _outside_hours is not None else 0
