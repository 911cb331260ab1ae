"""An appointment's life after it was made. `_move` is the only code that assigns `status`."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import User
from appointments.models import Appointment, AppointmentEvent
from appointments.rules.moves import check_move
from appointments.states import HOLDING, MOVES, Role, Status, Verb, target
from core import clock
from core.db import lock_row, retrying
from notifications import services as notifications
from outbox import services as outbox

from . import holds

# Each event is told to both sides, except what takes place after the appointment.
TOLD = {Verb.REQUEST, Verb.BOOK, Verb.ACCEPT, Verb.DECLINE, Verb.WITHDRAW, Verb.CANCEL, Verb.EXPIRE}
ENDED_BY_SOMEBODY = {Verb.CANCEL, Verb.WITHDRAW}
ENDS = {Verb.DECLINE, Verb.WITHDRAW, Verb.CANCEL, Verb.EXPIRE, Verb.COMPLETE, Verb.NO_SHOW}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The appointment as it is now, and whether this call changed it or found it already done."""

    appointment: Appointment
    changed: bool


def accept_request(*, appointment: Appointment, actor: User, role: Role = Role.PROVIDER, reason: str = "") -> Outcome:
    """Confirm a request. Raises MoveRefused when it was withdrawn, expired or otherwise ended."""
    return _move(appointment, Verb.ACCEPT, actor=actor, role=role, reason=reason)


def decline_request(*, appointment: Appointment, actor: User, role: Role = Role.PROVIDER, reason: str = "") -> Outcome:
    """Refuse a request and release its time."""
    return _move(appointment, Verb.DECLINE, actor=actor, role=role, reason=reason)


def withdraw_request(*, appointment: Appointment, actor: User, role: Role = Role.CUSTOMER, reason: str = "") -> Outcome:
    """Take back one's own unanswered request and release its time."""
    return _move(appointment, Verb.WITHDRAW, actor=actor, role=role, reason=reason)


def cancel_appointment(*, appointment: Appointment, actor: User | None, role: Role, reason: str = "") -> Outcome:
    """Call off a confirmed appointment before its start and release its time.

    Raises PolicyRefused for a customer after the provider's cutoff, MoveRefused when it has ended otherwise.
    """
    return _move(appointment, Verb.CANCEL, actor=actor, role=role, reason=reason)


def expire_request(*, appointment: Appointment) -> Outcome:
    """End a request whose time to answer is over."""
    return _move(appointment, Verb.EXPIRE, actor=None, role=Role.SYSTEM)


def complete_appointment(
    *, appointment: Appointment, actor: User, role: Role = Role.PROVIDER, reason: str = ""
) -> Outcome:
    """Mark as taken place, from its start on."""
    return _move(appointment, Verb.COMPLETE, actor=actor, role=role, reason=reason)


def complete_by_itself(*, appointment: Appointment) -> Outcome:
    """What the system does 24 hours after the end of an appointment that nobody marked."""
    return _move(appointment, Verb.COMPLETE, actor=None, role=Role.SYSTEM)


def mark_no_show(*, appointment: Appointment, actor: User, role: Role = Role.PROVIDER, reason: str = "") -> Outcome:
    """Mark that the customer did not come, from its start on."""
    return _move(appointment, Verb.NO_SHOW, actor=actor, role=role, reason=reason)


def correct_outcome(
    *, appointment: Appointment, to: Status, actor: User, role: Role = Role.PROVIDER, reason: str = ""
) -> Outcome:
    """Change completed to no-show or back, within 7 days of the first mark. Raises MoveRefused for any other state."""
    return _move(appointment, Verb.CORRECT, actor=actor, role=role, reason=reason, to=to)


@retrying
@transaction.atomic
def _move(
    appointment: Appointment,
    verb: Verb,
    *,
    actor: User | None,
    role: Role,
    reason: str = "",
    to: Status | None = None,
) -> Outcome:
    """Lock, re-read, ask the table and the policies, save, record. Already there: nothing happens.

    `to` is said where the table alone does not say where `verb` leads.
    """
    to = to or target(verb, Status(appointment.status))
    provider = holds.lock_provider(appointment.provider_id)
    appointment = lock_row(Appointment.objects.select_related("customer", "service").filter(pk=appointment.pk))
    appointment.provider = provider
    _check_role(appointment, actor, role)
    if appointment.status == to and role in MOVES[verb][2]:
        return Outcome(appointment, changed=False)
    now = clock.now()
    check_move(appointment, verb, role=role, policy=provider.policy, now=now, to=to)
    before = appointment.status
    appointment.status = to
    appointment.sequence += 1
    if verb in ENDS:
        appointment.closed_at = now
    if verb in ENDED_BY_SOMEBODY:
        appointment.ended_by = role
        appointment.was_withdrawn = verb is Verb.WITHDRAW
    appointment.save(update_fields=["status", "sequence", "closed_at", "ended_by", "was_withdrawn"])
    if to not in HOLDING:
        holds.release(appointment)
    record(appointment, verb, actor=actor, role=role, from_status=before, now=now, reason=reason)
    return Outcome(appointment, changed=True)


def record(
    appointment: Appointment,
    verb: Verb,
    *,
    actor: User | None,
    role: Role,
    from_status: str,
    now: datetime,
    reason: str = "",
) -> AppointmentEvent:
    """Append the history entry and publish what follows from it, in the transaction of the change."""
    event = AppointmentEvent.objects.create(
        appointment=appointment,
        at=now,
        verb=verb,
        role=role,
        actor=actor,
        from_status=from_status,
        to_status=appointment.status,
        start=appointment.start,
        reason=reason,
    )
    jobs = [
        outbox.Draft(
            topic="appointments.refresh_openings",
            key=f"event:{event.pk}",
            payload={"provider": appointment.provider_id},
        )
    ]
    if verb in TOLD:
        jobs += [
            notifications.draft("appointments.event", key=f"{event.pk}:{side}", event=event.pk, to=side)
            for side in (Role.CUSTOMER.value, Role.PROVIDER.value)
        ]
    outbox.publish_all(jobs)
    return event


def _check_role(appointment: Appointment, actor: User | None, role: Role) -> None:
    """The actor really is what they act as; anything else is a mistake of the caller, not of a person."""
    allowed = {
        Role.CUSTOMER: actor is not None and actor.pk == appointment.customer_id,
        Role.PROVIDER: actor is not None and actor.pk == appointment.provider.user_id,
        Role.STAFF: actor is not None and actor.is_staff,
        Role.SYSTEM: actor is None,
    }[role]
    if not allowed:
        raise PermissionDenied
