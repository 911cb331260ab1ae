"""Invariants of all rows, which hold after any use of the product: `check_all()` at the end of a test checks them.

The checks read the whole database with a few plain queries, compiled once, since many tests end with them. They share
no code with the services, except the table of moves (`appointments.states`).
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from accounts.models import Ban, User
from appointments.models import (
    Appointment,
    AppointmentEvent,
    Hold,
    LateCancellation,
    LeftOutDate,
    Offer,
    Proposal,
    Series,
)
from appointments.rules.earnings import settle
from appointments.rules.series import rule_of
from appointments.states import HOLDING, MOVES, OF_TIME, Role, Status, Verb, target
from core import clock, money
from core.compiled_queries import prepared

BIRTHS = {Verb.REQUEST: Status.REQUESTED, Verb.BOOK: Status.CONFIRMED}


def check_all() -> None:
    """Check every invariant of stored appointments; the AssertionError names the row."""
    appointments, holds, events = _appointments(), _holds(), _events()
    check_holds_are_apart(holds)
    check_holds_and_reasons(appointments, holds)
    check_proposals(holds)
    check_offers(holds)
    check_histories(appointments, events)
    check_series()
    check_people(appointments)
    check_late_cancellations(events)
    check_bans()
    check_money(appointments)


@prepared
def _appointments() -> QuerySet[Appointment]:
    return Appointment.objects.select_related("provider", "service")


@prepared
def _holds() -> QuerySet[Hold]:
    return Hold.objects.order_by("provider_id", "start", "end")


@prepared
def _events() -> QuerySet[AppointmentEvent]:
    return AppointmentEvent.objects.order_by("id")


@prepared
def _open_proposals() -> QuerySet[Proposal]:
    return Proposal.objects.filter(state="open").select_related("appointment")


@prepared
def _offers() -> QuerySet[Offer]:
    return Offer.objects.select_related("instead_of", "taken_as", "place")


@prepared
def _left_out() -> QuerySet[LeftOutDate]:
    return LeftOutDate.objects.all()


@prepared
def _series() -> QuerySet[Series]:
    return Series.objects.prefetch_related("appointments__history")


@prepared
def _late() -> QuerySet[LateCancellation]:
    return LateCancellation.objects.all()


@prepared
def _people() -> QuerySet[User]:
    return User.objects.all()


@prepared
def _open_bans() -> QuerySet[Ban]:
    return Ban.objects.filter(lifted_at=None)


def check_holds_are_apart(holds: Sequence[Hold]) -> None:
    """Check that no two holds of a provider overlap, unless they are of the same appointment."""
    last: Hold | None = None
    for hold in holds:
        if last is not None and last.provider_id == hold.provider_id and hold.start < last.end:
            same = hold.appointment_id is not None and hold.appointment_id == last.appointment_id
            assert same, f"holds {last.pk} and {hold.pk} of provider {hold.provider_id} overlap"
        if last is None or last.provider_id != hold.provider_id or hold.end > last.end:
            last = hold


def check_holds_and_reasons(appointments: Sequence[Appointment], holds: Sequence[Hold]) -> None:
    """Check that appointments that take time have a hold over all of it, others none, and kept times an end."""
    held = defaultdict(list)
    for hold in holds:
        if hold.kind in {"proposal", "offer"}:
            continue
        if hold.appointment_id is None:
            assert hold.browser and hold.expires_at, f"hold {hold.pk} has no reason"
        else:
            held[hold.appointment_id].append(hold)
    for one in appointments:
        if one.status in HOLDING:
            covered = [each for each in held[one.pk] if each.start <= one.start and one.end <= each.end]
            assert len(covered) == 1 == len(held[one.pk]), f"{one} is {one.status} with {len(held[one.pk])} holds"
            assert covered[0].provider_id == one.provider_id, f"{one} holds the time of somebody else"
        else:
            assert not held[one.pk], f"{one} is {one.status} and still holds its time"


def check_proposals(holds: Sequence[Hold]) -> None:
    """Check that each open proposal is of an open appointment at its old time, that its new time is held until it is
    answered and no longer, and that no other proposed time is held."""
    now, held = clock.now(), {hold.appointment_id: hold for hold in holds if hold.kind == "proposal"}
    assert len(held) == sum(hold.kind == "proposal" for hold in holds), "an appointment holds two proposed times"
    for one in _open_proposals():
        appointment, hold = one.appointment, held.pop(one.appointment_id, None)
        assert appointment.status in {"requested", "confirmed"}, f"{appointment} has ended and {one} is open"
        assert appointment.start == one.old_start, f"{appointment} moved and {one} is open"
        assert one.end - one.start == appointment.end - appointment.start, f"{one} is of another length"
        # Once its time to answer is over, anybody may sweep the hold away or take its time.
        assert hold or one.answer_by <= now, f"{one} of {appointment} holds no time"
        if hold:
            covers = hold.start <= one.start and one.end <= hold.end and hold.provider_id == appointment.provider_id
            assert covers and hold.expires_at == one.answer_by, f"{one} of {appointment} is held otherwise"
    assert not held, f"proposed times are held for nothing: {list(held.values())}"


def check_offers(holds: Sequence[Hold]) -> None:
    """Check that each open offer is held for its customer until its deadline and no longer, that no other is, that it
    stands instead of an ended appointment, and that what was taken is the very appointment that was offered. A place
    is booked by what it took only while that did not come to nothing."""
    now, held = clock.now(), {hold.offer_id: hold for hold in holds if hold.kind == "offer"}
    taken = defaultdict(list)
    for one in _offers():
        hold, old, new = held.pop(one.pk, None), one.instead_of or one.place, one.taken_as
        if one.instead_of:
            assert old.status in {"cancelled", "declined"}, f"{one} is offered instead of {old}, which is {old.status}"
        else:
            waits = old.state == "waiting" or one.state != "open"
            assert waits, f"{one} is offered to {old}, which is {old.state}"
        assert (old.customer_id, old.provider_id) == (one.customer_id, one.provider_id), f"{one} is of somebody else"
        if new:
            taken[one.group].append(one)
            is_it = (new.customer_id, new.provider_id, new.service_id) == (
                one.customer_id,
                one.provider_id,
                one.service_id,
            )
            assert is_it and new.created_at == one.closed_at, f"{one} was taken as {new}"
        if one.state != "open":
            assert not hold, f"{one} is {one.state} and still held"
            continue
        assert hold or one.expires_at <= now, f"{one} is offered and not held"
        if hold:
            covers = hold.start <= one.start and one.end <= hold.end and hold.provider_id == one.provider_id
            assert covers and hold.expires_at == one.expires_at, f"{one} is held otherwise"
    assert not held, f"offered times are held for nothing: {list(held.values())}"
    for (what, pk), found in taken.items():
        if what == "place":
            stands = [one for one in found if one.taken_as.agreed_at or one.taken_as.status == "requested"]
            assert (found[0].place.state == "booked") == bool(stands), f"{found[0].place} is {found[0].place.state}"
        else:
            stands = found
        assert len(stands) <= 1, f"several times were taken for {what} {pk}"
        still_open = Offer.objects.filter(**{what: pk}, state="open")
        assert not (stands and still_open.exists()), f"one was taken for {what} {pk} and others are still offered"


def check_histories(appointments: Sequence[Appointment], events: Sequence[AppointmentEvent]) -> None:
    """Check each history: entries follow on from each other, each by a move and a role of the table."""
    entries = defaultdict(list)
    for event in events:
        entries[event.appointment_id].append(event)
    for one in appointments:
        history = entries[one.pk]
        assert history, f"{one} has no history"
        _check_birth(one, history[0])
        for before, event in zip(history, history[1:], strict=False):
            _check_step(one, before, event)
        assert history[-1].to_status == one.status, f"{one} is {one.status}, its history says {history[-1].to_status}"
        assert one.sequence == len(history) - 1, f"{one} has sequence {one.sequence} after {len(history)} entries"
        assert one.start == _start_by(history), f"{one} is at {one.start}, its history says {_start_by(history)}"
        ends = [event.at for event in history if event.to_status not in {Status.REQUESTED, Status.CONFIRMED}]
        assert one.closed_at == (ends[0] if ends else None), f"{one} closed at {one.closed_at}, not {ends[:1]}"


def _check_birth(one: Appointment, first: AppointmentEvent) -> None:
    assert BIRTHS.get(Verb(first.verb)) == first.to_status, f"{one} began with {first.verb} to {first.to_status}"
    assert (first.from_status, first.role) == ("", one.entered_by or Role.CUSTOMER), f"{one} began by {first.role}"
    maker = one.provider.user_id if one.entered_by == Role.PROVIDER else one.customer_id
    assert first.actor_id == maker, f"{one} was booked by somebody else"
    assert first.at == one.created_at, f"{one} was made at {one.created_at}, its history says {first.at}"
    assert (one.answer_by is None) == (first.verb == Verb.BOOK), f"{one} has a wrong deadline"
    assert one.answer_by is None or one.created_at <= one.answer_by <= first.start, f"{one} is answered after its start"


def _start_by(history: list[AppointmentEvent]) -> datetime:
    """The appointment's start by its history: the last time that it moved to, or the one it was booked for."""
    return [history[0].start, *(event.to_start for event in history if event.verb == Verb.MOVE)][-1]


