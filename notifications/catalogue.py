"""The catalogue of all mails by name. An app registers the function that makes a mail from the ids in a job:

    @catalogue.mail("appointments.event")
    def event_mail(*, event: int, to: str) -> Mail | None: ...

and publishes `services.draft("appointments.event", key=..., event=..., to=...)` inside the transaction of the change
that the mail is about. Only `notifications.services` sends mail.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from accounts.models import User
from core.letters import Letter

from .models import Kind


@dataclass(frozen=True, slots=True)
class Reader:
    """The person a mail goes to. `user` is None for an address without an account."""

    address: str
    name: str = ""
    user: User | None = None

    @classmethod
    def of(cls, user: User) -> "Reader":
        return cls(user.email, user.name, user)

    @property
    def has_left(self) -> bool:
        return self.user is not None and not self.user.is_active


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """An iCalendar file of one entry, its method, and the name that tells it from the other files of its mail."""

    method: str
    content: bytes
    name: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """The origin of a request for a mail that anybody can have sent by typing an address, and which has a budget.

    `by` is the network the form came from. A device known to the account has its own budget, which no stranger uses up.
    """

    by: str
    on_known_device: bool = False


class Mail(Protocol):
    """One mail to one person: what it is about, whether it is still true, and what it says.

    `key` is unique for each mail: a repeat under the same key sends nothing. `about` is an appointment's reference;
    a mail about several has theirs in `mentions` instead, from `stale_because` on without those that it leaves out.
    `counterpart` is the other person, who caused the mail; the reader's hourly limit is shared among counterparts.
    """

    reader: Reader
    key: str
    kind: Kind
    about: str = ""
    mentions: tuple[str, ...] = ()
    counterpart: User | None = None
    asked: Asked | None = None
    # Whether it must not arrive twice: after an answer of the server that got lost it is not sent again.
    once: bool = False

    def stale_because(self, now: datetime) -> str:
        """The reason why the mail would mislead at `now`, for staff in the log; empty while the mail is still true.

        A mail about several leaves out what is no longer true by then, and misleads only where nothing else is left.
        """
        return ""

    def letter(self) -> Letter:
        """The content. Called only for a mail that is sent."""
        ...

    def calendars(self) -> tuple[CalendarPart, ...]:
        """The calendar files of the mail, one for each entry."""
        return ()


Load = Callable[..., Mail | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """A mail's name, the function that makes it from a job's facts, and whether the log must not keep those facts."""

    name: str
    load: Load
    is_secret: bool


_entries: dict[str, Entry] = {}


def mail(name: str, *, is_secret: bool = False) -> Callable[[Load], Load]:
    """Register the function that makes the mails called `name`; it returns None where nothing is left to tell.

    The facts of a secret mail grant access, so the log does not keep them and staff can't have it sent again.
    """

    def register(load: Load) -> Load:
        if name in _entries and _entries[name].load is not load:
            raise ValueError(f"Two mails are called {name}.")
        _entries[name] = Entry(name, load, is_secret)
        return load

    return register


def entry(name: str) -> Entry | None:
    return _entries.get(name)


def load(name: str, **facts: Any) -> Mail | None:
    """The mail of that name for these facts. Raises KeyError for a name nobody registered."""
    return _entries[name].load(**facts)
