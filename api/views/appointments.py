"""The addresses of appointments."""

from api.models import Scope
from api.operations import booking
from api.routes import Route
from api.serializers.appointments import AppointmentOut, AppointmentParams, BookingIn
from appointments.pages.standing import Standing

READ = Route(
    verb="GET",
    path="/api/appointments/<ref>/",
    operation=booking.read_appointment,
    scope=Scope.APPOINTMENTS_READ,
    params=AppointmentParams,
    writes=AppointmentOut,
)


BOOKING = ("slot-taken", "terms-changed", "policy-refused", "address-needed", "time-without-offset", "not-found")


def _reference(made: Standing) -> str:
    return made.appointment.reference


def _book_at(path: str) -> Route:
    return Route(
        verb="POST",
        path=path,
        operation=booking.book,
        scope=Scope.APPOINTMENTS_WRITE,
        reads=BookingIn,
        params=AppointmentParams,
        writes=AppointmentOut,
        status=201,
        made=_reference,
        again=booking.booked_before,
        location=lambda made: f"/api/appointments/{_reference(made)}/",
        limit="book",
        problems=(
            "slot-taken",
            "terms-changed",
            "policy-refused",
            "address-needed",
            "time-without-offset",
            "not-found",
        ),
    )


ROUTES = [READ, _book_at("/api/appointments/"), _book_at("/api/appointments/create/")]
