"""The mail to a customer that times which were offered to them are no longer held."""

from datetime import datetime

from appointments.queries.offers import live_offers_instead_of, withdrawn_instead_of_at
from appointments.states import Role
from core import clock
from notifications import catalogue
from notifications.catalogue import Mail
from notifications.models import Kind
from notifications.queries import mails_about

from .catalogue import TALK, EventMail, Sort, events_with_people
from .context import MailContext
from .words import endings

WITHDRAWN = Sort(Kind.OFFER_WITHDRAWN, endings.offers_withdrawn)
# The kinds of the mails that offer other times.
OFFERING = {Kind.CANCELLED, Kind.NOT_CONFIRMED, Kind.CHANGES}


class OffersWithdrawn(EventMail):
    """The mail that nothing is offered any more, false while another of the times is.

    It is of no use to somebody whose mail about what was called off waited until nothing was offered.
    """

    def __init__(self, context: MailContext, *, act: str) -> None:
        key = f"appointment-offers-withdrawn:{context.event.appointment_id}:{act}"
        super().__init__(context, key=key, sort=WITHDRAWN)

    def stale_because(self, now: datetime) -> str:
        if not self.context.reader.takes_part:
            return "the person takes no part any more"
        if live_offers_instead_of([self.context.event.appointment_id], now=now):
            return "other times are offered"
        return "" if self._was_told() else "no mail offered these times"

    def _was_told(self) -> bool:
        """Whether the mail that called the appointment off left before the times were taken back. Two queries."""
        event = self.context.event
        until = withdrawn_instead_of_at(event.appointment_id)
        sent = mails_about(self.about, self.context.reader) if until else []
        left_at = [mail.handed_over_at or mail.sent_at for mail in sent if mail.kind in OFFERING]
        return any(at and until and event.at <= at <= until for at in left_at)


@catalogue.mail("appointments.offers_withdrawn")
def offers_withdrawn_mail(*, appointment: int, act: str) -> Mail | None:
    """The mail to the customer, or None where the appointment was deleted."""
    event = events_with_people().filter(appointment=appointment).exclude(verb__in=TALK).first()
    return OffersWithdrawn(MailContext(event, Role.CUSTOMER, now=clock.now()), act=act) if event else None
