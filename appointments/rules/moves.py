"""Rules of an appointment's moves, decided from facts in hand, with the sentences that tell them to people."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from appointments.exceptions import MoveRefused, PolicyRefused
from appointments.models import Appointment
from appointments.rules.fair_use import LATE_WITHIN, is_late
from appointments.states import ANSWERING, MOVES, Role, Status, Verb, target
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
    """The moment when an unanswered request expires: after the provider's answer time or at its start, if earlier."""
    return min(now + timedelta(minutes=policy.answer_minutes), start)


@dataclass(frozen=True, slots=True)
class CancelTerms:
    """The terms of cancelling now for this person.

    They may cancel up to and including `until`, but always before the start. From `late_from` on it is a late
    cancellation; None where it never is, because staff cancel or the provider's cutoff comes before.
    """

    allowed: bool
    until: datetime
    sentence: str
    late_from: datetime | None = None
    is_late: bool = False


def cancel_terms(appointment: Appointment, *, role: Role, policy: BookingPolicy, now: datetime) -> CancelTerms:
    """The terms of cancelling, shown before the button. The customer's cutoff does not bind provider and staff."""
    start = appointment.start
    cutoff = policy.cancellation_cutoff_minutes if role is Role.CUSTOMER else 0
    until = start - timedelta(minutes=cutoff)
    can_be_late = role in ANSWERING and start - LATE_WITHIN <= until
    late_from = start - LATE_WITHIN if can_be_late else None
    if start <= now:
        return CancelTerms(False, until, "It has already started, so it can no longer be cancelled.", late_from)
    if role is Role.CUSTOMER and now > until:
        sentence = f"It starts in less than {words_for_minutes(cutoff)}, so it can no longer be cancelled here."
        return CancelTerms(False, until, sentence, late_from)
    if can_be_late and is_late(start, now):
        return CancelTerms(True, until, "This is a late cancellation.", late_from, is_late=True)
    return CancelTerms(True, until, "Cancelling now is free and does not affect your standing.", late_from)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempted move with the facts that its guards check. The appointment comes with its people loaded."""

    appointment: Appointment
    role: Role
    policy: BookingPolicy
    now: datetime


def _can_still_be_answered(attempt: Attempt) -> None:
    if attempt.appointment.is_unanswered(attempt.now):
        raise MoveRefused(OVER[Status.EXPIRED])


def _answer_time_is_over(attempt: Attempt) -> None:
    if not attempt.appointment.is_unanswered(attempt.now):
        raise MoveRefused("This request can still be answered.")


def _customer_takes_part(attempt: Attempt) -> None:
    customer = attempt.appointment.customer
    if not customer.takes_part:
        raise PolicyRefused(f"This customer's account is {'suspended' if customer.is_active else 'closed'}.")


def _provider_takes_part(attempt: Attempt) -> None:
    user = attempt.appointment.provider.user
    if not user.takes_part:
        raise PolicyRefused(f"This provider's account is {'suspended' if user.is_active else 'closed'}.")


def _can_be_cancelled(attempt: Attempt) -> None:
    terms = cancel_terms(attempt.appointment, role=attempt.role, policy=attempt.policy, now=attempt.now)
    if not terms.allowed:
        raise PolicyRefused(terms.sentence)


def _has_started(attempt: Attempt) -> None:
    if attempt.now < attempt.appointment.start:
        raise PolicyRefused("It can be marked from its start on.")


def _completes_by_itself(attempt: Attempt) -> None:
    """Refuse the system's completion before 24 hours after the end, which are left for a person to mark it."""
    if attempt.role is Role.SYSTEM and attempt.now < attempt.appointment.end + COMPLETES_AFTER:
        raise MoveRefused("It completes by itself 24 hours after its end.")


def _can_be_corrected(attempt: Attempt) -> None:
    closed_at = attempt.appointment.closed_at
    if closed_at and attempt.now > closed_at + CORRECTED_WITHIN:
        raise PolicyRefused("It can be corrected for 7 days after it was marked, and those are over.")


# The guards of each verb, checked in this order after the table of moves; the first refusal is told.
GUARDS: dict[Verb, tuple[Callable[[Attempt], None], ...]] = {
    Verb.ACCEPT: (_can_still_be_answered, _customer_takes_part, _provider_takes_part),
    Verb.DECLINE: (_can_still_be_answered,),
    Verb.WITHDRAW: (_can_still_be_answered,),
    Verb.EXPIRE: (_answer_time_is_over,),
    Verb.CANCEL: (_can_be_cancelled,),
    Verb.COMPLETE: (_completes_by_itself, _has_started),
    Verb.NO_SHOW: (_has_started,),
    Verb.CORRECT: (_can_be_corrected,),
}


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

    `to` is the state the move should lead to, if the caller names one.
    """
    leaving, _, roles = MOVES[verb]
    if role not in roles:
        raise MoveRefused("That is not yours to do.")
    if appointment.status not in leaving:
        raise MoveRefused(OVER[Status(appointment.status)])
    if to not in {None, target(verb, Status(appointment.status))}:
        raise MoveRefused("It can be changed to completed or to a no-show, and to nothing else.")
    attempt = Attempt(appointment, role, policy, now)
    for guard in GUARDS[verb]:
        guard(attempt)


def possible_moves(appointment: Appointment, *, role: Role, policy: BookingPolicy, now: datetime) -> frozenset[Verb]:
    """The verbs this role may use now. Pages show their buttons by it, so that they agree with the services."""
    return frozenset(verb for verb in MOVES if _may(appointment, verb, role=role, policy=policy, now=now))


def _may(appointment: Appointment, verb: Verb, *, role: Role, policy: BookingPolicy, now: datetime) -> bool:
    try:
        check_move(appointment, verb, role=role, policy=policy, now=now)
    except (MoveRefused, PolicyRefused):
        return False
    return True
