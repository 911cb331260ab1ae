"""The provider's own rules that an appointment overrides which they enter for a customer, with the words for each.

Kept in the history for provider and staff, so nothing here says "you", names the customer or tells what an own event
is. What another appointment holds is no rule of the provider's: it is never overridden.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from core import wording
from core.intervals import Interval
from core.money import format_money
from core.wording import duration_text
from providers.hours import ranges_text

from .bookable import Shut
from .obstacles import Asked
from .pricing import Quote
from .shares import Shares, Use
from .why_not import Closed, DayFull, EntryKind, Full, OffTheGrid, Over, Part, Reason, Taken, TooFarAhead, TooSoon


class Rule(StrEnum):
    """The kinds of rules that a provider may override."""

    PAGE = "page"
    CALENDAR = "calendar"
    NOTICE = "notice"
    WINDOW = "window"
    HOURS = "hours"
    GRID = "grid"
    CAP = "cap"
    CLASH = "clash"
    SHARE = "share"
    LENGTH = "length"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class Override:
    """A rule that is overridden for one appointment."""

    rule: Rule
    title: str
    detail: str = ""

    @property
    def line(self) -> str:
        """The override as the history keeps it."""
        return f"{self.title}: {self.detail}" if self.detail else self.title


def lines_of(overrides: Iterable[Override]) -> str:
    return "\n".join(one.line for one in overrides)


def seen_of(overrides: Sequence[Override]) -> str:
    """These overrides in short, for a form to send back what its page named; empty where there are none."""
    return hashlib.sha256(lines_of(overrides).encode()).hexdigest()[:20] if overrides else ""


NOT_OVER = {
    EntryKind.TIME_OFF: "Over time off",
    EntryKind.OWN_EVENT: "Over a calendar event",
    EntryKind.BUSY: "Over busy time in a connected calendar",
}


def is_held(reason: Reason) -> bool:
    """Whether somebody has the time: an appointment, or a time that is kept, proposed or offered."""
    return isinstance(reason, Taken) and reason.entry.kind not in NOT_OVER


def of_bookable(shut: Iterable[Shut]) -> Iterator[Override]:
    """The overrides of what keeps everybody from booking, and not the provider."""
    for reason in shut:
        if reason is Shut.PAGE:
            yield Override(Rule.PAGE, "While the page takes no bookings", "It is a draft or paused.")
        elif reason is Shut.CALENDAR:
            yield Override(Rule.CALENDAR, "While the calendar can’t be read", "What is busy there is not known.")


def of_time(reasons: Iterable[Reason], asked: Asked, *, service: str) -> Iterator[Override]:
    """The overrides of the rules about times. None of `reasons` may be a time that somebody has, or is over."""
    for reason in reasons:
        yield _of_reason(reason, asked, service)


def _of_reason(reason: Reason, asked: Asked, service: str) -> Override:
    match reason:
        case TooSoon():
            notice = duration_text(asked.facts.rules.notice)
            return Override(Rule.NOTICE, "Sooner than the notice", f"Customers book at least {notice} ahead.")
        case TooFarAhead(last):
            detail = f"Customers book up to {wording.date_text(last)}."
            return Override(Rule.WINDOW, "Beyond the booking window", detail)
        case Closed(day):
            ranges = asked.facts.overrides.get(day, asked.facts.hours.get(day.weekday(), ()))
            hours = f"is open {ranges_text(sorted(ranges))}" if ranges else "is closed"
            detail = f"{wording.date_text(day)} {hours}; it would be {_times((asked.start, asked.end), asked)}."
            return Override(Rule.HOURS, "Outside working hours", detail)
        case OffTheGrid(opens):
            every = f"{duration_text(asked.shape.step)} from {wording.clock_text(opens, asked.facts.zone)}"
            return Override(Rule.GRID, "Between the usual starts", f"{service} starts every {every}.")
        case Full(count, most):
            return Override(Rule.CAP, "More than the most ahead", f"{count} of {most} taken.")
        case DayFull(day, count, most):
            detail = f"{count} of {most} taken on {wording.date_text(day)}."
            return Override(Rule.CAP, "More than the most a day", detail)
        case Taken(entry, _, ours):
            free = "" if ours is Part.TIME else " Only the free time around it meets that."
            return Override(Rule.CLASH, NOT_OVER[entry.kind], f"{_times(entry.time, asked)}.{free}")
        case Over():
            raise ValueError("Nobody enters an appointment in the past.")
        case _:
            assert_never(reason)


def _times(span: Interval, asked: Asked) -> str:
    """A time in the provider's zone: "18:15 to 19:00", with dates where it does not lie on the start's own."""
    zone = asked.facts.zone
    days = {wording.local(moment, zone).date() for moment in span}
    if days == {asked.day}:
        return " to ".join(wording.clock_text(moment, zone) for moment in span)
    return " to ".join(wording.moment_text(moment, zone) for moment in span)


def of_share(use: Use, shares: Shares) -> Iterator[Override]:
    """The override of the share that a customer who books themselves may have, where they would have more."""
    title = "More than a customer’s share"
    if use.ahead > shares.ahead:
        yield Override(Rule.SHARE, title, f"{use.ahead} ahead; customers book at most {shares.ahead}.")
    elif shares.in_a_week is not None and use.in_a_week > shares.in_a_week:
        most = shares.in_a_week
        yield Override(Rule.SHARE, title, f"{use.in_a_week} within 7 days; customers book at most {most}.")


def of_terms(*, usual: Quote, agreed: Quote, usual_minutes: int, minutes: int) -> Iterator[Override]:
    """The overrides of length and price. `usual` is the price that the service has at the agreed length."""
    if minutes != usual_minutes:
        yield Override(Rule.LENGTH, f"{duration_text(minutes)} instead of {duration_text(usual_minutes)}")
    if agreed.price != usual.price:
        price, before = (format_money(each.price, each.currency) for each in (agreed, usual))
        fee = format_money(agreed.platform_fee, agreed.currency)
        left = format_money(agreed.price - agreed.platform_fee, agreed.currency)
        detail = f"The fee is {fee}, so that {left} is left." if agreed.platform_fee else ""
        yield Override(Rule.PRICE, f"{price} instead of {before}", detail)
