"""The price of an appointment, rounded once, here."""

from dataclasses import dataclass
from decimal import Decimal

from core import money
from providers.models import Pricing, Service


@dataclass(frozen=True, slots=True)
class Quote:
    """Price and fee of one appointment, in the currency's own minor units, and the sentence that shows the working.

    The fee is `fee_percent` of the price.
    """

    price: Decimal
    currency: str
    fee_percent: Decimal
    platform_fee: Decimal
    working: str


def quote(service: Service, *, fee_percent: Decimal = Decimal(0)) -> Quote:
    """The price of one appointment of `service` now; an hourly price is rate x duration, rounded half up."""
    price = money.round_money(service.price, service.currency)
    working = ""
    if service.pricing == Pricing.HOURLY:
        rate = service.price
        price = money.hourly(rate, service.duration_minutes, service.currency)
        if rate:
            working = f"{service.duration_minutes} min at {money.format_money(rate, service.currency)} an hour"
    fee = min(price, money.round_money(price * fee_percent / 100, service.currency))
    return Quote(price, service.currency, fee_percent, fee, working)
