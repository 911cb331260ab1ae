"""What apps have written into people's calendars at Google; each adds its source in its `AppConfig.ready()`."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol
from uuid import UUID

from accounts.models import User
from calendar_sync.rules.entries import Entry
from core.hooks import Registry


class Source(Protocol):
    """Things of one kind that stand in people's calendars, such as appointments: a module with this name and these
    functions. A thing is known by a key that it keeps."""

    name: str

    def entry(self, key: UUID, *, owner: User) -> Entry | None:
        """What the person's calendar should hold for the thing now, None where it should hold nothing."""
        ...

    def ahead(self, owner: User, *, now: datetime) -> Collection[UUID]:
        """The keys of all things that the person's calendar should hold and that are not over."""
        ...


sources = Registry[Source]("What is written into people's calendars")


def source_of(name: str) -> Source | None:
    return next((each for each in sources if each.name == name), None)
