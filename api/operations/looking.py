"""Operations before a booking: a look that writes nothing, and a time that is kept for a while."""

from datetime import datetime
from typing import Any
from uuid import UUID

from api.calls import Call
from api.errors import not_found
from api.operations import found
from api.operations.booking import terms_agreed_to
from api.serializers.base import told
from api.serializers.looking import terms_told
from appointments.models import Hold
from appointments.services import booking, holds, kept_times


def check(
    call: Call,
    *,
    provider: str,
    service: str,
    start: datetime,
    venue: str = "",
    terms: dict[str, Any] | None = None,
    hold: UUID | None = None,
    **_said: Any,
) -> dict[str, Any]:
    """Look whether a start could be booked now, by the rules that decide when it is, and write nothing.

    `terms` are those in force, `refusal` is the first sentence against it, and `clash` says that the person is busy
    then, which keeps nobody from booking. `nearest` are up to three other open starts.
    """
    wanted, person = found.service(provider, service), call.person
    call.shown_in(wanted.provider.time_zone)
    zone = call.zone_of(wanted.provider.time_zone)
    seen = terms_agreed_to(terms)
    look = booking.look_before_booking(customer=person, service=wanted, start=start, venue=venue, seen=seen, hold=hold)
    return {
        "open": look.open,
        "time_zone": zone.key,
        "terms": terms_told(look.terms),
        "clash": look.clash,
        "clashes": [
            {"start": told(each.start, zone), "end": told(each.end, zone), "kind": each.kind} for each in look.clashes
        ],
        "refusal": look.refusals[0] if look.refusals else None,
        "refusals": look.refusals,
        "nearest": [told(at, zone) for at in look.nearest],
    }


def keep(call: Call, *, provider: str, service: str, start: datetime, **_said: Any) -> Hold:
    """Keep an open start for ten minutes, so that nobody else takes it while the person decides.

    A person keeps one time: keeping another gives the former up. Booking takes it.
    """
    wanted = found.service(provider, service)
    call.shown_in(wanted.provider.time_zone)
    return holds.keep_time(service=wanted, start=start, account=call.person)


def kept_before(call: Call, made: str) -> Hold:
    """The time that this request kept before, while it is kept."""
    kept = holds.kept_by(call.person, now=call.now)
    if kept is None or str(holds.id_of_kept(kept, call.person)) != made:
        raise not_found()
    call.shown_in(kept.provider.time_zone)
    return kept


def give_up(call: Call, *, hold: UUID) -> None:
    """Give up a time that is kept, so that others can take it."""
    if not kept_times.release_by_id(account=call.person, kept=hold):
        raise not_found()
