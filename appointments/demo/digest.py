"""The evening digest in the demo: the provider with a login wants it at 18:30."""

from appointments.services.digests import choose_digest
from core import clock
from providers.models import Provider


def seed(*, provider: Provider) -> None:
    choose_digest(provider=provider, minute=18 * 60 + 30, also_empty=False, now=clock.now())
