"""The context of the frame around a provider's own pages."""

from functools import cached_property

from django.http import HttpRequest

from appointments.queries.requests import waiting_count
from core import clock
from providers.models import Provider


class Studio:
    """A provider with their number of waiting requests: one query, or none where the page passes the number."""

    def __init__(self, provider: Provider, waiting_count: int | None = None) -> None:
        self.provider = provider
        if waiting_count is not None:
            self.waiting_count = waiting_count

    @cached_property
    def waiting_count(self) -> int:
        return waiting_count(self.provider, now=clock.now())


def studio(request: HttpRequest) -> dict[str, object]:
    """`studio` on the pages of a signed-in provider, nothing on others. No query until a page shows the count."""
    provider = getattr(request, "provider", None)
    return {"studio": Studio(provider)} if provider is not None else {}
