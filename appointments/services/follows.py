"""The table of jobs that follow from each change, published in its transaction. The services do not know them."""

from collections.abc import Callable, Iterable, Sequence

from appointments.models import AppointmentEvent
from appointments.states import Role, Verb
from notifications import services as notifications
from outbox import services as outbox

Follower = Callable[[AppointmentEvent], Iterable[outbox.Draft]]


def refresh_openings(event: AppointmentEvent) -> Iterable[outbox.Draft]:
    """The job that refreshes the search's index of the provider, once for all changes of one act."""
    provider_id = event.appointment.provider_id
    yield outbox.Draft(
        topic="appointments.refresh_openings",
        key=f"{event.occasion.hex}:{provider_id}",
        payload={"provider": provider_id},
    )


def mail_both_sides(event: AppointmentEvent) -> Iterable[outbox.Draft]:
    """The jobs that mail the customer and the provider."""
    for side in (Role.CUSTOMER.value, Role.PROVIDER.value):
        yield notifications.draft("appointments.event", key=f"{event.pk}:{side}", event=event.pk, to=side)


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
}
# The verbs whose events are mailed to both sides.
TOLD = frozenset(verb for verb, followers in FOLLOWS.items() if mail_both_sides in followers)


def publish(events: Sequence[AppointmentEvent]) -> None:
    """Publish the jobs that follow from these history entries; one of the same key is published once."""
    outbox.publish_all(draft for event in events for follower in FOLLOWS[Verb(event.verb)] for draft in follower(event))
