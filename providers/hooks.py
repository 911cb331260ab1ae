"""Questions about a provider that only higher apps can answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from core.hooks import Question
from providers.hours import Week
from providers.models import Provider


@dataclass(frozen=True, slots=True)
class LeftOutside:
    """Something booked or asked for, as a page shows it: its times, whose it is, for what, the badge of its state, and
    the address of its own page."""

    start: datetime
    end: datetime
    name: str
    service: str
    label: Any
    address: str


@dataclass(frozen=True, slots=True)
class Outside:
    """What other hours would leave outside, by start; `already` counts what lies outside the present ones, too."""

    rows: Sequence[LeftOutside] = ()
    already: int = 0


outside_hours = Question[[Provider, datetime], int](
    "How many confirmed appointments ahead lie outside the provider's present working hours?"
)
outside_new_hours = Question[[Provider, Week, str, datetime], Outside](
    "What that is booked or asked for ahead would lie outside this week, kept in this time zone?"
)

page_started = Question[[Provider], None](
    "What is to be done in this transaction, as the person has just become a provider, with a draft?"
)
time_opened = Question[[Provider], None]("What is to be done in this transaction, as open time may have grown?")
customer_blocked = Question[[Provider, User], None](
    "What ends in this transaction, as the provider blocks the customer?"
)


def count_outside_hours(provider: Provider, now: datetime) -> int:
    """The number of confirmed appointments after `now` outside the present working hours; 0 without an answer."""
    return sum(outside_hours.each(provider, now))


def left_outside(provider: Provider, week: Week, time_zone: str, now: datetime) -> Outside:
    """What `week`, in `time_zone`, would leave outside after `now`; nothing without an answer."""
    return outside_new_hours.first(provider, week, time_zone, now) or Outside()
