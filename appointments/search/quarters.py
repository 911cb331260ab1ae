"""Openings as bits, one for each quarter of an hour of a UTC day, and the bits that a search in a zone includes.

Every zone in use is a whole number of quarters from UTC, so a part of a day is exact in quarters whatever the zone. No
database.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from appointments.rules.parts import part_of
from core import clock

FIRST_DAY = date(2000, 1, 1)
QUARTER = timedelta(minutes=15)
QUARTERS = 96
HALF = 48
LOW_HALF = (1 << HALF) - 1
ALL = (1 << QUARTERS) - 1
PARTS = ("am", "pm", "eve")

_SECONDS = 900
_FIRST_QUARTER = (FIRST_DAY - date(1970, 1, 1)).days * QUARTERS


@dataclass(frozen=True, slots=True)
class Span:
    """A span of days, `first` to `last` (both included), on each of which the quarters in `bits` count."""

    first: int
    last: int
    bits: int

    @property
    def early(self) -> int:
        return self.bits & LOW_HALF

    @property
    def late(self) -> int:
        return self.bits >> HALF


def day_number(day: date) -> int:
    return (day - FIRST_DAY).days


def day_start(number: int) -> datetime:
    return datetime.combine(FIRST_DAY + timedelta(days=number), datetime.min.time(), UTC)


def bits_by_day(starts: Iterable[datetime]) -> dict[int, int]:
    """The quarters in which one or more of `starts` fall, as bits by day number."""
    found: dict[int, int] = {}
    for at in starts:
        day, quarter = divmod(int(at.timestamp()) // _SECONDS - _FIRST_QUARTER, QUARTERS)
        found[day] = found.get(day, 0) | 1 << quarter
    return found


def spans(start: datetime, end: datetime, *, zone: ZoneInfo, parts: Collection[str] = PARTS) -> list[Span]:
    """The UTC days and quarters that lie in [start, end) and in these parts of the day in the viewer's zone."""
    found: list[Span] = []
    first, last = day_number(start.astimezone(UTC).date()), day_number(end.astimezone(UTC).date())
    for number in range(first, last + 1):
        midnight = day_start(number)
        bits = _part_bits(midnight, zone, frozenset(parts))
        if number == first:
            bits &= ALL << int((start - midnight) // QUARTER)
        if number == last:
            bits &= (1 << -int((midnight - end) // QUARTER)) - 1
        if found and found[-1].bits == bits:
            found[-1] = Span(found[-1].first, number, bits)
        else:
            found.append(Span(number, number, bits & ALL))
    return found


def _part_bits(midnight: datetime, zone: ZoneInfo, parts: frozenset[str]) -> int:
    """The quarters of the UTC day from `midnight` that lie in these parts of the day in `zone`."""
    if parts.issuperset(PARTS):
        return ALL
    before, after = (_offset(at, zone) for at in (midnight, midnight + timedelta(days=1)))
    if before == after:
        return _shifted_bits(before, parts)
    hours = (clock.local(midnight + n * QUARTER, zone).hour for n in range(QUARTERS))
    return sum(1 << n for n, hour in enumerate(hours) if PARTS[part_of(hour)] in parts)


def _offset(at: datetime, zone: ZoneInfo) -> int:
    return int((clock.local(at, zone).utcoffset() or timedelta()).total_seconds() // 60)


@lru_cache(maxsize=256)
def _shifted_bits(offset_minutes: int, parts: frozenset[str]) -> int:
    hours = (((n * 15 + offset_minutes) % 1440) // 60 for n in range(QUARTERS))
    return sum(1 << n for n, hour in enumerate(hours) if PARTS[part_of(hour)] in parts)


def key_start(key: int, first: int) -> datetime:
    """The start of a sort key's quarter. The key has half-days since the day `first`, then the quarter as a bit."""
    half_day, bit = key >> HALF, key & LOW_HALF
    return day_start(first + half_day // 2) + timedelta(hours=12 * (half_day % 2)) + (bit.bit_length() - 1) * QUARTER
