"""What a mail says, as facts: the HTML and the plain-text part are two drawings of one `Letter`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from core import wording

# The families of the design tokens: confirmed, waiting, over.
Tone = Literal["brand", "brass", "slate"]


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
    """A date in full, the time of day, the reader's zone; and the same for the other side where zones differ."""

    day: str
    time: str
    zone: str
    elsewhere: str = ""

    @property
    def line(self) -> str:
        return f"{self.day}, {self.time}, {self.zone}"


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the list: `url` may be a page of ours, a mailto: or a tel: link."""

    label: str
    value: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """What the other side wrote. It may have many lines, none of which can pass for ours."""

    by: str
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Everything a mail says; what is empty is left out."""

    tone: Tone
    badge: str
    headline: str
    leaf: Leaf | None = None
    when: When | None = None
    preheader: str
    lead: tuple[str, ...]
    quote: Quote | None = None
    button: Button
    facts: tuple[Fact, ...] = ()
    # What happens next, then how to change it and until when.
    after: tuple[str, ...] = ()
    change: str = ""
    contact: str
    why: str


def page(name: str, *args: str) -> str:
    """The full address of a page of ours; mails link nowhere else."""
    return settings.SITE_URL + reverse(name, args=args)


def site_host() -> str:
    return urlsplit(settings.SITE_URL).hostname or "localhost"
