"""The moves of an appointment after it was made. `apply` is the only code that assigns `status`."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import User
from appointments.exceptions import (
    ChangedSince,
    CountsForMore,
    MoveRefused,
    OfferClosed,
    PolicyRefused,
    SlotTaken,
)
from appointments.models import Appointment, Offer, Proposal
from appointments.rules.earnings import settle
from appointments.rules.fair_use import FREE, Consequence
from appointments.rules.moves import check_move
from appointments.states import ANSWERING, CLOSES, HOLDING, MOVES, OF_TIME, Role, Status, Verb, side_of, target
from core import clock
from core.db import retrying
from core.exceptions import Busy, DomainError
from providers.models import Provider

from . import fair_use, holds, times, waitlist_offers
from .availability import Mine
from .history import Entry, record
from .locks import lock_appointments, lock_people, lock_providers

# The most tries to lock all that a ban ends. Only bookings of that very person with further providers ask for another:
# what others book with them meanwhile is found under the locks that are held by then.
ATTEMPTS = 10
ENDED_BY_SOMEBODY = {Verb.CANCEL, Verb.WITHDRAW, Verb.DECLINE}
# The fields that a move writes.
CHANGED_BY_A_MOVE = (
    "status", "sequence", "start", "end", "answer_by", "will_come_at", "agreed_at", "closed_at", "ended_by",
    "was_withdrawn", "refund", "fee_due",
)  # fmt: skip
ENDS = {Verb.DECLINE, Verb.WITHDRAW, Verb.CANCEL, Verb.EXPIRE, Verb.COMPLETE, Verb.NO_SHOW}

# The verbs after which a time may be free that was held; accepting drops a new time that waits for its answer.
FREES = {Verb.ACCEPT, Verb.DECLINE, Verb.WITHDRAW, Verb.CANCEL, Verb.EXPIRE, *OF_TIME}
# The verbs that end a request unconfirmed.
REFUSES = {Verb.DECLINE, Verb.WITHDRAW, Verb.EXPIRE}


@dataclass(frozen=True, slots=True)
class Change:
    """A move to make with an appointment. `to` is the state it leads to, given where `verb` alone does not say it.

    `start` is a new time to propose or to move to, `proposal` the one that is answered; `reason` goes with either.
    `shown` is `Appointment.as_shown` of the page on which the actor decided; empty: the actor decided on no page.
    `version` is the `Appointment.sequence` that the actor saw, for whom any change since matters; None: none does. The
    time that `browser` (a hash) or the actor's account keeps does not stand in the way of `start`, and is taken for it.
    `role` is that of the actor in this change, where one act has changes in both roles. `offer` is one of an earlier
    time from a waitlist, by which the appointment moves to `start`, which is held for that.
    """

    appointment: Appointment
    verb: Verb
    reason: str = ""
    to: Status | None = None
    start: datetime | None = None
    proposal: Proposal | None = None
    shown: str = ""
    version: int | None = None
    browser: str | None = None
    role: Role | None = None
    offer: Offer | None = None

    def mine(self, actor: User | None) -> Mine:
        """The holder of the times that do not stand in the way of this change by `actor`."""
        offer = self.offer.pk if self.offer else None
        return Mine(self.browser, actor.pk if actor else None, self.appointment.pk, offer=offer)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a call: the appointment as it is now, and whether this call changed it or found it done already.

    `refusal` says why it may not be changed, where the call goes on with the others. `banned` says that the act banned
    its actor, whose sessions have ended by then.
    """

    appointment: Appointment
    changed: bool
    refusal: DomainError | None = None
    banned: bool = False


def accept_request(
    *,
    appointment: Appointment,
    actor: User,
    role: Role = Role.PROVIDER,
    reason: str = "",
    shown: str = "",
    version: int | None = None,
) -> Outcome:
    """Confirm a request. Raises MoveRefused when it was withdrawn, expired or otherwise ended.

    `shown` is what the person's page showed, as `Appointment.as_shown`: ChangedSince is raised where a new time waits
    that it did not show. It is raised by all acts where the appointment is not the `version` that the person saw (its
    `sequence`), unless what is asked for was done already.
    """
    return _move(appointment, Verb.ACCEPT, actor=actor, role=role, reason=reason, shown=shown, version=version)


