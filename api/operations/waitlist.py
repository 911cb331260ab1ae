"""Operations on places on waitlists, and on the times that are offered to them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from api import paging
from api.answers import Answer
from api.calls import Call
from api.errors import not_found
from api.operations import found
from api.operations.booking import read_appointment, terms_agreed_to
from api.paging import Page
from api.serializers.waitlist import PARTS
from appointments.exceptions import OfferClosed
from appointments.models import Offer, WaitlistPlace
from appointments.pages.standing import Standing
from appointments.queries.waitlist import all_places_of, last_offers, offer_to_place, place_of, with_order
from appointments.rules.wishes import bits
from appointments.services import offers, waitlist
from appointments.services.waitlist import Wish
from appointments.states import ALL_PARTS, ALL_WEEKDAYS, OfferState, Verb
from providers.exceptions import ChangedMeanwhile

A_DAY = timedelta(days=1)


def list_places(call: Call, *, state: str | None = None) -> Page:
    """List the person's places on waitlists, in the order in which they joined, those that ended among them."""
    rows = all_places_of(call.person)
    page = paging.page(call, rows.filter(state=state) if state else rows, by=("pk",))
    return replace(page, rows=_with_offers(with_order(list(page.rows))))


def _with_offers(places: Sequence[WaitlistPlace]) -> Sequence[WaitlistPlace]:
    last = last_offers(places)
    for place in places:
        place.last_offer = last.get(place.pk)  # type: ignore[attr-defined]
    return places


def join(
    call: Call,
    *,
    from_date: date,
    to_date: date,
    provider: str = "",
    service: str = "",
    appointment: str | None = None,
    weekdays: Iterable[int] | None = None,
    parts: Iterable[str] | None = None,
    venue: str = "",
    time_zone: str | None = None,
) -> Answer:
    """Join the waitlist for a service, or for an earlier time of an appointment. Who waits for that already waits for
    this from then on, at the same place: 200.

    Where a time that fits is open now, nobody needs to wait: it is refused with that in `nearest`.
    """
    waiting = None
    if appointment is None:
        wanted = found.service(provider, service)
    else:
        waiting, _ = found.in_role(call.person, appointment, Verb.COME)  # an act of customers alone
        wanted = waiting.service
        wanted.provider = waiting.provider
    call.shown_in(wanted.provider.time_zone)
    wish = Wish(
        first_on=from_date,
        last_on=to_date - A_DAY,
        weekdays=ALL_WEEKDAYS if weekdays is None else bits(list(weekdays)),
        parts=ALL_PARTS if parts is None else bits([PARTS.index(part) for part in parts]),
        time_zone=time_zone or wanted.provider.time_zone,
        venue=venue,
    )
    key = UUID(call.key)
    place = waitlist.join(service=wanted, actor=call.person, wish=wish, appointment=waiting, key=key).place
    is_new = place.made_by_key == key
    told = read_place(call, id=str(place.uuid))
    return Answer(told, status=HTTPStatus.CREATED if is_new else HTTPStatus.OK)


def read_place(call: Call, *, id: str) -> WaitlistPlace:
    """Read a place on a waitlist, with what is offered to it."""
    return _with_offers([_place(call, id)])[0]


def _place(call: Call, id: str) -> WaitlistPlace:
    try:
        return place_of(call.person, found.uuid_of(id))
    except WaitlistPlace.DoesNotExist:
        raise not_found() from None


def place_before(call: Call, made: str) -> WaitlistPlace:
    """The place that this request made or changed before, as it is now."""
    return read_place(call, id=made)


def leave(call: Call, *, id: str) -> None:
    """Leave a waitlist; what is offered to the person goes to whoever comes next."""
    seen = waitlist.as_seen(call.seen, call.seen.last_offer) if call.seen else None
    waitlist.leave(place=_place(call, id), actor=call.person, seen=seen)


def claim(call: Call, *, id: str, terms: dict[str, Any] | None = None, venue: str = "", note: str = "") -> Standing:
    """Take the time that is offered to a place: it is booked, or requested where the provider answers by hand.

    For a place with an appointment that moves there, or it is proposed. Sent again it finds what was made.
    """
    place, offer = _offered(call, id)
    if offer is None:
        raise OfferClosed
    call.shown_in(place.time_zone)
    waiting = call.seen.appointment if call.seen else None
    try:
        outcome = waitlist.claim(
            offer=offer,
            actor=call.person,
            terms=terms_agreed_to(terms),
            venue=venue,
            note=note,
            version=waiting.sequence if waiting else None,
        )
    except OfferClosed:
        if call.seen and call.seen.last_offer.is_live(call.now):
            raise ChangedMeanwhile from None
        raise
    return read_appointment(call, ref=outcome.appointment.reference)


def pass_offer(call: Call, *, id: str) -> WaitlistPlace:
    """Pass the time that is offered to a place, which stays on the list."""
    _, offer = _offered(call, id)
    if offer is not None and not offers.pass_one(offer=offer, actor=call.person) and call.seen:
        offer.refresh_from_db(fields=["state"])
        if offer.state not in {OfferState.PASSED, call.seen.last_offer.state}:
            raise ChangedMeanwhile
    return read_place(call, id=id)


def _offered(call: Call, id: str) -> tuple[WaitlistPlace, Offer | None]:
    """The place, and the last offer to it. Raises ChangedMeanwhile where the caller saw another one."""
    place = _place(call, id)
    offer = offer_to_place(place)
    if call.seen and offer != call.seen.last_offer:
        raise ChangedMeanwhile
    return place, offer
