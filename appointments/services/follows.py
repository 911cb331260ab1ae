"""The table of jobs that follow from each change, published in its transaction. The services do not know them.

A follower gets all entries of one act that it is to follow, so that it can tell several changes as one.
"""

from collections.abc import Callable, Iterable, Sequence

from appointments.models import AppointmentEvent
from appointments.states import Role, Verb
from notifications import services as notifications
from outbox import services as outbox

Follower = Callable[[Sequence[AppointmentEvent]], Iterable[outbox.Draft]]


def refresh_openings(events: Sequence[AppointmentEvent]) -> Iterable[outbox.Draft]:
    """The jobs that refresh the search's index, one for each provider."""
    for occasion, provider_id in dict.fromkeys((event.occasion, event.appointment.provider_id) for event in events):
        yield outbox.Draft(
            topic="appointments.refresh_openings",
            key=f"{occasion.hex}:{provider_id}",
            payload={"provider": provider_id},
        )


def mail_both_sides(events: Sequence[AppointmentEvent]) -> Iterable[outbox.Draft]:
    """The jobs that mail customers and providers: one for each reader, about all entries that concern them.

    The key is that of the reader's first entry, which no other act has: a second act of one occasion is told, too.
    """
    for side in (Role.CUSTOMER, Role.PROVIDER):
        yield from _mail(events, side)


def mail_the_other_side(events: Sequence[AppointmentEvent]) -> Iterable[outbox.Draft]:
    """The jobs that mail those who did not act themselves: the other side, or both where staff or a job acted."""
    for side in (Role.CUSTOMER, Role.PROVIDER):
        yield from _mail([event for event in events if event.role != side], side)


def _mail(events: Sequence[AppointmentEvent], side: Role) -> Iterable[outbox.Draft]:
    for about in _by_reader(events, side):
        first = about[0]
        key = f"{first}:{side.value}"
        if len(about) == 1:
            yield notifications.draft("appointments.event", key=key, event=first, to=side.value)
        else:
            yield notifications.draft("appointments.events", key=key, events=about, to=side.value)


def _by_reader(events: Sequence[AppointmentEvent], side: Role) -> Iterable[list[int]]:
    """The ids of the entries for each person of that side."""
    found: dict[int, list[int]] = {}
    for event in events:
        appointment = event.appointment
        reader = appointment.customer_id if side is Role.CUSTOMER else appointment.provider_id
        found.setdefault(reader, []).append(event.pk)
    return found.values()


FOLLOWS: dict[Verb, tuple[Follower, ...]] = {
    Verb.REQUEST: (refresh_openings, mail_both_sides),
    Verb.BOOK: (refresh_openings, mail_both_sides),
    Verb.ACCEPT: (refresh_openings, mail_both_sides),
    Verb.DECLINE: (refresh_openings, mail_both_sides),
    Verb.WITHDRAW: (refresh_openings, mail_both_sides),
    Verb.CANCEL: (refresh_openings, mail_both_sides),
    Verb.EXPIRE: (refresh_openings, mail_both_sides),
    # Not mailed: the appointment is over, and both sides were there or know why not.
    Verb.COMPLETE: (refresh_openings,),
    Verb.NO_SHOW: (refresh_openings,),
    Verb.CORRECT: (refresh_openings,),
    Verb.MOVE: (refresh_openings, mail_both_sides),
    # The one who acted needs no mail that repeats it.
    Verb.PROPOSE: (refresh_openings, mail_the_other_side),
    Verb.DECLINE_TIME: (refresh_openings, mail_the_other_side),
    Verb.WITHDRAW_TIME: (refresh_openings, mail_the_other_side),
    Verb.LAPSE: (refresh_openings, mail_the_other_side),
    # The provider reads it on the day's pages and in the evening before: a mail for each would be noise.
    Verb.COME: (),
}
# The verbs whose events are mailed to a side.
TOLD = frozenset(verb for verb, followers in FOLLOWS.items() if {mail_both_sides, mail_the_other_side} & set(followers))


def publish(events: Sequence[AppointmentEvent]) -> None:
    """Publish the jobs that follow from the history entries of one act."""
    followed: dict[Follower, list[AppointmentEvent]] = {}
    for event in events:
        for follower in FOLLOWS[Verb(event.verb)]:
            followed.setdefault(follower, []).append(event)
    outbox.publish_all(draft for follower, its_events in followed.items() for draft in follower(its_events))
