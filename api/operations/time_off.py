"""Operations on one's own time off: what lies inside is decided about before anything is written."""

from collections.abc import Mapping
from datetime import date, datetime

from api import paging
from api.calls import Call
from api.errors import Problem, not_found
from api.operations import found, own
from api.paging import Page
from api.serializers.appointments import consequence_told
from api.serializers.base import told
from appointments.exceptions import InsideChanged
from appointments.pages.consequences import number_accepted
from appointments.rules.fair_use import is_late
from appointments.rules.time_off import Claim, Way
from appointments.services.time_off import Absence, Inside, take_time_off, weigh, what_is_inside
from core import clock
from core.intervals import Interval
from providers import edit_stamps, services
from providers.models import Provider, TimeOff

CANCEL = "cancel"


def list_time_off(call: Call) -> Page:
    """List one's own time off that is not over, soonest first."""
    page = own.provider(call)
    return paging.page(call, page.time_off.filter(end__gt=call.now), by=("start", "pk"))


def read_time_off(call: Call, *, time_off: str) -> TimeOff:
    """Read one's own time off."""
    page = own.provider(call)
    row = page.time_off.filter(uuid=found.uuid_of(time_off)).first()
    if row is None:
        raise not_found()
    row.provider = page
    return row


def block_availability(
    call: Call,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    from_date: date | None = None,
    to_date: date | None = None,
    reason: str = "",
    public_word: str = "",
    message: str = "",
    decisions: Mapping[str, str] | None = None,
    accept: str = "",
) -> TimeOff:
    """Take time off. With `decisions` for all that lies inside, each is kept, cancelled or offered other times.

    Without one for each it is refused with what they are and what cancelling all would count as. All that is cancelled
    counts once. Where that would suspend the provider, `accept` has to say so. The time off that it meets becomes part
    of it. `message` goes to the customers, `reason` to nobody.
    """
    page = own.provider(call)
    span = _span(page, start, end, from_date, to_date)
    services.check_time_off(*span, now=call.now)
    inside = what_is_inside(page, span, now=call.now, with_kept=False, with_offered=False)
    ways = _ways(inside, decisions or {})
    if len(ways) < len(inside.claims):
        raise _conflicts(call, page, span, inside, ways)
    weighing = weigh(page, span, inside, ways, now=call.now)
    counts = weighing.counts
    try:
        cleared = take_time_off(
            provider=page,
            absence=Absence(*span, all_day=from_date is not None, reason=reason, public_word=public_word),
            actor=call.person,
            ways=ways,
            word=message,
            seen=number_accepted(accept) if counts.bans else counts.number,
            offered={reference: each.starts for reference, each in weighing.times.items()},
        )
    except InsideChanged:
        now_inside = what_is_inside(page, span, now=call.now, with_kept=False, with_offered=False)
        raise _conflicts(call, page, span, now_inside, _ways(now_inside, decisions or {})) from None
    assert cleared.time_off is not None
    return cleared.time_off


def blocked_before(call: Call, made: str) -> TimeOff:
    """The time off that this request took before, as it is now."""
    return read_time_off(call, time_off=made)


def remove_time_off(call: Call, *, time_off: str) -> None:
    """Open the time again. What was cancelled for it stays cancelled."""
    row = read_time_off(call, time_off=time_off)
    seen = edit_stamps.of_time_off(call.seen) if call.seen else None
    if not services.remove_time_off(time_off=row, actor=call.person, seen=seen):
        raise Problem("changed-meanwhile")


def _span(
    page: Provider, start: datetime | None, end: datetime | None, first: date | None, last: date | None
) -> Interval:
    if first is not None:
        return clock.day_bounds(first, page.zone)[0], clock.day_bounds(last or first, page.zone)[1]
    assert start is not None
    assert end is not None
    return start, end


def _ways(inside: Inside, decisions: Mapping[str, str]) -> dict[str, Way]:
    """The ways of all claims about which there is a decision that fits; to cancel is to end it as its state allows."""
    ways = {}
    for claim in inside.claims:
        decision = decisions.get(claim.appointment.reference, "")
        if decision in _choices(claim):
            ways[claim.appointment.reference] = claim.way_to_end if decision == CANCEL else Way(decision)
    return ways


def _choices(claim: Claim) -> list[str]:
    return [CANCEL if way is claim.way_to_end else way.value for way in claim.ways]


def _conflicts(call: Call, page: Provider, span: Interval, inside: Inside, ways: Mapping[str, Way]) -> Problem:
    """The refusal with each claim inside, those that are undecided marked, and what cancelling them all counts as."""
    zone = call.zone_of(page.time_zone)
    every = {claim.appointment.reference: claim.way_to_end for claim in inside.claims}
    counts = weigh(page, span, inside, every, now=call.now).counts
    return Problem(
        "conflicts",
        more={
            "conflicts": [
                {
                    "id": claim.appointment.reference,
                    "start": told(claim.start, zone),
                    "end": told(claim.end, zone),
                    "status": claim.appointment.status,
                    "is_proposed": claim.proposed is not None,
                    "customer": {"id": str(claim.appointment.customer.uuid), "name": claim.appointment.customer.name},
                    "decided": ways.get(claim.appointment.reference) is not None,
                    "decisions": _choices(claim),
                    "late": claim.way_to_end is Way.CANCEL and is_late(claim.start, call.now),
                }
                for claim in inside.claims
            ],
            "cancelling": consequence_told(counts),
        },
    )
