"""The addresses of what is open to everybody: providers, their services, and their times."""

from api.operations import providers, slots
from api.routes import ANYBODY, Route
from api.serializers.base import Paged
from api.serializers.providers import CardOut, CategoryOut, ProviderOut, PublicServiceOut, SearchParams
from api.serializers.slots import SlotParams, SlotsOut

A_MINUTE = 60

ROUTES = [
    Route(
        verb="GET",
        path="/api/categories/",
        operation=providers.list_categories,
        scope=ANYBODY,
        params=Paged,
        writes=CategoryOut,
        pages=True,
        max_age=A_MINUTE,
    ),
    Route(
        verb="GET",
        path="/api/providers/",
        operation=providers.search,
        scope=ANYBODY,
        params=SearchParams,
        writes=CardOut,
        pages=True,
        limit="search",
        max_age=A_MINUTE,
    ),
    Route(
        verb="GET",
        path="/api/providers/<provider>/",
        operation=providers.read_provider,
        scope=ANYBODY,
        writes=ProviderOut,
        limit="search",
        max_age=A_MINUTE,
    ),
    Route(
        verb="GET",
        path="/api/providers/<provider>/services/",
        operation=providers.list_services,
        scope=ANYBODY,
        params=Paged,
        writes=PublicServiceOut,
        pages=True,
        limit="search",
        max_age=A_MINUTE,
    ),
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
