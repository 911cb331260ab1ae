"""The state of the stand-in, and what people do themselves in their accounts and calendars, apart from any client."""

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from . import freebusy, scopes
from .accounts import Account, Accounts
from .calendars import Calendar, Calendars, as_entry
from .changes import Changes
from .channels import Channels
from .clock import Clock
from .consent import PRETEND_CLIENT, Asking, Client, Consents
from .events import Event, Events
from .faults import Faults
from .listing import Listing
from .meet import Meets
from .resources import listed, resource
from .tokens import Tokens


@dataclass(frozen=True)
class Call:
    """A call that a client made, for tests that ask whether it was made."""

    method: str  # events.insert, token, ...
    status: int  # 0: the connection was closed without an answer
    verb: str
    path: str
    query: Mapping[str, list[str]]
    email: str  # whose token it came with
    body: Any  # what was sent, and what was answered, where they are JSON
    answer: Any
    spoilt: bool = False  # by a fault that was planned


class Google:
    """All of it in memory. Whoever shares it between threads holds `lock` while they use it, as the server does."""

    def __init__(self, issuer: str = "http://127.0.0.1", *, clients: Iterable[Client] = (PRETEND_CLIENT,)) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.changes = Changes()
        self.accounts = Accounts()
        self.consents = Consents(self.clock, {client.id: client for client in clients})
        self.tokens = Tokens(self.clock, self.accounts, self.consents, issuer)
        self.calendars = Calendars(self.changes)
        self.events = Events(self.clock, self.changes)
        self.listing = Listing(self.clock, self.changes, self.events)
        self.meets = Meets(self.clock, self.events)
        self.channels = Channels(self.clock)
        self.faults = Faults()
        self.calls: deque[Call] = deque(maxlen=10_000)
        self.freebusy_errors: dict[str, str] = {}  # calendar -> reason that a query is told in place of its times
        self.changes.listeners.append(self.channels.tell)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ = state | {"lock": threading.RLock()}

    def settle(self) -> None:
        """Do what has become due by itself."""
        with self.lock:
            self.meets.settle(self.calendars)

    # --- Accounts ----------------------------------------------------------

    def add_account(self, email: str, name: str, **more: Any) -> Account:
        with self.lock:
            sub = more.pop("sub", f"{100_000_000_000_000_000_000 + len(list(self.accounts)) + 1}")
            account = self.accounts.add(Account(sub=sub, email=email, name=name, **more))
            self.calendars.add_primary(account)
            return account

    def connect(
        self,
        who: str,
        granted: Iterable[str],
        *,
        client: Client = PRETEND_CLIENT,
        lasts: timedelta | None = None,
    ) -> dict[str, Any]:
        """What the token endpoint answers to a person who has just allowed all of these scopes, offline."""
        with self.lock:
            account = self.accounts.get(who)
            known, _ = scopes.asked(" ".join(granted))
            asking = Asking(client, "http://127.0.0.1/", known, offline=True, prompt=frozenset({"consent"}))
            return self.tokens.exchange(self.consents.consent(asking, account, known, lasts=lasts))

    def revoke(self, who: str, client_id: str = PRETEND_CLIENT.id) -> None:
        """Remove a client's access, as the person does on the page of their account."""
        with self.lock:
            self.tokens.revoke_all(self.accounts.get(who).sub, client_id)

    # --- Calendars ---------------------------------------------------------

    def calendar(self, who: str, calendar_id: str = "primary") -> Calendar:
        with self.lock:
            return self.calendars.entry(self.accounts.get(who), calendar_id).calendar

    def add_calendar(self, who: str, summary: str, **more: Any) -> str:
        """The id of a new calendar that the person made themselves."""
        with self.lock:
            account = self.accounts.get(who)
            return self.calendars.add(account, {"summary": summary, "timeZone": account.zone, **more}).id

    def remove_calendar(self, who: str, calendar_id: str) -> None:
        """Delete a calendar, as its owner does in their settings."""
        with self.lock:
            self.calendars.remove(self.calendars.entry(self.accounts.get(who), calendar_id, role="owner"))

    def calendars_of(self, who: str) -> list[dict[str, Any]]:
        """What stands on the person's list."""
        with self.lock:
            return [as_entry(entry) for entry in self.calendars.list_of(self.accounts.get(who)) if not entry.deleted]

    def share(self, calendar_id: str, who: str, role: str) -> None:
        """Give somebody a role in a calendar, or with an empty one take it away; its sync tokens end by that."""
        with self.lock:
            self.calendars.share(calendar_id, self.accounts.get(who), role)
            self.listing.expire_sync_tokens(calendar_id)

    # --- Events ------------------------------------------------------------

    def put(self, who: str, body: Mapping[str, Any], calendar_id: str = "primary") -> dict[str, Any]:
        """An entry that the person makes in their calendar; see the API's events.insert for the body."""
        with self.lock:
            calendar = self.calendar(who, calendar_id)
            return resource(self.events.insert(calendar, body, actor=self.accounts.get(who)), calendar)

    def invite(self, who: str, body: Mapping[str, Any], organizer: str, calendar_id: str = "primary") -> dict[str, Any]:
        """An entry that somebody else sends the person, or that Google reads from a mail to them."""
        with self.lock:
            calendar = self.calendar(who, calendar_id)
            return resource(self.events.add_foreign(calendar, body, organizer=organizer), calendar)

    def change(self, who: str, event_id: str, body: Mapping[str, Any], calendar_id: str = "primary") -> dict[str, Any]:
        with self.lock:
            calendar = self.calendar(who, calendar_id)
            return resource(self.events.patch(calendar, event_id, body, actor=self.accounts.get(who)), calendar)

    def remove(self, who: str, event_id: str, calendar_id: str = "primary") -> None:
        with self.lock:
            self.events.delete(self.calendar(who, calendar_id), event_id, actor=self.accounts.get(who))

    def answer(self, who: str, event_id: str, guest: str, response: str, calendar_id: str = "primary") -> None:
        """A guest's answer to an invitation."""
        with self.lock:
            event = self.events.get(self.calendar(who, calendar_id), event_id)
            guests = [
                one | {"responseStatus": response} if one["email"] == guest else one
                for one in event.fields.get("attendees", [])
            ]
            self.events.rewrite(event, event.fields | {"attendees": guests})

    def event(self, who: str, event_id: str, calendar_id: str = "primary") -> dict[str, Any]:
        with self.lock:
            calendar = self.calendar(who, calendar_id)
            return resource(self.events.get(calendar, event_id), calendar)

    def entries(self, who: str, calendar_id: str = "primary") -> list[dict[str, Any]]:
        """What stands in the calendar: events and series, none that was deleted."""
        with self.lock:
            calendar = self.calendar(who, calendar_id)
            return [listed(event, calendar) for event in self.events.stored(calendar) if not event.cancelled]

    def between(self, who: str, start: datetime, end: datetime, calendar_id: str = "primary") -> list[Event]:
        """The events and occurrences that meet [start, end), in order."""
        with self.lock:
            calendar = self.calendar(who, calendar_id)
            found = []
            for event in self.events.stored(calendar):
                if event.series_id:
                    continue
                for one in self.events.instances(event, calendar) if event.repeats else [event]:
                    begins, ends = one.span.instants(calendar.zone)
                    if not one.cancelled and begins < end and ends > start:
                        found.append(one)
            return sorted(found, key=lambda one: one.span.instants(calendar.zone))

    def busy(self, who: str, calendar_id: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        with self.lock:
            return freebusy.busy(self.events, self.calendar(who, calendar_id), start, end)
