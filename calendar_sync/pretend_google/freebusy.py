"""When a calendar is busy: what of its events takes time, without saying what it is."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from .calendars import Calendar
from .events import Event, Events
from .refusals import Refusal

MOST_CALENDARS = 50
LONGEST = timedelta(days=92)
NEVER_BUSY = {"workingLocation", "birthday"}


def check(start: datetime, end: datetime, calendars: int) -> None:
    if end <= start:
        raise Refusal(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")
    if end - start > LONGEST:
        raise Refusal(400, "timeRangeTooLong", "The requested time range is too long.", domain="calendar")
    if calendars > MOST_CALENDARS:
        raise Refusal(400, "tooManyCalendarsRequested", "Too many calendars requested.", domain="calendar")


def busy(events: Events, calendar: Calendar, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The busy times within [start, end), joined where they touch, in order."""
    joined: list[tuple[datetime, datetime]] = []
    for begins, ends in sorted(_taken(events, calendar)):
        begins, ends = max(begins, start), min(ends, end)
        if begins >= ends:
            continue
        if joined and begins <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], ends)
        else:
            joined.append((begins, ends))
    return joined


def _taken(events: Events, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    for event in events.stored(calendar):
        if event.series_id:
            continue  # it comes with its series
        for one in events.instances(event, calendar) if event.repeats else [event]:
            if takes_time(one, calendar):
                yield one.span.instants(calendar.zone)


def takes_time(event: Event, calendar: Calendar) -> bool:
    own = event.attendee(calendar.id)
    return not (
        event.cancelled
        or event.fields.get("transparency") == "transparent"
        or event.fields.get("eventType") in NEVER_BUSY
        or (own and own.get("responseStatus") == "declined")
    )