def decline_request(
    *,
    appointment: Appointment,
    actor: User,
    role: Role = Role.PROVIDER,
    reason: str = "",
    version: int | None = None,
) -> Outcome:
    """Refuse a request and release its time."""
    return _move(appointment, Verb.DECLINE, actor=actor, role=role, reason=reason, version=version)


def withdraw_request(
    *,
    appointment: Appointment,
    actor: User,
    role: Role = Role.CUSTOMER,
    reason: str = "",
    version: int | None = None,
) -> Outcome:
    """Take back one's own unanswered request and release its time."""
    return _move(appointment, Verb.WITHDRAW, actor=actor, role=role, reason=reason, version=version)


def cancel_appointment(
    *,
    appointment: Appointment,
    actor: User | None,
    role: Role,
    reason: str = "",
    seen: int | None = None,
    shown: str = "",
    version: int | None = None,
) -> Outcome:
    """Call off a confirmed appointment before its start and release its time.

    Raises PolicyRefused for a customer after the provider's cutoff, MoveRefused when it has ended otherwise,
    CountsForMore when it counts as more than the late cancellation number `seen`, and ChangedSince when it is at
    another time than the person's page showed (`shown`, as `Appointment.as_shown`).
    """
    return _move(
        appointment, Verb.CANCEL, actor=actor, role=role, reason=reason, seen=seen, shown=shown, version=version
    )


def say_coming(
    *,
    appointment: Appointment,
    actor: User,
    role: Role = Role.CUSTOMER,
    shown: str = "",
    version: int | None = None,
) -> Outcome:
    """Note that the customer will come at the time that the appointment has; its state stays.

    Possible within a week before the start. Raises MoveRefused when it has ended, PolicyRefused when it is too soon,
    has begun or a new time waits, and ChangedSince when it is at another time than the person's page showed (`shown`).
    """
    return _move(appointment, Verb.COME, actor=actor, role=role, shown=shown, version=version)


def expire_request(*, appointment: Appointment) -> Outcome:
    """Mark as expired a request whose time to answer is over, and release its time."""
    return _move(appointment, Verb.EXPIRE, actor=None, role=Role.SYSTEM)


def complete_appointment(
    *,
    appointment: Appointment,
    actor: User,
    role: Role = Role.PROVIDER,
    reason: str = "",
    version: int | None = None,
) -> Outcome:
    """Mark an appointment as completed; possible from its start on."""
    return _move(appointment, Verb.COMPLETE, actor=actor, role=role, reason=reason, version=version)


def complete_by_itself(*, appointment: Appointment) -> Outcome:
    """Mark an appointment as completed by the system, 24 hours after its end if nobody marked it."""
    return _move(appointment, Verb.COMPLETE, actor=None, role=Role.SYSTEM)


def mark_no_show(
    *,
    appointment: Appointment,
    actor: User,
    role: Role = Role.PROVIDER,
    reason: str = "",
    version: int | None = None,
) -> Outcome:
    """Mark an appointment as a no-show of the customer; possible from its start on."""
    return _move(appointment, Verb.NO_SHOW, actor=actor, role=role, reason=reason, version=version)


def correct_outcome(
    *,
    appointment: Appointment,
    to: Status,
    actor: User,
    role: Role = Role.PROVIDER,
    reason: str = "",
    version: int | None = None,
) -> Outcome:
    """Change completed to no-show or back, within 7 days of the first mark. Raises MoveRefused for any other state."""
    return _move(appointment, Verb.CORRECT, actor=actor, role=role, reason=reason, to=to, version=version)


def _move(
    appointment: Appointment,
    verb: Verb,
    *,
    actor: User | None,
    role: Role,
    reason: str = "",
    to: Status | None = None,
    seen: int | None = None,
    shown: str = "",
    version: int | None = None,
) -> Outcome:
    change = Change(appointment, verb, reason, to, shown=shown, version=version)
    [outcome] = apply([change], actor=actor, role=role, seen=seen)
    return outcome


