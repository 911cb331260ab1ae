"""What customers and providers do with places on a waitlist: joining, changing, leaving, taking and passing an offer,
and removing somebody or offering them a time by hand."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from accounts.models import User
from appointments.exceptions import JoinRefused, OpenNow, PolicyRefused
from appointments.models import Appointment, Offer, WaitlistPlace
from appointments.rules.waitlist import FURTHEST, MOST_PLACES, Want
from appointments.rules.wishes import never_met
from appointments.states import PlaceState, Role, Verb
from core import clock
from core.db import made_before, retrying, violates
from notifications import channels
from notifications.catalogue import Notice
from notifications.models import Kind
from providers.exceptions import ChangedMeanwhile
from providers.models import Provider, Service

from . import availability, booking, holds, offers, proposals, transitions, waitlist_offers
from .booking import Terms
from .locks import lock_people, lock_providers, lock_service
from .persons import check_person, dealings_between
from .transitions import Outcome

ONCE = {"place_once_for_service", "place_once_for_appointment"}
OFF_IT = "You are not on this waitlist any more."
NOT_AHEAD = "Only a confirmed appointment that lies ahead can get an earlier time."


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody waits for: dates, both included, weekdays and parts of the day as bits, in a zone, and a venue."""

    first_on: date
    last_on: date
    weekdays: int
    parts: int
    time_zone: str
    venue: str = ""


@dataclass(frozen=True, slots=True)
class SeenPlace:
    """A place as somebody saw it: its wish, and the key and state of the last offer to it, if there was any."""

    wish: Wish
    offer: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class Joined:
    """The place, and whether this call made or changed it or found it as it is."""

    place: WaitlistPlace
    changed: bool


def join(
    *, service: Service, actor: User, wish: Wish, appointment: Appointment | None = None, key: UUID | None = None
) -> Joined:
    """Put the actor on the waitlist of the service's provider, behind everybody who waits there.

    With their `appointment` they wait for an earlier time of it. Who waits already for the service, or for an earlier
    time of the appointment, waits for `wish` from then on and keeps their place in the order. With the same
    `key` the place that it made is returned, whatever became of it. Raises JoinRefused or PolicyRefused with the
    reason, and OpenNow where a time that fits is open now.
    """
    return _once(service, actor, wish, appointment, key=key)


def _once(
    service: Service,
    actor: User,
    wish: Wish,
    appointment: Appointment | None,
    place: WaitlistPlace | None = None,
    seen: Wish | None = None,
    key: UUID | None = None,
) -> Joined:
    try:
        return _join(
            service=service, actor=actor, wish=wish, appointment=appointment, changed=place, seen=seen, key=key
        )
    except IntegrityError as error:
        if not any(violates(error, name) for name in ONCE):
            raise
        # The same form came twice in one moment: the place is there by now.
        return _join(
            service=service, actor=actor, wish=wish, appointment=appointment, changed=place, seen=seen, key=key
        )


@retrying
@transaction.atomic
def _join(
    *,
    service: Service,
    actor: User,
    wish: Wish,
    appointment: Appointment | None,
    changed: WaitlistPlace | None,
    seen: Wish | None,
    key: UUID | None,
) -> Joined:
    service, customer = lock_service(service, customer_id=actor.pk)
    assert customer is not None
    now = clock.now()
    if made := made_before(WaitlistPlace.objects.filter(customer=customer), key):
        return Joined(made, changed=False)
    _check_wish(wish, now=now, before=appointment.start if appointment else None)
    holds.check_bookable(service)
    check_person(customer, service.provider, dealings_between(customer, service.provider))
    if appointment is not None:
        appointment = _as_it_is(appointment, customer, service, now=now)
    places = WaitlistPlace.objects.waiting().filter(customer=customer)
    own = places.filter(appointment=appointment) if appointment else places.filter(service=service, appointment=None)
    place = own.first()
    if changed is not None and (place is None or place.pk != changed.pk):
        raise JoinRefused(OFF_IT)
    if place is None and places.count() >= MOST_PLACES:
        raise JoinRefused(f"You wait in {MOST_PLACES} places already. Leave one of them before you join another.")
    if place is not None and wish_of(place) == wish:
        return Joined(place, changed=False)
    if seen is not None and place is not None and wish_of(place) != seen:
        raise ChangedMeanwhile
    place = place or WaitlistPlace(customer=customer, provider=service.provider, service=service, made_by_key=key)
    return _write(place, wish, appointment, service, customer, now=now)


