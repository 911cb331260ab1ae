"""Instants, dates and zones as the calendar writes and reads them."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .refusals import Refusal, invalid, required

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def zone_of(name: str) -> ZoneInfo:
    try:
        if "/" in name or name == "UTC":
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise invalid(f"Invalid time zone: {name}", "timeZone")


def instant(text: str, location: str = "") -> datetime:
    """The instant of a text like 2011-06-03T10:00:00-07:00, in UTC; without an offset it is refused."""
    moment = _moment(text, location)
    if moment.tzinfo is None:
        raise Refusal(400, "badRequest", "Bad Request", location=location)
    return moment.astimezone(UTC)


def _moment(text: Any, location: str) -> datetime:
    if not isinstance(text, str) or not _RFC3339.fullmatch(text):
        raise invalid("Invalid value.", location)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise invalid("Invalid value.", location) from None


@dataclass(frozen=True)
class Span:
    """From when to when an event goes: two instants, or for whole days two dates, the second of them excluded."""

    start: datetime | date
    end: datetime | date
    zone: str = ""  # the event's own, where it names one

    @property
    def all_day(self) -> bool:
        return not isinstance(self.start, datetime)

    def instants(self, calendar_zone: str) -> tuple[datetime, datetime]:
        """Both as instants: whole days are those of the calendar's zone."""
        return _as_instant(self.start, calendar_zone), _as_instant(self.end, calendar_zone)

    def from_(self, start: datetime | date) -> "Span":
        """The same length, from another start."""
        return Span(start, start + (self.end - self.start), self.zone)  # type: ignore[operator]  # of one kind

    def written(self, zone: str) -> tuple[dict[str, str], dict[str, str]]:
        """`start` and `end` as in an answer that speaks in this zone."""
        return _edge(self.start, zone, self.zone), _edge(self.end, zone, self.zone)


def span(body: dict[str, Any]) -> Span:
    """The span of an event's `start` and `end`. Raises Refusal for what is missing, mixed or the wrong way round."""
    start, end = (_read_edge(body, name) for name in ("start", "end"))
    if isinstance(start, datetime) != isinstance(end, datetime):
        raise invalid("Start and end times must either both be date or both be dateTime.")
    if end < start or (end == start and not isinstance(start, datetime)):
        raise Refusal(
            400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar", location="timeMax"
        )
    return Span(start, end, body["start"].get("timeZone", ""))


def _read_edge(body: dict[str, Any], name: str) -> datetime | date:
    edge = body.get(name)
    if not isinstance(edge, dict) or ("date" in edge) == ("dateTime" in edge):
        raise required(f"Missing {name} time.", name)
    if "timeZone" in edge:
        zone_of(edge["timeZone"])
    if "date" in edge:
        try:
            return date.fromisoformat(edge["date"])
        except (TypeError, ValueError):
            raise invalid(f"Invalid value for: {name}.date", name) from None
    moment = _moment(edge["dateTime"], name)
    if moment.tzinfo is None:
        if "timeZone" not in edge:
            raise required(f"Missing time zone definition for {name} time.", name)
        moment = moment.replace(tzinfo=zone_of(edge["timeZone"]))
    return moment.astimezone(UTC)


def _as_instant(edge: datetime | date, zone: str) -> datetime:
    if isinstance(edge, datetime):
        return edge
    return datetime.combine(edge, time(), ZoneInfo(zone)).astimezone(UTC)


def _edge(edge: datetime | date, zone: str, own_zone: str) -> dict[str, str]:
    if not isinstance(edge, datetime):
        return {"date": edge.isoformat()}
    text = edge.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"dateTime": text, "timeZone": own_zone or zone}
