"""Rules of an appointment's moves, decided from facts in hand, with the sentences that tell them to people."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from appointments.exceptions import MoveRefused, PolicyRefused, TermsChanged
from appointments.models import Appointment, Proposal
from appointments.rules.fair_use import LATE_WITHIN, is_late
from appointments.states import ANSWERING, MOVES, ProposalState, Role, Status, Verb, side_of, target
from core.exceptions import DomainError
from core.wording import words_for_minutes
from providers.models import BookingPolicy

COMPLETES_AFTER = timedelta(hours=24)
CORRECTED_WITHIN = timedelta(days=7)
# How long before the start a customer may say that they will come; no reminder goes out sooner.
COMES_WITHIN = timedelta(days=7)

OVER = {
    Status.CONFIRMED: "This appointment is already confirmed.",
    Status.DECLINED: "This request was declined.",
    Status.CANCELLED: "This appointment was cancelled.",
    Status.EXPIRED: "This request ended because it was not answered in time.",
    Status.COMPLETED: "This appointment is marked as completed.",
    Status.NO_SHOW: "This appointment is marked as a no-show.",
    Status.REQUESTED: "This request has not been answered yet.",
}
NO_LONGER_OPEN = {
    ProposalState.ACCEPTED: "This new time was accepted.",
    ProposalState.DECLINED: "This new time was declined.",
    ProposalState.WITHDRAWN: "This new time was withdrawn.",
    ProposalState.LAPSED: "This new time was not answered in time, so the present one stays.",
    ProposalState.REPLACED: "Another new time was proposed instead of this one.",
    ProposalState.ENDED: "The appointment has changed since this new time was proposed.",
}


def answer_deadline(*, now: datetime, start: datetime, policy: BookingPolicy) -> datetime:
    """The moment when an unanswered request expires: after the provider's answer time or at its start, if earlier."""
    return min(now + timedelta(minutes=policy.answer_minutes), start)


def proposal_deadline(
    appointment: Appointment, start: datetime, *, role: Role, policy: BookingPolicy, now: datetime
) -> datetime:
    """The moment when a proposal of `start`, made now in this role, lapses: after the answer time or at the first of
    both starts, and never after the moment until which a request may be kept waiting."""
    deadline = answer_deadline(now=now, start=min(start, appointment.start), policy=policy)
    if appointment.is_request and appointment.answer_by:
        return min(deadline, _may_wait_until(appointment, appointment.answer_by, role=role, policy=policy))
    return deadline


def _may_wait_until(appointment: Appointment, answer_by: datetime, *, role: Role, policy: BookingPolicy) -> datetime:
    """The latest deadline of a proposal for a request that waits until `answer_by`. A customer does not make their
    request wait for longer; a provider by one answer time in all, however often they propose and withdraw."""
    if side_of(role) is Role.CUSTOMER:
        return answer_by
    return max(answer_by, appointment.created_at + 2 * timedelta(minutes=policy.answer_minutes))


def moves_at_once(appointment: Appointment, *, role: Role, policy: BookingPolicy) -> bool:
    """Whether a new time chosen in this role counts without an answer of the other side."""
    return role is Role.CUSTOMER and appointment.is_confirmed and appointment.service.confirms_at_once(policy)


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
    if now > until:
        sentence = f"It starts in less than {words_for_minutes(cutoff)}, so it can no longer be cancelled here."
        return CancelTerms(False, until, sentence, late_from)
    if can_be_late and is_late(start, now):
        return CancelTerms(True, until, "This is a late cancellation.", late_from, is_late=True)
    return CancelTerms(True, until, "Cancelling now is free and does not affect your standing.", late_from)


@dataclass(frozen=True, slots=True)
class MoveTerms:
    """The terms of changing the time now for this person.

    They may change it up to and including `until`, but always before the start. `at_once` says that the new time counts
    without an answer; otherwise `answer_by` is the moment when a proposal of the start in question would lapse.
    """

    allowed: bool
    until: datetime
    sentence: str
    at_once: bool
    answer_by: datetime | None = None


