"""Changing the time of an appointment: at once where the customer may, else by a proposal that the other side answers.

Each service takes its locks and decides under them, as all moves do: see `transitions.apply`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError

from accounts.models import User
from appointments.exceptions import SlotTaken, TermsChanged
from appointments.models import Appointment, Proposal
from appointments.rules.moves import moves_at_once
from appointments.states import Role, Verb, side_of
from core import clock
from core.db import violates

from . import availability, holds
from .transitions import Change, Outcome, apply


def would_move_at_once(appointment: Appointment, role: Role) -> bool:
    """Whether a new time chosen in this role counts at once. Needs an appointment of `with_people()`."""
    return moves_at_once(appointment, role=role, policy=appointment.provider.policy)


def propose_time(
    *,
    appointment: Appointment,
    start: datetime,
    actor: User,
    role: Role,
    message: str = "",
    at_once: bool | None = None,
    shown: str = "",
    version: int | None = None,
    browser: str | None = None,
) -> Outcome:
    """Move the appointment to `start` (UTC) where that counts at once, else propose it to the other side.

    A proposal keeps both times held until it is answered or lapses, and replaces an open one: one's own, or the other
    side's, to which it is then the reply. To choose the very time that the other side proposes is to accept it.
    `at_once` and `shown` (`Appointment.as_shown`) are what the person saw. A time that `browser` (a hash) or the
    account of the actor keeps for a booking is taken for this.

    Raises SlotTaken with the nearest open starts, MoveRefused or PolicyRefused where the time can't be changed,
    ReasonMissing where a provider must say in `message` why a time breaks their own rules, TermsChanged where it would
    not happen as shown, ChangedSince where the appointment is not as shown, or not the `version` (its `sequence`) that
    the person saw.
    """
    proposed = appointment.open_proposal
    if proposed and proposed.start == start and proposed.waits_for(side_of(role), clock.now()):
        proposed.appointment = appointment
        return _answer(proposed, Verb.MOVE, actor, role, message, version)
    expected = would_move_at_once(appointment, role) if at_once is None else at_once
    change = Change(appointment, _verb(expected), message, start=start, shown=shown, version=version, browser=browser)
    try:
        return _change_time(change, start, actor, role)
    except TermsChanged:
        if at_once is not None:
            raise
    # Nobody was shown anything, and the provider's policy is another than that of the row in hand.
    return _change_time(replace(change, verb=_verb(not expected)), start, actor, role)


def _verb(at_once: bool) -> Verb:
    return Verb.MOVE if at_once else Verb.PROPOSE


def _change_time(change: Change, start: datetime, actor: User, role: Role) -> Outcome:
    try:
        return _apply(change, actor, role)
    except IntegrityError as error:
        if not violates(error, holds.NO_OVERLAP):
            raise
    service, mine = availability.as_agreed(change.appointment), change.mine(actor)
    raise SlotTaken(nearest=availability.nearest_slots(service, start, now=clock.now(), mine=mine))


def accept_time(*, proposal: Proposal, actor: User, role: Role, version: int | None = None) -> Outcome:
    """Move the appointment to the proposed time; a request is confirmed by it. Raises MoveRefused once it lapsed, and
    ChangedSince, as all answers do, where the appointment is not the `version` (its `sequence`) that the person saw."""
    return _answer(proposal, Verb.MOVE, actor, role, version=version)


def decline_time(
    *, proposal: Proposal, actor: User, role: Role, reason: str = "", version: int | None = None
) -> Outcome:
    """Keep the original time, and release the proposed one."""
    return _answer(proposal, Verb.DECLINE_TIME, actor, role, reason, version)


def answer_times(*, accepted: Sequence[Proposal], kept: Sequence[Proposal], actor: User, role: Role) -> list[Outcome]:
    """Accept and decline these new times in one act, of which the other side reads in one mail: all of them or none.

    Raises MoveRefused where one can't be answered so any more, PolicyRefused where one of both takes part no more.
    """
    yes = [Change(one.appointment, Verb.MOVE, proposal=one) for one in accepted]
    no = [Change(one.appointment, Verb.DECLINE_TIME, proposal=one) for one in kept]
    return apply([*yes, *no], actor=actor, role=role)


def withdraw_time(
    *, proposal: Proposal, actor: User, role: Role, reason: str = "", version: int | None = None
) -> Outcome:
    """Take back the own side's proposal, and release the proposed time."""
    return _answer(proposal, Verb.WITHDRAW_TIME, actor, role, reason, version)


def lapse_time(*, proposal: Proposal) -> Outcome:
    """Mark as lapsed a proposal whose time to answer is over, and release the proposed time."""
    return _answer(proposal, Verb.LAPSE, None, Role.SYSTEM)


def _answer(
    proposal: Proposal, verb: Verb, actor: User | None, role: Role, reason: str = "", version: int | None = None
) -> Outcome:
    return _apply(Change(proposal.appointment, verb, reason, proposal=proposal, version=version), actor, role)


def _apply(change: Change, actor: User | None, role: Role) -> Outcome:
    [outcome] = apply([change], actor=actor, role=role)
    return outcome
