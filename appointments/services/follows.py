"""The table of jobs that follow from each change, published in its transaction. The services do not know them.

A follower gets all entries of one act that it is to follow, so that it can tell several changes as one.
"""

from collections.abc import Callable, Iterable, Sequence

from appointments.models import Appointment, AppointmentEvent
from appointments.states import Role, Status, Verb
from notifications import channels
from notifications.catalogue import Notice
from notifications.models import Kind
from outbox import services as outbox
from providers.models import CalendarState

Follower = Callable[[Sequence[AppointmentEvent]], Iterable[outbox.Draft | Notice]]


def _for_both(kind: Kind) -> dict[Role, Kind]:
    return {Role.CUSTOMER: kind, Role.PROVIDER: kind}


# The kind of what each side is told of a change.
KINDS: dict[Verb, dict[Role, Kind]] = {
    Verb.REQUEST: {Role.CUSTOMER: Kind.REQUEST_SENT, Role.PROVIDER: Kind.ANSWER_NEEDED},
    Verb.BOOK: _for_both(Kind.CONFIRMED),
    Verb.ACCEPT: _for_both(Kind.CONFIRMED),
    Verb.DECLINE: _for_both(Kind.NOT_CONFIRMED),
    Verb.WITHDRAW: {Role.CUSTOMER: Kind.NOT_CONFIRMED, Role.PROVIDER: Kind.WITHDRAWN},
    Verb.EXPIRE: _for_both(Kind.NOT_CONFIRMED),
    Verb.CANCEL: _for_both(Kind.CANCELLED),
    Verb.PROPOSE: _for_both(Kind.TIME_PROPOSED),
    Verb.MOVE: _for_both(Kind.RESCHEDULED),
    Verb.DECLINE_TIME: _for_both(Kind.TIME_KEPT),
    Verb.WITHDRAW_TIME: _for_both(Kind.TIME_KEPT),
    Verb.LAPSE: _for_both(Kind.TIME_KEPT),
}
# What a side is told of its own act, where that is of another kind: a mere receipt.
OWN_KINDS = {(Verb.WITHDRAW, Role.CUSTOMER): Kind.TAKEN_BACK}


# Who acted needs nothing that repeats these: the other side is told, or both where staff or a job acted.
TO_THE_OTHER = frozenset({Verb.PROPOSE, Verb.DECLINE_TIME, Verb.WITHDRAW_TIME, Verb.LAPSE})


def kind_of(events: Iterable[AppointmentEvent], side: Role) -> Kind:
    """The kind of what one side is told of these changes of one act."""
    kinds = {_kind_of_one(Verb(event.verb), side, is_own=event.role == side) for event in events}
    return kinds.pop() if len(kinds) == 1 else Kind.CHANGES


def _kind_of_one(verb: Verb, side: Role, *, is_own: bool) -> Kind:
    own = OWN_KINDS.get((verb, side)) if is_own else None
    return own or KINDS[verb][side]


def refresh_openings(events: Sequence[AppointmentEvent]) -> Iterable[outbox.Draft]:
    """The jobs that refresh the search's index, one for each provider."""
    for occasion, provider_id in dict.fromkeys((event.occasion, event.appointment.provider_id) for event in events):
        yield outbox.Draft(
            topic="appointments.refresh_openings",
            key=f"{occasion.hex}:{provider_id}",
            payload={"provider": provider_id},
        )


def write_to_calendars(events: Sequence[AppointmentEvent]) -> Iterable[outbox.Draft]:
    """The job that makes connected calendars agree with the appointments of one act; none where nobody has one."""
    connected = [each for each in events if _stands_elsewhere(each.appointment)]
    if connected:
        yield outbox.Draft(
            topic="appointments.write_to_calendars",
            key=f"{connected[0].pk}",
            payload={"appointments": [event.appointment_id for event in connected]},
        )


def _stands_elsewhere(appointment: Appointment) -> bool:
    """Whether either side has a calendar elsewhere with which the appointment is to agree. No query."""
    return appointment.provider.calendar_state != CalendarState.NONE or appointment.customer.keeps_calendar