def move_terms(
    appointment: Appointment, *, role: Role, policy: BookingPolicy, now: datetime, start: datetime | None = None
) -> MoveTerms:
    """The terms of changing the time, to `start` where one is chosen. Needs an appointment of `with_people()`.

    The customer's cutoff does not bind provider and staff. Whether the new time is open is not asked here.
    """
    until, at_once = _changed_until(appointment, role, policy), moves_at_once(appointment, role=role, policy=policy)
    try:
        check_move(appointment, Verb.MOVE if at_once else Verb.PROPOSE, role=role, policy=policy, now=now, start=start)
    except DomainError as refusal:
        return MoveTerms(False, until, str(refusal), at_once)
    if at_once:
        return MoveTerms(True, until, "The new time counts at once.", at_once)
    other = appointment.provider if side_of(role) is Role.CUSTOMER else appointment.customer
    sentence = f"The present time stays until {other.first_name} accepts the new one."
    deadline = proposal_deadline(appointment, start, role=role, policy=policy, now=now) if start else None
    return MoveTerms(True, until, sentence, at_once, deadline)


def _changed_until(appointment: Appointment, role: Role, policy: BookingPolicy) -> datetime:
    cutoff = policy.reschedule_cutoff_minutes if role is Role.CUSTOMER else 0
    return appointment.start - timedelta(minutes=cutoff)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempted move with the facts that its guards check. The appointment comes with its people loaded.

    `proposal` is the one that the move answers, `start` a new time that it proposes or moves to.
    """

    appointment: Appointment
    role: Role
    policy: BookingPolicy
    now: datetime
    proposal: Proposal | None = None
    start: datetime | None = None


def _can_still_be_answered(attempt: Attempt) -> None:
    if attempt.appointment.is_unanswered(attempt.now):
        raise MoveRefused(OVER[Status.EXPIRED])


def _answer_time_is_over(attempt: Attempt) -> None:
    if not attempt.appointment.is_unanswered(attempt.now):
        raise MoveRefused("This request can still be answered.")


def _customer_takes_part(attempt: Attempt) -> None:
    customer = attempt.appointment.customer
    if not customer.takes_part:
        raise PolicyRefused(f"This customer's account is {customer.why_not}.")


def _provider_takes_part(attempt: Attempt) -> None:
    user = attempt.appointment.provider.user
    if not user.takes_part:
        raise PolicyRefused(f"This provider's account is {user.why_not}.")


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


def _time_can_be_changed(attempt: Attempt) -> None:
    appointment, policy = attempt.appointment, attempt.policy
    if appointment.start <= attempt.now:
        raise PolicyRefused("It has already started, so its time can no longer be changed.")
    if attempt.now > _changed_until(appointment, attempt.role, policy):
        cutoff = words_for_minutes(policy.reschedule_cutoff_minutes)
        raise PolicyRefused(f"It starts in less than {cutoff}, so its time can no longer be changed here.")
    if attempt.start and attempt.start.replace(second=0, microsecond=0) != attempt.start:
        raise PolicyRefused("Choose a time in whole minutes.")
    if attempt.start == appointment.start:
        raise MoveRefused("It is at that time already.")


def _needs_an_answer(attempt: Attempt) -> None:
    if moves_at_once(attempt.appointment, role=attempt.role, policy=attempt.policy):
        raise TermsChanged


def _is_agreed(attempt: Attempt) -> None:
    """Refuse a move unless it accepts what the other side proposed, or counts at once."""
    if attempt.proposal:
        return _is_for_this_side_to_answer(attempt)
    _time_can_be_changed(attempt)
    if not moves_at_once(attempt.appointment, role=attempt.role, policy=attempt.policy):
        raise TermsChanged


def _is_for_this_side_to_answer(attempt: Attempt) -> None:
    if _open_proposal(attempt).side is side_of(attempt.role):
        raise MoveRefused("The other side answers this new time.")


def _is_this_sides_own(attempt: Attempt) -> None:
    if _open_proposal(attempt).side is not side_of(attempt.role):
        raise MoveRefused("Only the side that proposed this new time can withdraw it.")


def _open_proposal(attempt: Attempt) -> Proposal:
    """The proposal in question. Raises MoveRefused unless it can still be answered, whatever a late job has marked."""
    proposal = attempt.proposal
    if proposal is None:
        raise MoveRefused("No new time is proposed.")
    if not proposal.is_live(attempt.now):
        raise MoveRefused(NO_LONGER_OPEN[ProposalState.LAPSED if proposal.is_open else ProposalState(proposal.state)])
    return proposal


def _has_lapsed(attempt: Attempt) -> None:
    proposal = attempt.proposal
    if proposal is None or not proposal.is_open or proposal.is_live(attempt.now):
        raise MoveRefused("No new time waits past its time to be answered.")


def _is_near(attempt: Attempt) -> None:
    if attempt.appointment.start <= attempt.now:
        raise PolicyRefused("It has already started.")
    if attempt.appointment.start - attempt.now > COMES_WITHIN:
        raise PolicyRefused("You can say that from 7 days before it starts.")


def _no_new_time_waits(attempt: Attempt) -> None:
    proposed = attempt.appointment.open_proposal
    if proposed is not None and proposed.is_live(attempt.now):
        raise PolicyRefused("A new time waits for an answer, and that comes first.")


_STILL_HERE = (_can_still_be_answered, _customer_takes_part, _provider_takes_part)

# The guards of each verb, checked in this order after the table of moves; the first refusal is told.
GUARDS: dict[Verb, tuple[Callable[[Attempt], None], ...]] = {
    Verb.ACCEPT: _STILL_HERE,
    Verb.DECLINE: (_can_still_be_answered,),
    Verb.WITHDRAW: (_can_still_be_answered,),
    Verb.EXPIRE: (_answer_time_is_over,),
    Verb.CANCEL: (_can_be_cancelled,),
    Verb.COMPLETE: (_completes_by_itself, _has_started),
    Verb.NO_SHOW: (_has_started,),
    Verb.CORRECT: (_can_be_corrected,),
    Verb.PROPOSE: (*_STILL_HERE, _time_can_be_changed, _needs_an_answer),
    Verb.MOVE: (*_STILL_HERE, _is_agreed),
    Verb.DECLINE_TIME: (_can_still_be_answered, _is_for_this_side_to_answer),
    Verb.WITHDRAW_TIME: (_can_still_be_answered, _is_this_sides_own),
    # Where a request expires at the same moment, that is told and this is not.
    Verb.LAPSE: (_can_still_be_answered, _has_lapsed),
    Verb.COME: (_customer_takes_part, _provider_takes_part, _is_near, _no_new_time_waits),
}


def check_move(
    appointment: Appointment,
    verb: Verb,
    *,
    role: Role,
    policy: BookingPolicy,
    now: datetime,
    to: Status | None = None,
    proposal: Proposal | None = None,
    start: datetime | None = None,
) -> None:
    """Raise MoveRefused or PolicyRefused when `verb` may not be done to `appointment` in this role at `now`.

    `to` is the state the move should lead to, if the caller names one; `proposal` the one that it answers, and `start`
    a new time. Raises TermsChanged where a new time needs an answer and the caller thinks it does not, or the reverse.
    """
    leaving, _, roles = MOVES[verb]
    if role not in roles:
        raise MoveRefused("That is not yours to do.")
    if appointment.status not in leaving:
        raise MoveRefused(OVER[Status(appointment.status)])
    if to not in {None, target(verb, Status(appointment.status))}:
        raise MoveRefused("It can be changed to completed or to a no-show, and to nothing else.")
    attempt = Attempt(appointment, role, policy, now, proposal, start)
    for guard in GUARDS[verb]:
        guard(attempt)


def possible_moves(appointment: Appointment, *, role: Role, policy: BookingPolicy, now: datetime) -> frozenset[Verb]:
    """The verbs this role may use now, those of answering for its `open_proposal`. Pages show their buttons by it, so
    that they agree with the services."""
    return frozenset(verb for verb in MOVES if _may(appointment, verb, role=role, policy=policy, now=now))


def _may(appointment: Appointment, verb: Verb, *, role: Role, policy: BookingPolicy, now: datetime) -> bool:
    try:
        check_move(appointment, verb, role=role, policy=policy, now=now, proposal=appointment.open_proposal)
    except DomainError:
        return False
    return True
