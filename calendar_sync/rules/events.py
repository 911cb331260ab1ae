"""What an event of Google's calendar API means for the time of its owner.

The fields are those of https://developers.google.com/workspace/calendar/api/v3/reference/events.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from core import clock
from core.intervals import merge

# Types of events that say where somebody is, or whose day it is, and not that they are busy.
NEVER_BUSY = frozenset({"workingLocation", "birthday"})


@dataclass(frozen=True, slots=True)
class Busy:
    """A time when the owner of a calendar is busy, as instants in UTC; `title` is empty where Google keeps it."""

    event_id: str
    etag: str
    start: datetime
    end: datetime
    is_all_day: bool
    title: str


def busy_of(event: Mapping[str, Any], calendar_zone: ZoneInfo) -> Busy | None:
    """The busy time of an event, None for one that takes no time: cancelled, free, declined, of a kind that is never
    busy, or without length.

    A day without a time is a day of the calendar's own zone, and its end is exclusive. A cancelled event may have
    nothing but its id.
    """
    start, end = span_of(event, calendar_zone)
    if not _makes_busy(event) or start is None or end is None or end <= start:
        return None
    return Busy(
        event_id=event["id"],
        etag=event.get("etag", ""),
        start=start,
        end=end,
        is_all_day="date" in event["start"],
        title=event.get("summary", ""),
    )


def span_of(event: Mapping[str, Any], calendar_zone: ZoneInfo) -> tuple[datetime, datetime] | tuple[None, None]:
    """The start and end of an event as instants; None twice where it has none that a calendar of ours reaches, as a
    deleted one may."""
    try:
        return _instant(event["start"], calendar_zone), _instant(event["end"], calendar_zone)
    except (KeyError, OverflowError, ValueError):
        return None, None


def busy_ranges(ranges: Iterable[tuple[str, str]]) -> list[Busy]:
    """The times of a free/busy answer, those that touch as one; without a title, and known by their start."""
    times = [(_told(start), _told(end)) for start, end in ranges]
    return [Busy(f"{start:%Y%m%dT%H%M%SZ}", "", start, end, is_all_day=False, title="") for start, end in merge(times)]


def _makes_busy(event: Mapping[str, Any]) -> bool:
    own_answer = next((each.get("responseStatus") for each in event.get("attendees", ()) if each.get("self")), None)
    return (
        event.get("status") != "cancelled"
        and event.get("transparency") != "transparent"
        and own_answer != "declined"
        and event.get("eventType", "default") not in NEVER_BUSY
    )


def _instant(moment: Mapping[str, str], calendar_zone: ZoneInfo) -> datetime:
    if "date" in moment:
        return clock.to_instant(datetime.combine(date.fromisoformat(moment["date"]), time()), calendar_zone)
    told = datetime.fromisoformat(moment["dateTime"])
    if told.tzinfo is not None:
        return told.astimezone(UTC)
    # Google always sends an offset; without one the time is one of the zone that stands beside it.
    return clock.to_instant(told, clock.zone(moment["timeZone"]) if "timeZone" in moment else calendar_zone)


def _told(moment: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(UTC)
