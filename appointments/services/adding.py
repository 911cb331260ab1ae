"""Appointments that a provider enters for a customer, by the same locks and holds as a booking.

The provider may override their own rules, each of which they are shown before; never what somebody else has, nor what
keeps the customer from taking part.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import User
from appointments.exceptions import OverridesChanged, PolicyRefused, SlotTaken
from appointments.rules.bookable import Shut, shut_words, what_is_shut
from appointments.rules.obstacles import Asked
from appointments.rules.overrides import Override, is_held, lines_of, of_bookable, of_share, of_terms, of_time, seen_of
from appointments.rules.persons import Dealings, adding_refusals
from appointments.rules.pricing import Quote, quote
from appointments.rules.why_not import Named, reasons
from appointments.states import Role, Verb
from core import clock
from core.db import retrying
from providers.models import Pricing, Service

from . import availability, holds, offers, waitlist_offers
from .availability import Mine
from .booking import Wanted, ahead_of, booked_by_form, facts_about, until_placed, write_appointments
from .history import Entry, record
from .inviting import invite
from .locks import lock_providers, lock_service
from .shares import Ahead, share_with
from .transitions import Outcome
from .why_not import load_named


@dataclass(frozen=True, slots=True)
class Addition:
    """An appointment to enter: the service with its provider, the start (UTC), and for whom.

    Without `minutes` or `price` it has those of the service. `key` is the form's one-time key, and `message` goes to
    the customer. A customer who is no row yet is to be invited at their `invited_email`.
    """

    service: Service
    start: datetime
    customer: User
    key: str
    minutes: int | None = None
    price: Decimal | None = None
    venue: str = ""
    message: str = ""

    @property
    def mine(self) -> Mine:
        """The holder whose time makes room for it: the customer, who may keep it or be offered it."""
        return Mine(account_id=self.customer.pk)

    @property
    def is_for_somebody_new(self) -> bool:
        return self.customer.pk is None

    @property
    def booking_key(self) -> str:
        """The key as the customer's, whose own forms have others."""
        return f"added:{self.key}"


@dataclass(frozen=True, slots=True)
class Found:
    """What entering an appointment comes to: its price, the rules it overrides, and what refuses it, if anything.

    `taken` is raised for a time that can't be had, `refusals` says what is between the two. `named` has the entries of
    the day.
    """

    quote: Quote
    asked: Asked
    named: Named
    refusals: list[str]
    overrides: list[Override] = field(default_factory=list)
    taken: SlotTaken | None = None

    @property
    def seen(self) -> str:
        return seen_of(self.overrides)


def as_agreed(addition: Addition, service: Service) -> Service:
    """A copy of the service, never to be saved, with the length and the price of this appointment."""
    agreed = copy.copy(service)
    agreed.slot_interval_minutes = service.grid_minutes
    agreed.duration_minutes = addition.minutes or service.duration_minutes
    if addition.price is not None:
        agreed.pricing, agreed.price = Pricing.FIXED, addition.price
    return agreed


def look_before_adding(addition: Addition) -> Found:
    """What `add_appointment` would do now, without writing. Fifteen queries at most, whatever lies on the day."""
    now, provider = clock.now(), addition.service.provider
    if addition.is_for_somebody_new:
        return _find(addition, addition.service, [], Dealings(), now=now)
    theirs, dealings, _ = facts_about(addition.customer, provider, now=now)
    return _find(addition, addition.service, ahead_of(theirs), dealings, now=now)


def add_appointment(*, addition: Addition, actor: User, seen: str = "") -> Outcome:
    """Enter a confirmed appointment for a customer, and tell both sides.

    `seen` stands for the overrides that the page named (`Found.seen`). The same key for the same customer gives the
    first appointment again. Raises OverridesChanged where others are found, SlotTaken where somebody has the time or it
    is over, PolicyRefused where customer or service can't be booked.
    """
    act = partial(_add, addition, actor, seen)
    return until_placed(act, service=addition.service, start=addition.start, mine=addition.mine)


