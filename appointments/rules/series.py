"""The dates of a series before it is booked: which are open, what else could be booked, and what is not settled yet.

Worked out from facts in hand, by the same rules as every slot. `picks` are the customer's answers by number of the
occurrence: a start to book, or None to leave the date out.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from appointments.models import Series
from appointments.rules.obstacles import Asked, Obstacle, first_obstacle, obstacles
from appointments.rules.recurrence import Occurrence, Rule
from appointments.rules.slots import ONE_DAY, Facts, Shape, is_open, open_slots, with_appointment
from appointments.states import Frequency, LeftOut
from core import clock
from core.intervals import Interval, meets

# However far ahead a date beyond the booking window may be requested.
REQUESTED_WITHIN = timedelta(days=366)
# Another day is offered from this many days around the date that is not open.
NEARBY_DAYS = 7
Picks = Mapping[int, datetime | None]


def rule_of(series: Series) -> Rule:
    return Rule(Frequency(series.frequency), series.first, series.zone, series.count, series.until)


class Outcome(StrEnum):
    """What happens with a date of the series as things stand."""

    OPEN = "open"
    OTHER = "other"
    REQUEST = "request"
    SKIPPED = "skipped"
    WINDOW = "window"
    UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True)
class Prospect:
    """The facts about a provider's time over the span of a series. `away` is their time off in it, sorted."""

    facts: Facts
    shape: Shape
    now: datetime
    away: tuple[Interval, ...] = ()

    def obstacle_to(self, start: datetime) -> Obstacle | None:
        return first_obstacle(self._asked(start))

    def obstacles_to(self, start: datetime) -> list[Obstacle]:
        return obstacles(self._asked(start))

    def _asked(self, start: datetime) -> Asked:
        return Asked(self.facts, self.shape, start, self.now)

    def is_open(self, start: datetime) -> bool:
        return is_open(self.facts, self.shape, start, now=self.now)

    def with_booked(self, start: datetime) -> "Prospect":
        """The prospect once `start` is booked, too."""
        return replace(self, facts=with_appointment(self.facts, self.shape, start))

    def may_be_requested(self, start: datetime) -> bool:
        """Whether nothing but the booking window is in the way, and it is less than a year ahead."""
        return self.obstacles_to(start) == [Obstacle.WINDOW] and start <= self.now + REQUESTED_WITHIN

    def starts_on(self, first: date, last: date) -> list[datetime]:
        """The open starts on the dates `first` to `last` (both included) in the provider's zone."""
        zone = self.facts.zone
        begin, end = clock.day_bounds(first, zone)[0], clock.day_bounds(last, zone)[1]
        return open_slots(self.facts, self.shape, begin, end, now=self.now)

    def day_of(self, start: datetime) -> date:
        return clock.local(start, self.facts.zone).date()

    def is_away(self, start: datetime) -> bool:
        return meets(self.away, start, start + self.shape.duration)


@dataclass(frozen=True, slots=True)
class SettledDate:
    """A date of the series and what becomes of it.

    `start` is what is booked for it, if anything; `obstacle` is what stands in the way of its own time, `is_away` says
    that it is time off. `offers` are the other starts to choose from, and `is_lost` that a chosen one is open no more.
    """

    occurrence: Occurrence
    outcome: Outcome
    start: datetime | None = None
    obstacle: Obstacle | None = None
    is_away: bool = False
    is_lost: bool = False
    offers: tuple[datetime, ...] = ()

    @property
    def number(self) -> int:
        return self.occurrence.number

    @property
    def is_settled(self) -> bool:
        return self.outcome is not Outcome.UNSETTLED

    @property
    def left_out(self) -> LeftOut:
        """The reason with which a date that is not booked is kept."""
        if self.obstacle is None:
            return LeftOut.CHOICE
        return LeftOut.AWAY if self.is_away else REASONS[self.obstacle]


REASONS = {
    Obstacle.OVER: LeftOut.SOON,
    Obstacle.NOTICE: LeftOut.SOON,
    Obstacle.WINDOW: LeftOut.WINDOW,
    Obstacle.CLOSED: LeftOut.CLOSED,
    Obstacle.GRID: LeftOut.CLOSED,
    Obstacle.FULL: LeftOut.FULL,
    Obstacle.DAY_FULL: LeftOut.FULL,
    Obstacle.TAKEN: LeftOut.TAKEN,
}


