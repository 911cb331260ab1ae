"""The table of what may be done with an appointment, by state, proposed new time, moment and role: `docs/states.md`.

It is written from the table of moves and the guards by `python -m tests.states_table`; a test compares it with the file
and with what the services do.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

from appointments.mail.preview import sample_appointment
from appointments.models import Appointment, Proposal
from appointments.rules.moves import possible_moves
from appointments.states import MOVES, Role, Status, Verb
from tests.factories.appointments import demanded_by

FILE = Path(__file__).resolve().parents[1] / "docs" / "states.md"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# How long before the start a request or a proposal is to be answered, and how long an appointment lasts.
ANSWERED_BEFORE, LENGTH = DAY, HOUR


@dataclass(frozen=True, slots=True)
class Case:
    """A row: a state, the side from which a new time is proposed, if any, and a moment, as the time after the start."""

    status: Status
    proposed_by: Role | None
    when: str
    after_start: timedelta
    at_once: bool = False

    @property
    def new_time(self) -> str:
        return f"by the {self.proposed_by.label.lower()}" if self.proposed_by else "none"


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

Written by `python -m tests.states_table` from the table of moves (`appointments/states.py`) and its guards
(`appointments/rules/moves.py`); a test compares each cell with what `transitions.apply` does. The provider answers by
hand and both cutoffs are two hours, except where a row says otherwise. A verb that a cell does not name is refused.

| state | new time proposed | when | customer | provider | staff | system |
|---|---|---|---|---|---|---|
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
        start=appointment.start + DAY,
        end=appointment.end + DAY,
        answer_by=appointment.start - ANSWERED_BEFORE,
    )


def allowed(case: Case, role: Role) -> frozenset[Verb]:
    """The verbs that the rules allow this role in this row."""
    appointment = sample_appointment(case.status)
    for name, value in fields_of(case, appointment.start).items():
        setattr(appointment, name, value)
    appointment.end = appointment.start + LENGTH
    appointment.open_proposal = proposal_of(case, appointment)
    policy = appointment.provider.policy
    policy.accepts_at_once = case.at_once
    return possible_moves(appointment, role=role, policy=policy, now=appointment.start + case.after_start)


def table() -> str:
    """The whole page."""
    return HEAD + "".join(f"{_row(case)}\n" for case in CASES)


def _row(case: Case) -> str:
    cells = [", ".join(_words(verb) for verb in MOVES if verb in allowed(case, role)) for role in Role]
    return f"| {' | '.join([case.status.label, case.new_time, case.when, *cells])} |"


def _words(verb: Verb) -> str:
    return verb.value.replace("_", " ")


if __name__ == "__main__":
    FILE.write_text(table())
