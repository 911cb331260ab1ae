"""The mail to who waited at a provider that their waitlist was closed, once for all their places there."""

from collections.abc import Sequence
from datetime import datetime

from appointments.models import WaitlistPlace
from core.letters import Letter
from notifications import catalogue
from notifications.catalogue import Mail, Reader
from notifications.models import Kind

from .words.closed_waitlists import waitlist_closed


class WaitlistClosed(Mail):
    """True however late: nobody waits there again, even where the provider's account is kept."""

    kind = Kind.WAITLIST

    def __init__(self, places: Sequence[WaitlistPlace]) -> None:
        self.places = places
        self.key = f"waitlist-closed:{places[0].pk}"
        self.reader = Reader.of(places[0].customer)
        self.counterpart = places[0].provider.user

    def stale_because(self, now: datetime) -> str:
        return "" if self.places[0].customer.takes_part else "the person takes no part any more"

    def letter(self) -> Letter:
        return waitlist_closed(self.places)


@catalogue.mail("appointments.waitlist_closed")
def waitlist_closed_mail(*, places: list[int]) -> Mail | None:
    """The mail about these places of one customer, or None where they were deleted."""
    found = list(WaitlistPlace.objects.with_people().filter(pk__in=places).order_by("pk"))
    return WaitlistClosed(found) if found else None
