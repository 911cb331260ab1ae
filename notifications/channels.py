"""The channels by which people are told: email and the inbox. Services call `tell` in the transaction of the change.

A channel is an object that is added to `channels` when an app starts. From then on it has a column in the settings,
takes what people are told, and leaves out what they turned off. One that hands things over later, as a text message
does, is a `LaterChannel` with a `send`:

    class Texts(LaterChannel):
        name, label = "text", "Text message"

        def send(self, mail): ...
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from core import clock
from core.hooks import Registry
from outbox import services as outbox

from . import catalogue, inbox, preferences, rules, services
from .catalogue import Mail, Notice
from .models import EMAIL, INBOX

TOPIC = "notifications.deliver"


class Channel(Protocol):
    """A way to tell people something. `name` is stored with what they choose; `label` heads its column there.

    `interrupts` says that it reaches people wherever they are: "only what needs me" and "nothing but essentials" turn
    topics of such a channel off, and leave the others to be looked up.
    """

    name: str
    label: str
    interrupts: bool

    def take(self, notices: Sequence[Notice]) -> Iterable[outbox.Draft]:
        """Take these for their readers, inside the transaction of the change: write rows, or return jobs for later."""
        ...


class LaterChannel:
    """A channel that sends by a job, which asks again whether the thing is true and wanted, and may come now.

    The job runs at least once: `send` is given the mail with its key, by which a repeat is to be known.
    """

    name: str
    label: str
    interrupts = True

    def take(self, notices: Sequence[Notice]) -> Iterable[outbox.Draft]:
        return [
            outbox.Draft(
                topic=TOPIC,
                key=f"{self.name}:{each.name}:{each.key}",
                payload={"channel": self.name, "name": each.name, "facts": each.facts},
                due_at=each.mail_at,
            )
            for each in notices
        ]

    def send(self, mail: Mail) -> None:
        """Hand the thing over. Raises the errors of the outbox, such as Retry."""
        raise NotImplementedError


class Email:
    """Mail: a job for each notice, which makes, sends and logs the mail that the catalogue has under its name."""

    name = EMAIL
    label = "Email"
    interrupts = True

    def take(self, notices: Sequence[Notice]) -> Iterable[outbox.Draft]:
        drafts = [(services.draft(each.name, key=each.key, **each.facts), each.mail_at) for each in notices]
        return [replace(draft, due_at=mail_at) for draft, mail_at in drafts]


class Inbox:
    """The page of what a person was told, with the count at the bell; it leaves out what they turned off."""

    name = INBOX
    label = "Here"
    interrupts = False

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


def deliver(channel_name: str, name: str, facts: dict[str, Any]) -> None:
    """Hand one thing to a channel if it is still true and wanted by that way.

    Raises NotYet while the reader's quiet hours last, and Retry for a channel or a name that only newer code knows.
    """
    channel = next((each for each in channels if each.name == channel_name), None)
    entry = catalogue.entry(name)
    if not isinstance(channel, LaterChannel) or entry is None:
        raise outbox.Retry(reason=f"nothing called {channel_name} takes {name}; perhaps newer code knows it")
    mail, now = entry.load(**facts), clock.now()
    if mail is None or mail.reader.user is None or mail.reader.has_left or mail.stale_because(now):
        return
    user = mail.reader.user
    terms = preferences.terms_for(user, mail.kind, channel=channel.name, interrupts=channel.interrupts)
    if not terms.is_wanted:
        return
    end = rules.waits_until(terms.quiet, now, user.zone, matters_at=mail.matters_at) if terms.quiet else None
    if end:
        raise outbox.NotYet(after=(end - now).total_seconds(), reason=services.QUIET)
    channel.send(mail)
