"""Google Calendar API v3: calendarList, calendars, events, channels and freeBusy."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from calendar_sync.pretend_google import freebusy, scopes
from calendar_sync.pretend_google.accounts import Account
from calendar_sync.pretend_google.calendars import ROLES, Calendar, Entry, as_calendar, as_entry
from calendar_sync.pretend_google.clock import written
from calendar_sync.pretend_google.google import Google
from calendar_sync.pretend_google.listing import DEFAULT_PAGE, LARGEST_PAGE, Wanted
from calendar_sync.pretend_google.moments import instant
from calendar_sync.pretend_google.refusals import Refusal, invalid, required
from calendar_sync.pretend_google.resources import Manner, listed, resource
from calendar_sync.pretend_google.tokens import Access

from .messages import Answer, Request
from .partial import select

COMMON = frozenset({"alt", "fields", "key", "oauth_token", "prettyPrint", "quotaUser", "userIp"})


@dataclass(frozen=True)
class Caller:
    """Who calls what, and how far their token reaches."""

    google: Google
    request: Request
    method: str
    access: Access

    @cached_property
    def account(self) -> Account:
        return self.google.accounts.get(self.access.sub)

    def entry(self, role: str) -> Entry:
        """The calendar of the path. Raises Refusal where it is not there, or role or scope don't reach that far."""
        entry = self.google.calendars.entry(self.account, self.request.places["calendarId"])
        owned, made = entry.role == "owner", entry.calendar.made_by == self.access.client_id
        if not scopes.allows(self.access.scopes, self.method, owned=owned, made_by_client=made):
            raise out_of_scope()
        return self.google.calendars.entry(self.account, entry.calendar.id, role=role)

    def calendar(self, role: str = "reader") -> Calendar:
        return self.entry(role).calendar

    @cached_property
    def manner(self) -> Manner:
        query = self.request.query
        return Manner(query.zone(), query.number("maxAttendees", 0, low=1, high=10_000))

    @property
    def how(self) -> dict[str, Any]:
        """The keywords of a write."""
        return {
            "actor": self.account,
            "send_updates": self.request.query.one_of("sendUpdates", "all", "externalOnly", "none") or "none",
        }

    @property
    def body(self) -> dict[str, Any]:
        """The event of the body, with a Meet link where one is asked for."""
        version = self.request.query.number("conferenceDataVersion", 0, low=0, high=1)
        return self.google.meets.asked(self.request.json, version)


def out_of_scope() -> Refusal:
    return Refusal(403, "insufficientPermissions", "Request had insufficient authentication scopes.")


def call(google: Google, request: Request, method: str, handler: Any, parameters: frozenset[str]) -> Answer:
    """A call of the API: token, scope and parameters are looked at, then the handler answers."""
    access = google.tokens.access(request.bearer)
    if not access.scopes & scopes.ENOUGH[method]:
        raise out_of_scope()
    if unknown := set(request.query.values) - parameters - COMMON:
        raise invalid(f"Unknown parameters: {', '.join(sorted(unknown))}", min(unknown))
    body = handler(Caller(google, request, method, access))
    if body is None:
        return Answer(status=204)
    etag = {"ETag": body["etag"]} if "etag" in body else {}
    fields = request.query.text("fields")
    return Answer(select(body, fields) if fields else body, headers=etag)


# --- Calendars --------------------------------------------------------------