class _Bans(Exception):
    """The change bans its actor, whose other appointments have to be locked with it."""


def apply(
    changes: Sequence[Change],
    *,
    actor: User | None,
    role: Role,
    occasion: uuid.UUID | None = None,
    seen: int | None = None,
    skip_refused: bool = False,
    answers_waitlist: bool = True,
) -> list[Outcome]:
    """Make all of these changes or none, as one act: locked, checked, recorded and told together, under one occasion.

    An appointment already in the wanted state stays unchanged, so that pressing twice acts once. Raises MoveRefused or
    PolicyRefused for the first change that is not allowed; with `skip_refused` its outcome has the refusal instead, and
    the others are made. Raises PermissionDenied when the actor does not have `role`.

    Where the actor cancels late, that is written down once for the act, and the third time bans them: their upcoming
    appointments end in the same transaction. `seen` is the number of the late cancellation that the actor was shown
    this would be, 0 for none; CountsForMore is raised when it would be more.

    Time that becomes free is offered to those who wait for it, unless the caller does so at the end of its own act
    (`answers_waitlist` is false).
    """
    act = Act(actor, role, occasion or uuid.uuid4(), seen, skip_refused, answers_waitlist)
    try:
        return _apply(changes, act)
    except _Bans:
        pass
    for _ in range(ATTEMPTS):
        # The actor may have booked elsewhere after we looked what to lock.
        try:
            return _apply(changes, act, bans=True)
        except _Bans:
            continue
    raise Busy


@dataclass(frozen=True, slots=True)
class Act:
    """What several changes have in common: who makes them, in which role, and what that person was shown."""

    actor: User | None
    role: Role
    occasion: uuid.UUID
    seen: int | None = None
    skip_refused: bool = False
    answers_waitlist: bool = True

    def role_in(self, change: Change) -> Role:
        """The role in which the actor makes the change."""
        return change.role or self.role


@retrying
@transaction.atomic
def _apply(changes: Sequence[Change], act: Act, *, bans: bool = False) -> list[Outcome]:
    """Make the changes. With `bans` the actor's other upcoming appointments are locked, too; _Bans asks for that."""
    others = list(fair_use.upcoming_of(act.actor, now=clock.now())) if bans and act.actor else []
    locked, actor = _lock([*(change.appointment for change in changes), *others], act.actor, all_ahead=bans)
    now, outcomes, made = clock.now(), [], []
    changes = _as_they_are_now(changes, locked)
    together = sum(_chooses(change) for change in changes) > 1
    for change in changes:
        appointment = change.appointment
        role = act.role_in(change)
        _check_role(appointment, actor, role)
        if role in MOVES[change.verb][2] and _is_done(change, role, now):
            outcomes.append(Outcome(appointment, changed=False, banned=_is_banned(actor)))
            continue
        try:
            _check_takes_part(actor)
            _check_shown(change)
            _check(change, act, now, together=together)
        except (MoveRefused, PolicyRefused, SlotTaken) as refusal:
            if not act.skip_refused:
                raise
            outcomes.append(Outcome(appointment, changed=False, refusal=refusal))
            continue
        made.append(change)
        outcomes.append(Outcome(appointment, changed=True))
    if together and (wishes := _wishes(made, act)):
        times.check_together(wishes, now=now)
    counts = _weigh(made, act, now=now)
    if counts.bans and not bans:
        raise _Bans
    _make(made, act, now=now)
    if counts.is_late:
        assert actor is not None
        _answer_for(actor, act, counts, locked, now=now)
    if act.answers_waitlist:
        _answer_waitlists(made, locked if counts.bans else {}, now=now)
    return [replace(outcome, banned=True) for outcome in outcomes] if counts.bans else outcomes


