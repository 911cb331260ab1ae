"""What a calendar at Google holds for something of ours: facts in, the body of an event out.

The fields are those of https://developers.google.com/workspace/calendar/api/v3/reference/events.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from core import clock

# Google shows no more of an event's reminders, and none further ahead (four weeks).
MOST_REMINDERS, FURTHEST_REMINDER = 5, 40_320
LONGEST_TITLE, LONGEST_TEXT = 300, 4_000
# The names of what only we read of an event. They let us know our events again, also from a copy of our tables.
ABOUT = "daylineAbout"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the owner of a calendar reads there about something of ours. `start` and `end` are instants.

    With `all_day` they are midnights of `zone`. `reminders` are minutes before the start, None where they are left to
    the calendar; `address` is that of a page. What `is_online` may get a Google Meet link, if the owner of the calendar
    wants that.
    """

    start: datetime
    end: datetime
    zone: str
    title: str
    text: str = ""
    place: str = ""
    address: str = ""
    reminders: tuple[int, ...] | None = ()
    all_day: bool = False
    is_tentative: bool = False
    is_online: bool = False
    is_free: bool = False


def event_id_of(source: str, key: UUID, *, owner: int, site: str) -> str:
    """The id at Google of the event about something, the same for ever: 32 of the characters that ids may have."""
    return uuid5(NAMESPACE_URL, f"{site}/{owner}/{source}/{key}").hex


def body_of(entry: Entry, *, source: str, key: UUID, site: str) -> dict[str, Any]:
    """The fields of an event that says what the entry says. Others, such as a colour, stay as somebody set them."""
    return {
        "summary": entry.title[:LONGEST_TITLE],
        "description": entry.text[:LONGEST_TEXT],
        "location": entry.place[:LONGEST_TITLE],
        "status": "tentative" if entry.is_tentative else "confirmed",
        "transparency": "transparent" if entry.is_free else "opaque",
        **_span(entry),
        **_reminders(entry),
        "extendedProperties": {"private": {ABOUT: f"{source}:{key.hex}"}},
        **({"source": {"title": site, "url": entry.address}} if entry.address else {}),
    }


def content_of(body: Mapping[str, Any], said: str = "") -> str:
    """A hash of an event's fields, equal for the same fields. It begins with `said`, where that is given."""
    whole = sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return said + whole[len(said) :]


def said_in(entry: Entry) -> str:
    """Half a hash of what the owner of an entry says with it, and not of what follows from elsewhere: the address of
    its page, and the zone in which its moments are read. Whole days are those of their zone."""
    said = (entry.title, entry.text, entry.place, entry.start.timestamp(), entry.end.timestamp(), entry.is_free)
    days = entry.zone if entry.all_day else ""
    return sha256(json.dumps([*said, days]).encode()).hexdigest()[:32]


def about(event: Mapping[str, Any]) -> tuple[str, UUID] | None:
    """The source and key of an event that bears our mark, whoever put it there; None for any other."""
    source, _, key = str(event.get("extendedProperties", {}).get("private", {}).get(ABOUT, "")).partition(":")
    try:
        return (source, UUID(key)) if source else None
    except ValueError:
        return None


def _reminders(entry: Entry) -> dict[str, Any]:
    if entry.reminders is None:
        return {}
    minutes = sorted({each for each in entry.reminders if 0 <= each <= FURTHEST_REMINDER})[:MOST_REMINDERS]
    overrides = [{"method": "popup", "minutes": each} for each in minutes]
    return {"reminders": {"useDefault": False, "overrides": overrides}}


def _span(entry: Entry) -> dict[str, Any]:
    zone = clock.zone(entry.zone)
    start, end = clock.local(entry.start, zone), clock.local(entry.end, zone)
    # In a zone that the owner has left since, whole days are no more.
    if entry.all_day and start.time() == end.time() == time():
        # Fields that an event had before stay there unless they are taken away.
        return {
            name: {"date": f"{day:%Y-%m-%d}", "dateTime": None, "timeZone": None} for name, day in _both(start, end)
        }
    return {
        name: {"dateTime": moment.isoformat(timespec="seconds"), "timeZone": entry.zone, "date": None}
        for name, moment in _both(entry.start.astimezone(UTC), entry.end.astimezone(UTC))
    }


def _both(start: datetime, end: datetime) -> tuple[tuple[str, datetime], tuple[str, datetime]]:
    return ("start", start), ("end", end)
