"""The mails about places on waitlists: that a place opened, that it is no longer offered, that a place was removed."""

from datetime import datetime

from appointments.models import Offer, WaitlistPlace
from appointments.queries.waitlist import whole_offers
from appointments.rules.pricing import quote
from appointments.services.waitlist_offers import token_for_mail
from appointments.states import OfferState
from core.letters import Letter, page
from core.money import price_words
from notifications import catalogue
from notifications.catalogue import Mail, Reader
from notifications.models import Kind
from notifications.queries import may_have_arrived
from notifications.services import is_being_sent
from outbox.services import NotYet

from .words import waitlist as words

# The mail that offers a time, by its name in the catalogue.
OPENED = "appointments.place_opened"


class OfferMail(Mail):
    """A mail about one offer to its customer; `name` begins its key."""

    name: str

    def __init__(self, offer: Offer) -> None:
        self.offer = offer
        self.key = f"{self.name}:{offer.pk}"
        self.reader = Reader.of(offer.customer)

    def facts(self) -> words.Facts:
        offer = self.offer
        offer.service.provider = offer.provider
        if offer.place and offer.place.appointment:
            price = price_words(offer.place.appointment.price, offer.place.appointment.currency)
        else:
            price = price_words(quote(offer.service).price, offer.service.currency)
        return words.Facts(offer, price, page("link_waitlist_offer", token_for_mail(offer)))


class PlaceOpened(OfferMail):
    name, kind = "place-opened", Kind.PLACE_OPENED

    def __init__(self, offer: Offer) -> None:
        super().__init__(offer)
        # Quiet hours never hold it until its deadline is over.
        self.matters_at = offer.expires_at

    def stale_because(self, now: datetime) -> str:
        if not self.offer.customer.takes_part:
            return "the person takes no part any more"
        return "" if self.offer.is_live(now) else "the time is no longer offered"

    def letter(self) -> Letter:
        return words.place_opened(self.facts())


class PlaceWithdrawn(OfferMail):
    """The mail that a time is no longer offered, of no use to somebody whom no mail reached while it was.

    It waits for a mail of the offer that is just being sent: only then is it known whether that left.
    """

    name, kind = "place-withdrawn", Kind.WAITLIST

    def stale_because(self, now: datetime) -> str:
        if not self.offer.customer.takes_part:
            return "the person takes no part any more"
        if self.offer.state != OfferState.WITHDRAWN:
            return "the time was not withdrawn"
        if is_being_sent(OPENED, key=str(self.offer.pk)):
            raise NotYet(after=5, reason="the mail that offers the time is just being sent")
        was_told = may_have_arrived(PlaceOpened(self.offer).key, to=self.offer.customer)
        return "" if was_told else "no mail offered this time"

    def letter(self) -> Letter:
        return words.place_withdrawn(self.facts())


class PlaceRemoved(Mail):
    """The mail to somebody whom the provider took off the list, true however late."""

    kind = Kind.WAITLIST

    def __init__(self, place: WaitlistPlace) -> None:
        self.place = place
        self.key = f"place-removed:{place.pk}"
        self.reader = Reader.of(place.customer)
        self.counterpart = place.provider.user

    def letter(self) -> Letter:
        return words.place_removed(self.place)


@catalogue.mail(OPENED)
def place_opened_mail(*, offer: int) -> Mail | None:
    """The mail that a place opened, or None where the offer was deleted."""
    found = whole_offers().filter(pk=offer).first()
    return PlaceOpened(found) if found else None


@catalogue.mail("appointments.place_withdrawn")
def place_withdrawn_mail(*, offer: int) -> Mail | None:
    """The mail that a place is no longer offered, or None where the offer was deleted."""
    found = whole_offers().filter(pk=offer).first()
    return PlaceWithdrawn(found) if found else None


@catalogue.mail("appointments.place_removed")
def place_removed_mail(*, place: int) -> Mail | None:
    """The mail that the provider took somebody off the list, or None where the place was deleted."""
    found = WaitlistPlace.objects.with_people().filter(pk=place).first()
    return PlaceRemoved(found) if found else None