def _as_they_are_now(changes: Sequence[Change], locked: dict[int, Appointment]) -> list[Change]:
    """The changes with their rows as they are under the locks, each with the state it leads to."""
    proposals = {}
    if any(change.verb in {*OF_TIME, Verb.COME} or _weighs_new_time(change) for change in changes):
        proposals = times.load_proposals(locked.values(), [change.proposal for change in changes if change.proposal])
    fresh = []
    for change in changes:
        appointment = locked[change.appointment.pk]
        # A correction leaves the state that the person saw, so that a second press does not turn it back.
        seen = change.appointment if change.verb is Verb.CORRECT else appointment
        to = change.to or target(change.verb, Status(seen.status))
        proposal = proposals[change.proposal.pk] if change.proposal else None
        fresh.append(replace(change, appointment=appointment, to=to, proposal=proposal))
    return fresh


def _is_done(change: Change, role: Role, now: datetime) -> bool:
    """Whether the change was made before, by an earlier press or by the other side."""
    appointment = change.appointment
    if change.proposal:
        return change.proposal.state == CLOSES[change.verb]
    if change.verb is Verb.COME:
        return appointment.will_come
    if change.verb is Verb.PROPOSE:
        proposed = appointment.open_proposal
        if proposed is None or not proposed.is_live(now) or proposed.side is not side_of(role):
            return False
        return (proposed.start, proposed.message) == (change.start, change.reason)
    return appointment.status == change.to and change.start in {None, appointment.start}


def _weighs_new_time(change: Change) -> bool:
    """Whether the person must have seen a new time that waits: accepting or choosing another one decides about it."""
    return bool(change.shown) and change.verb in {Verb.ACCEPT, Verb.PROPOSE, Verb.MOVE}


def _check_shown(change: Change) -> None:
    """Raise ChangedSince where the person decided about another version, another time, or not about the new time."""
    if change.version is not None and change.version != change.appointment.sequence:
        raise ChangedSince
    if not change.shown:
        return
    now, then = change.appointment.as_shown, change.shown
    if not _weighs_new_time(change):
        now, then = now.partition(".")[0], then.partition(".")[0]
    if now != then:
        raise ChangedSince


def _check(change: Change, act: Act, now: datetime, *, together: bool) -> None:
    """Check one change by itself. New times that are chosen `together` are checked with each other afterwards."""
    appointment = change.appointment
    check_move(
        appointment,
        change.verb,
        role=act.role_in(change),
        policy=appointment.provider.policy,
        now=now,
        to=change.to,
        proposal=change.proposal,
        start=change.start,
    )
    if change.offer and not _is_earlier(change, change.offer, now):
        raise OfferClosed
    if _chooses(change) and not together:
        times.check_start(_wish(change, act), now=now)


def _is_earlier(change: Change, offer: Offer, now: datetime) -> bool:
    """Whether the offer of an earlier time stands, and is still one: the appointment may have moved before it."""
    return offer.start < change.appointment.start and Offer.objects.live(now).filter(pk=offer.pk).exists()


def _chooses(change: Change) -> bool:
    """Whether the change chooses a new time, rather than answers one."""
    return change.start is not None and change.proposal is None


def _wishes(changes: Sequence[Change], act: Act) -> list[times.Wish]:
    return [_wish(change, act) for change in changes if _chooses(change)]


def _wish(change: Change, act: Act) -> times.Wish:
    assert change.start is not None
    role, mine, at_once = act.role_in(change), change.mine(act.actor), change.verb is Verb.MOVE
    return times.Wish(change.appointment, change.start, role, change.reason, mine, at_once)


def _weigh(changes: Sequence[Change], act: Act, *, now: datetime) -> Consequence:
    """What these changes count as for the actor. Raises CountsForMore when that is more than they were shown."""
    starts = [change.appointment.start for change in changes if change.verb is Verb.CANCEL]
    if not starts or act.actor is None or act.role not in ANSWERING:
        return FREE
    counts = fair_use.consequence_for(act.actor.pk, starts, now=now)
    if act.seen is not None and counts.is_worse_than(act.seen):
        raise CountsForMore(counts.number)
    return counts


