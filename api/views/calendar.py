"""The addresses of a provider's connections to Google Calendar."""

from api.models import Scope
from api.operations import calendar
from api.routes import Route
from api.serializers.base import InZone
from api.serializers.calendar import CalendarOut, DisconnectParams, ReconnectIn, ReconnectOut

NOT_THERE = ("not-found",)
GOOGLE = "google_calendar"


def _read(path: str) -> Route:
    return Route(
        verb="GET",
        path=path,
        operation=calendar.read_calendar,
        scope=Scope.CALENDAR_READ,
        params=InZone,
        writes=CalendarOut,
        problems=NOT_THERE,
    )


STATE = _read("/api/calendar/")
ROUTES = [
    STATE,
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
        params=InZone,
        writes=CalendarOut,
        status=202,
        again=calendar.read_before,
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
        state=STATE,
        problems=NOT_THERE,
    ),
]