def list_calendars(caller: Caller) -> dict[str, Any]:
    query, google = caller.request.query, caller.google
    lowest = query.one_of("minAccessRole", *ROLES) or ROLES[0]
    since = _number_of(query.text("syncToken"), "syncToken")
    if since is not None and (query.text("minAccessRole") or query.flag("showDeleted") is False):
        raise Refusal(400, "badRequest", "The parameters cannot be combined with a sync token.")
    entries = [
        entry
        for entry in google.calendars.list_of(caller.account)
        if entry.may(lowest)
        and (not entry.deleted or query.flag("showDeleted") or since is not None)
        and (not entry.hidden or query.flag("showHidden"))
        and (since is None or entry.changed > since)
    ]
    first = _number_of(query.text("pageToken"), "pageToken") or 0
    size = min(query.number("maxResults", 100, low=1, high=250), google.listing.most_on_a_page)
    more = first + size < len(entries)
    last = {"nextPageToken": f"at-{first + size}"} if more else {"nextSyncToken": f"at-{google.changes.last}"}
    return {
        "kind": "calendar#calendarList",
        "etag": f'"{google.changes.last}"',
        "items": [as_entry(entry) for entry in entries[first : first + size]],
        **last,
    }


def _number_of(token: str, name: str) -> int | None:
    if not token:
        return None
    start, _, number = token.partition("-")
    if start != "at" or not number.isdigit():
        raise invalid("Invalid token.", name)
    return int(number)


def get_list_entry(caller: Caller) -> dict[str, Any]:
    return as_entry(caller.entry("freeBusyReader"))


def get_calendar(caller: Caller) -> dict[str, Any]:
    return as_calendar(caller.calendar())


def insert_calendar(caller: Caller) -> dict[str, Any]:
    made_by = caller.access.client_id
    return as_calendar(caller.google.calendars.add(caller.account, caller.request.json, made_by=made_by))


def delete_calendar(caller: Caller) -> None:
    caller.google.calendars.remove(caller.entry("owner"))


# --- Events -----------------------------------------------------------------


def list_events(caller: Caller) -> dict[str, Any]:
    entry, query, manner = caller.entry("reader"), caller.request.query, caller.manner
    calendar = entry.calendar
    wanted = Wanted(
        single_events=bool(query.flag("singleEvents")),
        show_deleted=query.flag("showDeleted"),
        time_min=query.moment("timeMin"),
        time_max=query.moment("timeMax"),
        updated_min=query.moment("updatedMin"),
        event_types=frozenset(query.texts("eventTypes")),
        private=query.texts("privateExtendedProperty"),
        shared=query.texts("sharedExtendedProperty"),
        q=query.text("q"),
        ical_uid=query.text("iCalUID"),
        order_by=query.one_of("orderBy", "startTime", "updated"),
        page_size=query.number("maxResults", DEFAULT_PAGE, low=1, high=LARGEST_PAGE),
    )
    page = caller.google.listing.page(
        calendar, wanted, sync_token=query.text("syncToken"), page_token=query.text("pageToken")
    )
    tokens = {"nextPageToken": page.next_page_token, "nextSyncToken": page.next_sync_token}
    return {
        **_frame(caller, entry),
        "items": [listed(event, calendar, manner) for event in page.events],
        **{name: token for name, token in tokens.items() if token},
    }


def _frame(caller: Caller, entry: Entry) -> dict[str, Any]:
    return {
        "kind": "calendar#events",
        "etag": f'"{caller.google.changes.last}"',
        "summary": entry.calendar.summary,
        "description": entry.calendar.description,
        "updated": written(caller.google.clock.now()),
        "timeZone": entry.calendar.zone,
        "accessRole": entry.role,
        "defaultReminders": [{"method": "popup", "minutes": 10}] if entry.primary else [],
    }


def get_event(caller: Caller) -> dict[str, Any]:
    calendar = caller.calendar()
    return resource(caller.google.events.get(calendar, caller.request.places["eventId"]), calendar, caller.manner)


def insert_event(caller: Caller) -> dict[str, Any]:
    calendar = caller.calendar("writer")
    event = caller.google.events.insert(calendar, caller.body, **caller.how)
    caller.google.meets.watch(event)
    return resource(event, calendar, caller.manner)


def patch_event(caller: Caller) -> dict[str, Any]:
    return _change(caller, caller.google.events.patch)


def update_event(caller: Caller) -> dict[str, Any]:
    return _change(caller, caller.google.events.update)