def _make(changes: Sequence[Change], act: Act, *, now: datetime) -> None:
    """Write, record and tell changes that were checked, each with the state it leads to."""
    before = [_Before(one.appointment.status, one.appointment.start, _dropped_by(one, now)) for one in changes]
    for change in changes:
        if change.offer:
            waitlist_offers.take(change.offer, now=now)
    proposals = times.choose(_wishes(changes, act), actor=act.actor, now=now)
    proposals |= _answer(changes, now=now)
    entries = [
        _enter(change, was, proposals.get(change.appointment.pk), act, now=now)
        for change, was in zip(changes, before, strict=True)
    ]
    if entries:
        _save(changes)
        overtaken = times.end_proposals([entry.appointment for entry in entries if _ends_proposals(entry)], now=now)
        for role in dict.fromkeys(map(act.role_in, changes)):
            its_own = [entry for entry, change in zip(entries, changes, strict=True) if act.role_in(change) is role]
            record(its_own, actor=act.actor, role=role, now=now, occasion=act.occasion)
        waitlist_offers.wait_again(
            requests=[one.appointment.pk for one in changes if one.verb in REFUSES],
            proposals_of=[one.appointment.pk for one in changes if overtaken or one.appointment.open_proposal],
            now=now,
        )


def _answer_waitlists(made: Sequence[Change], banned: dict[int, Appointment], *, now: datetime) -> None:
    """Offer what these changes, and the end of what a ban takes with it, made free to those who wait for it."""
    freed = [change.appointment for change in made if change.verb in FREES]
    for provider_id in sorted({one.provider_id for one in (*freed, *banned.values())}):
        waitlist_offers.offer_freed(provider_id, now=now)


def _answer_for(actor: User, act: Act, counts: Consequence, locked: dict[int, Appointment], *, now: datetime) -> None:
    """Write the late cancellation down; the one that reaches the limit bans the actor and ends what lies ahead."""
    fair_use.note_late(actor, occasion=act.occasion, now=now)
    if not counts.bans:
        return
    upcoming = list(fair_use.upcoming_of(actor, now=now).values_list("pk", flat=True))
    if not locked.keys() >= set(upcoming):
        raise _Bans
    fair_use.ban(actor, now=now)
    ending = [_end_of(locked[pk], actor, now) for pk in upcoming]
    _make(ending, Act(None, Role.SYSTEM, uuid.uuid4()), now=now)


def end_all_ahead(person: User) -> None:
    """End all that lies ahead of a person who takes no part any more, as the system: late for nobody, told once."""
    ending = [_end_of(one, person, clock.now()) for one in fair_use.upcoming_of(person, now=clock.now())]
    if ending:
        apply(ending, actor=None, role=Role.SYSTEM, skip_refused=True)


def _end_of(appointment: Appointment, person: User, now: datetime) -> Change:
    """The change by which the system ends an appointment of a person who takes no part any more."""
    if appointment.is_confirmed:
        verb = Verb.CANCEL
    elif appointment.is_unanswered(now):
        verb = Verb.EXPIRE
    else:
        verb = Verb.WITHDRAW if appointment.customer_id == person.pk else Verb.DECLINE
    return Change(appointment, verb, to=target(verb, Status(appointment.status)))


def _lock(
    appointments: Sequence[Appointment], actor: User | None, *, all_ahead: bool = False
) -> tuple[dict[int, Appointment], User | None]:
    """The appointments by id as they are now, with their providers and people, and the actor, all locked.

    With `all_ahead` also the actor's own page, and all that lies ahead of the actor with the providers that are locked.
    Once the actor is locked nothing new can be booked with them, so nothing is missing but what they booked elsewhere.
    """
    own_page = Provider.objects.filter(user=actor).values_list("pk", flat=True) if actor and all_ahead else []
    providers = lock_providers([*(appointment.provider_id for appointment in appointments), *own_page])
    owners = [provider.user_id for provider in providers.values()]
    people = lock_people(
        [*owners, *(appointment.customer_id for appointment in appointments), *([actor.pk] if actor else [])]
    )
    for provider in providers.values():
        provider.user = people[provider.user_id]
    wanted = [appointment.pk for appointment in appointments]
    if actor and all_ahead:
        ahead = fair_use.upcoming_of(actor, now=clock.now()).filter(provider__in=providers)
        wanted += ahead.values_list("pk", flat=True)
    locked = lock_appointments(wanted)
    # Who booked in between is not locked: nothing is asked of them, and their own acts wait for the provider.
    people |= User.objects.in_bulk({one.customer_id for one in locked.values()} - people.keys())
    for appointment in locked.values():
        appointment.provider = providers[appointment.provider_id]
        appointment.customer = people[appointment.customer_id]
    return locked, people[actor.pk] if actor else None


