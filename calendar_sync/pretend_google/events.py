"""The events of all calendars, and every way to change them; a deleted one stays, and keeps its id for ever."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from . import bodies, recurrence
from .accounts import Account
from .calendars import Calendar
from .changes import Changes
from .clock import Clock
from .moments import Span, span
from .refusals import Refusal, invalid, not_found

DEFAULTS = {"status": "confirmed", "eventType": "default"}


@dataclass
class Event:
    """An event, a series of them, or one occurrence of a series that differs from it."""

    calendar_id: str
    id: str
    fields: dict[str, Any]  # what was written, without what Google adds
    creator: str
    organizer: str
    created: datetime
    updated: datetime
    changed: int = 0  # its place in the order of all changes, and its etag
    sequence: int = 0
    series_id: str = ""
    original: Span | None = None  # when an occurrence was to be by its series
    # Occurrences that a change of this series took away, by their stamps, and when: they are told as deleted. The empty
    # stamp is the event itself, from when it began to repeat.
    gone: dict[str, int] = field(default_factory=dict)

    @property
    def cancelled(self) -> bool:
        return self.fields.get("status") == "cancelled"

    @property
    def repeats(self) -> bool:
        return bool(self.fields.get("recurrence"))

    @property
    def span(self) -> Span:
        return span(self.fields)

    @property
    def etag(self) -> str:
        return f'"{self.changed}"'

    def attendee(self, email: str) -> dict[str, Any] | None:
        return next((one for one in self.fields.get("attendees", []) if one["email"].lower() == email), None)


@dataclass(frozen=True)
class Sent:
    """What a write asked to tell by mail, and the guests to whom."""

    event_id: str
    verb: str  # insert, patch, update or delete
    send_updates: str
    recipients: tuple[str, ...]


@dataclass
class Events:
    clock: Clock
    changes: Changes
    sent: list[Sent] = field(default_factory=list)
    _events: dict[tuple[str, str], Event] = field(default_factory=dict)

    # --- Read --------------------------------------------------------------

    def stored(self, calendar: Calendar) -> list[Event]:
        return [event for (calendar_id, _), event in self._events.items() if calendar_id == calendar.id]

    def get(self, calendar: Calendar, event_id: str) -> Event:
        """The event, also one that was deleted, or an occurrence by its own id."""
        if event := self._events.get((calendar.id, event_id)):
            return event
        series_id, _, stamp = event_id.rpartition("_")
        series = self._events.get((calendar.id, series_id))
        if series and (one := self.spans(series, calendar).get(stamp)):
            return self._occurrence(series, stamp, one)
        raise not_found()

    def spans(self, event: Event, calendar: Calendar) -> dict[str, Span]:
        """The spans of a series that is not deleted, by the stamps of its occurrences; nothing for any other event."""
        if not event.repeats or event.cancelled:
            return {}
        return recurrence.occurrences(event.fields, calendar.zone, self.clock.now() + recurrence.HORIZON)

    def instances(self, series: Event, calendar: Calendar) -> Iterator[Event]:
        """Each occurrence of a series: as it was changed, or as the series says; those cancelled by themselves, too."""
        for stamp, one in self.spans(series, calendar).items():
            yield self._events.get((calendar.id, f"{series.id}_{stamp}")) or self._occurrence(series, stamp, one)

    def _occurrence(self, series: Event, stamp: str, one: Span) -> Event:
        start, end = one.written(one.zone or "UTC")
        own = {key: value for key, value in series.fields.items() if key != "recurrence"}
        return replace(
            series,
            id=f"{series.id}_{stamp}",
            fields=own | {"start": start, "end": end},
            series_id=series.id,
            original=one,
            gone={},
        )

    # --- Written -----------------------------------------------------------

    def insert(
        self, calendar: Calendar, body: Mapping[str, Any], *, actor: Account, send_updates: str = "none"
    ) -> Event:
        event_id = bodies.check_id(body["id"]) if body.get("id") else secrets.token_hex(13)
        fields = DEFAULTS | _without_none(bodies.written(body))
        bodies.check(fields)
        if fields["eventType"] == "fromGmail":
            raise invalid("Events of this type come from mails alone.", "eventType")
        if (calendar.id, event_id) in self._events:
            raise Refusal(409, "duplicate", "The requested identifier already exists.")
        now = self.clock.now()
        event = Event(calendar.id, event_id, fields, actor.email, actor.email, now, now, sequence=_sequence(fields))
        self._save(event, "insert", send_updates)
        return event

    def patch(self, calendar: Calendar, event_id: str, body: Mapping[str, Any], **how: Any) -> Event:
        """Change the fields that the body has. See `_change` for the keywords."""
        event = self.get(calendar, event_id)
        return self._change(calendar, event, bodies.merged(event.fields, bodies.written(body)), verb="patch", **how)

    def update(self, calendar: Calendar, event_id: str, body: Mapping[str, Any], **how: Any) -> Event:
        """Replace all fields: what the body does not have goes back to its default."""
        event = self.get(calendar, event_id)
        return self._change(calendar, event, _without_none(bodies.written(body)), verb="update", **how)

    def delete(
        self, calendar: Calendar, event_id: str, *, actor: Account, if_match: str = "", send_updates: str = "none"
    ) -> None:
        event = self.get(calendar, event_id)
        if event.cancelled:
            raise Refusal(410, "deleted", "Resource has been deleted")
        _check_match(event, if_match)
        self._end_occurrences(event, self.spans(event, calendar))
        self._save(
            replace(event, fields=event.fields | {"status": "cancelled"}, updated=self.clock.now()),
            "delete",
            send_updates,
        )

    def add_foreign(self, calendar: Calendar, body: Mapping[str, Any], *, organizer: str) -> Event:
        """An event that somebody else sent: an invitation, or one that Google read from a mail. A copy of an event in
        another calendar has the `id` of that."""
        fields = DEFAULTS | bodies.written(body)
        bodies.check(fields)
        now = self.clock.now()
        event_id = str(body.get("id") or secrets.token_hex(13))
        event = Event(calendar.id, event_id, fields, organizer, organizer, now, now)
        self._save(event, "insert", "none")
        return event

    def rewrite(self, event: Event, fields: dict[str, Any]) -> None:
        """A change that Google makes by itself, such as a Meet link that is ready."""
        event.fields, event.updated = fields, self.clock.now()
        self._save(event, "rewrite", "none")

    def _change(
        self,
        calendar: Calendar,
        event: Event,
        fields: dict[str, Any],
        *,
        verb: str,
        actor: Account,
        if_match: str = "",
        send_updates: str = "none",
    ) -> Event:
        _check_match(event, if_match)
        fields = DEFAULTS | {"eventType": event.fields["eventType"]} | fields
        bodies.check(fields)
        if fields["eventType"] != event.fields["eventType"]:
            raise invalid("The type of an event cannot be changed.", "eventType")
        if event.organizer != actor.email and _shared(fields) != _shared(event.fields):
            raise Refusal(
                403,
                "forbiddenForNonOrganizer",
                "Shared properties can only be changed by the organizer of the event.",
                domain="calendar",
            )
        # Reminders alone do not count as a change of the event.
        untouched = fields | {"reminders": None} == event.fields | {"reminders": None}
        changed = replace(
            event,
            fields=fields,
            updated=event.updated if untouched else self.clock.now(),
            sequence=max(_sequence(fields), event.sequence + _moved(event.fields, fields)),
            gone=dict(event.gone),
        )
        before, after = self.spans(event, calendar), self.spans(changed, calendar)
        self._end_occurrences(changed, set(before) - set(after))
        for stamp in after:
            changed.gone.pop(stamp, None)
        if not changed.repeats:
            changed.gone.pop("", None)
        elif not event.repeats:
            changed.gone[""] = self.changes.next()
        self._save(changed, verb, send_updates)
        return changed

    def _end_occurrences(self, series: Event, stamps: Iterable[str]) -> None:
        """Note that these are no more; what was changed of them goes with them."""
        number = self.changes.next()
        for stamp in stamps:
            series.gone[stamp] = number
            self._events.pop((series.calendar_id, f"{series.id}_{stamp}"), None)

    def _save(self, event: Event, verb: str, send_updates: str) -> None:
        event.changed = self.changes.next()
        self._events[event.calendar_id, event.id] = event
        guests = [one["email"] for one in event.fields.get("attendees", []) if one["email"] != event.organizer]
        if verb != "rewrite":
            self.sent.append(Sent(event.id, verb, send_updates, tuple(guests) if send_updates != "none" else ()))
        self.changes.tell(event.calendar_id)


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}


def _sequence(fields: Mapping[str, Any]) -> int:
    return int(fields.get("sequence", 0))


def _moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return any(before.get(name) != after.get(name) for name in ("start", "end", "recurrence"))


def _shared(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What only the organizer may change; of the guests, all but what each answers for themselves."""
    shared = {key: value for key, value in fields.items() if key in bodies.SHARED}
    when = span(dict(fields))
    return shared | {
        "start": when.start,
        "end": when.end,
        "attendees": [one["email"] for one in fields.get("attendees", [])],
    }


def _check_match(event: Event, if_match: str) -> None:
    if if_match and if_match not in {event.etag, "*"}:
        raise Refusal(412, "conditionNotMet", "Precondition Failed", location="If-Match")
