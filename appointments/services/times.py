"""The times of an appointment that is to change: whether it may be moved there, and the rows that hold both times.

Only `transitions` calls these functions, with provider, people and appointment locked.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q

from accounts.models import User
from appointments.exceptions import MoveRefused, PolicyRefused, ReasonMissing, SlotTaken
from appointments.models import Appointment, Proposal
from appointments.rules.moves import NO_LONGER_OPEN, proposal_deadline
from appointments.rules.obstacles import Obstacle, override_words
from appointments.states import ProposalState, Role, side_of

from . import availability, holds
from .availability import Mine
from .shares import check_moved


def load_proposals(appointments: Iterable[Appointment], answered: Iterable[Proposal]) -> dict[int, Proposal]:
    """These proposals as they are now, by id, after giving each of the locked appointments its open one. One query."""
    locked = {appointment.pk: appointment for appointment in appointments}
    wanted = Q(pk__in=[proposal.pk for proposal in answered])
    found = Proposal.objects.filter(Q(appointment__in=locked) & Q(state=ProposalState.OPEN) | wanted)
    by_id = {proposal.pk: proposal for proposal in found}
    for proposal in by_id.values():
        proposal.appointment = locked[proposal.appointment_id]
        if proposal.is_open:
            proposal.appointment.open_proposal = proposal
    return by_id


def check_start(
    appointment: Appointment, start: datetime, *, role: Role, message: str, now: datetime, mine: Mine
) -> None:
    """Check that the appointment may be moved to `start`, as if it had no time yet and `mine` kept none.

    A customer may choose what is open to them; provider and staff any time ahead that is free, but where it breaks a
    rule of the provider's they say why in `message`. Raises SlotTaken, PolicyRefused or ReasonMissing.
    """
    service = availability.as_agreed(appointment)
    if role is Role.CUSTOMER:
        if not availability.may_book(service, start, now=now, mine=mine):
            raise holds.slot_taken(service, start, mine=mine)
        return check_moved(appointment, start, now=now)
    if start <= now:
        raise PolicyRefused("Choose a time that lies ahead.")
    found = availability.all_in_the_way(service, start, now=now, mine=mine)
    if Obstacle.TAKEN in found:
        raise SlotTaken("That time is taken.", availability.nearest_slots(service, start, now=now, mine=mine))
    if found and not message.strip():
        rules = " ".join(override_words(one) for one in found)
        raise ReasonMissing(f"{rules} Write {appointment.customer.first_name} why you propose it all the same.")
    return None


def propose(
    appointment: Appointment,
    start: datetime,
    *,
    actor: User | None,
    role: Role,
    message: str,
    now: datetime,
    mine: Mine,
) -> Proposal:
    """Propose `start`, which was checked, and hold it beside the present time. It replaces a proposal that was open.

    A request then waits for its answer at least as long as a proposal of the provider's side waits for the customer's.
    """
    _close_open([appointment], ProposalState.REPLACED, now=now)
    _make_room(appointment, start, now=now, mine=mine)
    policy = appointment.provider.policy
    answer_by = proposal_deadline(appointment, start, role=role, policy=policy, now=now)
    proposal = Proposal.objects.create(
        appointment=appointment,
        by=role,
        actor=actor,
        old_start=appointment.start,
        start=start,
        end=start + (appointment.end - appointment.start),
        message=message,
        answer_by=answer_by,
        created_at=now,
    )
    holds.take_proposed(proposal)
    if appointment.answer_by and appointment.is_request and side_of(role) is Role.PROVIDER:
        appointment.answer_by = max(appointment.answer_by, answer_by)
    return proposal


def move(appointment: Appointment, start: datetime, *, now: datetime, mine: Mine) -> None:
    """Move the appointment to `start`, which was checked: hold that time and release the other."""
    _set_time(appointment, start)
    _make_room(appointment, start, now=now, mine=mine)
    holds.move(appointment)


def accept(proposal: Proposal, *, now: datetime) -> None:
    """Move the appointment to the proposed time, which is held, and release the other.

    Raises MoveRefused where the time is held no more, as by the clock of another computer it has lapsed.
    """
    if not holds.keep_proposed(proposal.appointment):
        raise MoveRefused(NO_LONGER_OPEN[ProposalState.LAPSED])
    _set_time(proposal.appointment, proposal.start)
    _close(proposal, ProposalState.ACCEPTED, now=now)


def refuse(proposal: Proposal, state: ProposalState, *, now: datetime) -> None:
    """Close the proposal in `state`, and release the proposed time."""
    _close(proposal, state, now=now)
    holds.release_proposed([proposal.appointment])


def end_proposals(appointments: Sequence[Appointment], *, now: datetime) -> None:
    """End what is proposed for these appointments, which have changed, and release the proposed times."""
    if appointments:
        _close_open(appointments, ProposalState.ENDED, now=now)


def _close_open(appointments: Sequence[Appointment], state: ProposalState, *, now: datetime) -> None:
    still_open = Proposal.objects.open().filter(appointment__in=appointments)
    if still_open.update(state=state, closed_at=now):
        holds.release_proposed(appointments)


def _close(proposal: Proposal, state: ProposalState, *, now: datetime) -> None:
    proposal.state, proposal.closed_at = state, now
    proposal.save(update_fields=["state", "closed_at"])


def _make_room(appointment: Appointment, start: datetime, *, now: datetime, mine: Mine) -> None:
    span = holds.blocked_range(availability.as_agreed(appointment), start)
    holds.make_room(appointment.provider, span, now=now, mine=mine)


def _set_time(appointment: Appointment, start: datetime) -> None:
    appointment.start, appointment.end = start, start + (appointment.end - appointment.start)