def _is_banned(actor: User | None) -> bool:
    return actor is not None and actor.banned_at is not None


def _check_takes_part(actor: User | None) -> None:
    """Refuse what an account does that was closed or banned while it waited for the locks."""
    if actor is not None and not actor.takes_part:
        raise PolicyRefused(f"This account is {actor.why_not}.")


@dataclass(frozen=True, slots=True)
class _Before:
    """The state and start of an appointment before its change, and the new time that the change replaces."""

    status: str
    start: datetime
    dropped: datetime | None


def _enter(change: Change, before: _Before, proposal: Proposal | None, act: Act, *, now: datetime) -> Entry:
    """Let the appointment, which has its new time already, enter its new state; the entry that records it."""
    appointment = change.appointment
    assert change.to is not None
    appointment.status = change.to
    appointment.sequence += 1
    if change.verb is Verb.COME:
        appointment.will_come_at = before.start
    if change.verb is Verb.MOVE:
        appointment.will_come_at = None  # said for the time that it had, also if that comes back
    if change.to == Status.CONFIRMED != before.status:
        appointment.agreed_at = now
    if change.verb in ENDS:
        appointment.closed_at = now
    if settled := settle(appointment, change.to):
        appointment.refund, appointment.fee_due = settled.refund, settled.fee_due
    if change.verb in ENDED_BY_SOMEBODY:
        appointment.ended_by = act.role_in(change)
        appointment.was_withdrawn = change.verb is Verb.WITHDRAW
    to_start = proposal.start if proposal else change.start
    return Entry(
        appointment, change.verb, before.status, change.reason, before.start, to_start, before.dropped, proposal
    )


def _dropped_by(change: Change, now: datetime) -> datetime | None:
    """The new time that could still be answered and is replaced by the one that is chosen now."""
    waiting = change.appointment.open_proposal if change.start else None
    return waiting.start if waiting and waiting.is_live(now) and waiting.start != change.start else None


def _answer(changes: Sequence[Change], *, now: datetime) -> dict[int, Proposal]:
    """Move to the proposed times that are accepted, and close the others that are answered, all those answered alike at
    once. The proposals by the appointments' ids."""
    answered: dict[Verb, list[Proposal]] = {}
    for change in changes:
        if change.proposal and change.verb in OF_TIME:
            answered.setdefault(change.verb, []).append(change.proposal)
    for verb, proposals in answered.items():
        if verb is Verb.MOVE:
            times.accept(proposals, now=now)
        else:
            times.refuse(proposals, CLOSES[verb], now=now)
    return {one.appointment_id: one for proposals in answered.values() for one in proposals}


def _ends_proposals(entry: Entry) -> bool:
    """Whether what is proposed for the appointment has no sense any more, because its state or time is another."""
    return entry.verb is Verb.MOVE or entry.from_status != entry.appointment.status


def _save(changes: Sequence[Change]) -> None:
    """Save the appointments, and release the time of those whose new state holds none."""
    appointments = [change.appointment for change in changes]
    if len(appointments) == 1:  # nearly always; `bulk_update` takes ten times as long to build its statement
        appointments[0].save(update_fields=CHANGED_BY_A_MOVE)
    else:
        Appointment.objects.bulk_update(appointments, CHANGED_BY_A_MOVE)
    holds.release([appointment for appointment in appointments if appointment.status not in HOLDING])


def _check_role(appointment: Appointment, actor: User | None, role: Role) -> None:
    """Raise PermissionDenied unless the actor has `role`: a mistake of the calling code, not of a person."""
    allowed = {
        Role.CUSTOMER: actor is not None and actor.pk == appointment.customer_id,
        Role.PROVIDER: actor is not None and actor.pk == appointment.provider.user_id,
        Role.STAFF: actor is not None and actor.is_staff,
        Role.SYSTEM: actor is None,
    }[role]
    if not allowed:
        raise PermissionDenied