def _write(
    place: WaitlistPlace,
    wish: Wish,
    appointment: Appointment | None,
    service: Service,
    customer: User,
    *,
    now: datetime,
) -> Joined:
    place.customer, place.provider, place.service, place.appointment = customer, service.provider, service, appointment
    place.first_on, place.last_on, place.venue = wish.first_on, wish.last_on, wish.venue
    place.weekdays, place.parts, place.time_zone = wish.weekdays, wish.parts, wish.time_zone
    start = waitlist_offers.first_that_fits(place, now=now)
    if start is not None:
        raise OpenNow(start)
    if place.pk is None:
        place.created_at = now
    else:
        # What was offered for the former wish may not be wanted any more.
        waitlist_offers.withdraw_unwanted(place, now=now)
    place.save()
    waitlist_offers.offer_freed(service.provider.pk, now=now)
    return Joined(place, changed=True)


def change(*, place: WaitlistPlace, actor: User, wish: Wish, seen: Wish | None = None) -> Joined:
    """Let the place wait for something else, at the same place in the order. Raises what `join` does, and
    ChangedMeanwhile where it waits for something else than `seen` by now."""
    if actor.pk != place.customer_id:
        raise PermissionDenied
    if not place.is_waiting:
        raise JoinRefused(OFF_IT)
    return _once(place.service, actor, wish, place.appointment, place, seen)


@retrying
@transaction.atomic
def leave(*, place: WaitlistPlace, actor: User, seen: SeenPlace | None = None) -> bool:
    """Take the actor off the list; what is offered to them goes to the next. False where they were off it before.

    Raises ChangedMeanwhile where the place is not as `seen`.
    """
    _lock(place, actor, Role.CUSTOMER)
    if seen is not None:
        _check_seen(place, seen)
    return _end(place, PlaceState.LEFT)


@retrying
@transaction.atomic
def remove(*, place: WaitlistPlace, actor: User, reason: str = "") -> bool:
    """Let the provider take somebody off the list, who is told by mail with the reason. False where they were off it
    before."""
    _lock(place, actor, Role.PROVIDER)
    if not _end(place, PlaceState.REMOVED, reason=reason.strip()):
        return False
    removed = Notice(
        name="appointments.place_removed",
        key=str(place.pk),
        reader=place.customer_id,
        kind=Kind.WAITLIST,
        facts={"place": place.pk},
    )
    channels.tell([removed])
    return True


@retrying
@transaction.atomic
def end_dead(*, place: WaitlistPlace) -> bool:
    """End a place that waits for nothing any more; see `waitlist_offers.dead_places`. False where it does."""
    lock_providers([place.provider_id])
    now = clock.now()
    dead = waitlist_offers.dead_places(now=now).filter(pk=place.pk).first()
    if dead is None:
        return False
    return _end(dead, PlaceState.OVER if dead.is_over(now) or dead.appointment_id else PlaceState.LAPSED)


def end_for_blocked(provider: Provider, customer: User) -> None:
    """End the places of a customer whom the provider, who is locked, has just blocked, and take back what is offered to
    them; it goes to the next."""
    now = clock.now()
    withdrawn = offers.withdraw_to(customer, provider, now=now)
    places = WaitlistPlace.objects.filter(customer=customer, provider=provider)
    if waitlist_offers.end_places(places, PlaceState.LAPSED, now=now) or withdrawn:
        waitlist_offers.offer_freed(provider.pk, now=now)


def _end(place: WaitlistPlace, state: PlaceState, *, reason: str = "") -> bool:
    now = clock.now()
    ended = waitlist_offers.end_places(WaitlistPlace.objects.filter(pk=place.pk), state, now=now, reason=reason)
    if ended:
        waitlist_offers.offer_freed(place.provider_id, now=now)
    return bool(ended)


def claim(
    *,
    offer: Offer,
    actor: User,
    terms: Terms | None,
    venue: str = "",
    note: str = "",
    shown: str = "",
    version: int | None = None,
) -> Outcome:
    """Book the offered time, or request it where the provider answers by hand; for a place with an appointment move
    that there, or propose it. A second press finds what the first one did.

    Raises OfferClosed once the offer is over, ChangedSince where the appointment is at another time than the page
    showed (`shown`, as `Appointment.as_shown`) or not the `version` (its `sequence`) that the person saw, and otherwise
    what booking and moving raise.
    """
    if actor.pk != offer.customer_id:
        raise PermissionDenied
    place = offer.place
    assert place is not None
    if place.appointment is None:
        return booking.book_appointment(
            service=offer.service,
            start=offer.start,
            customer=actor,
            terms=terms,
            booking_key=f"offer:{offer.uuid.hex}",
            venue=venue,
            note=note,
            offer=offer,
        )
    at_once = proposals.would_move_at_once(place.appointment, Role.CUSTOMER)
    verb = Verb.MOVE if at_once else Verb.PROPOSE
    move = transitions.Change(place.appointment, verb, start=offer.start, offer=offer, shown=shown, version=version)
    [outcome] = transitions.apply([move], actor=actor, role=Role.CUSTOMER)
    return outcome


