"""The times of an appointment that is to change: whether it may be moved there, and the rows that hold both times.

Only `transitions` calls these functions, with provider, people and appointment locked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import User
from appointments.exceptions import MoveRefused, PolicyRefused, ReasonMissing, SlotTaken
from appointments.models import Appointment, Proposal
from appointments.rules.moves import NO_LONGER_OPEN, proposal_deadline
from appointments.rules.obstacles import Obstacle, override_words
from appointments.states import ProposalState, Role
from core.compiled_inserts import insert_all
from core.compiled_queries import prepared

from . import availability, holds
from .availability import Mine
from .new_times import load_room
from .shares import check_moved


def load_proposals(appointments: Iterable[Appointment], answered: Iterable[Proposal]) -> dict[int, Proposal]:
    """These proposals as they are now, by id, after giving each of the locked appointments its open one. One query."""
    locked = {appointment.pk: appointment for appointment in appointments}
    found = _open_or_among(appointments=list(locked), proposals=[proposal.pk for proposal in answered])
    by_id = {proposal.pk: proposal for proposal in found}
    for proposal in by_id.values():
        proposal.appointment = locked[proposal.appointment_id]
        if proposal.is_open:
            proposal.appointment.open_proposal = proposal
    return by_id


@prepared
def _open_or_among(appointments: Sequence[int], proposals: Sequence[int]) -> QuerySet[Proposal]:
    return Proposal.objects.filter(Q(appointment__in=appointments, state=ProposalState.OPEN) | Q(pk__in=proposals))


@dataclass(frozen=True, slots=True)
class Wish:
    """A new start (UTC) chosen for an appointment in a role, with a message to the other side.

    `mine` does not stand in its way. `at_once` says that it counts without an answer.
    """

    appointment: Appointment
    start: datetime
    role: Role
    message: str
    mine: Mine
    at_once: bool

    @property
    def key(self) -> int:
        return self.appointment.pk


def check_start(wish: Wish, *, now: datetime) -> None:
    """Check that the appointment may have this start, as if it had no time yet and its `mine` kept none.

    A customer may choose what is open to them; provider and staff any time ahead that is free, but where it breaks a
    rule of the provider's they say why in the message. Raises SlotTaken, PolicyRefused or ReasonMissing.
    """
    service = availability.as_agreed(wish.appointment)
    if wish.role is not Role.CUSTOMER:
        found = availability.all_in_the_way(service, wish.start, now=now, mine=wish.mine) if wish.start > now else []
        return _check_own_rules(wish, found, now=now)
    if not availability.may_book(service, wish.start, now=now, mine=wish.mine):
        raise holds.slot_taken(service, wish.start, mine=wish.mine)
    return check_moved(wish.appointment, wish.start, now=now)


def check_together(wishes: Sequence[Wish], *, now: datetime) -> None:
    """Check that the appointments of one provider may have these starts together: each is judged as `check_start` does
    for one, with the new times of those before it taken, and the present ones of those that move at once free.

    A fixed number of queries, however many there are. Raises what `check_start` raises.
    """
    mine = Mine(wishes[0].mine.browser, wishes[0].mine.account_id)
    appointments, leaving = [wish.appointment for wish in wishes], [wish.key for wish in wishes if wish.at_once]
    room = load_room(appointments, [wish.start for wish in wishes], leaving=leaving, now=now, mine=mine)
    for wish in _each_rule_once(wishes):
        check_moved(wish.appointment, wish.start, now=now)
    for wish in wishes:
        found = room.obstacles_to(wish.key, wish.start)
        service = availability.as_agreed(wish.appointment)
        if wish.role is Role.CUSTOMER:
            if found:
                raise holds.slot_taken(service, wish.start, mine=wish.mine)
        else:
            _check_own_rules(wish, found, now=now)
        room = room.with_new(wish.key, wish.start)


def _each_rule_once(wishes: Sequence[Wish]) -> Iterable[Wish]:
    """The wishes of customers whose share has to be asked about; those of one series are all asked about with one."""
    seen = set()
    for wish in wishes:
        key = wish.appointment.series_id or -wish.key
        if wish.role is Role.CUSTOMER and key not in seen:
            seen.add(key)
            yield wish


def _check_own_rules(wish: Wish, found: Sequence[Obstacle], *, now: datetime) -> None:
    """Raise where somebody has the time, it is over, or nothing says why it breaks rules of the provider's own."""
    if wish.start <= now:
        raise PolicyRefused("Choose a time that lies ahead.")
    if Obstacle.TAKEN in found:
        service = availability.as_agreed(wish.appointment)
        raise SlotTaken("That time is taken.", availability.nearest_slots(service, wish.start, now=now, mine=wish.mine))
    if found and not wish.message.strip():
        rules = " ".join(override_words(one) for one in found)
        name = wish.appointment.customer.first_name
        raise ReasonMissing(f"{rules} Write {name} why you propose it all the same.")


