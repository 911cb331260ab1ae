"""The present time, time zones, and the conversion of wall time into instants; no other module does any of these.

Instants are aware UTC datetimes; zones are IANA names. Gap and fold rules: a wall time that a clock change skips moves
to the first instant after the gap; one that occurs twice means the first. Results before year 1 or after year 9999
become the first or last instant that Python can represent.

The rules come from the pinned `tzdata` package, never from the machine, so that every process agrees on what a time
means and on which names exist. PYTHONTZPATH selects other rules.
"""

import logging
import os
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib import resources
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

logger = logging.getLogger(__name__)

if "PYTHONTZPATH" not in os.environ:
    zoneinfo.reset_tzpath(to=())

FIRST_INSTANT = datetime.min.replace(tzinfo=UTC)
LAST_INSTANT = datetime.max.replace(tzinfo=UTC)
END_OF_DAY = 1440
ONE_DAY = timedelta(days=1)
ONE_SECOND = timedelta(seconds=1)

# Legacy zones that are rules without a place; tzdata links some of them to a city with equal rules.
NOT_PLACES = frozenset({"CET", "CST6CDT", "EET", "EST", "EST5EDT", "HST", "MET", "MST", "MST7MDT", "PST8PDT", "WET"})
UNUSUAL_CITIES = {"DumontDUrville": "Dumont d’Urville", "St_Johns": "St John’s", "UTC": "UTC"}
UNUSUAL_COUNTRIES = {"GB": "United Kingdom", "AQ": "Antarctica", "UTC": ""}


# --- Now --------------------------------------------------------------------------------


_pretended: ContextVar[datetime | None] = ContextVar("pretended", default=None)


def now() -> datetime:
    """The present instant, in UTC."""
    return _pretended.get() or datetime.now(UTC)


@contextmanager
def pretended(moment: datetime) -> Iterator[None]:
    """A context in which `now()` is `moment` for this thread, so that ordinary services can make the demo's past."""
    token = _pretended.set(moment)
    try:
        yield
    finally:
        _pretended.reset(token)


# --- Names of zones ---------------------------------------------------------------------


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The `ZoneInfo` of a stored zone name.

    For names from our own tables only: an unknown one (tzdata dropped it, or the table was edited by hand) is logged
    and read as UTC, because a page in UTC is better than none. Names that people or programs send go through
    `canonical_zone` first, which refuses unknown ones.
    """
    try:
        return ZoneInfo(name)
    except (ValueError, LookupError, OSError, TypeError):
        logger.warning("A stored time zone is unknown and was read as UTC: %.64r", name)
        return ZoneInfo("UTC")


def canonical_zone(name: str) -> str:
    """The stored name of the zone `name`: itself, or the present name of a renamed or regional alias (Asia/Calcutta).

    Only places and UTC have a name here; anything else (paths, posixrules, EST5EDT, Etc/GMT+5, other case) raises
    ValueError.
    """
    if name in _countries():
        return name
    if name in _aliases():
        return _aliases()[name]
    raise ValueError("Choose a time zone from the list.")


def validate_zone(name: str) -> None:
    """Model field validator of a zone name. An alias passes, because a stored name stays valid when it is renamed."""
    try:
        canonical_zone(name)
    except ValueError as error:
        raise ValidationError(str(error), code="invalid") from None


def city_name(name: str) -> str:
    """The city of a zone: "New York" of "America/New_York"."""
    last = name.rpartition("/")[2]
    return UNUSUAL_CITIES.get(last) or last.replace("_", " ")


@cache
def zone_label(name: str) -> str:
    """A zone's city and country: "Lisbon, Portugal"; the city alone where the country has its name or is unknown."""
    city, country = city_name(name), _countries().get(name, "")
    return city if country in {"", city} else f"{city}, {country}"


def country_code(name: str) -> str:
    """The ISO 3166 code of a zone's country: "PT" of "Europe/Lisbon"; empty where the zone belongs to none."""
    return _country_codes().get(name, "")


def zone_label_now(name: str, now: datetime, *, twelve_hour: bool = False) -> str:
    """The label of an option in the zone list: "Lisbon, Portugal, now 11:02"."""
    wall = local(now, zone(name))
    clock_face = (
        f"{wall.hour % 12 or 12}:{wall:%M} {'am' if wall.hour < 12 else 'pm'}" if twelve_hour else f"{wall:%H:%M}"
    )
    return f"{zone_label(name)}, now {clock_face}"


@cache
def zone_choices() -> tuple[tuple[str, str], ...]:
    """Every zone a person may choose, as (name, label) in order of the label."""
    return tuple(sorted(((name, zone_label(name)) for name in _countries()), key=lambda choice: choice[1].casefold()))


@cache
def _other_names() -> dict[str, tuple[str, ...]]:
    names: dict[str, tuple[str, ...]] = {}
    for alias, name in sorted(_aliases().items()):
        names[name] = (*names.get(name, ()), alias)
    return names


def other_names(name: str) -> tuple[str, ...]:
    """The aliases of a canonical zone, present and former: Asia/Calcutta of "Asia/Kolkata"."""
    return _other_names().get(name, ())


def _tzdata_lines(file: str) -> list[str]:
    text = resources.files("tzdata").joinpath("zoneinfo", file).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@cache
def _countries() -> dict[str, str]:
    """Countries by canonical zone name: UTC, and the names of zone.tab, which has exactly one for each place."""
    names = dict(line.split("\t")[:2] for line in _tzdata_lines("iso3166.tab")) | UNUSUAL_COUNTRIES
    return {zone_name: names.get(code, "") for zone_name, code in _country_codes().items()}