def _change(caller: Caller, change: Any) -> dict[str, Any]:
    calendar, event_id = caller.calendar("writer"), caller.request.places["eventId"]
    event = change(calendar, event_id, caller.body, if_match=caller.request.headers.get("if-match", ""), **caller.how)
    caller.google.meets.watch(event)
    return resource(event, calendar, caller.manner)


def delete_event(caller: Caller) -> None:
    calendar, event_id = caller.calendar("writer"), caller.request.places["eventId"]
    if_match = caller.request.headers.get("if-match", "")
    caller.google.events.delete(calendar, event_id, if_match=if_match, **caller.how)


def list_instances(caller: Caller) -> dict[str, Any]:
    entry, query, google = caller.entry("reader"), caller.request.query, caller.google
    calendar = entry.calendar
    series = google.events.get(calendar, caller.request.places["eventId"])
    if not series.repeats:
        raise invalid("The event is not recurring.", "eventId")
    after, before = query.moment("timeMin"), query.moment("timeMax")
    original = query.text("originalStart")
    found = []
    for event in google.events.instances(series, calendar):
        start, end = event.span.instants(calendar.zone)
        if (event.cancelled and not query.flag("showDeleted")) or not event.original:
            continue
        if (after and end <= after) or (before and start >= before):
            continue
        if original and event.original.instants(calendar.zone)[0] != instant(original, "originalStart"):
            continue
        found.append(event)
    first = _number_of(query.text("pageToken"), "pageToken") or 0
    size = min(query.number("maxResults", DEFAULT_PAGE, low=1, high=LARGEST_PAGE), google.listing.most_on_a_page)
    more = {"nextPageToken": f"at-{first + size}"} if first + size < len(found) else {}
    items = [listed(event, calendar, caller.manner) for event in found[first : first + size]]
    return {**_frame(caller, entry), "items": items, **more}


# --- Push and free/busy -----------------------------------------------------


def watch_events(caller: Caller) -> dict[str, Any]:
    calendar, google = caller.calendar(), caller.google
    channel = google.channels.open(
        caller.request.json,
        calendar_id=calendar.id,
        sub=caller.account.sub,
        client_id=caller.access.client_id,
        resource_uri=f"{google.tokens.issuer}/calendar/v3/calendars/{calendar.id}/events?alt=json",
    )
    return channel.answered()


def stop_channel(caller: Caller) -> None:
    body = caller.request.json
    caller.google.channels.stop(
        body.get("id", ""), body.get("resourceId", ""), sub=caller.account.sub, client_id=caller.access.client_id
    )


def query_freebusy(caller: Caller) -> dict[str, Any]:
    body = caller.request.json
    for name in ("timeMin", "timeMax"):
        if name not in body:
            raise required(f"Missing {name}.", name)
    start, end = instant(body["timeMin"], "timeMin"), instant(body["timeMax"], "timeMax")
    items = [item["id"] for item in body.get("items", [])]
    freebusy.check(start, end, len(items))
    return {
        "kind": "calendar#freeBusy",
        "timeMin": written(start),
        "timeMax": written(end),
        "calendars": {calendar_id: _busy(caller, calendar_id, start, end) for calendar_id in items},
    }


def _busy(caller: Caller, calendar_id: str, start: Any, end: Any) -> dict[str, Any]:
    """One calendar's part of the answer: what is wrong with it stands there, in an answer that is fine besides."""
    google = caller.google
    try:
        if reason := google.freebusy_errors.get(calendar_id):
            raise Refusal(500, reason)
        calendar = google.calendars.entry(caller.account, calendar_id).calendar
    except Refusal as refusal:
        if refusal.reason == "notACalendarUser":
            raise
        return {"errors": [{"domain": refusal.domain, "reason": refusal.reason}], "busy": []}
    times = freebusy.busy(google.events, calendar, start, end)
    return {"busy": [{"start": _utc(begins), "end": _utc(ends)} for begins, ends in times]}


def _utc(moment: Any) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