def look_for_conflicts(events: Sequence[AppointmentEvent]) -> Iterable[outbox.Draft]:
    """The jobs that look whether what is agreed now lies under busy time, one for each provider with a calendar.

    They ask the calendar itself, too: Google may know since a minute what the copy does not.
    """
    agreed = [event for event in events if event.to_status == Status.CONFIRMED]
    for occasion, provider in dict.fromkeys((event.occasion, event.appointment.provider) for event in agreed):
        if provider.calendar_state:
            yield outbox.Draft(
                topic="appointments.look_for_conflicts",
                key=f"{occasion.hex}:{provider.pk}",
                payload={"provider": provider.pk, "ask": True},
            )


def tell(events: Sequence[AppointmentEvent]) -> Iterable[Notice]:
    """What customers and providers are told: one thing for each reader and side, about all entries that concern them.

    Of what is told to the other side alone, those read who did not act themselves. The key is that of the reader's
    first entry, which no other act has: a second act of one occasion is told, too.
    """
    for side in (Role.CUSTOMER, Role.PROVIDER):
        yield from _tell([event for event in events if event.verb not in TO_THE_OTHER or event.role != side], side)


def _tell(events: Sequence[AppointmentEvent], side: Role) -> Iterable[Notice]:
    for reader, about in _by_reader(events, side).items():
        first = about[0]
        is_one = len(about) == 1
        yield Notice(
            name="appointments.event" if is_one else "appointments.events",
            key=f"{first.pk}:{side.value}",
            reader=reader,
            kind=kind_of(about, side),
            about=first.appointment.reference if is_one else "",
            is_own=all(event.role == side for event in about),
            facts={**({"event": first.pk} if is_one else {"events": [event.pk for event in about]}), "to": side.value},
        )


def _by_reader(events: Sequence[AppointmentEvent], side: Role) -> dict[int, list[AppointmentEvent]]:
    """The entries for the account of each person of that side."""
    found: dict[int, list[AppointmentEvent]] = {}
    for event in events:
        appointment = event.appointment
        reader = appointment.customer_id if side is Role.CUSTOMER else appointment.provider.user_id
        found.setdefault(reader, []).append(event)
    return found


FOLLOWS: dict[Verb, tuple[Follower, ...]] = {
    Verb.REQUEST: (refresh_openings, write_to_calendars, tell),
    Verb.BOOK: (refresh_openings, write_to_calendars, look_for_conflicts, tell),
    Verb.ACCEPT: (refresh_openings, write_to_calendars, look_for_conflicts, tell),
    Verb.DECLINE: (refresh_openings, write_to_calendars, tell),
    Verb.WITHDRAW: (refresh_openings, write_to_calendars, tell),
    Verb.CANCEL: (refresh_openings, write_to_calendars, tell),
    Verb.EXPIRE: (refresh_openings, write_to_calendars, tell),
    # Not told: the appointment is over, and both sides were there or know why not.
    Verb.COMPLETE: (refresh_openings, write_to_calendars),
    Verb.NO_SHOW: (refresh_openings, write_to_calendars),
    Verb.CORRECT: (refresh_openings,),
    Verb.MOVE: (refresh_openings, write_to_calendars, look_for_conflicts, tell),
    Verb.PROPOSE: (refresh_openings, tell),
    Verb.DECLINE_TIME: (refresh_openings, tell),
    Verb.WITHDRAW_TIME: (refresh_openings, tell),
    Verb.LAPSE: (refresh_openings, tell),
    # The provider reads it on the day's pages and in the evening before: a mail for each would be noise.
    Verb.COME: (),
}
# The verbs whose events are told to a side.
TOLD = frozenset(verb for verb, followers in FOLLOWS.items() if tell in followers)


def publish(events: Sequence[AppointmentEvent]) -> None:
    """Publish the jobs that follow from the history entries of one act, and tell people of it.

    The entries must come with their appointments and these with their providers and customers.
    """
    followed: dict[Follower, list[AppointmentEvent]] = {}
    for event in events:
        for follower in FOLLOWS[Verb(event.verb)]:
            followed.setdefault(follower, []).append(event)
    follows = [each for follower, its_events in followed.items() for each in follower(its_events)]
    channels.tell(
        [each for each in follows if isinstance(each, Notice)],
        besides=[each for each in follows if isinstance(each, outbox.Draft)],
    )
