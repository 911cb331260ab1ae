"""The facts about the new times of several appointments of one provider, loaded at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from appointments.models import Appointment
from appointments.rules.new_times import Held, Room
from appointments.states import HoldKind

from . import availability
from .availability import Mine
from .prospects import load_prospect


def load_room(
    appointments: Sequence[Appointment],
    starts: Collection[datetime],
    *,
    leaving: Collection[int],
    now: datetime,
    mine: Mine,
    keys: Mapping[int, int] | None = None,
) -> Room:
    """The room for new times of these appointments at `starts` and around them; those `leaving` (ids) move at once.

    In the room they go by their ids, or by what `keys` has for these. The appointments come with service and provider.
    Five queries, six where the provider has a cap, however many there are.
    """
    provider, ids = appointments[0].provider, [one.pk for one in appointments]
    shapes = {one.pk: availability.shape_of(availability.as_agreed(one)) for one in appointments}
    kinds = (HoldKind.APPOINTMENT, HoldKind.PROPOSAL)
    rows = availability.live_holds(now).filter(appointment__in=ids, kind__in=kinds)
    columns = ("kind", "appointment_id", "start", "end")
    held_now = {(kind, pk): (begin, until) for kind, pk, begin, until in rows.values_list(*columns)}
    named = keys or {pk: pk for pk in ids}
    held = {
        named[one.pk]: Held(
            one.start,
            held_now.get((HoldKind.APPOINTMENT, one.pk), (one.start, one.end)),
            shapes[one.pk],
            held_now.get((HoldKind.PROPOSAL, one.pk)),
            one.open_proposal.start if one.open_proposal and one.open_proposal.is_live(now) else None,
        )
        for one in appointments
    }
    mine = replace(mine, also_moving=frozenset(ids))
    prospect = load_prospect(provider, shapes[ids[0]], starts, now=now, mine=mine)
    return Room(prospect, held, frozenset(named[pk] for pk in leaving))
