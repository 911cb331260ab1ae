"""The page that answers several new times of a series at once: each beside the time it would replace, and the sum."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from appointments.models import Appointment, Proposal
from appointments.queries.busy import Elsewhere
from appointments.states import Role

from .changing import settled_words
from .consequences import Phrase
from .labels import live_proposal
from .series import sum_of


@dataclass(frozen=True, slots=True)
class NewTimeRow:
    """A new time for a date of the series. `clashes` are the reader's own appointments that it overlaps, and `busy` is
    what they have elsewhere then; `message` goes with it, unless all have the same."""

    appointment: Appointment
    proposal: Proposal
    clashes: tuple[Appointment, ...]
    message: str
    busy: Elsewhere | None = None


@dataclass(frozen=True, slots=True)
class NewTimesPage:
    """The new times that wait for the reader, soonest date first, and what they come to together."""

    rows: tuple[NewTimeRow, ...]
    message: str
    sum: str

    @property
    def proposals(self) -> list[Proposal]:
        return [row.proposal for row in self.rows]

    @property
    def answer_by(self) -> datetime:
        """The moment by which the first of them must be answered."""
        return min(row.proposal.answer_by for row in self.rows)

    @property
    def requests(self) -> int:
        """The number of dates that are not agreed yet, and would be with their new times."""
        return sum(row.appointment.is_request for row in self.rows)

    @property
    def clashing(self) -> int:
        """The number of new times that overlap other appointments of the reader's."""
        return sum(bool(row.clashes) for row in self.rows)


def waiting_proposals(appointments: Sequence[Appointment], side: Role, now: datetime) -> list[Proposal]:
    """The new times for these dates that wait for an answer of `side`."""
    live = [live_proposal(one, now) for one in appointments]
    return [one for one in live if one is not None and one.waits_for(side, now)]


def build_new_times(
    appointments: Sequence[Appointment],
    proposals: Sequence[Proposal],
    own: Sequence[Appointment],
    busy: Sequence[Elsewhere] = (),
) -> NewTimesPage:
    """The page of these proposals for dates of one series; `own` are other appointments of the reader's, and `busy` is
    when they are busy elsewhere. No query."""
    by_key = {one.pk: one for one in appointments}
    messages = {one.message for one in proposals}
    shared = messages.pop() if len(messages) == 1 else ""
    rows = tuple(
        NewTimeRow(
            appointment=by_key[one.appointment_id],
            proposal=one,
            clashes=tuple(other for other in own if other.start < one.end and other.end > one.start),
            message="" if shared else one.message,
            busy=next((each for each in busy if each.meets((one.start, one.end))), None),
        )
        for one in proposals
    )
    return NewTimesPage(rows, shared, sum_of([row.appointment for row in rows]))


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a new time that can't be answered any more: the time it was for, and how it stands now."""

    start: datetime
    words: Phrase


def settled_ones(
    named: Sequence[Proposal], appointments: Sequence[Appointment], side: Role, *, other: str, now: datetime
) -> list[Settled]:
    """What became of those of the new times that do not wait for an answer of `side` any more."""
    by_key = {one.pk: one for one in appointments}
    return [
        Settled(one.start, settled_words(one, by_key[one.appointment_id], side, other=other, now=now))
        for one in named
        if not one.waits_for(side, now)
    ]
