"""The sentences customers read about a service, for the public page, the editors and the mails alike.

Pure, if the given policy's provider is loaded.
"""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from accounts.fair_use import LATE_WITHIN
from core import money
from core.wording import duration_text, words_for_minutes
from providers.models import BookingPolicy, Pricing, Provider, Service, Venue

# The number of appointments in the example of an hourly price.
SEVERAL = 8


class Sentence(NamedTuple):
    """A sentence about one rule in force, with the rule's name and an icon."""

    about: str
    icon: str
    text: str


def policy_sentences(policy: BookingPolicy, service: Service | None = None) -> list[Sentence]:
    """The rules a customer reads before booking, of `service` or of the page as a whole."""
    name = policy.provider.first_name
    sentences = [
        confirmation_sentence(policy, service),
        ahead_sentence(policy),
        cancelling_sentence(policy),
        moving_sentence(policy),
    ]
    if policy.max_per_day is not None:
        sentences.append(Sentence("day", "today", f"{name} takes at most {_count(policy.max_per_day)} a day."))
    if policy.max_open is not None:
        lie = "lies" if policy.max_open == 1 else "lie"
        text = f"{name} takes no more while {_count(policy.max_open)} {lie} ahead."
        sentences.append(Sentence("open", "cal", text))
    return sentences


def confirmation_sentence(policy: BookingPolicy, service: Service | None = None) -> Sentence:
    at_once = service.confirms_at_once(policy) if service else policy.accepts_at_once
    if at_once:
        return Sentence("confirmation", "check", "Confirms straight away.")
    time = words_for_minutes(policy.answer_minutes)
    text = f"{policy.provider.first_name} answers each request within {time}. One without an answer ends by itself."
    return Sentence("confirmation", "wait", text)


def ahead_sentence(policy: BookingPolicy) -> Sentence:
    soonest = (
        f"at least {words_for_minutes(policy.notice_minutes)}" if policy.notice_minutes else "up to the last minute"
    )
    ahead = " ahead" if policy.notice_minutes else ""
    window = f"{policy.window_days} day{'s' if policy.window_days != 1 else ''}"
    return Sentence("ahead", "cal", f"Book {soonest}{ahead}, and at most {window} ahead.")


def cancelling_sentence(policy: BookingPolicy) -> Sentence:
    cutoff, late = policy.cancellation_cutoff_minutes, LATE_WITHIN // timedelta(minutes=1)
    name, notice = policy.provider.first_name, words_for_minutes(cutoff)
    if cutoff > late:
        free, after = f"until {notice}", f"After that, only {name} can cancel it."
    elif cutoff == late:
        free, after = f"more than {notice}", f"After that, only {name} can cancel it."
    else:
        free, after = f"more than {words_for_minutes(late)}", "After that it is a late cancellation"
        after += f", and in the last {notice} only {name} can cancel it." if cutoff else "."
    return Sentence("cancelling", "clock", f"Free to cancel {free} before the start. {after}")


def moving_sentence(policy: BookingPolicy) -> Sentence:
    if not policy.reschedule_cutoff_minutes:
        return Sentence("moving", "swap", "Ask for another time until the start.")
    notice, name = words_for_minutes(policy.reschedule_cutoff_minutes), policy.provider.first_name
    return Sentence(
        "moving", "swap", f"Ask for another time until {notice} before the start. After that, only {name} can."
    )


def place_text(provider: Provider, venues: Iterable[Venue]) -> str:
    """Venues as text after a verb or a comma: "in Camden or online", "in person", "online"."""
    in_person = f"in {provider.place}" if provider.place else "in person"
    return " or ".join(in_person if venue is Venue.IN_PERSON else "online" for venue in venues)


def price_text(service: Service) -> str:
    """A service's price as text: "£58", "£84 an hour", or "Free"."""
    amount = money.price_words(service.price, service.currency)
    return f"{amount} an hour" if service.pricing == Pricing.HOURLY and service.price else amount


def price_example(*, minutes: int, pricing: str, price: Decimal, currency: str) -> str:
    """The worked example of a price: "45 min at £84 an hour is £63; 8 appointments are £504.", "45 min costs £58." or
    "45 min is free.". Of several each is rounded by itself, as in a series."""
    length, amount = duration_text(minutes), money.format_money(price, currency)
    if not price:
        return f"{length} is free."
    if pricing == Pricing.HOURLY:
        each = money.hourly(price, minutes, currency)
        one, several = (money.format_money(number * each, currency) for number in (1, SEVERAL))
        return f"{length} at {amount} an hour is {one}; {SEVERAL} appointments are {several}."
    return f"{length} costs {amount}."


def _count(appointments: int) -> str:
    return f"{appointments} appointment{'s' if appointments != 1 else ''}"
