"""Who calls the API, and one call of it: what every operation is given first."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from accounts.models import User
from api.models import ApiKey
from core import clock


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request. `person` is None for a visitor; `session_key` names the session of a token or cookie.

    With `key` a program asks by an API key, and may do what its scopes name. `is_browser` is true where a cookie says
    who asks, so that a change needs a CSRF token.
    """

    person: User | None = None
    session_key: str = ""
    key: ApiKey | None = None
    is_browser: bool = False

    def has_scope(self, scope: str) -> bool:
        return self.key is None or scope in self.key.scopes


VISITOR = Caller()


@dataclass(slots=True)
class Call:
    """One call of an operation.

    `zone` is the zone that the caller asked to read times in, if any. `key` is unique to what the request is to make:
    the same for a repeated request, so that its service makes one thing. `seen` is what the caller last read, where
    they sent an If-Match that fits it. Operations look at `request` only to sign somebody up or in, to prove
    that it is they, and to close their account: for its network, its program's name, the tries that are counted, and
    the browser's session.
    """

    request: HttpRequest
    caller: Caller
    now: datetime = field(default_factory=clock.now)
    zone: ZoneInfo | None = None
    key: str = ""
    seen: Any = None
    limit: int = 25
    cursor: str = ""
    path: str = ""

    @property
    def person(self) -> User:
        """The person who asks; only for routes that visitors may not use."""
        assert self.caller.person is not None
        return self.caller.person

    @property
    def anybody(self) -> User | None:
        return self.caller.person

    @property
    def version(self) -> int | None:
        """The version of the appointment that an If-Match named (its `sequence`); None where there was none."""
        return self.seen.appointment.sequence if self.seen else None

    def shown_in(self, name: str) -> None:
        """Write times in this zone where the caller asked for no other, also those of a refusal."""
        self.zone = self.zone or clock.zone(name)

    def zone_of(self, name: str) -> ZoneInfo:
        """The zone to show times in: the one asked for, else that with this name."""
        return self.zone or clock.zone(name)
