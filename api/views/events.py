"""The addresses of own events."""

from typing import Any

from api.models import Scope
from api.operations import events
from api.routes import Route
from api.serializers.base import InZone
from api.serializers.events import EventIn, EventOut, EventPatchIn, EventScope, EventsParams
from appointments.models import OwnEvent

ALL, ONE = "/api/events/", "/api/events/<id>/"


def _id(event: OwnEvent) -> str:
    return str(event.uuid)


ANSWER: dict[str, Any] = {"params": InZone, "writes": EventOut}
READ = Route(verb="GET", path=ONE, operation=events.read_event, scope=Scope.CALENDAR_READ, **ANSWER)
CHANGES: dict[str, Any] = {"path": ONE, "scope": Scope.CALENDAR_WRITE, "state": READ, "params": EventScope}
CHANGED: dict[str, Any] = {**CHANGES, "writes": EventOut}
REFUSALS = ("time-without-offset", "policy-refused", "conflicts")
ROUTES = [
    Route(
        verb="GET",
        path=ALL,
        operation=events.list_events,
        scope=Scope.CALENDAR_READ,
        params=EventsParams,
        writes=EventOut,
        pages=True,
        problems=("range-too-long",),
    ),
    Route(
        verb="POST",
        path=ALL,
        operation=events.create,
        scope=Scope.CALENDAR_WRITE,
        reads=EventIn,
        status=201,
        made=_id,
        again=events.event_before,
        location=lambda event: f"/api/events/{_id(event)}/",
        problems=(*REFUSALS, "not-found"),
        **ANSWER,
    ),
    READ,
    Route(verb="PUT", operation=events.replace_event, reads=EventIn, problems=REFUSALS, **CHANGED),
    Route(
        verb="PATCH", operation=events.change_event, reads=EventPatchIn, problems=REFUSALS, writes=EventOut, **CHANGES
    ),
    Route(verb="DELETE", operation=events.delete, status=204, problems=("policy-refused",), **CHANGES),
]
