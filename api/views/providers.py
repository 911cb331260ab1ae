"""The addresses of what is open to everybody: providers, their services, and their times."""

from api.operations import slots
from api.routes import ANYBODY, Route
from api.serializers.slots import SlotParams, SlotsOut

ROUTES = [
    Route(
        verb="GET",
        path="/api/providers/available/slots",
        operation=slots.available_slots,
        scope=ANYBODY,
        params=SlotParams,
        writes=SlotsOut,
        limit="openings",
        max_age=0,
        problems=("range-too-long", "not-found"),
    ),
]
