"""Time off: the claims on time inside it, and the ways to treat each of them. Decided from facts in hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from appointments.models import Appointment, Proposal
from appointments.states import Role, Verb


class Way(StrEnum):
    """What becomes of a claim inside a time off: it is ended in the way that its state allows, or it stays.

    An appointment may also be ended with an offer of other times.
    """

    OFFER = "offer"
    CANCEL = "cancel"
    DECLINE = "decline"
    TAKE_BACK = "take-back"
    KEEP = "keep"


# What starts sooner is kept unless the provider chooses otherwise, since its customer may be on the way.
SOON = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim on time inside: an appointment or request, or the new time `proposed` for one that lies elsewhere."""

    appointment: Appointment
    proposed: Proposal | None = None

    @property
    def start(self) -> datetime:
        return self.proposed.start if self.proposed else self.appointment.start

    @property
    def end(self) -> datetime:
        return self.proposed.end if self.proposed else self.appointment.end

    @property
    def way_to_end(self) -> Way:
        """What was agreed is cancelled, what the customer asks is declined, the provider's own proposal taken back."""
        if self.proposed:
            return Way.TAKE_BACK if self.proposed.side is Role.PROVIDER else Way.DECLINE
        return Way.CANCEL if self.appointment.is_confirmed else Way.DECLINE

    @property
    def ways(self) -> tuple[Way, ...]:
        offer = () if self.proposed else (Way.OFFER,)
        return *offer, self.way_to_end, Way.KEEP

    def comes_to(self, way: Way) -> Way:
        """How a way leaves the claim itself: an offer of other times ends it, too."""
        return self.way_to_end if way is Way.OFFER else way

    @property
    def verb_to_end(self) -> Verb:
        if self.proposed:
            return Verb.WITHDRAW_TIME if self.way_to_end is Way.TAKE_BACK else Verb.DECLINE_TIME
        return Verb.CANCEL if self.appointment.is_confirmed else Verb.DECLINE


def usual_way(claim: Claim, now: datetime) -> Way:
    """The way that a page chooses before the provider has said anything: to wait where a new time is proposed, and to
    offer other times otherwise."""
    proposal = claim.appointment.open_proposal
    waits = proposal is not None and proposal.is_live(now)
    return Way.KEEP if waits or claim.start - now <= SOON else claim.ways[0]
