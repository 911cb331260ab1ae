"""What an appointment earned, once it ended: what goes back to the customer, and the fee that is due on the rest.

These are the amounts that are due by the terms of the appointment, whether or not anybody has paid.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from appointments.states import OPEN, Status
from core import money

# The states in which the provider keeps the price: it took place, or the customer did not come. Whatever ended it
# otherwise, all goes back: cancelling is free for as long as the terms allow it at all.
KEEPS = frozenset({Status.COMPLETED, Status.NO_SHOW})


class Priced(Protocol):
    """What is agreed about the price of an appointment."""

    @property
    def price(self) -> Decimal: ...

    @property
    def currency(self) -> str: ...

    @property
    def platform_fee(self) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Settled:
    """What goes back to the customer of the price, and the fee that is due on what does not."""

    refund: Decimal
    fee_due: Decimal


def settle(priced: Priced, status: Status) -> Settled | None:
    """What is due now that the appointment is in this state; None while it is open."""
    if status in OPEN:
        return None
    kept = priced.price if status in KEEPS else Decimal(0)
    return Settled(priced.price - kept, fee_on(kept, priced))


def fee_on(kept: Decimal, priced: Priced) -> Decimal:
    """The fee on the part of the price that is `kept`, in proportion, rounded once.

    It is never more than that part, since the fee is no more than the price and the part has no fraction of a unit.
    """
    if not priced.price:
        return Decimal(0)
    return money.share(priced.platform_fee, kept, priced.price, priced.currency)
