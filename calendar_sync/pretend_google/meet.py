"""Meet links: asked for with an event, pending at first, and ready a while later by themselves."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .calendars import Calendars
from .clock import Clock
from .events import Event, Events
from .refusals import invalid


@dataclass
class Meets:
    clock: Clock
    events: Events
    takes: timedelta = timedelta(seconds=2)  # from the request until the link is there
    fails: bool = False  # what becomes of those that are pending
    refuses: bool = False  # as where an administrator allows no Meet
    _pending: dict[tuple[str, str], datetime] = field(default_factory=dict)  # by calendar and event

    def asked(self, body: Mapping[str, Any], version: int) -> dict[str, Any]:
        """The body with a conference that is asked for as pending, or to be taken away, as None says; with version 0
        Google passes over conferences."""
        own = dict(body)
        data = own.pop("conferenceData", {})
        if not version or data == {}:
            return own
        if data is None:
            return own | {"conferenceData": None}
        request = data.get("createRequest")
        if request and self.refuses:
            raise invalid("Invalid conference type value.", "conferenceData.createRequest.conferenceSolutionKey")
        if request and not request.get("requestId"):
            raise invalid("Missing conference request id.", "conferenceData.createRequest.requestId")
        if request:
            kind = {"type": "hangoutsMeet"} | request.get("conferenceSolutionKey", {})
            pending = {"requestId": request["requestId"], "conferenceSolutionKey": kind}
            data = {"createRequest": pending | {"status": {"statusCode": "pending"}}}
        return own | {"conferenceData": data}

    def watch(self, event: Event) -> None:
        """Remember an event whose link is pending."""
        if _status(event) == "pending":
            self._pending[event.calendar_id, event.id] = self.clock.now() + self.takes

    def settle(self, calendars: Calendars) -> None:
        """Make the links ready whose time has come, as a change of the event like any other."""
        for (calendar_id, event_id), ready_at in list(self._pending.items()):
            if ready_at > self.clock.now():
                continue
            del self._pending[calendar_id, event_id]
            if not (calendar := calendars.find(calendar_id)):
                continue
            event = self.events.get(calendar, event_id)
            if _status(event) == "pending":
                settled = (_failed if self.fails else _ready)(event.fields["conferenceData"])
                self.events.rewrite(event, event.fields | {"conferenceData": settled})


def _status(event: Event) -> str:
    request = event.fields.get("conferenceData", {}).get("createRequest", {})
    return request.get("status", {}).get("statusCode", "")


def _failed(data: dict[str, Any]) -> dict[str, Any]:
    return {"createRequest": data["createRequest"] | {"status": {"statusCode": "failure"}}}


def _ready(data: dict[str, Any]) -> dict[str, Any]:
    # The same request id is the same conference.
    letters = (
        hashlib.sha256(data["createRequest"]["requestId"].encode())
        .hexdigest()
        .translate(str.maketrans("0123456789", "ghijklmnop"))
    )
    code = f"{letters[:3]}-{letters[3:7]}-{letters[7:10]}"
    return {
        "createRequest": data["createRequest"] | {"status": {"statusCode": "success"}},
        "entryPoints": [
            {"entryPointType": "video", "uri": f"https://meet.google.com/{code}", "label": f"meet.google.com/{code}"}
        ],
        "conferenceSolution": {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"},
        "conferenceId": code,
    }