def _check_step(one: Appointment, before: AppointmentEvent, event: AppointmentEvent) -> None:
    verb = Verb(event.verb)
    assert verb in MOVES, f"{one}: {verb} is no move"
    leaving, _, roles = MOVES[verb]
    assert event.from_status == before.to_status, f"{one}: {verb} from {event.from_status}, it was {before.to_status}"
    assert event.from_status in leaving and event.role in roles, f"{one}: {verb} by {event.role} is not in the table"
    assert event.to_status == target(verb, Status(event.from_status)), f"{one}: {verb} led to {event.to_status}"
    assert event.at >= before.at, f"{one}: {verb} happened before {before.verb}"
    was_at = before.to_start if before.verb == Verb.MOVE else before.start
    assert event.start == was_at, f"{one}: {verb} says it was at {event.start}, it was at {was_at}"
    assert (event.to_start is not None) == (verb in OF_TIME), f"{one}: {verb} speaks of {event.to_start}"
    replaces = event.dropped_start is None or verb in {Verb.PROPOSE, Verb.MOVE}
    assert replaces, f"{one}: {verb} says that it replaced {event.dropped_start}"
    people = {Role.CUSTOMER: one.customer_id, Role.PROVIDER: one.provider.user_id, Role.SYSTEM: None}
    if event.role in people:
        assert event.actor_id == people[Role(event.role)], f"{one}: {verb} by {event.role} was somebody else"


