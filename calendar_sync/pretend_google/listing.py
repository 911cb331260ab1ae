"""Lists of events: filters, pages, and sync tokens with the rules that Google holds them to."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from . import recurrence
from .calendars import Calendar
from .changes import Changes
from .clock import Clock
from .events import Event, Events
from .refusals import Refusal, invalid, sync_token_expired

DEFAULT_PAGE, LARGEST_PAGE = 250, 2500
UPDATED_MIN_REACHES = timedelta(days=28)


@dataclass(frozen=True)
class Wanted:
    """What a list is asked for, in the words of the API's parameters."""

    single_events: bool = False
    show_deleted: bool | None = None
    time_min: datetime | None = None
    time_max: datetime | None = None
    updated_min: datetime | None = None
    event_types: frozenset[str] = frozenset()
    private: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    q: str = ""
    ical_uid: str = ""
    order_by: str = ""
    page_size: int = DEFAULT_PAGE

    def forbidden_with_sync_token(self) -> list[str]:
        given = {
            "iCalUID": self.ical_uid,
            "orderBy": self.order_by,
            "privateExtendedProperty": self.private,
            "q": self.q,
            "sharedExtendedProperty": self.shared,
            "timeMin": self.time_min,
            "timeMax": self.time_max,
            "updatedMin": self.updated_min,
        }
        return [name for name, value in given.items() if value]

    @property
    def can_be_continued(self) -> bool:
        """Whether the list ends with a sync token: one that was only limited in time does."""
        return not set(self.forbidden_with_sync_token()) - {"timeMin", "timeMax"}

    @property
    def lasting(self) -> tuple[Any, ...]:
        """What has to stay the same from the first list to every one that continues it."""
        return self.single_events, self.event_types, self.page_size


@dataclass(frozen=True)
class SyncPoint:
    calendar_id: str
    wanted: Wanted
    after: int  # the last change that the client knows


@dataclass
class Pages:
    """A list on its way: what is still to come, as it was when the list began."""

    calendar_id: str
    wanted: Wanted
    sync_token: str
    rest: list[Event]
    until: int  # the last change when the list began


@dataclass(frozen=True)
class Page:
    events: list[Event]
    next_page_token: str = ""
    next_sync_token: str = ""


