"""Rules about an appointment's life, decided from facts in hand. Each figure comes with the sentence that says it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from appointments.exceptions import MoveRefused, PolicyRefused
from appointments.models import Appointment
from appointments.states import MOVES, Role, Status, Verb, target
from core.wording import words_for_minutes
from providers.models import BookingPolicy

COMPLETES_AFTER = timedelta(hours=24)
CORRECTED_WITHIN = timedelta(days=7)

OVER = {
    Status.CONFIRMED: "This appointment is already confirmed.",
    Status.DECLINED: "This request was declined.",
    Status.CANCELLED: "This appointment was cancelled.",
    Status.EXPIRED: "This request ended because it was not answered in time.",
    Status.COMPLETED: "This appointment is marked as completed.",
    Status.NO_SHOW: "This appointment is marked as a no-show.",
    Status.REQUESTED: "This request has not been answered yet.",
}


def answer_deadline(*, now: datetime, start: datetime, policy: BookingPolicy) -> datetime:
    """When an unanswered request expires: after the provider's answer time or at its start, whichever is first."""
    return min(now + timedelta(minutes=policy.answer_minutes), start)


def free_until(appointment: Appointment, policy: BookingPolicy) -> datetime:
    """The last moment at which the customer may cancel by themselves."""
    return appointment.start - timedelta(minutes=policy.cancellation_cutoff_minutes)


@dataclass(frozen=True, slots=True)
class CancelTerms:
    """What cancelling now would mean for this person. `until` is when the customer's own way out closes."""

    allowed: bool
    until: datetime
    sentence: str


def cancel_terms(appointment: Appointment, *, role: Role, policy: BookingPolicy, now: datetime) -> CancelTerms:
    """Says before the button what cancelling does. The provider and staff are not bound by the customer's cutoff."""
    until = free_until(appointment, policy)
    if appointment.start <= now:
        return CancelTerms(False, until, "It has already started, so it can no longer be cancelled.")
    if role is Role.CUSTOMER and now > until:
        notice = words_for_minutes(policy.cancellation_cutoff_minutes)
        return CancelTerms(False, until, f"It starts in less than {notice}, so it can no longer be cancelled here.")
    return CancelTerms(True, until, "Cancelling now is free.")


def check_move(
    appointment: Appointment,
    verb: Verb,
    *,
    role: Role,
    policy: BookingPolicy,
    now: datetime,
    to: Status | None = None,
) -> None:
    """Raise MoveRefused or PolicyRefused when `verb` may not be done to `appointment` in this role at `now`.

    `to` is where it is meant to lead, where that has been said.
    """
    leaving, _, roles = MOVES[verb]
    if role not in roles:
        raise MoveRefused("That is not yours to do.")
    if appointment.status not in leaving:
        raise MoveRefused(OVER[Status(appointment.status)])
    if to not in {None, target(verb, Status(appointment.status))}:
        raise MoveRefused("It can be changed to completed or to a no-show, and to nothing else.")
    if verb in {Verb.ACCEPT, Verb.DECLINE, Verb.WITHDRAW} and appointment.is_unanswered(now):
        raise MoveRefused(OVER[Status.EXPIRED])
    if verb is Verb.ACCEPT and not appointment.customer.is_active:
        raise PolicyRefused("This customer's account is closed.")
    # A provider who may not sign in can't accept; staff must not either.
    if verb is Verb.ACCEPT and role is Role.STAFF and not appointment.provider.user.is_active:
        raise PolicyRefused("This provider's account is closed.")
    if verb is Verb.EXPIRE and not appointment.is_unanswered(now):
        raise MoveRefused("This request can still be answered.")
    if verb is Verb.CANCEL:
        terms = cancel_terms(appointment, role=role, policy=policy, now=now)
        if not terms.allowed:
            raise PolicyRefused(terms.sentence)
    if verb in {Verb.COMPLETE, Verb.NO_SHOW}:
        _check_outcome(appointment, role=role, now=now)
    if verb is Verb.CORRECT and appointment.closed_at and now > appointment.closed_at + CORRECTED_WITHIN:
        raise PolicyRefused("It can be corrected for 7 days after it was marked, and those are over.")


def _check_outcome(appointment: Appointment, *, role: Role, now: datetime) -> None:
    if role is Role.SYSTEM and now < appointment.end + COMPLETES_AFTER:
        raise MoveRefused("It completes by itself 24 hours after its end.")
    if now < appointment.start:
        raise PolicyRefused("It can be marked from its start on.")


def possible_moves(appointment: Appointment, *, role: Role, policy: BookingPolicy, now: datetime) -> frozenset[Verb]:
    """The verbs this role may use now; what a page offers and what the service allows are the same question."""
    return frozenset(verb for verb in MOVES if _may(appointment, verb, role=role, policy=policy, now=now))


def _may(appointment: Appointment, verb: Verb, *, role: Role, policy: BookingPolicy, now: datetime) -> bool:
    try:
        check_move(appointment, verb, role=role, policy=policy, now=now)
    except (MoveRefused, PolicyRefused):
        return False
    return True
