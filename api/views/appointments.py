"""The addresses of appointments."""

from collections.abc import Callable
from typing import Any

from api.answers import Answer
from api.models import Scope
from api.operations import acts, appointments, booking, looking, proposals
from api.routes import Route
from api.serializers.appointments import (
    AppointmentOut,
    AppointmentsParams,
    BookingIn,
    CancelIn,
    CorrectIn,
    HistoryOut,
    ListParams,
    NewTimeIn,
    NoteIn,
    ProposalOut,
    ReasonIn,
    RescheduleIn,
)
from api.serializers.base import Days, InZone, Paged, Reads
from api.serializers.looking import HoldIn, HoldOut, LookOut
from appointments.pages.standing import Standing
from appointments.services import holds

ONE = "/api/appointments/<ref>/"
CALENDAR = "text/calendar"
READ = Route(
    verb="GET",
    path=ONE,
    operation=booking.read_appointment,
    scope=Scope.APPOINTMENTS_READ,
    params=InZone,
    writes=AppointmentOut,
)


def _reference(made: Standing) -> str:
    return made.appointment.reference


def _book_at(path: str) -> Route:
    return Route(
        verb="POST",
        path=path,
        operation=booking.book,
        scope=Scope.APPOINTMENTS_WRITE,
        reads=BookingIn,
        params=InZone,
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


def _changes(
    operation: Callable[..., Standing | Answer],
    path: str,
    *,
    verb: str = "POST",
    reads: type[Reads] | None = ReasonIn,
    statuses: tuple[int, ...] = (),
    problems: tuple[str, ...] = (),
    limit: str = "",
) -> Route:
    """A route that changes an appointment and answers with it."""
    return Route(
        verb=verb,
        path=path,
        operation=operation,
        scope=Scope.APPOINTMENTS_WRITE,
        reads=reads,
        params=InZone,
        writes=AppointmentOut,
        statuses=statuses,
        state=READ,
        made=_reference,
        again=booking.booked_before,
        limit=limit,
        problems=("not-found", "not-allowed", "move-refused", "policy-refused", *problems),
    )


def _lists(operation: Callable[..., Any], path: str, *, params: type[Paged], writes: Any) -> Route:
    return Route(
        verb="GET",
        path=path,
        operation=operation,
        scope=Scope.APPOINTMENTS_READ,
        params=params,
        writes=writes,
        pages=True,
        problems=("range-too-long",) if issubclass(params, Days) else (),
    )


def _file(operation: Callable[..., Any], path: str, *, limit: str = "") -> Route:
    return Route(
        verb="GET",
        path=path,
        operation=operation,
        scope=Scope.APPOINTMENTS_READ,
        media=CALENDAR,
        limit=limit,
    )


NEW_TIME: dict[str, Any] = {
    "statuses": (202,),
    "limit": "change_time",
    "problems": ("slot-taken", "terms-changed", "invalid", "time-without-offset"),
}
ROUTES = [
    _lists(appointments.list_appointments, "/api/appointments/", params=AppointmentsParams, writes=AppointmentOut),
    _book_at("/api/appointments/"),
    _book_at("/api/appointments/create/"),
    _lists(appointments.list_history, "/api/appointments/history/", params=ListParams, writes=AppointmentOut),
    _file(appointments.read_own_calendar, "/api/appointments/calendar.ics", limit="calendar_file"),
    _changes(proposals.propose, "/api/appointments/reschedule/", reads=RescheduleIn, **NEW_TIME),
    Route(
        verb="POST",
        path="/api/appointments/check/",
        operation=looking.check,
        scope=Scope.APPOINTMENTS_READ,
        reads=BookingIn,
        params=InZone,
        writes=LookOut,
        problems=("time-without-offset", "not-found"),
    ),
    Route(
        verb="POST",
        path="/api/appointments/hold/",
        operation=looking.keep,
        scope=Scope.APPOINTMENTS_WRITE,
        reads=BookingIn,
        params=InZone,
        writes=HoldOut,
        status=201,
        made=lambda kept: str(holds.id_of_kept(kept, kept.kept_by)),
        again=looking.kept_before,
        limit="keep_time",
        problems=("slot-taken", "policy-refused", "address-needed", "time-without-offset", "not-found", "gone"),
    ),
    Route(
        verb="DELETE",
        path="/api/appointments/hold/",
        operation=looking.give_up,
        scope=Scope.APPOINTMENTS_WRITE,
        reads=HoldIn,
        status=204,
        problems=("not-found",),
    ),
    READ,
    _changes(appointments.change_note, ONE, verb="PATCH", reads=NoteIn),
    _lists(appointments.read_history, f"{ONE}history/", params=Paged, writes=HistoryOut),
    _file(appointments.read_calendar, f"{ONE}calendar.ics"),
    _changes(acts.accept, f"{ONE}accept/"),
    _changes(acts.decline, f"{ONE}decline/"),
    _changes(acts.withdraw, f"{ONE}withdraw/"),
    _changes(acts.cancel, f"{ONE}cancel/", reads=CancelIn, problems=("late-cancellation",)),
    _changes(acts.complete, f"{ONE}complete/"),
    _changes(acts.mark_no_show, f"{ONE}no-show/"),
    _changes(acts.correct, f"{ONE}correct/", reads=CorrectIn),
    _lists(appointments.list_proposals, f"{ONE}proposals/", params=Paged, writes=ProposalOut),
    _changes(proposals.propose, f"{ONE}proposals/", reads=NewTimeIn, **NEW_TIME),
    _changes(proposals.accept, f"{ONE}proposals/<id>/accept/", reads=None),
    _changes(proposals.decline, f"{ONE}proposals/<id>/decline/"),
    _changes(proposals.withdraw, f"{ONE}proposals/<id>/withdraw/"),
]
