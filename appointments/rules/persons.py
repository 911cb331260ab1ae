"""Who may book with a provider: every reason against it, from facts in hand, in the order in which they are told."""

from collections.abc import Iterator
from dataclasses import dataclass

from accounts.models import User
from providers.models import Provider

from . import no_shows
from .no_shows import NoShows

CONFIRM_FIRST = "Confirm your email address first; we sent you a link."
ADDRESS_FIRST = "This account has no email address. Add one and open the link we send there, then you can book."


@dataclass(frozen=True, slots=True)
class Dealings:
    """What is between a customer and a provider and decides whether the customer may book.

    `no_shows` counts those that are marked now; `limits_lifted` says that the provider does not apply the policy's
    limits per customer, `is_blocked` that the provider takes no bookings of this customer.
    """

    no_shows: int = 0
    limits_lifted: bool = False
    is_blocked: bool = False


def refusals(customer: User, provider: Provider, dealings: Dealings) -> Iterator[str]:
    """A sentence for each reason why the customer may not book with the provider; none where they may."""
    if customer.pk == provider.user_id:
        yield "You can't book an appointment with yourself."
    if not customer.takes_part:
        is_closed = customer.why_not == "closed"
        yield "This account is closed." if is_closed else "Booking is suspended for this account."
    if refused := _address_refusal(customer):
        yield refused
    yield from refusals_of_provider(provider, dealings)


def refusals_of_provider(provider: Provider, dealings: Dealings) -> Iterator[str]:
    """Those of the reasons that lie between the two, and not in the customer's account."""
    name = provider.first_name
    if dealings.is_blocked:
        # Neutral: it tells neither that somebody decided it, nor why.
        yield f"You can’t book with {name} online. What is booked stays. For anything else, contact {name}."
    if refused := no_shows.refusal(no_shows_of(provider, dealings), name=name):
        yield refused


def adding_refusals(customer: User, provider: Provider, dealings: Dealings) -> Iterator[str]:
    """A sentence for each reason why the provider may not enter an appointment for the customer, as the provider reads
    it; none where they may. Unlike the rules about times, none of these can be overridden."""
    name = customer.first_name
    if provider.user_id == customer.pk:
        yield "You can’t add an appointment with yourself."
    if not customer.takes_part:
        yield f"{name} can’t take part: the account is {customer.why_not}."
    if dealings.is_blocked:
        yield f"You blocked {name} from booking. Let {name} book again first, on the customer’s page."
    if no_shows_of(provider, dealings).stop:
        yield (
            f"{name} has {dealings.no_shows} no-show{'s' if dealings.no_shows != 1 else ''} with you and can’t be "
            "booked. Correct one that is wrong, or lift the limits on the customer’s page."
        )


def move_refusal(customer: User, provider: Provider, dealings: Dealings) -> str:
    """The sentence that refuses a new time chosen by the customer for what is booked; empty where nothing does.

    No-shows refuse none: what is booked stays, and another time for it takes no more.
    """
    if refused := _address_refusal(customer):
        return refused
    if not dealings.is_blocked:
        return ""
    name = provider.first_name
    return f"You can’t change this time online. The appointment stays as it is. For anything else, contact {name}."


def _address_refusal(customer: User) -> str:
    """The sentence that sends the customer to their address first; empty where they may take others' time."""
    if customer.may_take_time:
        return ""
    return CONFIRM_FIRST if customer.email else ADDRESS_FIRST


def no_shows_of(provider: Provider, dealings: Dealings) -> NoShows:
    """The customer's no-shows with the limit that the provider applies to them."""
    return NoShows(dealings.no_shows, None if dealings.limits_lifted else provider.policy.no_show_limit)
