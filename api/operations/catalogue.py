"""Operations on the services of one's own page."""

from typing import Any
from uuid import UUID

from api import paging
from api.calls import Call
from api.errors import not_found
from api.operations import found, own
from api.paging import Page
from providers import edit_stamps, services
from providers.models import Service


def list_own_services(call: Call) -> Page:
    """List one's own services, paused ones too, in the order in which customers see them."""
    return paging.page(call, own.provider(call).services.all(), by=("position", "pk"))


def read_own_service(call: Call, *, service: str) -> Service:
    """Read one of one's own services."""
    page = own.provider(call)
    row = page.services.filter(slug=found.key(service)).first()
    if row is None:
        raise not_found()
    row.provider = page
    return row


def add_service(call: Call, **said: Any) -> Service:
    """Add a service at the end of the list."""
    page = own.provider(call)
    with own.by_name():
        return services.save_service(provider=page, actor=call.person, values=said, key=UUID(call.key))


def added_before(call: Call, made: str) -> Service:
    """The service that this request added before, as it is now."""
    return read_own_service(call, service=made)


def change_service(call: Call, *, service: str, **said: Any) -> Service:
    """Change a service; what is left out stays. Appointments keep the price and length they were made with."""
    row = read_own_service(call, service=service)
    with own.by_name():
        return services.save_service(
            provider=row.provider, actor=call.person, service=row, values=said, seen=_seen(call)
        )


def pause_service(call: Call, *, service: str) -> Service:
    """Stop bookings of the service. Its appointments stay; paused already, nothing happens."""
    row = read_own_service(call, service=service)
    return services.pause_service(service=row, actor=call.person, seen=_seen(call))


def resume_service(call: Call, *, service: str) -> Service:
    """Let customers book the service again; not paused, nothing happens."""
    row = read_own_service(call, service=service)
    return services.resume_service(service=row, actor=call.person, seen=_seen(call))


def delete_service(call: Call, *, service: str) -> None:
    """Delete a service that nobody has booked and nobody waits for."""
    services.delete_service(service=read_own_service(call, service=service), actor=call.person, seen=_seen(call))


def _seen(call: Call) -> str | None:
    return edit_stamps.of_service(call.seen) if call.seen else None
