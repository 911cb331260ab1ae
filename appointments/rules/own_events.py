"""Own events: what one says, and which can be kept. Decided from facts in hand."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from appointments.exceptions import EventRefused
from appointments.models import OwnEvent
from appointments.states import Frequency
from core import clock
from core.intervals import Interval

from .recurrence import Rule, choices_for, expand, is_longer_than

LONGEST = timedelta(days=366)
FURTHEST = timedelta(days=3 * 366)
MOST_AHEAD = 1_000
# Of one that repeats: each day of a year.
MOST_DATES = 366
TOO_FAR = "Choose a time within three years from today."
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


def rule_of(event: OwnEvent) -> Rule | None:
    """The rule by which the event repeats; None for one that does not. Needs its recurrence preloaded."""
    kept = event.recurrence
    if kept is None:
        return None
    return Rule(Frequency(kept.frequency), kept.first, kept.zone, count=kept.count, until=kept.until)


def last_day(rule: Rule) -> date:
    """The last date of the rule, by the clocks of its zone."""
    return expand(rule, most=MOST_DATES).occurrences[-1].day


def check_repeats(rule: Rule) -> None:
    """Raise EventRefused unless an event may repeat so."""
    if rule.frequency not in choices_for(rule.wall.date()):
        raise EventRefused("It does not begin on the last such weekday of its month.", field="repeat")
    field = "count" if rule.until is None else "until"
    if not is_longer_than(rule, 1):
        raise EventRefused(
            "What repeats has at least two dates. Choose a later end, or let it not repeat.", field=field
        )
    if is_longer_than(rule, MOST_DATES):
        raise EventRefused(f"An event repeats on {MOST_DATES} dates at most. Choose an earlier end.", field=field)


def dates_of(details: Details, rule: Rule) -> dict[int, Details]:
    """The event on each date of the rule, by number. Its start, end and whole days are kept on the wall clock of the
    rule's zone; what a clock change leaves nothing of lasts as long as elsewhere."""
    start, end = (clock.local(each, rule.zone).replace(tzinfo=None, fold=0) for each in details.span)
    found = {}
    for one in expand(rule, most=MOST_DATES).occurrences:
        until = clock.to_instant(datetime.combine(one.day, start.time()) + (end - start), rule.zone)
        if until <= one.start:
            until = one.start + (details.end - details.start)
        found[one.number] = details if one.start == details.start else replace(details, start=one.start, end=until)
    return found


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
        raise EventRefused(TOO_FAR, field="start")
    for field, text, most in (
        ("title", details.title, LONGEST_TITLE),
        ("place", details.place, LONGEST_PLACE),
        ("description", details.description, LONGEST_DESCRIPTION),
    ):
        if len(text) > most:
            raise EventRefused(f"Shorten the {field} to {most} characters: it has {len(text)}.", field=field)
