"""The table of what may be done with an appointment: `docs/states.md`.

By state, proposed new time, moment, ban, time off and role. It is written from the table of moves, its guards and the
rules about people and times by `python -m tests.states_table`; a test compares it with the file and with what the
services do.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

from appointments.mail.preview import sample_appointment
from appointments.models import Appointment, Proposal
from appointments.rules.moves import possible_moves
from appointments.rules.obstacles import Asked, Obstacle, obstacles
from appointments.rules.persons import Dealings, move_refusal
from appointments.rules.slots import Facts, Rules, Shape
from appointments.states import MOVES, Role, Status, Verb
from core.intervals import Interval
from tests.factories.appointments import demanded_by

FILE = Path(__file__).resolve().parents[1] / "docs" / "states.md"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# How long before the start a request or a proposal is to be answered, and how long an appointment lasts.
ANSWERED_BEFORE, LENGTH = DAY, HOUR
# How long after the present start somebody chooses another one, and how long after it another one is proposed.
CHOSEN_AFTER, PROPOSED_AFTER = 3 * HOUR, DAY


class Ban(StrEnum):
    """What stands against one of the two people."""

    NONE = "nobody"
    CUSTOMER = "customer suspended"
    PROVIDER = "provider suspended"
    BLOCKED = "customer blocked"


class Away(StrEnum):
    """The time of the appointment that lies in a time off of its provider."""

    NONE = "none"
    PRESENT = "over its time"
    NEW = "over the new time"


@dataclass(frozen=True, slots=True)
class Case:
    """A situation: a state, the side from which a new time is proposed, if any, a moment, as the time after the start,
    a ban and a time off."""

    status: Status
    proposed_by: Role | None
    when: str
    after_start: timedelta
    at_once: bool = False
    ban: Ban = Ban.NONE
    away: Away = Away.NONE

    @property
    def is_usual(self) -> bool:
        return self.ban is Ban.NONE and self.away is Away.NONE

    @property
    def new_time(self) -> str:
        return f"by the {self.proposed_by.label.lower()}" if self.proposed_by else "none"

    def time_off(self, start: datetime) -> list[Interval]:
        """The times that the provider has taken off, where the appointment is at `start`."""
        after = {Away.NONE: [], Away.PRESENT: [timedelta()], Away.NEW: [CHOSEN_AFTER, PROPOSED_AFTER]}[self.away]
        return [(start + length, start + length + LENGTH) for length in after]


AHEAD, DUE = ("to be answered", -2 * DAY), ("past the time to answer", -ANSWERED_BEFORE)
ENDED, SIDES = LENGTH, (Role.CUSTOMER, Role.PROVIDER)
CASES = [
    *(
        Case(Status.REQUESTED, side, *moment)
        for side in (None, Role.CUSTOMER, Role.PROVIDER)
        for moment in (AHEAD, DUE)
    ),
    Case(Status.CONFIRMED, None, "ahead", -2 * DAY),
    Case(Status.CONFIRMED, None, "ahead, confirmed at once", -2 * DAY, at_once=True),
    Case(Status.CONFIRMED, None, "past the cutoffs", -HOUR),
    Case(Status.CONFIRMED, None, "started", timedelta()),
    Case(Status.CONFIRMED, None, "a day after its end", ENDED + DAY),
    *(Case(Status.CONFIRMED, side, *moment) for side in SIDES for moment in (AHEAD, DUE)),
    *(
        Case(status, None, words, ENDED + days * DAY)
        for status in (Status.COMPLETED, Status.NO_SHOW)
        for words, days in (("within 7 days", 7), ("later", 8))
    ),
    *(Case(status, None, "always", -2 * DAY) for status in (Status.DECLINED, Status.CANCELLED, Status.EXPIRED)),
]

HEAD = """# What may be done with an appointment

Written by `python -m tests.states_table` from the table of moves (`appointments/states.py`), its guards
(`appointments/rules/moves.py`) and the rules about people and times; a test compares each cell of each combination with
what `transitions.apply` does. The provider answers by hand and both cutoffs are two hours, except where a row says
otherwise. A verb that a cell does not name is refused.

The first row of each state and moment is that of nobody suspended or blocked and no time off. The rows below it name
the combinations that differ from it; one that none of them names is as the first. A suspension ends what lies ahead in
the moment in which it begins, so its rows say what is left to do where something was not ended.

