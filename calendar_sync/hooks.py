"""What higher apps add to people's calendars at Google, and questions about these that only they can answer.

Each app adds what it writes there as a source in its `AppConfig.ready()`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from accounts.models import User
from calendar_sync.rules.entries import Entry
from calendar_sync.states import Edit
from core.hooks import Question, Registry
from providers.models import Provider


@dataclass(frozen=True, slots=True)
class Edited:
    """What somebody did with an event at Google: the times it had by what we wrote, and those that it has now, which
    are None for a deleted one. `is_missing` says of one that is deleted that Google does not: it is just not there.

    Of a thing that is its owner's alone also `entry`, which we wrote, `wrote`, that as it can be read back, and
    `found`, what stands there now.
    """

    kind: Edit
    was_start: datetime
    was_end: datetime
    start: datetime | None = None
    end: datetime | None = None
    is_missing: bool = False
    entry: Entry | None = None
    wrote: Entry | None = None
    found: Entry | None = None

    @property
    def has_other_start(self) -> bool:
        return self.start is not None and self.start != self.was_start


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody is asked about an event of theirs, as words: what it is, and what following it means.

    `follow` names the button that does so, empty where nothing can follow by itself; `address` and `go` are a page on
    which they can do more. `zone` is that of the times. `is_own` says that it concerns nobody else,
    `is_agreed` that it is an agreement with somebody.
    """

    title: str
    zone: str
    follow: str = ""
    meaning: str = ""
    address: str = ""
    go: str = ""
    about: str = ""
    is_own: bool = False
    is_agreed: bool = False


class Source(Protocol):
    """Things of one kind that stand in people's calendars, such as appointments: a module with this name, the word by
    which people call one of them, and these functions. A thing is known by a key that it keeps."""

    name: str
    word: str

    def entry(self, key: UUID, *, owner: User) -> Entry | None:
        """What the person's calendar should hold for the thing now, None where it should hold nothing."""
        ...

    def ahead(self, owner: User, *, now: datetime) -> Collection[UUID]:
        """The keys of all things that the person's calendar should hold and that are not over."""
        ...

    def asked(self, key: UUID, *, owner: User, edit: Edited) -> Asked | None:
        """What the person is asked who did that with the event; None where it is nothing to them any more."""
        ...

    def follow(self, key: UUID, *, owner: User, edit: Edited) -> str:
        """Do with the thing what somebody did with its event, as far as the person may by themselves: a moved time is
        proposed to the other side. Returns what was done, as a sentence. Raises DomainError where that can't be."""
        ...


sources = Registry[Source]("What is written into people's calendars")


def source_of(name: str) -> Source | None:
    return next((each for each in sources if each.name == name), None)


class Joined(Protocol):
    """Things of one source that are joined online, by the link of their event: a module with the name of the source
    and these functions."""

    name: str

    def take_link(self, key: UUID, *, owner: User) -> None:
        """Let the thing be joined by the link that `queries.meet_links` names for it now, or no more by any."""
        ...

    def take_links(self, *, owner: User) -> None:
        """Do so with each thing of the person's ahead that is joined by a link, or of which somebody was told that one
        follows, whether it has an event by now or not."""
        ...

    def count_readers(self, owner: User, *, now: datetime) -> int:
        """The number of people who know such a link, or were told that one follows, and are told once it ends."""
        ...


joined = Registry[Joined]("What is joined by the Google Meet link of its event")


def joined_of(name: str) -> Joined | None:
    return next((each for each in joined if each.name == name), None)


class OwnersAlone(Protocol):
    """Things of one source that concern nobody but their owner, so that what they do with the event at Google is done
    with the thing: a module with the name of the source and this function."""

    name: str

    def take_over(self, key: UUID, *, owner: User, edit: Edited) -> Entry | None:
        """Do with the thing what its owner did with the event; returns what the calendar should hold now.

        Raises ChangedMeanwhile where the thing is not as it was written any more, and DomainError where it can't be
        done: the owner is asked.
        """
        ...


owners_alone = Registry[OwnersAlone]("What is taken over from people's calendars")


def takes_over(name: str) -> OwnersAlone | None:
    return next((each for each in owners_alone if each.name == name), None)


@dataclass(frozen=True, slots=True)
class LiesOver:
    """Something agreed over which busy times lie: its times, whom it is with, a sentence for each busy time with its
    calendar and times, and the address of the page where the provider decides."""

    start: datetime
    end: datetime
    name: str
    words: Sequence[str]
    address: str


@dataclass(frozen=True, slots=True)
class Conflicts:
    """All of these of a provider, by their start, under one heading."""

    heading: str
    rows: Sequence[LiesOver]


conflicts = Question[[Provider, datetime], Conflicts | None](
    "Over what that is agreed with the provider do busy times lie that they have not decided about?"
)