def settle(
    prospect: Prospect,
    occurrences: Sequence[Occurrence],
    picks: Picks,
    *,
    unanswered: Collection[int] = (),
    suggests: bool,
    asks_beyond: bool = False,
) -> list[SettledDate]:
    """What becomes of each date, judged together: none takes what another one of them has.

    Dates at their own time come first, then what was picked, so that a suggestion never costs another date its time.
    With `suggests`, a date that is not open gets the nearest start of its day unasked; without, it needs an answer.
    Those `unanswered`, about which the customer was asked in vain, need one even where their own time is open by now:
    nobody was shown that they would be booked. With `asks_beyond`, a date is requested where only the booking window is
    in its way.
    """
    clear = [one for one in occurrences if one.number not in unanswered]
    settled, prospect = _at_their_own_time(prospect, clear, picks)
    own = prospect
    for one in occurrences:
        if one.number in settled:
            continue
        obstacle, pick = own.obstacle_to(one.start), picks.get(one.number)
        found = SettledDate(one, Outcome.UNSETTLED, obstacle=obstacle, is_away=own.is_away(one.start))
        if obstacle is Obstacle.WINDOW and not (asks_beyond and prospect.may_be_requested(one.start)):
            found = replace(found, outcome=Outcome.WINDOW)
        elif one.number in picks and pick is None:
            found = replace(found, outcome=Outcome.SKIPPED)
        elif obstacle is Obstacle.WINDOW:
            if one.number not in unanswered:
                found = replace(found, outcome=Outcome.REQUEST, start=one.start)
                prospect = prospect.with_booked(one.start)
        else:
            if pick is None and suggests:
                pick = nearest(prospect.starts_on(one.day, one.day), one.start)
            if pick is not None and prospect.is_open(pick):
                found, prospect = replace(found, outcome=Outcome.OTHER, start=pick), prospect.with_booked(pick)
            else:
                found = replace(found, is_lost=one.number in picks)
        settled[one.number] = found
    dates = [settled[one.number] for one in occurrences]
    return [one if one.outcome is Outcome.OPEN else with_offers(own, one) for one in dates]


def _at_their_own_time(
    prospect: Prospect, occurrences: Sequence[Occurrence], picks: Picks
) -> tuple[dict[int, SettledDate], Prospect]:
    """The dates that are booked at the time of the rule, and the prospect with them booked."""
    settled = {}
    for one in occurrences:
        if picks.get(one.number, one.start) == one.start and prospect.is_open(one.start):
            settled[one.number] = SettledDate(one, Outcome.OPEN, one.start)
            prospect = prospect.with_booked(one.start)
    return settled, prospect


def with_offers(prospect: Prospect, settled: SettledDate) -> SettledDate:
    """The date with the nearest start of its day and of the days around it, and the one that is chosen."""
    if settled.obstacle is Obstacle.WINDOW:
        return settled
    own, day = settled.occurrence.start, settled.occurrence.day
    around = prospect.starts_on(day - NEARBY_DAYS * ONE_DAY, day + NEARBY_DAYS * ONE_DAY)
    that_day = [at for at in around if prospect.day_of(at) == day]
    others = [at for at in around if prospect.day_of(at) != day]
    chosen = settled.start if settled.outcome is Outcome.OTHER else None
    offers = {chosen, nearest(that_day, own), nearest(others, own)} - {None, own}
    return replace(settled, offers=tuple(sorted(at for at in offers if at)))


def nearest(starts: Iterable[datetime], wanted: datetime) -> datetime | None:
    """The start closest to `wanted`, the earlier one of two; None where there is none."""
    return min(starts, key=lambda at: (abs(at - wanted), at), default=None)


def bookable_from(start: datetime, facts: Facts) -> date:
    """The date in the provider's zone from which on a start beyond the booking window can be booked."""
    return clock.local(start, facts.zone).date() - timedelta(days=facts.rules.window_days)