def choose(wishes: Sequence[Wish], *, actor: User | None, now: datetime) -> dict[int, Proposal]:
    """Move the appointments to their new starts where that counts at once, and propose them to the other side where it
    does not; all were checked. The new proposals by the appointments' ids.

    What was proposed for them before is replaced or ended. A request then waits for its answer at least as long as a
    proposal of the provider's side waits for the customer's.
    """
    if not wishes:
        return {}
    moving, asking = [one for one in wishes if one.at_once], [one for one in wishes if not one.at_once]
    if asking:
        _close_open([one.appointment for one in asking], ProposalState.REPLACED, now=now)
    _make_room(wishes, now=now)
    for one in moving:
        _set_time(one.appointment, one.start)
    if moving:
        holds.move([one.appointment for one in moving])
    proposals = insert_all(_proposal(one, actor, now) for one in asking)
    holds.take_proposed(proposals)
    for proposal in proposals:
        appointment = proposal.appointment
        if appointment.answer_by and appointment.is_request and proposal.side is Role.PROVIDER:
            appointment.answer_by = max(appointment.answer_by, proposal.answer_by)
    return {proposal.appointment_id: proposal for proposal in proposals}


def _proposal(wish: Wish, actor: User | None, now: datetime) -> Proposal:
    appointment, policy = wish.appointment, wish.appointment.provider.policy
    return Proposal(
        appointment=appointment,
        by=wish.role,
        actor=actor,
        old_start=appointment.start,
        start=wish.start,
        end=wish.start + (appointment.end - appointment.start),
        message=wish.message,
        answer_by=proposal_deadline(appointment, wish.start, role=wish.role, policy=policy, now=now),
        created_at=now,
    )


def accept(proposals: Sequence[Proposal], *, now: datetime) -> None:
    """Move the appointments to the proposed times, which are held, and release the others.

    Raises MoveRefused where one of the times is held no more, as by the clock of another computer it has lapsed.
    """
    if not holds.keep_proposed([one.appointment for one in proposals]):
        raise MoveRefused(NO_LONGER_OPEN[ProposalState.LAPSED])
    for one in proposals:
        _set_time(one.appointment, one.start)
    _close(proposals, ProposalState.ACCEPTED, now=now)


def refuse(proposals: Sequence[Proposal], state: ProposalState, *, now: datetime) -> None:
    """Close the proposals in `state`, and release the proposed times."""
    _close(proposals, state, now=now)
    holds.release_proposed([one.appointment for one in proposals])


def end_proposals(appointments: Sequence[Appointment], *, now: datetime) -> bool:
    """End what is proposed for these appointments, which have changed, and release the proposed times. Whether anything
    was."""
    return bool(appointments) and _close_open(appointments, ProposalState.ENDED, now=now)


def _close_open(appointments: Sequence[Appointment], state: ProposalState, *, now: datetime) -> bool:
    still_open = Proposal.objects.open().filter(appointment__in=appointments)
    if not still_open.update(state=state, closed_at=now):
        return False
    holds.release_proposed(appointments)
    return True


def _close(proposals: Sequence[Proposal], state: ProposalState, *, now: datetime) -> None:
    for one in proposals:
        one.state, one.closed_at = state, now
    Proposal.objects.filter(pk__in=[one.pk for one in proposals]).update(state=state, closed_at=now)


def _make_room(wishes: Sequence[Wish], *, now: datetime) -> None:
    spans = [holds.blocked_range(availability.as_agreed(one.appointment), one.start) for one in wishes]
    holds.make_room(wishes[0].appointment.provider, spans, now=now, mine=wishes[0].mine)


def _set_time(appointment: Appointment, start: datetime) -> None:
    appointment.start, appointment.end = start, start + (appointment.end - appointment.start)
