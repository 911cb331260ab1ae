"""Events as the calendar answers them."""

from dataclasses import dataclass
from typing import Any

from .calendars import Calendar
from .clock import written
from .events import Event


@dataclass(frozen=True)
class Manner:
    """How a client wants events told."""

    zone: str = ""  # empty: the calendar's
    most_attendees: int = 0  # 0: all


def resource(event: Event, calendar: Calendar, manner: Manner = Manner()) -> dict[str, Any]:
    """The whole event, also one that was deleted."""
    zone = manner.zone or calendar.zone
    start, end = event.span.written(zone)
    own = {key: value for key, value in event.fields.items() if key not in {"start", "end", "attendees", "sequence"}}
    told = {
        "kind": "calendar#event",
        "etag": event.etag,
        "id": event.id,
        "htmlLink": f"https://www.google.com/calendar/event?eid={event.id}",
        "created": written(event.created),
        "updated": written(event.updated),
        "creator": _person(event.creator, calendar),
        "organizer": _person(event.organizer, calendar),
        "iCalUID": f"{event.series_id or event.id}@google.com",
        "sequence": event.sequence,
        "reminders": {"useDefault": True},
        **own,
        "start": start,
        "end": end,
        **_attendees(event, calendar, manner.most_attendees),
        **_meet_link(event),
    }
    return told | _place_in_series(event, zone)


def tombstone(event: Event, calendar: Calendar, manner: Manner = Manner()) -> dict[str, Any]:
    """A deleted event in a list. Only the id is promised, and of an occurrence which of its series it was."""
    told = {"kind": "calendar#event", "etag": event.etag, "id": event.id, "status": "cancelled"}
    return told | _place_in_series(event, manner.zone or calendar.zone)


def listed(event: Event, calendar: Calendar, manner: Manner = Manner()) -> dict[str, Any]:
    return (tombstone if event.cancelled else resource)(event, calendar, manner)


def _place_in_series(event: Event, zone: str) -> dict[str, Any]:
    if not event.original:
        return {}
    return {"recurringEventId": event.series_id, "originalStartTime": event.original.written(zone)[0]}


def _person(email: str, calendar: Calendar) -> dict[str, Any]:
    return {"email": email} | ({"self": True} if email == calendar.id else {})


def _attendees(event: Event, calendar: Calendar, most: int) -> dict[str, Any]:
    attendees = [
        {"responseStatus": "needsAction"}
        | one
        | ({"self": True} if one["email"].lower() == calendar.id else {})
        | ({"organizer": True} if one["email"].lower() == event.organizer else {})
        for one in event.fields.get("attendees", [])
    ]
    if most and len(attendees) > most:
        return {"attendees": [one for one in attendees if one.get("self")], "attendeesOmitted": True}
    return {"attendees": attendees} if attendees else {}


def _meet_link(event: Event) -> dict[str, Any]:
    points = event.fields.get("conferenceData", {}).get("entryPoints", [])
    video = next((one["uri"] for one in points if one["entryPointType"] == "video"), "")
    return {"hangoutLink": video} if video else {}
