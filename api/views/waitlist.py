"""The addresses of waitlists."""

from typing import Any

from api.models import Scope
from api.operations import booking, waitlist
from api.routes import Route
from api.serializers.appointments import AppointmentOut
from api.serializers.base import InZone
from api.serializers.waitlist import ClaimIn, JoinIn, PlaceOut, PlacesParams
from appointments.models import WaitlistPlace

ALL, ONE = "/api/waitlist/", "/api/waitlist/<id>/"


def _id(place: WaitlistPlace) -> str:
    return str(place.uuid)


ONCE: dict[str, Any] = {"made": _id, "again": waitlist.place_before}
READ = Route(
    verb="GET",
    path=ONE,
    operation=waitlist.read_place,
    scope=Scope.APPOINTMENTS_READ,
    params=InZone,
    writes=PlaceOut,
)
ROUTES = [
    Route(
        verb="GET",
        path=ALL,
        operation=waitlist.list_places,
        scope=Scope.APPOINTMENTS_READ,
        params=PlacesParams,
        writes=PlaceOut,
        pages=True,
    ),
    Route(
        verb="POST",
        path=ALL,
        operation=waitlist.join,
        scope=Scope.APPOINTMENTS_WRITE,
        reads=JoinIn,
        params=InZone,
        writes=PlaceOut,
        status=201,
        statuses=(200,),
        location=lambda place: f"/api/waitlist/{_id(place)}/",
        problems=("policy-refused", "address-needed", "not-found", "not-allowed"),
        **ONCE,
    ),
    READ,
    Route(verb="DELETE", path=ONE, operation=waitlist.leave, scope=Scope.APPOINTMENTS_WRITE, status=204, state=READ),
    Route(
        verb="POST",
        path=f"{ONE}claim/",
        operation=waitlist.claim,
        scope=Scope.APPOINTMENTS_WRITE,
        reads=ClaimIn,
        params=InZone,
        writes=AppointmentOut,
        state=READ,
        made=lambda standing: standing.appointment.reference,
        again=booking.booked_before,
        limit="book",
        problems=("slot-taken", "terms-changed", "policy-refused", "move-refused", "address-needed"),
    ),
    Route(
        verb="POST",
        path=f"{ONE}pass/",
        operation=waitlist.pass_offer,
        scope=Scope.APPOINTMENTS_WRITE,
        params=InZone,
        writes=PlaceOut,
        state=READ,
        problems=("policy-refused",),
        **ONCE,
    ),
]
