"""What pages and mails show of places on waitlists and of what is offered to them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse

from appointments.models import Offer, WaitlistPlace
from appointments.rules.wishes import want_words
from appointments.states import OfferState, PlaceState
from providers.models import Service

from .labels import Label
from .zones import Zones, zones_of_time

WAITING = Label("On the waitlist", "slate", "clock")
OFFERED = Label("Place offered", "brass", "bell", dashed=True)
BOOKED = Label("Booked", "brand", "check")
PASSED = Label("Passed", "slate", "x")
EXPIRED = Label("Offer expired", "slate", "clock")
LEFT = Label("Left", "slate", "x")
REMOVED = Label("Removed", "slate", "x")
OVER = Label("Over", "slate", "clock")
HALF = timedelta(seconds=30)


def order_words(place: WaitlistPlace) -> str:
    """A place in the order of its service: "1st of 5 for Assessment: you are next", "12th of 20 for Assessment".

    It counts those who could be offered the same time. Needs the counts `ahead` and `in_line`.
    """
    ahead, total = place.ahead, place.in_line  # type: ignore[attr-defined]
    number = ahead + 1
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending} of {total} for {place.service.name}" + ("" if ahead else ": you are next")


def label_of(place: WaitlistPlace, offer: Offer | None, *, now: datetime) -> Label:
    """The badge of a place; `offer` is the last one that was made to it, None where none was."""
    if place.is_waiting:
        return OFFERED if offer and offer.is_live(now) else WAITING
    ended = {PlaceState.BOOKED: BOOKED, PlaceState.LEFT: LEFT, PlaceState.REMOVED: REMOVED}
    after = {OfferState.PASSED: PASSED, OfferState.EXPIRED: EXPIRED}
    return ended.get(PlaceState(place.state)) or (after.get(OfferState(offer.state), OVER) if offer else OVER)


def offer_zones(offer: Offer, service: Service, *, reader: ZoneInfo) -> Zones:
    """The zones in which the customer, whose own zone is `reader`, sees an offered time. Needs the provider."""
    return zones_of_time(service, offer.start, offer.end, reader=reader)


def zone_of_wish(service: Service, *, now: datetime, reader: ZoneInfo) -> ZoneInfo:
    """The zone in which dates and parts of the day of a place are meant. Needs the service's provider."""
    return zones_of_time(service, now, now, reader=reader).first


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place as its customer sees it: its offer, what it waits for, its badge, and its place in the order."""

    place: WaitlistPlace
    offer: Offer | None
    label: Label
    wants: str
    order: str
    zones: Zones | None
    paused: str = ""

    @property
    def deadline(self) -> datetime:
        assert self.offer is not None
        return self.offer.expires_at

    @property
    def address(self) -> str:
        return reverse("waitlist_offer", args=[self.place.uuid])


def place_row(place: WaitlistPlace, offer: Offer | None, *, reader: ZoneInfo, now: datetime) -> PlaceRow:
    """The row of a place that comes with its counts, `ahead` and `in_line`, its service and its provider."""
    service = place.service
    service.provider = place.provider
    live = offer if offer and offer.is_live(now) else None
    paused = "" if place.provider.takes_bookings else f"{place.provider.first_name} is not taking bookings right now"
    return PlaceRow(
        place=place,
        offer=live,
        label=label_of(place, offer, now=now),
        wants=want_words(place),
        order=order_words(place) if place.is_waiting else "",
        zones=offer_zones(live, service, reader=reader) if live else None,
        paused=paused,
    )


def place_offered(offer: Offer, *, reader: ZoneInfo, now: datetime) -> PlaceRow:
    """The row of a place to which this is offered; the offer comes with place, provider and service."""
    assert offer.place is not None
    place = offer.place
    place.provider, place.service = offer.provider, offer.service
    place.service.provider = offer.provider
    zones = offer_zones(offer, place.service, reader=reader)
    return PlaceRow(place, offer, label_of(place, offer, now=now), want_words(place), "", zones)


def settled_words(offer: Offer, *, now: datetime) -> str:
    """What became of an offer that can't be taken any more, for its customer."""
    state = OfferState.EXPIRED if offer.is_open and not offer.is_live(now) else OfferState(offer.state)
    waits = offer.place is not None and offer.place.is_waiting
    keeps = " You keep your place on the waitlist." if waits else ""
    taken = f"You took this time, but nothing came of it.{keeps}" if waits else "You have taken this time."
    return {
        OfferState.TAKEN: taken,
        OfferState.PASSED: f"You passed this time.{keeps}",
        OfferState.EXPIRED: f"The time to answer is over. It goes to whoever waits next, or is open to all.{keeps}",
        OfferState.WITHDRAWN: f"This time is no longer offered to you.{keeps}",
    }.get(state, "")


def announced(left: timedelta) -> str:
    """What a screen reader is told of the time left, at ten and at two minutes; the page asks each half minute."""
    for minutes in (10, 2):
        if timedelta(minutes=minutes) - HALF < left <= timedelta(minutes=minutes):
            return f"{minutes} minutes left."
    return ""
