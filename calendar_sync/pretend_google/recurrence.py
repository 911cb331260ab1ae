"""Which times an event that repeats has: RRULE, RDATE and EXDATE, expanded in the event's own zone."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from .moments import Span, span, zone_of
from .refusals import invalid, required

# As Google, an endless series is expanded far ahead, but not for ever.
HORIZON = timedelta(days=730)
MOST = 3000

_LINE = re.compile(r"(RRULE|EXDATE|RDATE)((?:;[A-Z-]+=[^:;]+)*):(.+)", re.ASCII)
_UNTIL = re.compile(r"UNTIL=(\d{8}(?:T\d{6}Z?)?)", re.ASCII)


def check(body: dict[str, Any]) -> None:
    """Refuse rules that cannot be followed, and times without an IANA zone to repeat them in."""
    series = span(body)
    if not series.all_day and not series.zone:
        raise required("Missing time zone definition for start time.", "start")
    next(_starts(body["recurrence"], series, series.zone or "UTC"), None)


def occurrences(body: dict[str, Any], calendar_zone: str, until: datetime) -> dict[str, Span]:
    """The spans of an event that repeats, those that begin before `until`, by the stamp that their ids end with."""
    series = span(body)
    found: dict[str, Span] = {}
    for start in _starts(body["recurrence"], series, series.zone or calendar_zone):
        one = series.from_(start)
        if one.instants(calendar_zone)[0] >= until or len(found) == MOST:
            break
        found[stamp(start)] = one
    return found


def stamp(start: datetime | date) -> str:
    """The end of an occurrence's id: when it starts, or would have started before it was moved."""
    return start.strftime("%Y%m%dT%H%M%SZ" if isinstance(start, datetime) else "%Y%m%d")


def moved_from(stamp: str) -> Span:
    """When an occurrence was to begin, by its stamp; how long it was is not known any more."""
    if "T" not in stamp:
        day = datetime.strptime(stamp, "%Y%m%d").date()
        return Span(day, day)
    start = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return Span(start, start)


def _starts(lines: list[str], series: Span, zone_name: str) -> Iterator[datetime | date]:
    """The starts in order. Wall time is what repeats, so the hour stays the same across a clock change."""
    zone = zone_of(zone_name)
    rules, added, taken = _read(lines, zone)
    wall = _wall(series.start, zone)
    try:
        for rule in rules:
            added |= set(_until(rrulestr(rule, dtstart=wall), MOST))
    except (ValueError, TypeError, AttributeError):
        raise invalid("Invalid recurrence rule.", "recurrence") from None
    for each in sorted((added if rules else added | {wall}) - taken):
        yield each.date() if series.all_day else each.replace(tzinfo=zone).astimezone(UTC)


def _until(rule: Any, most: int) -> Iterator[datetime]:
    for number, each in enumerate(rule):
        if number == most:
            return
        yield each


def _read(lines: list[Any], zone: ZoneInfo) -> tuple[list[str], set[datetime], set[datetime]]:
    """The rules, and the wall times added to and taken from what they give."""
    rules: list[str] = []
    dates: dict[str, set[datetime]] = {"RDATE": set(), "EXDATE": set()}
    for line in lines:
        match = _LINE.fullmatch(line) if isinstance(line, str) else None
        if not match:
            raise invalid("Invalid recurrence rule.", "recurrence")
        kind, parameters, value = match.groups()
        if kind == "RRULE":
            rules.append(_UNTIL.sub(lambda found: f"UNTIL={_in_zone(found[1], zone):%Y%m%dT%H%M%S}", value))
        else:
            own = re.search(r";TZID=([^;]+)", parameters)
            own_zone = zone_of(own[1]) if own else zone
            dates[kind] |= {_in_zone(each, zone, own_zone) for each in value.split(",")}
    return rules, dates["RDATE"], dates["EXDATE"]


def _in_zone(text: str, zone: ZoneInfo, own: ZoneInfo | None = None) -> datetime:
    """The wall time in `zone` of 20260302T090000Z, of a time without Z in its own zone, or of a date."""
    try:
        moment = datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S" if "T" in text else "%Y%m%d")
    except ValueError:
        raise invalid("Invalid recurrence rule.", "recurrence") from None
    if text.endswith("Z"):
        return _wall(moment.replace(tzinfo=UTC), zone)
    return _wall(moment.replace(tzinfo=own), zone) if own and own != zone else moment


def _wall(moment: datetime | date, zone: ZoneInfo) -> datetime:
    if isinstance(moment, datetime):
        return moment.astimezone(zone).replace(tzinfo=None)
    return datetime(moment.year, moment.month, moment.day)
