"""Queries about places on waitlists."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from appointments.models import Appointment, AppointmentEvent, Offer, WaitlistPlace
from appointments.models.offer import OfferQuerySet
from appointments.rules.waitlist import Want, number_in_line
from appointments.rules.wishes import want_of
from appointments.states import OfferState
from providers.models import Provider, Service

MOST_PAST = 20
# What a place in the order is worked out from.
WANTED = ("service_id", "first_on", "last_on", "weekdays", "parts", "time_zone", "appointment__start")


def places_of(user: User) -> list[WaitlistPlace]:
    """The places of the customer that wait, in the order in which they joined, each with its place in the order of
    those who wait for the same service (`ahead`, `in_line`). Two queries."""
    rows = WaitlistPlace.objects.waiting().filter(customer=user).with_people().select_related("appointment")
    return with_order(list(rows.order_by("pk")))


def all_places_of(user: User) -> QuerySet[WaitlistPlace]:
    """Every place that the customer has or had, for a page of them; see `with_order`."""
    return WaitlistPlace.objects.filter(customer=user).with_people().select_related("appointment")


def past_places_of(user: User) -> list[WaitlistPlace]:
    """The last places of the customer that ended, the latest first. One query."""
    rows = WaitlistPlace.objects.filter(customer=user, closed_at__isnull=False).order_by("-closed_at", "-pk")
    return list(rows.with_people()[:MOST_PAST])


def place_of(user: User, uuid: UUID | str) -> WaitlistPlace:
    """The customer's own place, with its place in the order while it waits. Two queries. Raises
    WaitlistPlace.DoesNotExist."""
    joined = ("appointment__service", "appointment__provider")
    found = WaitlistPlace.objects.with_people().select_related(*joined).get(customer=user, uuid=uuid)
    return with_order([found])[0]


def place_kept(user: User, service: Service, appointment: Appointment | None) -> WaitlistPlace | None:
    """The place that the customer has for the service, or for an earlier time of the appointment, with its place in
    the order; None where they don't wait. One query, two where they do."""
    rows = WaitlistPlace.objects.waiting().with_people().select_related("appointment")
    found = rows.filter(customer=user, service=service, appointment=appointment)
    return next(iter(with_order(list(found[:1]))), None)


def last_offers(places: Iterable[WaitlistPlace]) -> dict[int, Offer]:
    """The last offer that was made to each place, by its key. One query."""
    rows = Offer.objects.filter(place__in=[place.pk for place in places]).order_by("pk")
    return {offer.place_id or 0: offer for offer in rows.select_related("service")}


def last_offer_to(place: WaitlistPlace) -> Offer | None:
    """The last offer to the place, with all that its page shows. One query."""
    return whole_offers().filter(place=place).order_by("-pk").first()


def offer_of_link(token_hash: str) -> Offer:
    """The offer whose link has this hash. One query. Raises Offer.DoesNotExist."""
    return whole_offers().get(token_hash=token_hash)


def moved_from(appointment: Appointment, start: datetime) -> datetime | None:
    """The time that the appointment had before it moved to `start`; None where it never did. One query."""
    moves = AppointmentEvent.objects.filter(appointment=appointment, to_start=start).order_by("-pk")
    return moves.values_list("start", flat=True).first()


def offer_to_place(place: WaitlistPlace) -> Offer | None:
    """The last offer to the place, with its provider and customer on all that is read of it. One query."""
    offer = last_offer_to(place)
    return ready(offer) if offer else None


def ready(offer: Offer) -> Offer:
    """The offer with its provider and customer on all that is read of it."""
    offer.service.provider = offer.provider
    if offer.place and (one := offer.place.appointment):
        one.provider, one.customer = offer.provider, offer.customer
    return offer


def whole_offers() -> OfferQuerySet:
    """Offers with all that a page or a mail about one of them reads."""
    people = ("customer", "provider__user", "provider__policy", "service", "taken_as")
    place = ("place__appointment__service", "place__appointment__provider__policy", "place__appointment__customer")
    return Offer.objects.select_related(*people, *place)


def waiting_for(service: Service) -> int:
    """The number of people who wait for the service. One query."""
    return WaitlistPlace.objects.waiting().filter(service=service).count()


def line_of(provider: Provider) -> QuerySet[WaitlistPlace]:
    """The places that wait with the provider, in order, each with its customer, service and appointment."""
    rows = WaitlistPlace.objects.waiting().filter(provider=provider)
    return rows.select_related("customer", "service", "appointment").order_by("pk")


def place_with(provider: Provider, uuid: UUID | str) -> WaitlistPlace:
    """A place on the provider's list, ended or not. One query. Raises WaitlistPlace.DoesNotExist."""
    return WaitlistPlace.objects.with_people().select_related("appointment__service").get(provider=provider, uuid=uuid)


def open_offers(places: Sequence[WaitlistPlace]) -> dict[int, Offer]:
    """What is offered to these places, by their keys. One query."""
    rows = Offer.objects.filter(place__in=[place.pk for place in places], state=OfferState.OPEN)
    return {offer.place_id or 0: offer for offer in rows}


def with_order(places: list[WaitlistPlace]) -> list[WaitlistPlace]:
    """The places, those that wait each with the number that come before it and the number in all (`ahead`, `in_line`),
    of those who wait for the same service and whom one time could fit as well. One query where one waits."""
    waiting = [place for place in places if place.is_waiting]
    if not waiting:
        return places
    lines: dict[int, list[tuple[int, Want]]] = defaultdict(list)
    rows = WaitlistPlace.objects.waiting().filter(service__in={place.service_id for place in waiting})
    for one in rows.select_related("appointment").only(*WANTED).order_by("pk"):
        lines[one.service_id].append((one.pk, want_of(one)))
    for place in waiting:
        line = lines[place.service_id]
        place.ahead, place.in_line = number_in_line(place.pk, line)  # type: ignore[attr-defined]
    return places
