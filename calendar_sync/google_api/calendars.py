"""The Calendar API as the few calls that we make, each an iterator of pages or a list of plain values.

https://developers.google.com/workspace/calendar/api/v3/reference. One object belongs to one thread: httplib2 is not
made for several.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.conf import settings
from googleapiclient.errors import Error, HttpError

from calendar_sync.states import Problem

from .errors import CalendarGone, EventGone, FullReadingNeeded, TryLater, meaning_of
from .oauth import SECONDS

PAGE = 1000
OWNER = "owner"
EVENT = "calendar#event"
# What the library makes of 204; of an empty answer with another status it makes bytes.
NO_CONTENT = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A calendar in somebody's list. `role` is theirs: owner, writer, reader or freeBusyReader. One that `is_hidden` is
    shown to nobody there."""

    google_id: str
    name: str
    time_zone: str
    role: str
    is_primary: bool
    description: str = ""
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A page of events, which may be empty and still not be the last: `sync_token` is only on that one. `time_zone` is
    the calendar's, in which its whole days lie."""

    events: list[Mapping[str, Any]]
    sync_token: str = ""
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """A push channel as Google opened it: what it calls the calendar, and when the channel ends."""

    resource_id: str
    until: datetime


class CalendarApi:
    """The Calendar API with one access token. Every method raises the errors of `errors`."""

    def __init__(self, access_token: str) -> None:
        import httplib2
        from google.oauth2.credentials import Credentials
        from google_auth_httplib2 import AuthorizedHttp
        from googleapiclient.discovery import build_from_document

        self._failures = (Error, httplib2.HttpLib2Error, OSError, ValueError)
        # Without a refresh token the library can't get a new one by itself: `services.tokens` does that for all.
        credentials = Credentials(token=access_token)
        http = AuthorizedHttp(credentials, http=httplib2.Http(timeout=SECONDS), refresh_status_codes=())
        once = _sending_once(httplib2.Http(timeout=SECONDS))
        self._once = AuthorizedHttp(credentials, http=once, refresh_status_codes=())
        self._api = build_from_document(
            _document(), http=http, client_options={"api_endpoint": settings.GOOGLE_CALENDAR_ENDPOINT}
        )

    def calendars(self) -> list[Listed]:
        """The calendars of the account, its own first, hidden ones, too."""
        found: list[Listed] = []
        page_token = None
        while True:
            answer = self._ask(
                self._api.calendarList().list(maxResults=250, showHidden=True, pageToken=page_token),
                "calendar#calendarList",
            )
            found += [_listed(each) for each in answer.get("items", []) if not each.get("deleted")]
            page_token = answer.get("nextPageToken")
            if not page_token:
                return sorted(found, key=lambda each: (not each.is_primary, each.name.casefold()))

    def has_calendar(self, calendar: str) -> bool:
        """Whether the calendar is in the account's list."""
        return bool(self.role_in(calendar))

    def role_in(self, calendar: str) -> str:
        """The account's role in a calendar, empty where that is not in its list."""
        request = self._api.calendarList().get(calendarId=calendar)
        try:
            return str(self._ask(request, "calendar#calendarListEntry").get("accessRole", "none"))
        except CalendarGone:
            return ""

    def make_calendar(self, body: Mapping[str, Any]) -> Listed:
        """A new calendar of the account, asked for once, and not again by httplib2.

        Whoever gets no answer does not know whether it was made.
        """
        request = self._api.calendars().insert(body=dict(body))
        return _listed({**self._ask(request, "calendar#calendar", http=self._once), "accessRole": "owner"})

    def events(self, calendar: str, *, sync_token: str = "", since: datetime, until: datetime) -> Iterator[Page]:
        """The events of a calendar as single instances: all of [since, until), or what changed since `sync_token`.

        A token forbids other parameters, so changes may lie anywhere in time. Raises FullReadingNeeded where the token
        is no longer good.
        """
        span = {} if sync_token else {"timeMin": since.isoformat(), "timeMax": until.isoformat()}
        page_token = None
        while True:
            request = self._api.events().list(
                calendarId=calendar,
                singleEvents=True,
                maxResults=PAGE,
                pageToken=page_token,
                **({"syncToken": sync_token} if sync_token else span),
            )
            try:
                answer = self._ask(request, "calendar#events")
            except EventGone as error:  # 410 of a list means its token, whatever reason stands beside it
                raise FullReadingNeeded(Problem.REFUSED, error.reason) from None
            page_token = answer.get("nextPageToken")
            next_token = "" if page_token else answer.get("nextSyncToken", "")
            yield Page(answer.get("items", []), next_token, answer.get("timeZone", ""))
            if not page_token:
                return

    def event(self, calendar: str, event_id: str) -> Mapping[str, Any]:
        """An event by its id, also one that was deleted: its status says so. Raises EventGone where there is none."""
        return self._event(self._api.events().get(calendarId=calendar, eventId=event_id))

    def insert(self, calendar: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The new event, with the id that `body` names; nobody is mailed. Raises AlreadyThere.

        An answer that got lost is met as AlreadyThere, too: httplib2 sends a request again whose connection died.
        """
        given = {name: _without_none(value) for name, value in body.items()}
        how = {"sendUpdates": "none", **_version(body)}
        return self._ask(self._api.events().insert(calendarId=calendar, body=given, **how), EVENT)

    def patch(self, calendar: str, event_id: str, body: Mapping[str, Any], *, etag: str = "") -> Mapping[str, Any]:
        """The event with these fields changed and all others as they were; nobody is mailed. Revives a deleted one.

        A body that says nothing of a conference leaves the one that there is. Raises ChangedThere where it is another
        by now than `etag` names, and EventGone.
        """
        how = {"sendUpdates": "none", **_version(body)}
        request = self._api.events().patch(calendarId=calendar, eventId=event_id, body=body, **how)
        if etag:
            request.headers["If-Match"] = etag
        return self._event(request)

    def delete(self, calendar: str, event_id: str, *, etag: str = "") -> None:
        """Delete an event; one that is gone already is no failure. Nobody is mailed. Raises ChangedThere where it is
        another by now than `etag` names.

        Google answers 204. Anything else, such as the page of some proxy, is none of its answers, and the event may
        still be there.
        """
        request = self._api.events().delete(calendarId=calendar, eventId=event_id, sendUpdates="none")
        if etag:
            request.headers["If-Match"] = etag
        try:
            answer = self._send(request)
        except (EventGone, CalendarGone):
            return
        if answer != NO_CONTENT:
            raise TryLater(Problem.SLOW, "not 204")

    def busy(self, calendar: str, *, since: datetime, until: datetime) -> list[tuple[str, str]]:
        """The busy times of a calendar whose events we may not read, as (start, end) in Google's words.

        The range may be two months long: Google refuses one of about three. Raises TryLater where Google could not
        look: that is unknown, and never free.
        """
        query = {"timeMin": since.isoformat(), "timeMax": until.isoformat(), "items": [{"id": calendar}]}
        answers = self._ask(self._api.freebusy().query(body=query), "calendar#freeBusy").get("calendars", {})
        answer = answers.get(calendar, {"errors": [{"reason": "missing"}]})
        if answer.get("errors"):
            reason = str(answer["errors"][0].get("reason", ""))[:80]
            if reason == "notFound":
                raise CalendarGone(Problem.GONE, reason)
            raise TryLater(Problem.SLOW, reason)
        return [(each["start"], each["end"]) for each in answer.get("busy", [])]

    def watch(self, calendar: str, *, channel: str, token: str, address: str) -> Watched:
        """Have Google tell `address` of every change in a calendar, by a channel of that id, for as long as it likes.

        Each message carries `token`. Whoever gets no answer does not know whether the channel is open.
        """
        body = {"id": channel, "type": "web_hook", "address": address, "token": token}
        answer = self._ask(self._api.events().watch(calendarId=calendar, body=body), "api#channel")
        try:
            return Watched(answer["resourceId"], datetime.fromtimestamp(int(answer["expiration"]) / 1000, UTC))
        except (LookupError, TypeError, ValueError, OverflowError):
            raise TryLater(Problem.SLOW, "not a channel") from None

    def stop(self, *, channel: str, resource_id: str) -> None:
        """Stop a push channel. Raises CalendarGone where Google does not know it (any more)."""
        self._send(self._api.channels().stop(body={"id": channel, "resourceId": resource_id}))

    def _event(self, request: Any) -> dict[str, Any]:
        try:
            return self._ask(request, EVENT)
        except CalendarGone as error:  # of one event, Google says the same of it and of its calendar
            raise EventGone(Problem.GONE, error.reason) from None

    def _ask(self, request: Any, kind: str, *, http: Any = None) -> dict[str, Any]:
        """The answer to a request; what is not of its kind, such as the page of some proxy, is none of Google's."""
        answer = self._send(request, http=http)
        if not isinstance(answer, dict) or answer.get("kind") != kind:
            raise TryLater(Problem.SLOW, f"not {kind}")
        return answer

    def _send(self, request: Any, *, http: Any = None) -> Any:
        try:
            return request.execute(http=http)
        except HttpError as error:
            raise meaning_of(error) from None
        except self._failures as error:
            raise TryLater(Problem.SLOW, type(error).__name__) from None


@cache
def _document() -> str:
    """The description of the API that came with the library, so that nothing is fetched to read it."""
    from googleapiclient.discovery_cache import get_static_doc

    return str(get_static_doc("calendar", "v3"))


def _version(body: Mapping[str, Any]) -> dict[str, int]:
    """The parameter without which Google passes over what a body says of conferences."""
    return {"conferenceDataVersion": 1} if "conferenceData" in body else {}


def _sending_once(http: Any) -> Any:
    """The same client of httplib2, which sends each request once: of itself it sends again what got no answer, whatever
    its verb."""
    ask = http._conn_request

    def ask_once(conn: Any, *request: Any) -> Any:
        send, was_sent = conn.request, False

        def send_once(*args: Any, **kwargs: Any) -> Any:
            nonlocal was_sent
            if was_sent:
                raise ConnectionError("no answer")
            was_sent = True
            return send(*args, **kwargs)

        conn.request = send_once
        try:
            return ask(conn, *request)
        finally:
            conn.request = send

    http._conn_request = ask_once
    return http


def _without_none(value: Any) -> Any:
    return {name: each for name, each in value.items() if each is not None} if isinstance(value, dict) else value


def _listed(raw: Mapping[str, Any]) -> Listed:
    return Listed(
        google_id=raw["id"],
        # PostgreSQL keeps no NUL.
        name=(raw.get("summaryOverride") or raw.get("summary") or raw["id"]).replace("\0", ""),
        time_zone=raw.get("timeZone", "UTC"),
        role=raw.get("accessRole", ""),
        is_primary=bool(raw.get("primary")),
        description=raw.get("description", ""),
        is_hidden=bool(raw.get("hidden")),
    )