@retrying
@transaction.atomic
def _add(addition: Addition, actor: User, seen: str) -> Outcome:
    now = clock.now()
    if addition.is_for_somebody_new:
        addition = replace(addition, customer=_invite(addition, now))
    service, customer = lock_service(addition.service, customer_id=addition.customer.pk)
    assert customer is not None
    addition = replace(addition, customer=customer)  # as the person is now, who may have been banned meanwhile
    provider = service.provider
    if provider.user_id != actor.pk:
        raise PermissionDenied
    if before := booked_by_form(customer, addition.booking_key):
        return Outcome(before, changed=False)
    _check_open(service, addition.venue)
    theirs, dealings, offered = facts_about(customer, provider, now=now)
    found = _find(addition, service, ahead_of(theirs), dealings, now=now)
    for refused in found.refusals:
        raise PolicyRefused(refused)
    if found.taken:
        raise found.taken
    if found.seen != seen:
        raise OverridesChanged
    agreed = as_agreed(addition, service)
    wanted = Wanted(agreed, (addition.start,), customer, None, addition.booking_key)
    venue = service.venues[0] if len(service.venues) == 1 else addition.venue
    made = write_appointments(
        wanted, service=agreed, customer=customer, venue=venue, at_once=True, now=now, entered_by=Role.PROVIDER
    )
    passed = offers.close_met(offered, made, takes=True, now=now)
    holds.make_room(provider, [holds.blocked_range(agreed, addition.start)], now=now, mine=addition.mine)
    holds.take(made)
    entry = Entry(made[0], Verb.BOOK, reason=addition.message, overridden=lines_of(found.overrides))
    record([entry], actor=actor, role=Role.PROVIDER, now=now)
    if passed:
        waitlist_offers.offer_freed(provider.pk, now=now)
    return Outcome(made[0], changed=True)


def _invite(addition: Addition, now: datetime) -> User:
    provider = lock_providers([addition.service.provider_id])[addition.service.provider_id]
    provider.user = addition.service.provider.user
    new = addition.customer
    return invite(provider=provider, email=new.invited_email, name=new.name, now=now)


def _check_open(service: Service, venue: str) -> None:
    """Raise PolicyRefused where not even the provider can book the service, or not there."""
    for reason in what_is_shut(service):
        if reason in {Shut.PERSON, Shut.SERVICE}:
            raise PolicyRefused(shut_words(reason, service))
    if venue and venue not in service.venues:
        raise PolicyRefused(f"{service.name} does not take place there.")


def _find(addition: Addition, service: Service, theirs: list[Ahead], dealings: Dealings, *, now: datetime) -> Found:
    provider, agreed, start, mine = service.provider, as_agreed(addition, service), addition.start, addition.mine
    price = _price_of(agreed, now)
    refusals = list(adding_refusals(addition.customer, provider, dealings))
    asked = availability.asked_about(agreed, start, now=now, mine=mine)
    named = load_named(provider, asked, mine=mine)
    in_the_way = reasons(asked, named)
    if start < now or any(is_held(reason) for reason in in_the_way):
        words = "Choose a time that lies ahead." if start < now else "That time is taken."
        nearest = availability.nearest_slots(agreed, max(start, now), now=now, mine=mine)
        return Found(price, asked, named, refusals, taken=SlotTaken(words, nearest, is_taken=start >= now))
    overrides = [
        *of_bookable(what_is_shut(service)),
        *of_time(in_the_way, asked, service=service.name),
        *of_share(*share_with(service=service, start=start, theirs=theirs, dealings=dealings, now=now)),
        *_of_terms(agreed, service, price, now),
    ]
    return Found(price, asked, named, refusals, overrides)


def _of_terms(agreed: Service, service: Service, price: Quote, now: datetime) -> Iterator[Override]:
    usual = copy.copy(service)
    usual.duration_minutes = agreed.duration_minutes
    return of_terms(
        usual=_price_of(usual, now),
        agreed=price,
        usual_minutes=service.duration_minutes,
        minutes=agreed.duration_minutes,
    )


def _price_of(service: Service, now: datetime) -> Quote:
    return quote(service, fee_percent=service.provider.fee_percent_at(now))
