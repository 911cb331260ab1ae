"""Operations that take a provider's time."""

from datetime import datetime
from typing import Any
from uuid import UUID

from api.calls import Call
from api.operations import found
from appointments.pages.standing import Standing
from appointments.services import booking


def book(
    call: Call,
    *,
    provider: str,
    service: str,
    start: datetime,
    venue: str = "",
    note: str = "",
    terms: dict[str, Any] | None = None,
    hold: UUID | None = None,
) -> Standing:
    """Book a service at an open start, or request it where the provider answers by hand.

    Without `terms` those in force are agreed to. A time that the person keeps makes room for it; named by `hold` it
    must be kept for this very start and service, and is taken.
    """
    wanted, person = found.service(provider, service), call.person
    call.shown_in(wanted.provider.time_zone)
    outcome = booking.book_appointment(
        service=wanted,
        start=start,
        customer=person,
        terms=terms_agreed_to(terms),
        booking_key=call.key,
        venue=venue,
        note=note,
        hold=hold,
    )
    if not outcome.changed:
        return read_appointment(call, ref=outcome.appointment.reference)
    return found.standing(person, outcome.appointment)


def terms_agreed_to(said: dict[str, Any] | None) -> booking.Terms | None:
    """The terms that the caller says the person agreed to; None for those in force, whatever they are."""
    if said is None:
        return None
    return booking.Terms(
        price=said["price"]["amount"],
        currency=said["price"]["currency"],
        minutes=said["minutes"],
        confirms_at_once=said["confirms_at_once"],
        cutoff_minutes=said["cancellation_cutoff_minutes"],
    )


def read_appointment(call: Call, *, ref: str) -> Standing:
    """Read one of the person's appointments, as customer or as provider."""
    return found.standing(call.person, found.appointment(call.person, ref))


def booked_before(call: Call, made: str) -> Standing:
    """The appointment that this request made before, as it is now."""
    return read_appointment(call, ref=made)
