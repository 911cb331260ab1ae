"""The catalogue of all mails by name. An app registers the function that makes a mail from the ids in a job:

    @catalogue.mail("appointments.event")
    def event_mail(*, event: int, to: str) -> Mail | None: ...

and tells people with `channels.tell([Notice("appointments.event", key=..., ...)])` inside the transaction of the change
that the mail is about. Only `notifications.services` sends mail.

What the inbox says of such things, as they are by now, is registered under the same names:

    @catalogue.lines("appointments.event")
    def event_lines(items: Sequence[Facts], view: View) -> list[Line | None]: ...
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from accounts.models import User
from core.letters import Letter

from .models import Kind


@dataclass(frozen=True, slots=True)
class Reader:
    """The person a mail goes to. `user` is None for an address without an account, `address` empty for the reverse."""

    address: str
    name: str = ""
    user: User | None = None

    @classmethod
    def of(cls, user: User) -> "Reader":
        return cls(user.mail_address, user.name, user)

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
    # The start of an appointment or the end of a time to answer, before which the reader may have to act: a mail that
    # could come too late by then does not wait for the end of their quiet hours.
    matters_at: datetime | None = None
    # Whether it must not arrive twice: after an answer of the server that got lost it is not sent again.
    once: bool = False

    def stale_because(self, now: datetime) -> str:
        """The reason why the mail would mislead at `now`, for staff in the log; empty while the mail is still true.

        A mail about several leaves out what is no longer true by then, and misleads only where nothing else is left.
        """
        return ""

    def promise(self) -> None:
        """Note what the letter says that is to follow, or leave it out. Called before `letter`, for a mail that is
        sent, and again for one that is tried again."""
        return

    def letter(self) -> Letter:
        """The content. Called only for a mail that is sent."""
        ...

    def calendars(self) -> tuple[CalendarPart, ...]:
        """The calendar files of the mail, one for each entry."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A thing to tell one person, by every way that they chose: its name in the catalogue, and what it is made from.

    `reader` is the id of their account. `key` is unique for each thing of this name: told again, it is told once.
    `facts` are ids, never personal data. What the reader did themselves (`is_own`) is not new to them. What is sent,
    such as mail, waits until `mail_at`, where a moment is given.
    """

    name: str
    key: str
    reader: int
    kind: Kind
    about: str = ""
    is_own: bool = False
    facts: dict[str, Any] = field(default_factory=dict)
    mail_at: datetime | None = None


Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """The person who reads their inbox, and the zone, clock and moment for which its lines are written."""

    reader: User
    zone: ZoneInfo
    twelve: bool
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What the inbox says of one thing as it is now: what happened, how it stands, and where that leads.

    `badge` is the label of a state that is another by now than the one told of. `do` is the word of the button where
    the reader has to do something, and `until` the moment by which. Of a thing that was deleted there is no address.
    """

    title: str
    address: str
    icon: str = "bell"
    tone: str = "slate"
    text: str = ""
    badge: Any = None
    do: str = ""
    until: datetime | None = None


Lines = Callable[[Sequence[Facts], View], Sequence[Line | None]]
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


_lines: dict[str, Lines] = {}


def lines(*names: str) -> Callable[[Lines], Lines]:
    """Register the function that says what became of things of these names: a line for each, None where a row is gone.

    It gets all of one page at once, so that the number of its queries does not grow with theirs.
    """

    def register(write: Lines) -> Lines:
        for name in names:
            if _lines.get(name, write) is not write:
                raise ValueError(f"Two functions write the lines of {name}.")
            _lines[name] = write
        return write

    return register


def has_lines(name: str) -> bool:
    """Whether this code knows what to say of things of that name."""
    return name in _lines


def lines_of(items: Sequence[tuple[str, Facts]], view: View) -> list[Line | None]:
    """The lines of these things, each given by its name and facts, in their order; None for a name nobody knows."""
    found: list[Line | None] = [None] * len(items)
    for write in dict.fromkeys(_lines[name] for name, _ in items if name in _lines):
        places = [place for place, (name, _) in enumerate(items) if _lines.get(name) is write]
        for place, line in zip(places, write([items[place][1] for place in places], view), strict=True):
            found[place] = line
    return found


def entry(name: str) -> Entry | None:
    return _entries.get(name)


def load(name: str, **facts: Any) -> Mail | None:
    """The mail of that name for these facts. Raises KeyError for a name nobody registered."""
    return _entries[name].load(**facts)
