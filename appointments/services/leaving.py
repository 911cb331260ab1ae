"""Leaving: what an account's deletion ends at once, on both sides of its person, in the transaction that closes it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from accounts import leaving
from accounts.models import Departure, User
from appointments.exceptions import InsideChanged
from appointments.models import Appointment, Hold, Offer, WaitlistPlace
from appointments.rules.fair_use import FREE, Consequence
from appointments.rules.leaving import Ahead, Waiting, ahead_of, fingerprint
from appointments.states import PlaceState, Role
from core import clock
from core.db import retrying
from core.exceptions import Busy
from notifications import channels
from notifications.catalogue import Notice
from notifications.models import Kind
from outbox import services as outbox
from providers.models import Provider

from . import fair_use, offers, transitions, waitlist_offers
from .locks import lock_people, lock_providers

# The most tries to lock all that lies ahead; only bookings of that very person at that moment ask for another.
ATTEMPTS = 10


class MoreAhead(Exception):
    """The person has booked with a provider who is not locked."""


@dataclass(frozen=True, slots=True)
class Left:
    """The result of leaving: the departure, what it ended, and whether it changed or banned anything."""

    departure: Departure
    ended: Sequence[Ahead] = ()
    changed: bool = True
    banned: bool = False


def what_lies_ahead(person: User, *, now: datetime) -> list[Ahead]:
    """What lies ahead of the person, by start, and what becomes of it when they leave. One query."""
    return ahead_of(_rows(person, now=now), person, now=now)


def waiting_of(person: User, *, now: datetime) -> Waiting:
    """What ends when the person leaves, besides what they have ahead. Two queries."""
    own, others = Q(customer=person), Q(provider__user=person)
    either = own | others
    offers = Offer.objects.live(now).filter(either)
    places = WaitlistPlace.objects.waiting().filter(either)
    return Waiting(
        **offers.aggregate(offered=Count("pk", filter=own), offering=Count("pk", filter=others)),
        **places.aggregate(places=Count("pk", filter=own), on_theirs=Count("pk", filter=others)),
    )


@dataclass(frozen=True, slots=True)
class Look:
    """What leaving would do now: what lies ahead, what that counts as, and what else ends."""

    ahead: list[Ahead]
    counts: Consequence
    waiting: Waiting

    @property
    def shown(self) -> str:
        """The fingerprint of all that ends, for `leave` to compare it with what the person saw."""
        return fingerprint(self.ahead, self.waiting)


def as_shown(person: User, *, now: datetime) -> str:
    """The fingerprint of all that ends when the person leaves now, as their page would carry it."""
    return fingerprint(what_lies_ahead(person, now=now), waiting_of(person, now=now))


def look_before_leaving(person: User, *, now: datetime) -> Look:
    """Look what leaving would do now, and write nothing. Three queries, four where something is cancelled."""
    ahead = what_lies_ahead(person, now=now)
    starts = [one.appointment.start for one in ahead if one.ends and not one.is_request]
    counts = fair_use.consequence_for(person.pk, starts, now=now) if starts else FREE
    return Look(ahead, counts, waiting_of(person, now=now))


def leave(*, person: User, seen: int, shown: str) -> Left:
    """Delete the account: it closes now and is erased in two weeks. Already leaving: nothing happens.

    What lies ahead is cancelled, withdrawn or declined by the rules, all in one act; what the rules let nobody cancel
    any more stays. Raises StaffStay, InsideChanged where not `shown` (a `fingerprint`) is what ends, and
    CountsForMore where it would count as more than late cancellation number `seen`.
    """
    for _ in range(ATTEMPTS):
        try:
            return _leave(person, seen=seen, shown=shown)
        except MoreAhead:
            continue
    raise Busy


@retrying
@transaction.atomic
def _leave(person: User, *, seen: int, shown: str) -> Left:
    person, locked = _lock(person)
    now = clock.now()
    if found := Departure.objects.filter(user=person).first():
        return Left(found, changed=False, banned=person.banned_at is not None)
    leaving.check_may_leave(person)
    ahead = what_lies_ahead(person, now=now)
    if not locked >= {one.appointment.provider_id for one in ahead}:
        raise MoreAhead
    if fingerprint(ahead, waiting_of(person, now=now)) != shown:
        raise InsideChanged
    ending = [one for one in ahead if one.ends]
    changes = [transitions.Change(one.appointment, one.verb, role=one.role) for one in ending]
    # A banned person has nothing ahead: the ban has ended it.
    outcomes = _end(changes, person, seen) if changes else []
    Hold.objects.filter(kept_by=person).delete()
    departure = leaving.close(person, now=now)
    _close_waitlist(person, now=now)
    offers.withdraw_of(person, now=now)
    waitlist_offers.lapse_of(person, now=now)
    for provider_id in sorted(locked):
        waitlist_offers.offer_freed(provider_id, now=now)
    _refresh(person, key=f"leaving-{departure.pk}")
    return Left(departure, ending, banned=any(outcome.banned for outcome in outcomes))


def _end(changes: list[transitions.Change], person: User, seen: int) -> list[transitions.Outcome]:
    # A page that closes in this act offers nothing, so what is free is offered once it is closed.
    return transitions.apply(changes, actor=person, role=Role.CUSTOMER, seen=seen, answers_waitlist=False)


def _close_waitlist(person: User, *, now: datetime) -> None:
    """End the places of others on the person's own waitlist, whose provider is locked, and tell each of them once.

    Who waits for an earlier time of an appointment is told that it is cancelled, which says all.
    """
    theirs = WaitlistPlace.objects.filter(provider__user=person)
    ended = waitlist_offers.end_places(theirs, PlaceState.LAPSED, now=now)
    told: dict[int, list[int]] = {}
    for customer, place in theirs.filter(pk__in=ended, appointment=None).order_by("pk").values_list("customer", "pk"):
        told.setdefault(customer, []).append(place)
    channels.tell(
        [
            Notice(
                name="appointments.waitlist_closed",
                key=str(places[0]),
                reader=customer,
                kind=Kind.WAITLIST,
                facts={"places": places},
            )
            for customer, places in told.items()
        ]
    )


def keep(*, person: User) -> bool:
    """Open the account again, with its page; nothing cancelled comes back. False once erasing has begun."""
    with transaction.atomic():
        kept = leaving.keep(person=person)
        if kept:
            _refresh(person, key=f"kept-{uuid.uuid4().hex}")
    return kept


def _lock(person: User) -> tuple[User, set[int]]:
    """The person and the ids of the providers that are locked: of their own page, and of what lies ahead of them.

    Once the providers are locked nobody else books with them, so the people are those of what lies ahead by then.
    """
    now = clock.now()
    own_page = Provider.objects.filter(user=person).values_list("pk", flat=True)
    others = fair_use.upcoming_of(person, now=now).values_list("provider_id", flat=True)
    providers = lock_providers({*own_page, *others})
    ahead = fair_use.upcoming_of(person, now=now).filter(provider__in=providers).values_list("customer_id", flat=True)
    people = lock_people({person.pk, *ahead, *(provider.user_id for provider in providers.values())})
    return people[person.pk], set(providers)


def _rows(person: User, *, now: datetime) -> QuerySet[Appointment]:
    return fair_use.upcoming_of(person, now=now).select_related(
        "provider__user", "provider__policy", "service", "customer"
    )


def _refresh(person: User, *, key: str) -> None:
    """Have the search forget or find the person's page again."""
    outbox.publish_all(
        outbox.Draft(topic="appointments.refresh_openings", key=f"{key}:{pk}", payload={"provider": pk})
        for pk in Provider.objects.filter(user=person).values_list("pk", flat=True)
    )