@retrying
@transaction.atomic
def offer_by_hand(*, place: WaitlistPlace, start: datetime, actor: User) -> Offer:
    """Let the provider offer an open time to a place, whoever comes before it.

    Raises SlotTaken where the time is not open, PolicyRefused where the customer can't be offered it.
    """
    provider = _lock(place, actor, Role.PROVIDER)
    now = clock.now()
    waitlist_offers.expire_due(provider.pk, now=now)
    fresh = WaitlistPlace.objects.with_people().select_related("appointment__service").get(pk=place.pk)
    name = fresh.customer.first_name
    if not fresh.is_waiting:
        raise PolicyRefused(f"{name} is not on your waitlist any more.")
    if fresh.offers.live(now).exists():
        raise PolicyRefused(f"A time is offered to {name} already. Wait for the answer first.")
    fresh.service.provider = fresh.provider
    if fresh.appointment:
        fresh.appointment.provider, fresh.appointment.customer = fresh.provider, fresh.customer
    service = waitlist_offers.service_of(fresh)
    if not availability.may_book(service, start, now=now):
        raise holds.slot_taken(service, start)
    if fresh.appointment and start >= fresh.appointment.start:
        raise PolicyRefused(f"{name} waits for a time before the appointment they have.")
    made = waitlist_offers.offer_by_hand(fresh, start, now=now)
    if made is None:
        raise PolicyRefused(f"{name} can’t be offered this time: it is too soon, or {name} can’t book with you now.")
    # What ran out before this act goes to whoever comes first.
    waitlist_offers.offer_freed(provider.pk, now=now)
    return made


def _lock(place: WaitlistPlace, actor: User, role: Role) -> Provider:
    """The place's provider, locked with the actor. Raises PermissionDenied unless the actor has the role."""
    provider = lock_providers([place.provider_id])[place.provider_id]
    person = lock_people([actor.pk])[actor.pk]
    if person.pk != (place.customer_id if role is Role.CUSTOMER else provider.user_id):
        raise PermissionDenied
    if not person.takes_part:
        raise PolicyRefused("This account is suspended or closed.")
    return provider


def _as_it_is(appointment: Appointment, customer: User, service: Service, *, now: datetime) -> Appointment:
    """The customer's appointment as it is now, for an earlier time of which they may wait."""
    fresh = Appointment.objects.select_related("service").get(pk=appointment.pk)
    if fresh.customer_id != customer.pk or fresh.service_id != service.pk:
        raise PermissionDenied
    if not waitlist_offers.is_open_for(fresh, now):
        raise JoinRefused(NOT_AHEAD)
    fresh.provider, fresh.customer = service.provider, customer
    return fresh


def wish_of(place: WaitlistPlace) -> Wish:
    """What the place waits for, for `change` to compare it with what the caller saw."""
    return Wish(place.first_on, place.last_on, place.weekdays, place.parts, place.time_zone, place.venue)


def as_seen(place: WaitlistPlace, offer: Offer | None) -> SeenPlace:
    """The place with the last offer to it, for `leave` to compare it with what the caller saw."""
    return SeenPlace(wish_of(place), (offer.pk, offer.state) if offer else None)


def _check_seen(place: WaitlistPlace, seen: SeenPlace) -> None:
    """Raise ChangedMeanwhile where the place, which waits under its provider's lock, is not as `seen`."""
    present = WaitlistPlace.objects.waiting().filter(pk=place.pk).first()
    if present and as_seen(present, present.offers.order_by("pk").last()) != seen:
        raise ChangedMeanwhile


def _check_wish(wish: Wish, *, now: datetime, before: datetime | None) -> None:
    today = clock.local(now, clock.zone(wish.time_zone)).date()
    if wish.last_on < wish.first_on:
        raise JoinRefused("The last date is before the first one.")
    if wish.last_on < today:
        raise JoinRefused("These dates are over. Choose today or later.")
    if wish.last_on > today + FURTHEST:
        raise JoinRefused(f"Choose dates within the next {FURTHEST.days} days.")
    zone = clock.zone(wish.time_zone)
    if why := never_met(Want(wish.first_on, wish.last_on, wish.weekdays, wish.parts, zone, before), now=now):
        raise JoinRefused(why)
