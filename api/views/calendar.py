"""The addresses of a provider's connections to Google Calendar."""

from api.models import Scope
from api.operations import calendar
from api.routes import Route
from api.serializers.calendar import CalendarOut, CalendarParams, DisconnectParams, ReconnectIn, ReconnectOut

NOT_THERE = ("not-found",)
GOOGLE = "google_calendar"


def _read(path: str) -> Route:
    return Route(
        verb="GET",
        path=path,
        operation=calendar.read_calendar,
        scope=Scope.CALENDAR_READ,
        params=CalendarParams,
        writes=CalendarOut,
        problems=NOT_THERE,
    )


ROUTES = [
    _read("/api/calendar/"),
    _read("/api/calendar/reconnect/"),
    Route(
        verb="POST",
        path="/api/calendar/reconnect/",
        operation=calendar.reconnect,
        scope=Scope.CALENDAR_WRITE,
        reads=ReconnectIn,
        writes=ReconnectOut,
        limit=GOOGLE,
        problems=("refused", *NOT_THERE),
    ),
    Route(
        verb="POST",
        path="/api/calendar/sync/",
        operation=calendar.sync,
        scope=Scope.CALENDAR_WRITE,
        params=CalendarParams,
        writes=CalendarOut,
        status=202,
        limit=GOOGLE,
        problems=("refused", *NOT_THERE),
    ),
    Route(
        verb="DELETE",
        path="/api/calendar/",
        operation=calendar.disconnect,
        scope=Scope.CALENDAR_WRITE,
        params=DisconnectParams,
        status=204,
        problems=NOT_THERE,
    ),
]