@dataclass
class Listing:
    clock: Clock
    changes: Changes
    events: Events
    most_on_a_page: int = LARGEST_PAGE  # a page may be shorter than asked for ...
    empty_pages: int = 0  # ... or empty: so many of the next lists begin with an empty page
    _sync: dict[str, SyncPoint] = field(default_factory=dict)
    _pages: dict[str, Pages] = field(default_factory=dict)

    def page(self, calendar: Calendar, wanted: Wanted, *, sync_token: str = "", page_token: str = "") -> Page:
        if page_token:
            pages = self._pages.get(page_token)
            same = pages and (pages.calendar_id, pages.wanted, pages.sync_token) == (calendar.id, wanted, sync_token)
            if not pages or not same:
                raise invalid("Invalid page token value.", "pageToken")
            return self._next(pages)
        pages = self._continued(calendar, wanted, sync_token) if sync_token else self._begun(calendar, wanted)
        if self.empty_pages:
            self.empty_pages -= 1
            return self._next(pages, most=0)
        return self._next(pages)

    def expire_sync_tokens(self, calendar_id: str = "") -> None:
        """Make the sync tokens of one calendar worthless, or all: the next list with one is answered 410."""
        self._sync = {key: one for key, one in self._sync.items() if calendar_id and one.calendar_id != calendar_id}

    # --- The events of a list ----------------------------------------------

    def _begun(self, calendar: Calendar, wanted: Wanted) -> Pages:
        if wanted.updated_min and wanted.updated_min < self.clock.now() - UPDATED_MIN_REACHES:
            raise Refusal(
                410,
                "updatedMinTooLongAgo",
                "The requested minimum modification time lies too far in the past.",
                domain="calendar",
                location="updatedMin",
            )
        if wanted.order_by == "startTime" and not wanted.single_events:
            raise invalid("The requested ordering is not available for the particular query.", "orderBy")
        if wanted.time_min and wanted.time_max and wanted.time_max <= wanted.time_min:
            raise Refusal(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")
        found = [event for event in self._candidates(calendar, wanted) if self._meets(event, calendar, wanted)]
        if wanted.order_by == "startTime":
            found.sort(key=lambda event: event.span.instants(calendar.zone))
        elif wanted.order_by == "updated":
            found.sort(key=lambda event: (event.updated, event.changed))
        return Pages(calendar.id, wanted, "", found, self.changes.last)

    def _continued(self, calendar: Calendar, wanted: Wanted, sync_token: str) -> Pages:
        if names := wanted.forbidden_with_sync_token():
            raise Refusal(400, "badRequest", f"{', '.join(names)} cannot be combined with a sync token.")
        if wanted.show_deleted is False:
            raise Refusal(400, "badRequest", "showDeleted cannot be false with a sync token.")
        point = self._sync.get(sync_token)
        if not point:
            raise sync_token_expired()
        if point.calendar_id != calendar.id:
            raise invalid("Invalid sync token value.", "syncToken")
        if point.wanted.lasting != wanted.lasting:
            raise Refusal(400, "badRequest", "The parameters differ from those of the list that gave the sync token.")
        found = [
            event
            for event in self._candidates(calendar, wanted)
            if event.changed > point.after and _has_type(event, wanted.event_types)
        ]
        return Pages(calendar.id, wanted, sync_token, found, self.changes.last)

    def _candidates(self, calendar: Calendar, wanted: Wanted) -> Iterator[Event]:
        """All events as the list tells them: series as such, or each of their occurrences, gone ones included."""
        for event in self.events.stored(calendar):
            if not wanted.single_events:
                yield event
                continue
            yield from self._gone(event)
            if event.repeats:
                yield from self.events.instances(event, calendar)
            elif not event.series_id:
                yield event

    @staticmethod
    def _gone(series: Event) -> Iterator[Event]:
        for stamp, changed in series.gone.items():
            yield replace(
                series,
                id=f"{series.id}_{stamp}" if stamp else series.id,
                fields=series.fields | {"status": "cancelled", "recurrence": None},
                series_id=series.id if stamp else "",
                original=recurrence.moved_from(stamp) if stamp else None,
                changed=changed,
                gone={},
            )

    def _meets(self, event: Event, calendar: Calendar, wanted: Wanted) -> bool:
        return (
            self._shown(event, wanted)
            and (not wanted.updated_min or event.updated >= wanted.updated_min)
            and _has_type(event, wanted.event_types)
            and _has_properties(event, "private", wanted.private)
            and _has_properties(event, "shared", wanted.shared)
            and (not wanted.ical_uid or wanted.ical_uid == f"{event.series_id or event.id}@google.com")
            and wanted.q.lower() in _searched(event)
            and self._in_time(event, calendar, wanted)
        )

    @staticmethod
    def _shown(event: Event, wanted: Wanted) -> bool:
        if not event.cancelled or wanted.show_deleted or wanted.updated_min:
            return True
        return bool(event.series_id) and not wanted.single_events

    def _in_time(self, event: Event, calendar: Calendar, wanted: Wanted) -> bool:
        if not wanted.time_min and not wanted.time_max:
            return True
        spans = self.events.spans(event, calendar).values() if event.repeats else [event.span]
        for one in spans:
            start, end = one.instants(calendar.zone)
            if (not wanted.time_min or end > wanted.time_min) and (not wanted.time_max or start < wanted.time_max):
                return True
        return False

    # --- Page by page ------------------------------------------------------

    def _next(self, pages: Pages, most: int | None = None) -> Page:
        size = min(pages.wanted.page_size, self.most_on_a_page) if most is None else most
        shown, rest = pages.rest[:size], pages.rest[size:]
        if rest or not size:
            token = secrets.token_urlsafe(24)
            self._pages[token] = replace(pages, rest=rest)
            return Page(shown, next_page_token=token)
        if not pages.wanted.can_be_continued:
            return Page(shown)
        token = secrets.token_urlsafe(24)
        self._sync[token] = SyncPoint(pages.calendar_id, pages.wanted, pages.until)
        return Page(shown, next_sync_token=token)


def _has_type(event: Event, types: frozenset[str]) -> bool:
    return not types or event.fields.get("eventType", "default") in types


def _has_properties(event: Event, kind: str, pairs: tuple[str, ...]) -> bool:
    own = event.fields.get("extendedProperties", {}).get(kind, {})
    return all(own.get(key) == value for key, _, value in (pair.partition("=") for pair in pairs))


def _searched(event: Event) -> str:
    people = [text for one in event.fields.get("attendees", []) for text in (one["email"], one.get("displayName", ""))]
    texts = [event.fields.get(name, "") for name in ("summary", "description", "location")]
    return "\n".join([*texts, *people, event.organizer]).lower()
