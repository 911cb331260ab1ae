"""Operations that take a provider's time."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from api.calls import Call
from api.operations import found
from appointments.pages.standing import Standing
from appointments.services import booking, offers
from providers.models import Service


def book(
    call: Call,
    *,
    provider: str,
    service: str,
    start: datetime,
    venue: str = "",
    note: str = "",
    terms: dict[str, Any] | None = None,
    hold: str | None = None,
) -> Standing:
    """Book a service at an open start, or request it where the provider answers by hand.

    Without `terms` those in force are agreed to. A time kept for the person makes room for it.
    """
    wanted, person = found.service(provider, service), call.person
    call.shown_in(wanted.provider.time_zone)
    outcome = booking.book_appointment(
        service=wanted,
        start=start,
        customer=person,
        terms=terms_agreed_to(call, wanted, start, terms),
        booking_key=call.key,
        venue=venue,
        note=note,
    )
    return read_appointment(call, ref=outcome.appointment.reference)


def terms_agreed_to(call: Call, service: Service, start: datetime, said: dict[str, Any] | None) -> booking.Terms:
    """The terms that the caller agreed to: those they sent, in what they left out those in force."""
    offer = offers.offer_to(call.person, service, start, now=call.now)
    force = booking.terms_of(service, offered=offer is not None and offer.is_promised)
    if not said:
        return force
    price = said.get("price", {"amount": force.price, "currency": force.currency})
    return booking.Terms(
        price=Decimal(price["amount"]),
        currency=price["currency"],
        minutes=said.get("minutes", force.minutes),
        confirms_at_once=said.get("confirms_at_once", force.confirms_at_once),
        cutoff_minutes=said.get("cancellation_cutoff_minutes", force.cutoff_minutes),
    )


def read_appointment(call: Call, *, ref: str) -> Standing:
    """Read one of the person's appointments, as customer or as provider."""
    return found.standing(call.person, found.appointment(call.person, ref))


def booked_before(call: Call, made: str) -> Standing:
    """The appointment that this request made before, as it is now."""
    return read_appointment(call, ref=made)
