"""Own events: what one says, and which can be kept. Decided from facts in hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from appointments.exceptions import EventRefused
from appointments.models import OwnEvent
from core.intervals import Interval

LONGEST = timedelta(days=366)
FURTHEST = timedelta(days=3 * 366)
MOST_AHEAD = 1_000
# Google takes no longer ones.
LONGEST_TITLE, LONGEST_PLACE, LONGEST_DESCRIPTION = 300, 300, 4_000


@dataclass(frozen=True, slots=True)
class Details:
    """What an own event says: its times as instants, its texts, and whether it takes no time."""

    title: str
    start: datetime
    end: datetime
    is_all_day: bool = False
    place: str = ""
    description: str = ""
    is_free: bool = False

    @property
    def span(self) -> Interval:
        return self.start, self.end

    @property
    def taken(self) -> Interval | None:
        """The time that it closes for booking; None for one that takes none."""
        return None if self.is_free else self.span


def details_of(event: OwnEvent) -> Details:
    return Details(
        title=event.title,
        start=event.start,
        end=event.end,
        is_all_day=event.is_all_day,
        place=event.place,
        description=event.description,
        is_free=event.is_free,
    )


def check_details(details: Details, *, now: datetime) -> None:
    """Raise EventRefused unless an event may have these times and texts at `now`. What is over may be noted, too."""
    if details.end <= details.start:
        raise EventRefused("It ends before it begins.", field="end")
    if details.end - details.start > LONGEST:
        raise EventRefused("An event lasts at most a year. Enter the rest as another one.", field="end")
    if details.end - now > FURTHEST or now - details.start > FURTHEST:
        raise EventRefused("Choose a time within three years from today.", field="start")
    for field, text, most in (
        ("title", details.title, LONGEST_TITLE),
        ("place", details.place, LONGEST_PLACE),
        ("description", details.description, LONGEST_DESCRIPTION),
    ):
        if len(text) > most:
            raise EventRefused(f"Shorten the {field} to {most} characters: it has {len(text)}.", field=field)
