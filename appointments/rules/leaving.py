"""What becomes of what lies ahead of a person who deletes their account, decided from facts in hand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from accounts.models import User
from appointments.models import Appointment
from appointments.rules.fair_use import is_late
from appointments.rules.moves import check_move
from appointments.states import Role, Verb
from core.exceptions import DomainError


@dataclass(frozen=True, slots=True)
class Ahead:
    """An appointment or request ahead of the person, whose role in it is `role`.

    `verb` ends it; without `ends` nobody in this role can end it any more, and it stays.
    """

    appointment: Appointment
    role: Role
    verb: Verb
    ends: bool
    counts: bool  # whether ending it is a late cancellation

    @property
    def is_request(self) -> bool:
        return self.appointment.is_request


@dataclass(frozen=True, slots=True)
class Waiting:
    """The numbers of a person's places on waitlists, of those that others have on theirs, of the times offered to them,
    and of those that they offer."""

    places: int = 0
    on_theirs: int = 0
    offered: int = 0
    offering: int = 0


def ahead_of(appointments: Iterable[Appointment], person: User, *, now: datetime) -> list[Ahead]:
    """What becomes of each of these open appointments, the soonest first. Needs provider, policy and both people."""
    found = [_ahead(one, person, now) for one in appointments]
    return sorted(found, key=lambda one: (one.appointment.start, one.appointment.pk))


def _ahead(appointment: Appointment, person: User, now: datetime) -> Ahead:
    role = Role.CUSTOMER if appointment.customer_id == person.pk else Role.PROVIDER
    if appointment.is_confirmed:
        verb = Verb.CANCEL
    else:
        verb = Verb.WITHDRAW if role is Role.CUSTOMER else Verb.DECLINE
    try:
        check_move(appointment, verb, role=role, policy=appointment.provider.policy, now=now)
    except DomainError:
        return Ahead(appointment, role, verb, ends=False, counts=False)
    return Ahead(appointment, role, verb, ends=True, counts=verb is Verb.CANCEL and is_late(appointment.start, now))


def fingerprint(ahead: Sequence[Ahead], waiting: Waiting) -> str:
    """A short text that changes with what lies ahead, what becomes of it, and what else ends; a form carries it."""
    rows = ((one.appointment, one.verb, one.ends) for one in ahead)
    facts = [(row.reference, row.start.timestamp(), verb.value, ends) for row, verb, ends in rows]
    return sha256(repr((facts, waiting)).encode()).hexdigest()[:16]
