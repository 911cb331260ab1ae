"""The refusals of booking and of changes to appointments. Their messages may be shown as they are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from core.exceptions import DomainError


class SlotTaken(DomainError):
    """The time is not open: somebody was faster, or the message names the rule that stands in its way.

    `nearest` holds up to three starts that are open; `is_taken` is false where it is a rule.
    """

    problem = "slot-taken"
    message = "That time was just taken."

    def __init__(self, message: str | None = None, nearest: Sequence[datetime] = (), *, is_taken: bool = True) -> None:
        super().__init__(message)
        self.nearest = list(nearest)
        self.is_taken = is_taken


class DatesUnsettled(SlotTaken):
    """Dates of a series can't be booked at their own time, and nobody said what becomes of them: `dates`, each a
    `SettledDate` with what is open around it."""

    message = "Some dates of this series are not open at that time. Skip or shift them."

    def __init__(self, dates: Sequence[Any]) -> None:
        super().__init__(nearest=dates[0].offers, is_taken=False)
        self.dates = list(dates)


class PolicyRefused(DomainError):
    """A rule of the provider or the platform forbids it."""

    problem = "policy-refused"


class AddressNeeded(PolicyRefused):
    """The account has no email address, without which it takes nobody's time."""

    problem = "address-needed"


class NotKept(PolicyRefused):
    """The time is open and may be booked, but it is not kept for this person while they fill in the form."""


class HoldRefused(NotKept):
    """The booking names a kept time that its customer does not keep, or keeps for another start or service."""

    message = "That time is not kept for you: it ran out, was given up, or is not yours."


class MoveRefused(DomainError):
    """The appointment is no longer in a state from which this can be done."""

    problem = "move-refused"


class ChangedSince(MoveRefused):
    """The appointment is not as it was shown: at another time, with another new time that waits, or a later version."""

    program_status = 412
    problem = "changed-meanwhile"
    message = "This appointment has changed since the page was opened. Read what it is now, then press the button."


class ConflictChanged(DomainError):
    """What lies over the appointment is not what the page showed."""

    program_status = 412
    problem = "changed-meanwhile"
    message = "What lies over this appointment has changed since the page was opened. Read it again, then decide."


class TermsChanged(DomainError):
    """Price, length or confirmation changed since the form was shown; the new terms need a fresh yes.

    `terms` are those in force, a `booking.Terms`; None where it is only that a new time counts at once, or does not.
    """

    problem = "terms-changed"
    message = "The terms changed while you were reading."

    def __init__(self, message: str | None = None, *, terms: Any = None) -> None:
        super().__init__(message)
        self.terms = terms


class OverridesChanged(DomainError):
    """Entering the appointment overrides other rules of the provider's than the page named."""

    program_status = 412
    problem = "changed-meanwhile"
    message = "What this overrides has changed. Read it, then add the appointment."


class CountsForMore(DomainError):
    """Cancelling counts as more than the person was shown; `number` is that of the late cancellation it would be."""

    problem = "late-cancellation"
    message = "Cancelling now counts as more than it did when this page was opened."

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class InsideChanged(DomainError):
    """Something lies in the time, or has changed its state there, that the person was not asked about."""

    problem = "conflicts"
    message = "Something in this time has changed since this page was opened."


class EventRefused(DomainError):
    """An own event can't have these times or texts; `field` is the one to change, empty where it is none of them."""

    status = 422
    program_status = 400
    problem = "invalid"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class EventGone(DomainError):
    """The own event was deleted meanwhile."""

    program_status = 404
    problem = "not-found"
    message = "This event was deleted meanwhile, in another tab, on another device or in Google."


class FormSpent(DomainError):
    """The form of a new own event made one before, which says something else by now, or was deleted."""

    program_status = 422
    problem = "key-reused"
    message = "This form was saved already, and its event was deleted since."


class OffersChanged(DomainError):
    """The times that the page showed as offered instead are not all open any more, or it showed none."""

    program_status = 412
    problem = "changed-meanwhile"
    message = "The times that you offer have changed since this page was opened."


class OfferClosed(DomainError):
    """The offered time can't be taken any more: its deadline is over, or it was taken, passed or withdrawn."""

    problem = "move-refused"
    message = "This time is no longer offered to you."


class JoinRefused(DomainError):
    """Nobody can wait for this: the dates, the appointment, or the number of places that the person has."""

    problem = "policy-refused"


class OpenNow(JoinRefused):
    """Nobody needs to wait: a time that fits is open now, and `start` is the first of them."""

    message = "A time that fits is open now, so there is nothing to wait for."

    def __init__(self, start: datetime) -> None:
        super().__init__()
        self.start = start


class Fault(NamedTuple):
    """A value that makes no sense: the field as its caller named it, a word for programs, and the sentence."""

    field: str
    code: str
    sentence: str


class Unreadable(DomainError):
    """What a program asks for can't be read; `faults` has each value that makes no sense."""

    status = 400
    problem = "invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(" ".join(fault.sentence for fault in faults))
        self.faults = list(faults)


class StaffRefused(DomainError):
    """The member of staff may not decide about this person's suspension or late cancellations."""

    status = 403
    problem = "not-allowed"
    message = "Only staff decide about suspensions and late cancellations."


class ReasonMissing(DomainError):
    """Staff gave no reason, an appeal no answer, or a provider does not say why a time breaks their own rules."""

    program_status = 400
    problem = "invalid"
    message = "Write why: it is kept."


class AppealAnswered(DomainError):
    """The appeal has its answer already; the first one stands."""

    problem = "move-refused"
    message = "This appeal was answered already, and the first answer stands."
