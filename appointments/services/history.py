"""Writing the history of appointments. Nothing else writes `AppointmentEvent`."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from appointments.models import Appointment, AppointmentEvent, Proposal
from appointments.states import Role, Verb
from core.compiled_inserts import insert_all

from . import follows


@dataclass(frozen=True, slots=True)
class Entry:
    """The data of one history entry. `appointment` has its new state and time already.

    `start` is the time that it had before, where that may be another; `to_start` a new time that was spoken of, and
    `dropped_start` one that waited and is replaced by it. `overridden` has a line for each of the provider's own rules
    that the act overrode.
    """

    appointment: Appointment
    verb: Verb
    from_status: str = ""
    reason: str = ""
    start: datetime | None = None
    to_start: datetime | None = None
    dropped_start: datetime | None = None
    proposal: Proposal | None = None
    overridden: str = ""


def record(
    entries: Sequence[Entry], *, actor: User | None, role: Role, now: datetime, occasion: uuid.UUID | None = None
) -> list[AppointmentEvent]:
    """Append these history entries and publish the jobs that follow from them, in the transaction of the change.

    All share `occasion`, the id of one act of one person; without it they get a new one together. What one call records
    is told together: each reader gets one mail.
    """
    occasion = occasion or uuid.uuid4()
    events = insert_all(
        AppointmentEvent(
            appointment=entry.appointment,
            occasion=occasion,
            at=now,
            verb=entry.verb,
            role=role,
            actor=actor,
            from_status=entry.from_status,
            to_status=entry.appointment.status,
            start=entry.start or entry.appointment.start,
            to_start=entry.to_start,
            dropped_start=entry.dropped_start,
            proposal=entry.proposal,
            reason=entry.reason,
            overridden=entry.overridden,
        )
        for entry in entries
    )
    follows.publish(events)
    return events