| state | new time proposed | when | against | time off | customer | provider | staff | system |
|---|---|---|---|---|---|---|---|---|
"""


def fields_of(case: Case, start: datetime) -> dict[str, Any]:
    """The fields of an appointment at `start` that is in the row's state."""
    return demanded_by(case.status, start + ENDED) | {
        "status": case.status,
        "answer_by": start - ANSWERED_BEFORE if case.status == Status.REQUESTED else None,
    }


def proposal_of(case: Case, appointment: Appointment) -> Proposal | None:
    """The row's proposal for the appointment, of the time a day later."""
    if case.proposed_by is None:
        return None
    return Proposal(
        appointment=appointment,
        by=case.proposed_by,
        old_start=appointment.start,
        start=appointment.start + PROPOSED_AFTER,
        end=appointment.end + PROPOSED_AFTER,
        answer_by=appointment.start - ANSWERED_BEFORE,
    )


def situations(ban: Ban | None = None) -> Iterator[Case]:
    """Every combination, or those with this ban."""
    for case in CASES:
        for each in [ban] if ban else Ban:
            for away in Away:
                yield replace(case, ban=each, away=away)


def allowed(case: Case, role: Role) -> frozenset[Verb]:
    """The verbs that the rules allow this role in this case."""
    appointment = _appointment_of(case)
    now, policy = appointment.start + case.after_start, appointment.provider.policy
    actor = {Role.CUSTOMER: appointment.customer, Role.PROVIDER: appointment.provider.user}.get(role)
    if actor and not actor.takes_part:
        return frozenset()
    moves = possible_moves(appointment, role=role, policy=policy, now=now)
    if _may_choose(case, appointment, role, now):
        return moves
    # Where a new time is proposed, to move is to accept it, and chooses none.
    return moves - ({Verb.PROPOSE} if appointment.open_proposal else {Verb.PROPOSE, Verb.MOVE})


def _appointment_of(case: Case) -> Appointment:
    appointment = sample_appointment(case.status)
    for name, value in fields_of(case, appointment.start).items():
        setattr(appointment, name, value)
    appointment.end = appointment.start + LENGTH
    appointment.open_proposal = proposal_of(case, appointment)
    appointment.provider.policy.accepts_at_once = case.at_once
    banned = {Ban.CUSTOMER: appointment.customer, Ban.PROVIDER: appointment.provider.user}.get(case.ban)
    if banned:
        banned.banned_at = appointment.start
    return appointment


def _may_choose(case: Case, appointment: Appointment, role: Role, now: datetime) -> bool:
    """Whether what is between the two, and what takes the provider's time, leaves a new time to choose."""
    dealings = Dealings(is_blocked=case.ban is Ban.BLOCKED)
    if role is Role.CUSTOMER and move_refusal(appointment.customer, appointment.provider, dealings):
        return False
    facts = Facts(UTC, Rules(timedelta(), 60), {}, {}, taken=case.time_off(appointment.start))
    shape, start = Shape(LENGTH, timedelta(), timedelta(), HOUR), appointment.start + CHOSEN_AFTER
    return Obstacle.TAKEN not in obstacles(Asked(facts, shape, start, now))


def table() -> str:
    """The whole page."""
    return HEAD + "".join(f"{row}\n" for case in CASES for row in _rows(case))


def _rows(case: Case) -> Iterator[str]:
    """The rows of a state and moment: the first, and one for each group of combinations with other cells."""
    usual = _cells(case)
    yield _row([case.status.label, case.new_time, case.when, case.ban, case.away, *usual])
    for against, away, cells in _others(case):
        if cells != usual:
            yield _row(["", "", "", against, away, *cells])


def _others(case: Case) -> Iterator[tuple[str, str, list[str]]]:
    """The combinations by their ban, those that differ in the time off alone as one where their cells are equal."""
    for ban in Ban:
        by_cells: dict[tuple[str, ...], list[Away]] = {}
        for away in Away:
            by_cells.setdefault(tuple(_cells(replace(case, ban=ban, away=away))), []).append(away)
        for cells, aways in by_cells.items():
            yield ban, "any" if len(aways) == len(Away) else " or ".join(aways), list(cells)


def _cells(case: Case) -> list[str]:
    return [_cell(allowed(case, role)) for role in Role]


def _cell(verbs: frozenset[Verb]) -> str:
    return ", ".join(_words(verb) for verb in MOVES if verb in verbs)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _words(verb: Verb) -> str:
    return verb.value.replace("_", " ")


if __name__ == "__main__":
    FILE.write_text(table())
