"""The addresses of a provider's own time off."""

from api.models import Scope
from api.operations import time_off
from api.routes import Route
from api.serializers.base import InZone, Paged
from api.serializers.time_off import TimeOffIn, TimeOffOut

BLOCK = "/api/provider/block-availability/"

READ = Route(
    verb="GET",
    path=f"{BLOCK}<time_off>/",
    operation=time_off.read_time_off,
    scope=Scope.OFFER_READ,
    params=InZone,
    writes=TimeOffOut,
)
ROUTES = [
    Route(
        verb="GET",
        path=BLOCK,
        operation=time_off.list_time_off,
        scope=Scope.OFFER_READ,
        params=Paged,
        writes=TimeOffOut,
        pages=True,
        problems=("not-found",),
    ),
    Route(
        verb="POST",
        path=BLOCK,
        operation=time_off.block_availability,
        scope=Scope.OFFER_WRITE,
        reads=TimeOffIn,
        params=InZone,
        writes=TimeOffOut,
        status=201,
        made=lambda row: str(row.uuid),
        again=time_off.blocked_before,
        location=lambda row: f"{BLOCK}{row.uuid}/",
        problems=(
            "conflicts",
            "late-cancellation",
            "changed-meanwhile",
            "policy-refused",
            "time-without-offset",
            "not-found",
        ),
    ),
    READ,
    Route(
        verb="DELETE",
        path=READ.path,
        operation=time_off.remove_time_off,
        scope=Scope.OFFER_WRITE,
        status=204,
        state=READ,
    ),
]
