"""The times that are offered to customers instead of appointments that are called off. Decided from facts in hand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from appointments.rules.slots import Facts, Shape, is_open, open_slots, with_appointment
from core.intervals import Interval, overlaps

# The most times that are offered instead of one appointment.
MOST = 3
# An offered time leaves at least this long to answer, before the provider's notice for it begins.
LEAST_TO_ANSWER = timedelta(hours=2)
# How far from the time that is called off another one may lie.
HORIZON = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Wish:
    """An appointment, by its key, instead of which other times are to be offered.

    Its customer is `busy` elsewhere. The times in `shown` stay if they are still open; otherwise those that are chosen
    lie `after` a moment, where one is given.
    """

    key: int
    shape: Shape
    start: datetime
    busy: Sequence[Interval] = ()
    shown: tuple[datetime, ...] = ()
    after: datetime | None = None


def choose(facts: Facts, wishes: Sequence[Wish], *, now: datetime) -> dict[int, list[datetime]]:
    """Up to MOST open starts for each wish by its key, in order; none meets another one of any wish."""
    found: dict[int, list[datetime]] = {}
    for wish in wishes:
        if wish.shown and (left := with_offers(facts, wish.shape, wish.shown, now=now)):
            facts, found[wish.key] = left, list(wish.shown)
    for wish in wishes:
        if wish.key not in found:
            facts, found[wish.key] = _chosen(facts, wish, now)
    return found


def with_offers(facts: Facts, shape: Shape, starts: Iterable[datetime], *, now: datetime) -> Facts | None:
    """The facts once these starts are offered instead of one appointment; None where not all of them are open.

    Each takes its time and a place on its day, but together they are one appointment more, since one can be taken.
    """
    count = facts.open_count
    for start in starts:
        if not _fits(facts, shape, start, now):
            return None
        facts = _with_offer(facts, shape, start)
    return replace(facts, open_count=count + 1)


def offers_expire(starts: Iterable[datetime], *, notice: timedelta, answer: timedelta, now: datetime) -> datetime:
    """The deadline of times offered together: after the provider's answer time, or when the notice for the first of
    them begins, if that is sooner."""
    return min(now + answer, min(starts) - notice)


def _chosen(facts: Facts, wish: Wish, now: datetime) -> tuple[Facts, list[datetime]]:
    count, chosen = facts.open_count, list[datetime]()
    for start in _by_preference(facts, wish, now):
        if len(chosen) == MOST:
            break
        if _fits(facts, wish.shape, start, now):
            facts = _with_offer(facts, wish.shape, start)
            chosen.append(start)
    return replace(facts, open_count=count + bool(chosen)), sorted(chosen)


def _by_preference(facts: Facts, wish: Wish, now: datetime) -> Iterable[datetime]:
    """The open starts after the time called off, nearest first, then those before it, which are looked up only when
    they are asked for. One may come twice."""
    later = _open(facts, wish, wish.start, wish.start + HORIZON, now)
    if wish.after is not None:
        # Once there is nothing further on, it begins with the nearest again.
        yield from _varied([at for at in later if at > wish.after], facts.zone)
    yield from _varied(later, facts.zone)
    yield from _varied(reversed(_open(facts, wish, wish.start - HORIZON, wish.start, now)), facts.zone)


def _open(facts: Facts, wish: Wish, start: datetime, end: datetime, now: datetime) -> list[datetime]:
    """The open starts in [start, end) at which the customer is not busy elsewhere."""
    found = open_slots(facts, wish.shape, max(start, now), end, now=now)
    return [at for at in found if not any(overlaps((at, at + wish.shape.duration), span) for span in wish.busy)]


def _varied(starts: Iterable[datetime], zone: ZoneInfo) -> list[datetime]:
    """The same starts, but first one of each half of a day, so that those who can't come then find another one."""
    halves, first, rest = set(), list[datetime](), list[datetime]()
    for start in starts:
        there = start.astimezone(zone)
        half = there.date(), there.hour >= 12
        (rest if half in halves else first).append(start)
        halves.add(half)
    return list(chain(first, rest))


def _fits(facts: Facts, shape: Shape, start: datetime, now: datetime) -> bool:
    return start - facts.rules.notice >= now + LEAST_TO_ANSWER and is_open(facts, shape, start, now=now)


def _with_offer(facts: Facts, shape: Shape, start: datetime) -> Facts:
    return replace(with_appointment(facts, shape, start), open_count=facts.open_count)
