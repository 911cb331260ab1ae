"""The consequences of each change, as jobs of the transaction that makes it. Services do not know them."""

from collections.abc import Callable, Iterable, Sequence

from appointments.models import AppointmentEvent
from appointments.states import Role, Verb
from notifications import services as notifications
from outbox import services as outbox

Follower = Callable[[AppointmentEvent], Iterable[outbox.Draft]]


def refresh_openings(event: AppointmentEvent) -> Iterable[outbox.Draft]:
    """The search's index of this provider, once for all that one act changed."""
    provider_id = event.appointment.provider_id
    yield outbox.Draft(
        topic="appointments.refresh_openings",
        key=f"{event.occasion.hex}:{provider_id}",
        payload={"provider": provider_id},
    )


def mail_both_sides(event: AppointmentEvent) -> Iterable[outbox.Draft]:
    """A mail to the customer and one to the provider."""
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
    # The appointment is over, and both were there or know why not.
    Verb.COMPLETE: (refresh_openings,),
    Verb.NO_SHOW: (refresh_openings,),
    Verb.CORRECT: (refresh_openings,),
}
# Events that are told to both sides by mail.
TOLD = frozenset(verb for verb, followers in FOLLOWS.items() if mail_both_sides in followers)


def publish(events: Sequence[AppointmentEvent]) -> None:
    """Publish the jobs that follow from these history entries; one of the same key is published once."""
    outbox.publish_all(draft for event in events for follower in FOLLOWS[Verb(event.verb)] for draft in follower(event))