@cache
def _country_codes() -> dict[str, str]:
    rows = (line.split("\t") for line in _tzdata_lines("zone.tab"))
    return {"UTC": ""} | {row[2]: row[0] for row in rows}


@cache
def _aliases() -> dict[str, str]:
    """Canonical names by alias, found by following tzdata's links to the first canonical name."""
    links = {}
    for line in _tzdata_lines("tzdata.zi"):
        if line.startswith("L "):
            _, target, alias = line.split()
            links[alias] = target
    # Names of one zone. tzdata links UTC to Etc/UTC; we need the opposite direction.
    links |= {"Etc/UTC": "UTC", "Etc/GMT": "UTC"}
    aliases = {}
    for alias in links.keys() - _countries().keys() - NOT_PLACES:
        name = links[alias]
        while name not in _countries() and name in links:
            name = links[name]
        if name in _countries():
            aliases[alias] = name
    return aliases


# --- Wall time and instants -------------------------------------------------------------


def to_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which clocks in `zone` show the naive `wall`; the first of two, or the first after a gap."""
    first = wall.replace(tzinfo=zone, fold=0)
    before, after = _offset(first), _offset(first.replace(fold=1))
    if before < after:
        return _end_of_gap(wall, before, after, zone)
    return _shift(wall, before)


def local(instant: datetime, zone: ZoneInfo) -> datetime:
    """The wall time in `zone` at `instant`, as an aware datetime; `fold` is 1 at its second occurrence."""
    try:
        return instant.astimezone(zone)
    except OverflowError:
        return (datetime.max if instant.year > 5000 else datetime.min).replace(tzinfo=zone)


def zones_differ(one: ZoneInfo, other: ZoneInfo, *moments: datetime) -> bool:
    """Whether the two zones' wall times differ at any of these moments; the zones' names don't matter."""
    return any(_offset(local(moment, one)) != _offset(local(moment, other)) for moment in moments)


@lru_cache(maxsize=16384)
def wall_minute_to_instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The instant of a wall-clock minute of a date, 0 to 1440 after midnight; 1440 is the end of the day."""
    if not 0 <= minute <= END_OF_DAY:
        raise ValueError(f"A day has the minutes 0 to 1440, not {minute}.")
    if minute == END_OF_DAY:
        return LAST_INSTANT if day == date.max else to_instant(datetime.combine(day + ONE_DAY, time.min), zone)
    return to_instant(datetime.combine(day, time(minute // 60, minute % 60)), zone)


def wall_interval(day: date, start_minute: int, end_minute: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The half-open interval of a date's minutes (540, 1020 is 9 to 5); empty, start = end, inside a gap."""
    return wall_minute_to_instant(day, start_minute, zone), wall_minute_to_instant(day, end_minute, zone)


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The half-open interval of a date: usually 23, 24 or 25 hours, empty where the calendar skips it (Apia 2011).

    Days follow each other without gap or overlap. Where clocks go back over midnight, the second run of the late
    evening counts to the new day, because midnight means its first occurrence.
    """
    return wall_interval(day, 0, END_OF_DAY, zone)


def occurrence(moment: datetime) -> Literal["", "first", "second"]:
    """Which of two equal wall times the aware `moment` is; empty for a wall time that occurs once."""
    if _offset(moment.replace(fold=0)) <= _offset(moment.replace(fold=1)):
        return ""
    return "second" if moment.fold else "first"


def other_occurrence(instant: datetime, zone: ZoneInfo) -> datetime | None:
    """The other instant at which clocks in `zone` show the same; None for a wall time that occurs once."""
    there = local(instant, zone)
    return there.replace(fold=1 - there.fold).astimezone(UTC) if occurrence(there) else None


class Transition(NamedTuple):
    """A change of a zone's offset from UTC, from `before` to `after` at `instant`."""

    instant: datetime
    before: timedelta
    after: timedelta


def transitions(zone: ZoneInfo, start: datetime, end: datetime) -> list[Transition]:
    """The changes of the zone's offset in (start, end], in order. Costs about one offset look-up a day."""
    found = []
    at, offset = start, _offset(local(start, zone))
    while at < end:
        later = min(at + ONE_DAY, end) if LAST_INSTANT - at > ONE_DAY else end
        new_offset = _offset(local(later, zone))
        if new_offset != offset:
            found.append(Transition(_first_with_other_offset(at, later, zone), offset, new_offset))
        at, offset = later, new_offset
    return found


def _offset(moment: datetime) -> timedelta:
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("An instant needs a zone.")
    return offset


def _shift(wall: datetime, offset: timedelta) -> datetime:
    try:
        return (wall - offset).replace(tzinfo=UTC, fold=0)
    except OverflowError:
        return LAST_INSTANT if wall.year > 5000 else FIRST_INSTANT


def _end_of_gap(wall: datetime, before: timedelta, after: timedelta, zone: ZoneInfo) -> datetime:
    return _first_with_other_offset(_shift(wall, after), _shift(wall, before), zone)


def _first_with_other_offset(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The whole second between `low` and `high`, whose offsets differ, at which the offset changes."""
    old = _offset(local(low, zone))
    low = low.replace(microsecond=0)
    if high.microsecond:
        high = high.replace(microsecond=0) + ONE_SECOND
    while high - low > ONE_SECOND:
        middle = low + (high - low) // ONE_SECOND // 2 * ONE_SECOND
        if _offset(local(middle, zone)) == old:
            low = middle
        else:
            high = middle
    return high
