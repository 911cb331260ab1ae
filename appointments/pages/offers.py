"""What pages show of times offered to a customer: the times in one zone, and what became of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse

from appointments.models import Appointment, Offer
from appointments.states import OfferState, Role
from core.wording import range_text

from .consequences import Phrase
from .labels import Label
from .zones import Zones, zones_of, zones_told

OFFERED = Label("Time offered", "brass", "bell", dashed=True)
NUMBERS = {1: "one other time", 2: "two other times", 3: "three other times"}


def other_times_words(number: int) -> str:
    """The number of offered times in words: "three other times"."""
    return NUMBERS.get(number, f"{number} other times")


def offer_zones(offer: Offer, appointment: Appointment, *, reader: ZoneInfo) -> Zones:
    """The zones in which the customer sees the offered time: those of its appointment, by the clocks of that time.

    Needs both with their provider.
    """
    provider = appointment.provider
    return zones_told(
        offer.start,
        offer.end,
        reader=reader,
        other=provider.zone,
        whose=provider.first_name,
        place=provider.zone if appointment.is_in_person else None,
    )


def choice_words(offer: Offer, zones: Zones, *, twelve: bool) -> str:
    """An offered time as a choice of a form: "Monday 9 March, 15:10 to 15:55 (16:10 for you in Madrid)"."""
    words = range_text(offer.start, offer.booked_until, zones.first, long=True, twelve=twelve)
    aside = zones.aside(offer.start, twelve=twelve)
    return f"{words} ({aside})" if aside else words


@dataclass(frozen=True, slots=True)
class Group:
    """The times offered to the reader instead of one appointment, with the page where one of them is taken."""

    offers: Sequence[Offer]
    appointment: Appointment
    zones: Zones
    address: str

    @property
    def expires_at(self) -> datetime:
        return min(offer.expires_at for offer in self.offers)

    @property
    def words(self) -> str:
        return other_times_words(len(self.offers))


def groups_of(groups: Iterable[Sequence[Offer]], *, reader: ZoneInfo) -> list[Group]:
    """The groups for a customer whose own zone is `reader`."""
    found = []
    for offers in groups:
        one = offers[0].instead_of
        assert one is not None
        address = reverse("offered_times", args=[one.reference])
        found.append(Group(offers, one, zones_of(one, Role.CUSTOMER, reader=reader), address))
    return found


def settled_words(offers: Sequence[Offer], viewer: Role, *, other: str, now: datetime) -> Phrase:
    """What became of times that can't be taken any more. `other` is the first name of the other side."""
    taken = next((each for each in offers if each.state == OfferState.TAKEN), None)
    customer, provider = ("You", other) if viewer is Role.CUSTOMER else (other, "You")
    if taken:
        return Phrase("{} chose {}.", (customer, taken.start))
    states = {OfferState.EXPIRED if each.is_open else OfferState(each.state) for each in offers}
    if OfferState.PASSED in states:
        return Phrase("{} passed {}.", (customer, "this time" if len(offers) == 1 else "these times"))
    if OfferState.WITHDRAWN in states:
        return Phrase("{} no longer {} another time.", (provider, "offers" if provider == other else "offer"))
    return Phrase("Nobody answered by {}.", (offers[0].expires_at,))
