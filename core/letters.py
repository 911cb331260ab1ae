"""The content of a mail as facts: its HTML and its plain-text part are both drawn from one `Letter`.

It is in `core` because every app writes mails, while `notifications` alone sends them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from . import wording

# The families of the design tokens: confirmed, waiting, over, counted, proposed.
Tone = Literal["brand", "brass", "slate", "ruby", "iris"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A date as a page of a desk calendar."""

    weekday: str
    day: str
    month: str

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> "Leaf":
        there = wording.local(moment, zone)
        return cls(f"{there:%a}", str(there.day), f"{there:%b}")


@dataclass(frozen=True, slots=True)
class When:
    """A date in full, a time of day and its zone; `elsewhere` is the moment in the other side's zone.

    `notes` say why a time that comes twice that day is called the first or the second.
    """

    day: str
    time: str
    zone: str
    elsewhere: str = ""
    notes: tuple[str, ...] = ()

    @property
    def moment(self) -> str:
        """The date and time; the time alone where the letter names the date once for all."""
        return ", ".join(part for part in (self.day, self.time) if part)

    @property
    def line(self) -> str:
        return ", ".join(part for part in (self.moment, self.zone) if part)


@dataclass(frozen=True, slots=True)
class Former:
    """The time that another one takes the place of, struck through once it `is_gone`. `label` is the word before it."""

    label: str
    when: When
    is_gone: bool


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What the reader may choose among, a line each, above the button that leads there."""

    intro: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the list of facts; `url` is empty, a page of ours, a mailto: or tel: link, or the link of a Google
    Meet."""

    label: str
    value: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """Text that somebody else wrote. Each of its lines is marked, so that none can pass for ours."""

    by: str
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One of several things that a letter tells of. An empty part is not shown, being the same for the whole letter."""

    tone: Tone
    badge: str = ""
    leaf: Leaf | None = None
    when: When
    title: str
    facts: tuple[Fact, ...] = ()
    line: str = ""
    quote: Quote | None = None
    button: Button | None = None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and an address, as a header shows them."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The whole content of a mail. An empty part is not shown."""

    subject: str
    # The sender's name: `Maya Okafor via SITE_NAME`, or the site alone. Replies go to `reply_to`, or to support.
    from_name: str = ""
    reply_to: Mailbox | None = None
    # `template`.html and `template`.txt draw it.
    template: str = "emails/base"
    tone: Tone
    badge: str
    headline: str
    leaf: Leaf | None = None
    when: When | None = None
    former: Former | None = None
    preheader: str
    lead: tuple[str, ...]
    quote: Quote | None = None
    choices: Choices | None = None
    items: tuple[Item, ...] = ()
    # None where each item has its own.
    button: Button | None
    # What else can be done, each by one press.
    links: tuple[Button, ...] = ()
    facts: tuple[Fact, ...] = ()
    # `after` says what happens next, `change` how the appointment can be changed and until when.
    after: tuple[str, ...] = ()
    change: str = ""
    contact: str
    why: str


def page(name: str, *args: object) -> str:
    """The full address of a page on this site. Mails link nowhere else, but to the Google Meet of an appointment."""
    return settings.SITE_URL + reverse(name, args=args)


def site_host() -> str:
    """The host name of SITE_URL, for Message-IDs and calendar UIDs."""
    return urlsplit(settings.SITE_URL).hostname or "localhost"
