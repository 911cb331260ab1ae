"""Weeks drawn as lines. Wall-clock minutes need no real date to be drawn: midnight of any will do."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from providers import hours
from providers.hours import WEEKDAYS, Range, Week

MIDNIGHT = datetime(2001, 1, 1, tzinfo=UTC)
Segments = list[tuple[str, datetime, datetime]]


def daylines(present: Week, *, twelve: bool = False) -> dict[str, Any]:
    """The context of the week's drawing: seven lines over one span, each with its sentence."""
    start, end = span_of(present)
    return {
        "start": start,
        "end": end,
        "days": [
            {
                "name": name,
                "sentence": f"{name}: {hours.ranges_text(present.get(index, ()), twelve=twelve)}",
                "text": hours.ranges_text(present.get(index, ()), twelve=twelve),
                "segments": segments(present.get(index, ())),
            }
            for index, name in enumerate(WEEKDAYS)
        ],
    }


def span_of(*weeks: Week) -> tuple[datetime, datetime]:
    """The whole hours that all ranges of these weeks lie in; those of an office where there are none."""
    ranges = [one for week in weeks for day in week.values() for one in day]
    first = min((start for start, _ in ranges), default=9 * 60) // 60 * 60
    last = -(-max((end for _, end in ranges), default=17 * 60) // 60) * 60
    return drawn(first), drawn(last)


def segments(ranges: Sequence[Range]) -> Segments:
    return [("open", drawn(start), drawn(end)) for start, end in ranges]


def drawn(minute: int) -> datetime:
    return MIDNIGHT + timedelta(minutes=minute)
