"""The words of the mails about a place on a waitlist."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from appointments.mail.letters import TEMPLATE, contact
from appointments.models import Offer, WaitlistPlace
from appointments.pages.waitlist import offer_zones
from appointments.pages.zones import Zones
from appointments.rules.wishes import want_words
from core.letters import Button, Fact, Leaf, Letter, Quote, When, page
from core.wording import duration_text, moment_text, range_text, zone_text
from notifications.text import one_line

WHY = "You get this mail because you are on a waitlist on this site."


@dataclass(frozen=True, slots=True)
class Facts:
    """An offer to a place on a waitlist, with its people, service and place, and the price of the appointment."""

    offer: Offer
    price: str
    address: str

    @property
    def name(self) -> str:
        return self.offer.provider.first_name

    @property
    def zone(self) -> ZoneInfo:
        return self._zones.first

    @property
    def _zones(self) -> Zones:
        offer = self.offer
        offer.service.provider = offer.provider
        return offer_zones(offer, offer.service, reader=offer.customer.zone)

    def at(self, moment: datetime, *, year: bool | None = None) -> str:
        return moment_text(moment, self.zone, year=year, twelve=self.offer.customer.uses_12h_clock, spoken=True)

    @property
    def until(self) -> str:
        return f"{self.at(self.offer.expires_at)}, {zone_text(self.zone)}"

    @property
    def when(self) -> When:
        offer, twelve = self.offer, self.offer.customer.uses_12h_clock
        text = range_text(offer.start, offer.end, self.zone, long=True, year=True, twelve=twelve, spoken=True)
        day, _, time = text.partition(", ")
        elsewhere = self._zones.aside_in_full(offer.start, offer.end, twelve=twelve)
        return When(day, time, zone_text(self.zone, at=offer.start), elsewhere=elsewhere)


def place_opened(facts: Facts) -> Letter:
    offer = facts.offer
    keeps = "Otherwise it goes to whoever waits next, or is open to all, and you keep your place on the waitlist."
    moving = offer.place.appointment if offer.place else None
    moves = f"Taking it moves your appointment of {facts.at(moving.start)}, whose time opens." if moving else ""
    chosen = (f"{facts.name} chose this time for you.",) if offer.by_hand else ()
    return _letter(
        facts,
        subject=f"A place opened: {facts.at(offer.start)} with {one_line(offer.provider.name)}",
        tone="brass",
        badge="Place offered",
        headline=f"A place opened with {facts.name}.",
        lead=(*chosen, f"It is yours until {facts.until}. It is not booked yet."),
        button=Button("See the time", facts.address),
        after=(moves, keeps) if moves else (keeps,),
    )


def place_withdrawn(facts: Facts) -> Letter:
    offer = facts.offer
    keeps = offer.place is not None and offer.place.is_waiting
    return _letter(
        facts,
        subject=f"No longer offered: {facts.at(offer.start)} with {one_line(offer.provider.name)}",
        tone="slate",
        badge="No longer offered",
        headline="This time is no longer held for you.",
        lead=("You keep your place on the waitlist.",) if keeps else ("It does not affect your standing.",),
        button=Button("See your waitlist", page("my_waitlist")),
        after=(),
    )


def _letter(facts: Facts, **said: Any) -> Letter:
    offer = facts.offer
    return Letter(
        template=TEMPLATE,
        leaf=Leaf.of(offer.start, facts.zone),
        when=facts.when,
        preheader=f"{facts.when.line}.",
        facts=(
            Fact("Service", f"{one_line(offer.service.name)}, {duration_text(offer.end - offer.start)}"),
            Fact("With", one_line(offer.provider.name)),
            *((Fact("Price", facts.price),) if facts.price else ()),
        ),
        contact=contact(None),
        why=WHY,
        **said,
    )


def place_removed(place: WaitlistPlace) -> Letter:
    name = place.provider.first_name
    reason = one_line(place.reason)
    return Letter(
        subject=f"You are no longer on the waitlist of {one_line(place.provider.name)}",
        template=TEMPLATE,
        tone="slate",
        badge="Removed",
        headline=f"{name} took you off the waitlist.",
        preheader=f"{one_line(place.service.name)}: {want_words(place)}.",
        lead=("You are not asked any more when a time opens. It does not affect your standing.",),
        quote=Quote(f"{name} wrote", reason) if reason else None,
        button=Button("See your waitlist", page("my_waitlist")),
        facts=(
            Fact("Service", one_line(place.service.name)),
            Fact("You waited for", want_words(place)),
        ),
        contact=contact(None),
        why=WHY,
    )
