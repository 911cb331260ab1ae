"""Limits on the shares of one provider's time that a customer may have and visitors may keep, with their sentences.

A customer has three shares: requests that wait for an answer, appointments within any 7 days, appointments in all. The
provider sets the first two and may lift them for one customer; the third is fixed by the platform. A series counts
apart, with a limit of its own. Visitors, who have no account, share a third of each day.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.intervals import Interval

# A series has at least so many dates: one alone counts on the customer's shares.
LEAST_IN_SERIES = 2
# Elapsed time, half-open: two starts exactly 7 days apart never share a week.
WEEK = timedelta(days=7)
# Visitors together may keep a day's openings divided by this; those at one address, this many times of one provider.
VISITORS_PART = 3
MOST_FROM_AN_ADDRESS = 6


@dataclass(frozen=True, slots=True)
class Shares:
    """The most that one customer may have with one provider; None is no limit."""

    waiting: int | None
    in_a_week: int | None
    ahead: int


@dataclass(frozen=True, slots=True)
class Use:
    """A customer's use of a provider's time if one more appointment were made.

    `waiting` counts requests without an answer, and is 0 where the new appointment needs none; `in_a_week` counts the
    appointments in the fullest week around the new one, also those for which the customer proposes a time there.
    """

    waiting: int
    in_a_week: int
    ahead: int


def use_with(start: datetime, *, is_request: bool, others: Iterable[Sequence[datetime]], waiting: int) -> Use:
    """The use by a customer with `others`, `waiting` of them unanswered, and a new appointment at `start`.

    Each of the others is the starts that are held for it: its own, and one that the customer proposes.
    """
    others = list(others)
    in_a_week = fullest_week(others, start)
    return Use(waiting=waiting + 1 if is_request else 0, in_a_week=in_a_week, ahead=len(others) + 1)


def fullest_week(others: Sequence[Sequence[datetime]], start: datetime) -> int:
    """The most appointments, with the one at `start`, in any stretch of 7 days that includes `start`.

    Each of `others`, given by the starts held for it, counts once in a stretch, however many of them lie there.
    """
    begins = {start, *(at for own in others for at in own if start - WEEK < at <= start)}
    return 1 + max(sum(any(begin <= at < begin + WEEK for at in own) for own in others) for begin in begins)


def refusals(use: Use, shares: Shares, *, name: str) -> Iterator[str]:
    """A sentence for each share that this use at a provider called `name` exceeds, with what to do instead."""
    if use.ahead > shares.ahead:
        count = _count(shares.ahead, "appointment")
        yield f"You already have {count} with {name} ahead. Book more once one of them is over."
    if shares.waiting is not None and use.waiting > shares.waiting:
        yield (
            f"You have {_count(use.waiting - 1, 'request')} waiting for {name}’s answer; the most at a time is "
            f"{shares.waiting}. Wait for an answer, or withdraw a request."
        )
    if shares.in_a_week is not None and use.in_a_week > shares.in_a_week:
        yield (
            f"With this one you would have {_count(use.in_a_week, 'appointment')} with {name} within 7 days; the most "
            f"is {shares.in_a_week}. Choose a time in another week, or ask {name} to lift this limit for you."
        )


def series_refusal(count: int, *, ahead: int, allowed: int, most: int, name: str, least: int = LEAST_IN_SERIES) -> str:
    """The sentence that keeps a customer from booking `count` appointments of a series at once; empty where nothing
    does.

    `least` is the fewest and `allowed` the most at once, 0 where there is no series; `most` that of all series of a
    customer with the provider called `name`, of which they have `ahead`.
    """
    if not allowed:
        return f"{name} takes one appointment at a time of this service."
    if count == 0:
        return "None of these dates would be booked. Choose other times for them, or go back and choose other dates."
    if count < least:  # one alone counts on the customer's shares
        return "A series has at least 2 dates. For one alone, book it without repeating."
    if count > allowed:
        return f"Of this service you book at most {allowed} appointments of a series at a time."
    if ahead + count > most:
        rest = f"{most - ahead} more" if ahead < most else "no more"
        return (
            f"You have {_count(ahead, 'appointment')} of series with {name} ahead, and {most} is the most: you can "
            f"book {rest} now. Leave dates out, or wait until some are over."
        )
    return ""


def notice(use: Use, shares: Shares, *, name: str) -> str:
    """The sentence to read before taking the last of a share; empty while more is left, or where the share is one."""
    if use.ahead == shares.ahead > 1:
        return f"This will be the last of {shares.ahead} appointments that you can have ahead with {name}."
    if use.waiting == shares.waiting and use.waiting > 1:
        return (
            f"This will be the last of {use.waiting} requests that can wait for {name}’s answer at a time. "
            "You can ask for more once one is answered or withdrawn."
        )
    if use.in_a_week == shares.in_a_week and use.in_a_week > 1:
        return (
            f"This will be the last of {use.in_a_week} appointments that you can have with {name} within 7 days. "
            f"For more, choose times in another week or ask {name} to lift this limit for you."
        )
    return ""


def visitors_may_keep(wanted: Interval, *, kept: Sequence[Interval], openings: Sequence[Interval]) -> bool:
    """Whether visitors may keep `wanted` besides `kept`, on a day that is open in `openings` when no kept time counts.

    Measured in time and not in starts, so that a fine grid adds nothing. A first time may always be kept, even on a day
    with fewer than three openings.
    """
    return not kept or VISITORS_PART * (_length(kept) + _length([wanted])) <= _length(openings)


def not_kept(*, at_address: bool, name: str) -> str:
    """The sentence for a visitor whose time could not be kept, though it is open."""
    others = (
        f"{MOST_FROM_AN_ADDRESS} times with {name} are being kept for people at your internet address, and that is "
        "the most"
        if at_address
        else f"Many people are choosing a time with {name} on that day right now"
    )
    return (
        f"{others}, so this one can’t be kept for you while you sign in. It is still open: sign in and book it before "
        "somebody else does."
    )


def _length(intervals: Iterable[Interval]) -> timedelta:
    return sum((end - start for start, end in intervals), timedelta())


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"