def check_series() -> None:
    """Check that each series was booked whole: each date of it is either booked or left out, once, on one service and
    with the same two people; what one act booked has one price, follows on what was booked before, and was made at
    one moment."""
    left_out = defaultdict(list)
    for one in _left_out():
        left_out[one.series_id].append(one.occurrence)
    for series in _series():
        made = list(series.appointments.all())
        assert made, f"{series} has no appointment"
        numbers = sorted([one.occurrence for one in made] + left_out[series.pk])
        assert numbers == list(range(1, len(numbers) + 1)), f"{series} has the dates {numbers}"
        acts = defaultdict(list)
        for one in sorted(made, key=lambda one: one.occurrence):
            theirs = (one.customer_id, one.provider_id, one.service_id)
            whose = (series.customer_id, series.provider_id, series.service_id)
            assert theirs == whose, f"{one} is not of {series}"
            acts[min(one.history.all(), key=lambda event: event.pk).occasion].append(one)
        for booked in acts.values():
            assert len({(one.price, one.currency, one.created_at) for one in booked}) == 1, f"{series}: {booked} differ"
        first, *later = acts.values()
        assert first[0].created_at == series.created_at, f"{series} was not made with its first dates"
        before = first
        for booked in later:
            assert before[-1].occurrence < booked[0].occurrence, f"{series}: {booked} come between others"
            assert before[0].created_at <= booked[0].created_at, f"{series}: {booked} were added before others"
            before = booked
        end = rule_of(series).count
        assert end is None or numbers[-1] <= end, f"{series} has a date after its end"


def check_people(appointments: Sequence[Appointment]) -> None:
    """Check that nobody has an appointment with themselves, and that each service is its provider's own."""
    with_themselves = [one for one in appointments if one.customer_id == one.provider.user_id]
    foreign = [one for one in appointments if one.service.provider_id != one.provider_id]
    assert not with_themselves, f"with themselves: {with_themselves}"
    assert not foreign, f"a service of somebody else: {foreign}"


def check_late_cancellations(events: Sequence[AppointmentEvent]) -> None:
    """Check that each act by which somebody cancelled late is on record once, for them, at its moment.

    Of an erased account nothing is, but what a suspension rests on, which leads to no appointment.
    """
    erased = {person.pk for person in _people() if person.leaves_at and not person.is_active}
    late = {(one.person_id, one.occasion, one.at) for one in _late()}
    for event in events:
        by_hand = event.verb == Verb.CANCEL and event.role in {Role.CUSTOMER, Role.PROVIDER}
        if by_hand and event.start - event.at <= timedelta(hours=12) and event.actor_id not in erased:
            assert (event.actor_id, event.occasion, event.at) in late, f"{event} was late and is not on record"


def check_bans() -> None:
    """Check that people say since when they are banned, and that nothing begins after the ban of one of its people."""
    open_bans = {ban.user_id: ban.since for ban in _open_bans()}
    banned = {person.pk: person.banned_at for person in _people() if person.banned_at}
    assert banned == open_bans, f"people say {banned}, bans say {open_bans}"
    for person, since in open_bans.items():
        theirs = Q(customer=person) | Q(provider__user=person)
        ahead = Appointment.objects.filter(theirs, start__gt=since, status__in=[Status.REQUESTED, Status.CONFIRMED])
        assert not ahead.exists(), f"{person} is banned and has {list(ahead)} ahead"
        kept = Hold.objects.filter(kept_by=person)
        assert not kept.exists(), f"{person} is banned and keeps {list(kept)}"
        offered = Offer.objects.filter(Q(customer=person) | Q(provider__user=person), state="open")
        assert not offered.exists(), f"{person} is banned and {list(offered)} are offered"


def check_money(appointments: Sequence[Appointment]) -> None:
    """Check that no price has more digits than its currency, and that the fee lies within it."""
    for one in appointments:
        assert one.price == money.round_money(one.price, one.currency), f"{one} costs {one.price} {one.currency}"
        assert 0 <= one.platform_fee <= one.price, f"{one} has a fee of {one.platform_fee} on {one.price}"
        fee = money.round_money(one.price * one.fee_percent / 100, one.currency)
        assert one.platform_fee == fee, (
            f"{one} has a fee of {one.platform_fee}, not of {one.fee_percent} % of {one.price}"
        )
        due = settle(one, one.status)
        assert (one.refund, one.fee_due) == ((due.refund, due.fee_due) if due else (None, None)), (
            f"{one} owes otherwise"
        )
