"""A provider's next day, made from an agenda: what is agreed, who will come, what waits and when they are off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from appointments.models import Appointment
from appointments.queries.agenda import Agenda
from core import clock
from core.intervals import Interval, contains


@dataclass(frozen=True, slots=True)
class NextDay:
    """The day: its confirmed appointments and its requests by start, and its time off.

    `waiting` is the number of all requests that wait for an answer, on whatever day; `due` the deadlines of those among
    them that end before the day does.
    """

    day: date
    zone: ZoneInfo
    confirmed: list[Appointment]
    requests: list[Appointment]
    off: list[Interval]
    is_off: bool
    waiting: int
    due: list[datetime]

    @property
    def is_empty(self) -> bool:
        """Whether the day asks nothing of the provider: a day off alone needs no mail."""
        return not (self.confirmed or self.requests or self.due)

    @property
    def will_come(self) -> int:
        return sum(one.will_come for one in self.confirmed)


def next_day(agenda: Agenda, day: date, deadlines: Sequence[datetime], *, now: datetime) -> NextDay:
    """The day, from its agenda and the deadlines of all that waits for the provider."""
    mine, off = agenda.on(day), agenda.off_on(day)
    start, end = clock.day_bounds(day, agenda.zone)
    return NextDay(
        day=day,
        zone=agenda.zone,
        confirmed=[one for one in mine if one.is_confirmed],
        requests=[one for one in mine if one.is_request],
        off=off,
        is_off=contains(off, start, end),
        waiting=len(deadlines),
        due=sorted(deadline for deadline in deadlines if deadline < end),
    )
