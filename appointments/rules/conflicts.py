"""Conflicts: which busy times of connected calendars lie over which appointments, undecided or kept."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from appointments.models import Appointment, KnownConflict
from calendar_sync.models import BusyInterval
from core.intervals import overlaps


@dataclass(frozen=True, slots=True)
class Pair:
    """An appointment and an event of a calendar, each with the times that it has; other times make another pair."""

    appointment: int
    calendar: int | None
    event_id: str
    start: datetime
    end: datetime
    busy_from: datetime
    busy_until: datetime

    @property
    def key(self) -> str:
        """The pair in short, for a form to send back."""
        times = (self.start, self.end, self.busy_from, self.busy_until)
        told = f"{self.appointment} {self.calendar} {self.event_id} {[each.timestamp() for each in times]}"
        return hashlib.sha256(told.encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Over:
    """A busy time that lies over an appointment, and what the provider knows of that, if anything."""

    pair: Pair
    busy: BusyInterval
    known: KnownConflict | None = None

    @property
    def is_kept(self) -> bool:
        return self.known is not None and self.known.kept_at is not None


@dataclass(frozen=True, slots=True)
class Conflict:
    """An appointment with the busy times that lie over it, by their start."""

    appointment: Appointment
    over: tuple[Over, ...]

    @property
    def busy(self) -> list[BusyInterval]:
        return [each.busy for each in self.over]

    @property
    def is_kept(self) -> bool:
        """Whether the provider chose to keep both, with each of the events."""
        return all(each.is_kept for each in self.over)

    @property
    def shown(self) -> str:
        """What a page shows that may change under it, for its form to send back."""
        return hashlib.sha256(" ".join(sorted(each.pair.key for each in self.over)).encode()).hexdigest()[:20]


def conflicts_between(
    appointments: Iterable[Appointment], busy: Sequence[BusyInterval], known: Iterable[KnownConflict]
) -> list[Conflict]:
    """The appointments over which at least one busy time lies. An end and a start that touch are no conflict."""
    known_by_pair = {pair_of_known(row): row for row in known}
    found = []
    for one in appointments:
        over = tuple(_over(one, each, known_by_pair) for each in busy if overlaps(_time(one), (each.start, each.end)))
        if over:
            found.append(Conflict(one, over))
    return found


def pair_of_known(row: KnownConflict) -> Pair:
    """The pair that the provider was told of."""
    times = (row.start, row.end, row.busy_from, row.busy_until)
    return Pair(row.appointment_id, row.calendar_id, row.event_id, *times)


def _over(one: Appointment, busy: BusyInterval, known: Mapping[Pair, KnownConflict]) -> Over:
    pair = Pair(one.pk, busy.calendar_id, busy.event_id, one.start, one.end, busy.start, busy.end)
    return Over(pair, busy, known.get(pair))


def _time(one: Appointment) -> tuple[datetime, datetime]:
    return one.start, one.end
