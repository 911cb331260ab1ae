"""The channels by which people are told: email and the inbox. Services call `tell` in the transaction of the change."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from core import clock
from core.hooks import Registry
from outbox import services as outbox

from . import inbox, services
from .catalogue import Notice


class Channel(Protocol):
    """A way to tell people something. `name` is stored with what they choose; `label` heads its column there."""

    name: str
    label: str

    def take(self, notices: Sequence[Notice]) -> Iterable[outbox.Draft]:
        """Take these for their readers, inside the transaction of the change: write rows, or return jobs for later."""
        ...


class Email:
    """Mail: a job for each notice, which makes and sends the mail that the catalogue has under its name."""

    name = "email"
    label = "Email"

    def take(self, notices: Sequence[Notice]) -> Iterable[outbox.Draft]:
        return [services.draft(each.name, key=each.key, **each.facts) for each in notices]


class Inbox:
    """The page of what a person was told, with the count at the bell."""

    name = "inbox"
    label = "Here"

    def take(self, notices: Sequence[Notice]) -> Iterable[outbox.Draft]:
        inbox.write(notices, now=clock.now())
        return ()


email, own_pages = Email(), Inbox()
channels = Registry[Channel]("The ways to tell people something")


def tell(notices: Sequence[Notice], *, besides: Iterable[outbox.Draft] = ()) -> None:
    """Tell people these things by every channel, and publish the jobs `besides`, which follow from the same change.

    Called in the transaction of the change, so that nothing is told of one that did not happen.
    """
    drafts = list(besides)
    if notices:
        for channel in channels:
            drafts += channel.take(notices)
    outbox.publish_all(drafts)
