"""Calendars, and on whose list each stands with which role."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .accounts import Account
from .changes import Changes
from .moments import zone_of
from .refusals import Refusal, not_found, required

ROLES = ("freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")  # each may what those before may


@dataclass
class Calendar:
    id: str
    summary: str
    zone: str
    owner: str  # `sub` of the account whose it is
    made_by: str = ""  # the client that made it, if one did
    description: str = ""
    location: str = ""
    changed: int = 0


@dataclass
class Entry:
    """A calendar on one person's list, and what they may do there."""

    calendar: Calendar
    role: str
    primary: bool = False
    hidden: bool = False
    deleted: bool = False
    changed: int = 0

    def may(self, role: str) -> bool:
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass
class Calendars:
    changes: Changes
    _calendars: dict[str, Calendar] = field(default_factory=dict)
    _entries: dict[tuple[str, str], Entry] = field(default_factory=dict)  # by account and calendar

    def add_primary(self, account: Account) -> Entry:
        calendar = Calendar(account.email, account.email, account.zone, account.sub)
        return self._put(calendar, account, "owner", primary=True)

    def add(self, account: Account, body: Mapping[str, Any], *, made_by: str = "") -> Calendar:
        """A new secondary calendar of the account."""
        if not body.get("summary"):
            raise required("Missing title.", "summary")
        calendar = Calendar(
            id=f"{secrets.token_hex(32)}@group.calendar.google.com",
            summary=body["summary"],
            zone=zone_of(body.get("timeZone", "UTC")).key,
            owner=account.sub,
            made_by=made_by,
            description=body.get("description", ""),
            location=body.get("location", ""),
        )
        self._put(calendar, account, "owner")
        return calendar

    def share(self, calendar_id: str, account: Account, role: str) -> None:
        """Give somebody a role in a calendar and put it on their list; an empty role takes both away."""
        if role:
            self._put(self._calendars[calendar_id], account, role)
        else:
            entry = self._entries[account.sub, calendar_id]
            entry.deleted, entry.changed = True, self.changes.next()

    def remove(self, entry: Entry) -> None:
        if entry.primary:
            raise Refusal(403, "cannotDeletePrimaryCalendar", "You cannot delete a primary calendar.")
        for other in self._entries.values():
            if other.calendar is entry.calendar:
                other.deleted, other.changed = True, self.changes.next()
        del self._calendars[entry.calendar.id]

    def find(self, calendar_id: str) -> Calendar | None:
        return self._calendars.get(calendar_id)

    def entry(self, account: Account, calendar_id: str, *, role: str = "freeBusyReader") -> Entry:
        """The calendar as this person has it. Raises Refusal where there is none, or their role is below `role`."""
        if not account.has_calendar:
            raise Refusal(403, "notACalendarUser", "The user must be signed up for Google Calendar.")
        entry = self._entries.get((account.sub, account.email if calendar_id == "primary" else calendar_id))
        if not entry or entry.deleted:
            raise not_found()
        if not entry.may(role):
            raise Refusal(403, "requiredAccessLevel", f"You need to have {role} access to this calendar.")
        return entry

    def list_of(self, account: Account) -> list[Entry]:
        """All that ever stood on the person's list, the primary calendar first."""
        if not account.has_calendar:
            raise Refusal(403, "notACalendarUser", "The user must be signed up for Google Calendar.")
        entries = [entry for (sub, _), entry in self._entries.items() if sub == account.sub]
        return sorted(entries, key=lambda entry: (not entry.primary, entry.calendar.summary, entry.calendar.id))

    def _put(self, calendar: Calendar, account: Account, role: str, *, primary: bool = False) -> Entry:
        calendar.changed = self.changes.next()
        entry = Entry(calendar, role, primary=primary, changed=calendar.changed)
        self._calendars[calendar.id] = calendar
        self._entries[account.sub, calendar.id] = entry
        return entry


def as_calendar(calendar: Calendar) -> dict[str, Any]:
    told = {
        "kind": "calendar#calendar",
        "etag": f'"{calendar.changed}"',
        "id": calendar.id,
        "summary": calendar.summary,
        "description": calendar.description,
        "location": calendar.location,
        "timeZone": calendar.zone,
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }
    return {key: value for key, value in told.items() if value}


def as_entry(entry: Entry) -> dict[str, Any]:
    if entry.deleted:
        return {
            "kind": "calendar#calendarListEntry",
            "etag": f'"{entry.changed}"',
            "id": entry.calendar.id,
            "deleted": True,
        }
    told = {
        **as_calendar(entry.calendar),
        "kind": "calendar#calendarListEntry",
        "etag": f'"{entry.changed}"',
        "accessRole": entry.role,
        "backgroundColor": "#9fe1e7",
        "foregroundColor": "#000000",
        "colorId": "14",
        "defaultReminders": [{"method": "popup", "minutes": 10}] if entry.primary else [],
        "selected": not entry.hidden,
    }
    return told | ({"primary": True} if entry.primary else {}) | ({"hidden": True} if entry.hidden else {})
