"""What an event of Google's calendar API means for the time of its owner.

The fields are those of https://developers.google.com/workspace/calendar/api/v3/reference/events.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core import clock
from core.intervals import merge, subtract

# Types of events that say where somebody is, or whose day it is, and not that they are busy.
NEVER_BUSY = frozenset({"workingLocation", "birthday"})
# The edges of time, so far inside that every zone has a date for them.
FIRST, LAST = clock.FIRST_INSTANT + timedelta(days=2), clock.LAST_INSTANT - timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of an event: its times as instants in UTC, and its title, which is empty where Google keeps it."""

    event_id: str
    etag: str
    start: datetime
    end: datetime
    is_all_day: bool
    title: str


def busy_of(event: Mapping[str, Any], calendar_zone: ZoneInfo) -> Kept | None:
    """The busy time of an event, None for one that takes no time: cancelled, free, declined, of a kind that is never
    busy, or without length.

    A day without a time is a day of the calendar's own zone, and its end is exclusive. A cancelled event may have
    nothing but its id.
    """
    kept = _kept(event, calendar_zone)
    return kept if kept and kept.end > kept.start and _is_attended(event) and _takes_time(event) else None


def free_of(event: Mapping[str, Any], calendar_zone: ZoneInfo) -> Kept | None:
    """An event that stands in the calendar and takes no time: free, of a kind that is never busy, or without length.

    None for one that makes busy, and for one that was cancelled or declined.
    """
    kept = _kept(event, calendar_zone)
    return kept if kept and _is_attended(event) and (kept.end == kept.start or not _takes_time(event)) else None


def span_of(event: Mapping[str, Any], calendar_zone: ZoneInfo) -> tuple[datetime, datetime] | tuple[None, None]:
    """The start and end of an event as instants; None twice where it has none, as a deleted one may.

    One that begins or ends where no calendar of ours reaches does so at the edge, and takes all the time until there.
    """
    try:
        start, end = _instant(event["start"], calendar_zone), _instant(event["end"], calendar_zone)
    except (KeyError, ValueError):
        return None, None
    return min(max(start, FIRST), LAST), min(max(end, FIRST), LAST)


def busy_ranges(
    ranges: Iterable[tuple[str, str]], *, without: Iterable[tuple[datetime | None, datetime | None]] = ()
) -> list[Kept]:
    """The times of a free/busy answer, those that touch as one; no title, and known by their start. The times `without`
    which they are wanted are taken out of them."""
    times = merge((_told(start), _told(end)) for start, end in ranges)
    left = subtract(times, merge((start, end) for start, end in without if start and end))
    return [Kept(f"{start:%Y%m%dT%H%M%SZ}", "", start, end, is_all_day=False, title="") for start, end in left]


def is_invitation(event: Mapping[str, Any]) -> bool:
    """Whether a calendar has an event as a guest of another one, and not in its own right."""
    is_guest = any(each.get("self") for each in event.get("attendees", ()))
    return is_guest and not event.get("organizer", {}).get("self")


def zone_name(name: str) -> str:
    """The name by which a calendar's zone is kept: ours where it has one, otherwise Google's; UTC if unknown."""
    try:
        return clock.canonical_zone(name)
    except ValueError:
        return clock.zone(name).key


def _kept(event: Mapping[str, Any], calendar_zone: ZoneInfo) -> Kept | None:
    """What would be kept of an event, None where it has no times."""
    start, end = span_of(event, calendar_zone)
    if start is None or end is None or end < start:
        return None
    return Kept(
        event_id=event["id"],
        etag=event.get("etag", ""),
        start=start,
        end=end,
        is_all_day="date" in event["start"],
        title=event.get("summary", ""),
    )


def _is_attended(event: Mapping[str, Any]) -> bool:
    own_answer = next((each.get("responseStatus") for each in event.get("attendees", ()) if each.get("self")), None)
    return event.get("status") != "cancelled" and own_answer != "declined"


def _takes_time(event: Mapping[str, Any]) -> bool:
    return event.get("transparency") != "transparent" and event.get("eventType", "default") not in NEVER_BUSY


def _instant(moment: Mapping[str, str], calendar_zone: ZoneInfo) -> datetime:
    if "date" in moment:
        return clock.to_instant(datetime.combine(date.fromisoformat(moment["date"]), time()), calendar_zone)
    told = datetime.fromisoformat(moment["dateTime"])
    if told.tzinfo is not None:
        try:
            return told.astimezone(UTC)
        except OverflowError:
            return clock.LAST_INSTANT if told.year > 1 else clock.FIRST_INSTANT
    # Google always sends an offset; without one the time is one of the zone that stands beside it.
    return clock.to_instant(told, clock.zone(moment["timeZone"]) if "timeZone" in moment else calendar_zone)


def _told(moment: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(UTC)
