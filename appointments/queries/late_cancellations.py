"""The late cancellations of people, with the appointments that each act cancelled."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from accounts.models import Ban, User
from appointments.models import AppointmentEvent, LateCancellation
from appointments.states import Verb


def late_cancellations_of(person: User) -> list[LateCancellation]:
    """All late cancellations of the person, the newest first, with their bans and who forgave them. One query."""
    rows = LateCancellation.objects.filter(person=person)
    return list(rows.select_related("ban", "forgiven_by"))


def evidence_of(ban: Ban) -> list[LateCancellation]:
    """The late cancellations from which the ban follows, the oldest first, with who forgave them. One query."""
    return list(LateCancellation.objects.filter(ban=ban).select_related("ban", "forgiven_by").order_by("at", "pk"))


def bans_of(person: User) -> list[Ban]:
    """The bans of the person, the newest first, with who lifted them. One query."""
    return list(person.bans.select_related("lifted_by").order_by("-since", "-pk"))


def cancelled_by(late: Sequence[LateCancellation]) -> dict[int, list[AppointmentEvent]]:
    """The history entries of each late cancellation, by its id, with their appointments, by start. One query.

    They are looked for among the entries of these people, because acts have no index of their own.
    """
    events = AppointmentEvent.objects.filter(
        actor__in={one.person_id for one in late}, occasion__in={one.occasion for one in late}, verb=Verb.CANCEL
    )
    by_act: dict[tuple[int | None, UUID], list[AppointmentEvent]] = defaultdict(list)
    for event in events.select_related("appointment").order_by("start", "pk"):
        by_act[event.actor_id, event.occasion].append(event)
    return {one.pk: by_act[one.person_id, one.occasion] for one in late}
