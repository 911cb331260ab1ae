"""The jobs of the API."""

from api import once
from core import clock
from outbox import services as outbox


@outbox.every(seconds=3600, name="api.forget_old_requests")
def forget_old_requests() -> None:
    """Forget the Idempotency-Keys of requests that are older than a day."""
    once.forget_old(now=clock.now())
