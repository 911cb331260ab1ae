"""What a client may write into an event: the fields that are its own, and the rules Google holds them to."""

import re
from collections.abc import Mapping
from typing import Any

from . import recurrence
from .moments import span
from .refusals import Refusal, invalid, required

# Everything else in a body is Google's own to say, and is passed over in silence.
SHARED = {
    *("summary", "description", "location", "start", "end", "recurrence", "status", "visibility", "attendees"),
    *("conferenceData", "sequence", "source", "attachments", "endTimeUnspecified", "anyoneCanAddSelf"),
    *("guestsCanInviteOthers", "guestsCanModify", "guestsCanSeeOtherGuests"),
    *("eventType", "birthdayProperties", "focusTimeProperties", "outOfOfficeProperties", "workingLocationProperties"),
}
PRIVATE = {"transparency", "reminders", "colorId", "extendedProperties"}  # of whoever's calendar it is
WRITABLE = SHARED | PRIVATE

CHOICES = {
    "status": {"confirmed", "tentative", "cancelled"},
    "transparency": {"opaque", "transparent"},
    "visibility": {"default", "public", "private", "confidential"},
    "eventType": {"default", "birthday", "focusTime", "fromGmail", "outOfOffice", "workingLocation"},
}
ANSWERS = {"needsAction", "declined", "tentative", "accepted"}
TEXTS = ("summary", "description", "location")
_ID = re.compile(r"[a-v0-9]{5,1024}", re.ASCII)


def check_id(event_id: Any) -> str:
    """An id that a client chose: base32hex in lower case, 5 to 1024 characters."""
    if not isinstance(event_id, str) or not _ID.fullmatch(event_id):
        raise invalid("Invalid resource id value.", "resource.id")
    return event_id


def written(body: Mapping[str, Any]) -> dict[str, Any]:
    """The writable fields of a body; None stands for a field that is to be removed."""
    return {key: value for key, value in body.items() if key in WRITABLE}


def merged(fields: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A patch: maps are merged, lists and plain values replaced whole, None removes."""
    result = dict(fields)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _edge(value) if key in {"start", "end"} else merged(result[key], value)
        else:
            result[key] = value
    return result


def _edge(edge: dict[str, Any]) -> dict[str, Any]:
    # A patch from whole days to hours sends the old kind as null beside the new one.
    return {key: value for key, value in edge.items() if value is not None}


def check(fields: Mapping[str, Any]) -> None:
    """Refuse what Google refuses."""
    span(dict(fields))
    for name, choices in CHOICES.items():
        if name in fields and fields[name] not in choices:
            raise invalid(f"Invalid value for: {name}", name)
    for name in TEXTS:
        if not isinstance(fields.get(name, ""), str):
            raise invalid(f"Invalid value for: {name}", name)
    if fields.get("recurrence"):
        recurrence.check(dict(fields))
    _check_attendees(fields.get("attendees", []))
    _check_reminders(fields.get("reminders", {}))
    _check_properties(fields.get("extendedProperties", {}))


def _check_attendees(attendees: Any) -> None:
    if not isinstance(attendees, list) or not all(isinstance(one, dict) for one in attendees):
        raise invalid("Invalid value for: attendees", "attendees")
    for one in attendees:
        if "@" not in str(one.get("email", "")):
            raise required("Missing attendee email.", "attendees")
        if one.get("responseStatus", "needsAction") not in ANSWERS:
            raise invalid("Invalid value for: responseStatus", "attendees")


def _check_reminders(reminders: Any) -> None:
    overrides = reminders.get("overrides", [])
    if reminders.get("useDefault") and overrides:
        raise Refusal(
            400,
            "cannotUseDefaultRemindersAndSpecifyOverride",
            "Cannot specify both default reminders and overrides at the same time.",
            domain="calendar",
        )
    if len(overrides) > 5:
        raise invalid("Too many reminder overrides.", "reminders")
    for one in overrides:
        if one.get("method") not in {"email", "popup"} or not 0 <= int(one.get("minutes", -1)) <= 40_320:
            raise invalid("Invalid reminder override.", "reminders")


def _check_properties(properties: Any) -> None:
    for kind, pairs in properties.items():
        if kind not in {"private", "shared"} or not isinstance(pairs, dict) or len(pairs) > 300:
            raise invalid("Invalid extended properties.", "extendedProperties")
        for key, value in pairs.items():
            if not isinstance(value, str) or len(key) > 44 or len(value) > 1024:
                raise invalid("Invalid extended properties.", "extendedProperties")
