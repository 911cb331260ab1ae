"""The addresses of series."""

from typing import Any

from api.models import Scope
from api.operations import series
from api.routes import Route
from api.serializers.base import InZone
from api.serializers.series import SeriesIn, SeriesLookOut, SeriesOut, StopIn
from appointments.queries.series import WholeSeries


def _id(made: WholeSeries) -> str:
    return str(made.series.uuid)


ONCE: dict[str, Any] = {"made": _id, "again": series.booked_before}
READ = Route(
    verb="GET",
    path="/api/series/<id>/",
    operation=series.read_series,
    scope=Scope.APPOINTMENTS_READ,
    params=InZone,
    writes=SeriesOut,
)
ROUTES = [
    Route(
        verb="POST",
        path="/api/series/",
        operation=series.book,
        scope=Scope.APPOINTMENTS_WRITE,
        reads=SeriesIn,
        params=InZone,
        writes=SeriesOut,
        status=201,
        location=lambda made: f"/api/series/{_id(made)}/",
        limit="book",
        problems=(
            "slot-taken",
            "terms-changed",
            "policy-refused",
            "address-needed",
            "time-without-offset",
            "not-found",
        ),
        **ONCE,
    ),
    Route(
        verb="POST",
        path="/api/series/preview/",
        operation=series.preview,
        scope=Scope.APPOINTMENTS_READ,
        reads=SeriesIn,
        params=InZone,
        writes=SeriesLookOut,
        limit="check_series",
        problems=("policy-refused", "time-without-offset", "not-found"),
    ),
    READ,
    Route(
        verb="POST",
        path="/api/series/<id>/cancel/",
        operation=series.cancel,
        scope=Scope.APPOINTMENTS_WRITE,
        reads=StopIn,
        params=InZone,
        writes=SeriesOut,
        state=READ,
        problems=("not-found", "not-allowed", "move-refused", "policy-refused", "late-cancellation"),
        **ONCE,
    ),
]
