"""Operations that tell when something is open."""

from datetime import date, datetime, timedelta
from typing import Any

from api.calls import Call
from api.errors import FieldError, Problem
from api.operations import found
from api.serializers.base import told
from appointments.search import cards, results
from appointments.search.wanted import Wanted
from appointments.services import availability
from appointments.services.availability import LONGEST_RANGE, Mine, RangeTooLong
from core import clock
from providers.models import Service

A_WEEK = 7
STARTS_EACH = 5


def available_slots(
    call: Call,
    *,
    provider: str | None = None,
    service: str | None = None,
    date: date | None = None,
    from_date: date | None = None,
    to_date: date | None = None,
) -> dict[str, Any]:
    """List the open starts of a service, by default of the coming week; without a provider those of several providers.

    Without `service` it is the provider's first. `next_opening` is the first start, in the range or after it.
    """
    if provider is None:
        return _of_several(call, date, from_date, to_date)
    wanted = found.service(provider, service)
    start, end = _range(call, wanted.provider.time_zone, date, from_date, to_date)
    zone, minutes = call.zone_of(wanted.provider.time_zone), wanted.duration_minutes
    starts = _open(call, wanted, start, end)
    after = starts or _open(call, wanted, end, end + LONGEST_RANGE)
    length = timedelta(minutes=minutes)
    return {
        "provider": wanted.provider.slug,
        "service": wanted.slug,
        "minutes": minutes,
        "time_zone": zone.key,
        # Written plainly: a month has hundreds.
        "slots": [{"start": told(at, zone), "end": told(at + length, zone)} for at in starts],
        "next_opening": told(after[0], zone) if after else None,
    }


def _open(call: Call, service: Service, start: datetime, end: datetime) -> list[datetime]:
    if not (service.is_active and service.provider.takes_bookings):
        return []
    mine = Mine(account_id=call.anybody.pk if call.anybody else None)
    return availability.slots_between(service, start, end, now=call.now, mine=mine)


def _range(
    call: Call, zone_name: str, on: date | None, first: date | None, last: date | None
) -> tuple[datetime, datetime]:
    """The instants of the range of dates, which ends before `last`. Raises RangeTooLong, or Problem `invalid`."""
    zone = call.zone_of(zone_name)
    if on is not None:
        first, last = on, on + timedelta(days=1)
    first = first or clock.local(call.now, zone).date()
    last = last or first + timedelta(days=A_WEEK)
    if last <= first:
        said = "This is the day after the last one, so it is after from."
        raise Problem("invalid", f"to: {said}", errors=[FieldError("to", "invalid", said)])
    if last - first > LONGEST_RANGE:
        raise RangeTooLong
    return clock.day_bounds(first, zone)[0], clock.day_bounds(last, zone)[0]


def _of_several(call: Call, on: date | None, first: date | None, last: date | None) -> dict[str, Any]:
    """The first starts in the range of providers who have openings there, each in its provider's zone."""
    zone = call.zone_of("UTC")
    start, end = _range(call, zone.key, on, first, last)
    wanted = Wanted(day=clock.local(start, zone).date(), tz=zone.key)
    listed = results.find(wanted, zone=zone, now=call.now)
    view = cards.View(wanted=wanted, zone=zone, now=call.now)
    rows = [_row(call, card, start, end) for card in cards.cards(listed.providers, listed.hints, view)]
    return {"time_zone": zone.key, "providers": [row for row in rows if row["slots"]]}


def _row(call: Call, card: cards.Card, start: datetime, end: datetime) -> dict[str, Any]:
    zone, service = call.zone_of(card.provider.time_zone), card.service
    minutes = service.duration_minutes if service else 0
    starts = [at for at in card.starts if start <= at < end][:STARTS_EACH]
    return {
        "provider": card.provider.slug,
        "service": service.slug if service else "",
        "minutes": minutes,
        "time_zone": zone.key,
        "slots": [{"start": told(at, zone), "end": told(at + timedelta(minutes=minutes), zone)} for at in starts],
    }
