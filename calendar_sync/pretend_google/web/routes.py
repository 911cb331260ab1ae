"""The table of routes: what answers which address, under the name by which faults and calls know it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from . import calendar, consent_pages, diary, door, oauth, pages
from .messages import Answer, Request

PAGE, OAUTH, API, DOOR = "page", "oauth", "api", "door"


@dataclass(frozen=True)
class Route:
    kind: str
    verb: str
    path: str  # with {names} for the parts that differ
    name: str  # a method of the API by its name in Google's discovery document
    handler: Callable[..., Any]
    parameters: frozenset[str] = frozenset()  # of the query, for methods of the API

    def places(self, path: str) -> dict[str, str] | None:
        """What stands in the places of this route's path, or None where the path is another."""
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path), path)
        return {name: unquote(part) for name, part in found.groupdict().items()} if found else None


def api(verb: str, path: str, name: str, handler: Callable[[calendar.Caller], Any], parameters: str = "") -> Route:
    return Route(API, verb, f"/calendar/v3/{path}", name, handler, frozenset(parameters.split()))


_LIST = "maxResults pageToken timeMin timeMax timeZone showDeleted maxAttendees alwaysIncludeEmail"
_FILTERS = (
    "eventTypes iCalUID orderBy privateExtendedProperty q sharedExtendedProperty showHiddenInvitations singleEvents"
    " syncToken updatedMin"
)
_WRITE = "conferenceDataVersion maxAttendees sendNotifications sendUpdates supportsAttachments"
_EVENTS, _EVENT = "calendars/{calendarId}/events", "calendars/{calendarId}/events/{eventId}"
_CALENDAR_LIST = "maxResults minAccessRole pageToken showDeleted showHidden syncToken"

ROUTES = (
    Route(PAGE, "GET", "/", "home", pages.home),
    Route(PAGE, "GET", "/style.css", "style", pages.style),
    Route(PAGE, "GET", "/o/oauth2/v2/auth", "authorise", consent_pages.ask),
    Route(PAGE, "POST", "/o/oauth2/v2/auth", "consent", consent_pages.answer),
    Route(PAGE, "GET", "/calendar/{who}", "diary", diary.diary),
    Route(PAGE, "POST", "/calendar/{who}/add", "diary.add", diary.add),
    Route(PAGE, "POST", "/calendar/{who}/move", "diary.move", diary.move),
    Route(PAGE, "POST", "/calendar/{who}/delete", "diary.delete", diary.delete),
    Route(PAGE, "POST", "/calendar/{who}/disconnect", "diary.disconnect", diary.disconnect),
    Route(OAUTH, "POST", "/token", "token", oauth.token),
    Route(OAUTH, "POST", "/revoke", "revoke", oauth.revoke),
    Route(OAUTH, "GET", "/v1/userinfo", "userinfo", oauth.userinfo),
    Route(OAUTH, "GET", "/oauth2/v2/userinfo", "userinfo", oauth.userinfo_v2),
    Route(OAUTH, "GET", "/oauth2/v1/certs", "certs", oauth.certificates),
    Route(OAUTH, "GET", "/oauth2/v3/certs", "certs", oauth.jwks),
    api("GET", "users/me/calendarList", "calendarList.list", calendar.list_calendars, _CALENDAR_LIST),
    api("GET", "users/me/calendarList/{calendarId}", "calendarList.get", calendar.get_list_entry),
    api("POST", "calendars", "calendars.insert", calendar.insert_calendar),
    api("GET", "calendars/{calendarId}", "calendars.get", calendar.get_calendar),
    api("DELETE", "calendars/{calendarId}", "calendars.delete", calendar.delete_calendar),
    api("GET", _EVENTS, "events.list", calendar.list_events, f"{_LIST} {_FILTERS}"),
    api("POST", _EVENTS, "events.insert", calendar.insert_event, _WRITE),
    api("POST", f"{_EVENTS}/watch", "events.watch", calendar.watch_events, f"{_LIST} {_FILTERS}"),
    api("GET", _EVENT, "events.get", calendar.get_event, "alwaysIncludeEmail maxAttendees timeZone"),
    api("PATCH", _EVENT, "events.patch", calendar.patch_event, f"{_WRITE} alwaysIncludeEmail"),
    api("PUT", _EVENT, "events.update", calendar.update_event, f"{_WRITE} alwaysIncludeEmail"),
    api("DELETE", _EVENT, "events.delete", calendar.delete_event, "sendNotifications sendUpdates"),
    api("GET", f"{_EVENT}/instances", "events.instances", calendar.list_instances, f"{_LIST} originalStart"),
    api("POST", "channels/stop", "channels.stop", calendar.stop_channel),
    api("POST", "freeBusy", "freebusy.query", calendar.query_freebusy),
    *(Route(DOOR, "POST", f"/pretend/{name}", f"door.{name}", handler) for name, handler in door.ACTIONS.items()),
    Route(DOOR, "GET", "/pretend/state", "door.state", door.state),
)


def find(request: Request) -> tuple[Route, dict[str, str]] | None:
    for route in ROUTES:
        if route.verb == request.verb and (places := route.places(request.path)) is not None:
            return route, places
    return None


def answer(google: Any, route: Route, request: Request) -> Answer:
    if route.kind == API:
        return calendar.call(google, request, route.name, route.handler, route.parameters)
    result = route.handler(google, request)
    return result if isinstance(result, Answer) else Answer(result)
