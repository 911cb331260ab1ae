"""Times offered to customers instead of appointments that a provider calls off: chosen, held, and closed.

An offer is taken by `booking.place` alone, like any open time. See `docs/decisions/offers.md`.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User, taking_part
from appointments.exceptions import OffersChanged, PolicyRefused
from appointments.models import Appointment, Offer, WaitlistPlace
from appointments.rules.bookable import what_is_shut
from appointments.rules.offers import HORIZON, Wish, choose, offers_expire, with_offers
from appointments.rules.persons import refusals
from appointments.rules.slots import Facts
from appointments.states import OfferState, PlaceState, Role
from core import clock
from core.compiled_inserts import insert_all
from core.compiled_queries import prepared
from core.db import retrying
from core.intervals import Interval, merge, overlaps
from notifications import channels
from notifications.catalogue import Notice
from notifications.models import Kind
from outbox import services as outbox
from providers.models import CustomerBlock, Provider, Service

from . import availability, holds, waitlist_offers
from .locks import lock_people, lock_providers
from .persons import busy_elsewhere, dealings_with


@dataclass(frozen=True, slots=True)
class Times:
    """The times offered instead of one appointment, all until the same deadline."""

    starts: tuple[datetime, ...]
    expires_at: datetime


def times_to_offer(
    provider: Provider,
    appointments: Sequence[Appointment],
    *,
    away: Interval,
    now: datetime,
    ending: Sequence[Appointment] = (),
    shown: Mapping[str, tuple[datetime, ...]] | None = None,
    after: Mapping[str, datetime] | None = None,
) -> dict[str, Times]:
    """The times that can be offered instead of these appointments, by reference; none lies in `away` or meets another.

    They are chosen as if those that are `ending` had ended. Times already `shown` stay where they are open; `after`
    asks for others. An appointment for which no time is open, or whose customer may not book, is left out. Eight
    queries at most, whatever the number of appointments.
    """
    able = _who_may_book(provider, appointments)
    if not able:
        return {}
    shown, after = shown or {}, after or {}
    first, last = _horizon(able, now)
    facts = _facts(provider, first, last, away=away, ending=ending, now=now)
    busy = busy_elsewhere({one.customer_id for one in able}, (first, last))
    wishes = [
        Wish(
            key=one.pk,
            shape=availability.shape_of(one.service),
            start=one.start,
            busy=busy[one.customer_id],
            shown=() if one.reference in after else shown.get(one.reference, ()),
            after=after.get(one.reference),
        )
        for one in able
    ]
    chosen = choose(facts, wishes, now=now)
    return {one.reference: _times(provider, chosen[one.pk], now) for one in able if chosen[one.pk]}


def offer_times(
    provider: Provider,
    offered: Sequence[tuple[Appointment, tuple[datetime, ...]]],
    *,
    away: Interval,
    now: datetime,
) -> list[Offer]:
    """Offer each customer these times instead of the appointment, which has ended by now, and hold them.

    The provider is locked. Raises OffersChanged where a time is not open, or the customer may not book.
    """
    if not offered:
        return []
    appointments = [one for one, _ in offered]
    if len(_who_may_book(provider, appointments)) < len(appointments) or not all(starts for _, starts in offered):
        raise OffersChanged
    every = [start for _, starts in offered for start in starts]
    facts: Facts | None = _facts(provider, min(every), max(every), away=away, now=now)
    made = []
    for one, starts in offered:
        facts = facts and with_offers(facts, availability.shape_of(one.service), starts, now=now)
        if facts is None:
            raise OffersChanged
        times = _times(provider, starts, now)
        made += [
            Offer(
                customer=one.customer,
                provider=provider,
                service=one.service,
                start=start,
                end=start + timedelta(minutes=one.service.duration_minutes),
                instead_of=one,
                expires_at=times.expires_at,
                created_at=now,
            )
            for start in times.starts
        ]
    holds.drop_stale(provider, now=now, mine=availability.NOBODY)
    made = insert_all(made)
    holds.take_offered(made)
    return made


@prepared
def _offered_to(customer_id: int, provider_id: int, now: datetime) -> QuerySet[Offer]:
    rows = Offer.objects.live(now).filter(customer=customer_id, provider=provider_id)
    return rows.select_related("hold", "place").order_by("start")


# The question about the times of a provider that are offered to a customer, for `together`.
asking_offers = _offered_to.asking


def offer_to(customer: User, service: Service, start: datetime, *, now: datetime) -> Offer | None:
    """The live offer of this very time to the customer, if there is one. One query."""
    return offered_at(_offered_to(customer_id=customer.pk, provider_id=service.provider_id, now=now), service, start)


def offered_at(offers: Iterable[Offer], service: Service, start: datetime) -> Offer | None:
    """The one of these offers that a booking of the service at `start` takes.

    A time that is offered as an earlier one of an appointment is taken by moving that, and by no booking.
    """
    found = (one for one in offers if (one.service_id, one.start) == (service.pk, start))
    return next((one for one in found if not (one.place and one.place.appointment_id)), None)


def is_promised_at(offers: Iterable[Offer], service: Service, start: datetime) -> bool:
    """Whether the provider has agreed to a booking of the service at `start` by one of these offers."""
    found = offered_at(offers, service, start)
    return found is not None and found.is_promised


def close_met(offers: Sequence[Offer], made: Sequence[Appointment], *, takes: bool, now: datetime) -> bool:
    """Close those of a customer's live offers that the appointments just made take or pass, and release their times.

    Whoever takes an offered time passes those offered with it; whoever books something else that meets an offered time
    passes that one, and so does every date of a series, which `takes` none. Returns whether any was passed, so that
    time may be free. The provider is locked.
    """
    taken = {one.pk: new for new in made if takes and (one := offered_at(offers, new.service, new.start))}
    groups = {one.group for one in offers if one.pk in taken}
    met = [holds.blocked_range(new.service, new.start) for new in made]
    passed = [
        one.pk
        for one in offers
        if one.pk not in taken and (one.group in groups or any(_meets(one, span) for span in met))
    ]
    for pk, new in taken.items():
        Offer.objects.filter(pk=pk).update(state=OfferState.TAKEN, taken_as=new, closed_at=now)
    if passed:
        Offer.objects.filter(pk__in=passed).update(state=OfferState.PASSED, closed_at=now)
    if booked := [one.place_id for one in offers if one.pk in taken and one.place_id]:
        places = WaitlistPlace.objects.waiting().filter(pk__in=booked)
        places.update(state=PlaceState.BOOKED, closed_at=now)
    if closed := [*taken, *passed]:
        holds.release_offered(closed)
    return bool(passed)


def pass_offers(*, appointment: Appointment, actor: User) -> bool:
    """Let the customer pass all times that are offered instead of `appointment`; they are open to everybody at once.

    False where none was offered any more.
    """
    return _close_group(Q(instead_of=appointment), appointment, OfferState.PASSED, actor=actor, role=Role.CUSTOMER)


def withdraw_offers(*, appointment: Appointment, actor: User) -> bool:
    """Let the provider take back all times that are offered instead of `appointment`. False where none was."""
    return _close_group(Q(instead_of=appointment), appointment, OfferState.WITHDRAWN, actor=actor, role=Role.PROVIDER)


def pass_one(*, offer: Offer, actor: User) -> bool:
    """Let the customer pass the time that is offered to their place on a waitlist, which they keep.

    Whoever waits for it next is offered it. False where it was not offered any more.
    """
    return _close_group(Q(pk=offer.pk), offer, OfferState.PASSED, actor=actor, role=Role.CUSTOMER)


@retrying
@transaction.atomic
def _close_group(which: Q, about: Appointment | Offer, state: OfferState, *, actor: User, role: Role) -> bool:
    provider = lock_providers([about.provider_id])[about.provider_id]
    person = lock_people([actor.pk])[actor.pk]
    if person.pk != (about.customer_id if role is Role.CUSTOMER else provider.user_id):
        raise PermissionDenied
    if not person.takes_part:
        raise PolicyRefused("This account is suspended or closed.")
    now = clock.now()
    return bool(_close(Offer.objects.live(now).filter(which), state, now=now))


@retrying
@transaction.atomic
def expire_offers(*, offer: Offer) -> bool:
    """Mark the offer as expired, and those with it, once their deadline is over. False where it was closed before."""
    lock_providers([offer.provider_id])
    now = clock.now()
    return bool(_close(Offer.objects.expired(now).filter(_together(offer)), OfferState.EXPIRED, now=now))


@retrying
@transaction.atomic
def withdraw_dead(*, offer: Offer) -> bool:
    """Take back an offer that its customer can't take any more, and those with it; see `dead_offers`."""
    lock_providers([offer.provider_id])
    return bool(_close(dead_offers().filter(_together(offer)), OfferState.WITHDRAWN, now=clock.now()))


def _together(offer: Offer) -> Q:
    """The condition that finds the offers of one group."""
    return Q(place=offer.place_id) if offer.place_id else Q(instead_of=offer.instead_of_id)


def dead_offers() -> QuerySet[Offer]:
    """The open offers that can't be taken: the service is archived, an account closed or banned, a customer blocked."""
    gone = [~taking_part(f"{who}__") for who in ("customer", "provider__user")]
    blocks = CustomerBlock.objects.open().filter(provider=OuterRef("provider"), customer=OuterRef("customer"))
    return Offer.objects.open().filter(gone[0] | gone[1] | Q(service__is_active=False) | Exists(blocks))


def withdraw_inside(provider: Provider, span: Interval, *, now: datetime, customer: User | None = None) -> int:
    """Take back the offered times that meet the span, which the provider, who is locked, takes for something else.

    The caller offers what is free afterwards.
    """
    inside = offers_inside(provider, span, now=now, customer=customer)
    return _close(inside, OfferState.WITHDRAWN, now=now, offer_on=False)


def withdraw_to(customer: User, provider: Provider, *, now: datetime) -> int:
    """Take back all that is offered to the customer by the provider, who is locked. The caller offers what is free."""
    theirs = Offer.objects.live(now).filter(customer=customer, provider=provider)
    return _close(theirs, OfferState.WITHDRAWN, now=now, offer_on=False)


def offers_inside(
    provider: Provider, span: Interval, *, now: datetime, customer: User | None = None
) -> QuerySet[Offer]:
    """The live offers whose time meets the span; with `customer` only theirs."""
    start, end = span
    rows = Offer.objects.live(now).filter(provider=provider, start__lt=end, end__gt=start)
    return rows.filter(customer=customer) if customer else rows


def withdraw_of(person: User, *, now: datetime) -> None:
    """Take back what is offered to the person or by them, as their account is banned.

    Not every provider who offers something is locked, so that a job offers it to others.
    """
    theirs = Q(customer=person) | Q(provider__in=Provider.objects.filter(user=person))
    offering = list(Offer.objects.open().filter(customer=person).order_by().values_list("provider_id", flat=True))
    _close(Offer.objects.open().filter(theirs), OfferState.WITHDRAWN, now=now, offer_on=False)
    outbox.publish_all(holds.answer_later(offering, act=uuid.uuid4().hex))


def _close(offers: QuerySet[Offer], state: OfferState, *, now: datetime, offer_on: bool = True) -> int:
    """Close these offers, release their times and let the search know, and their customers what they did not end
    themselves; the number closed. With `offer_on`, under their providers' locks, the times are offered to those who
    wait for them."""
    columns = ("pk", "provider_id", "instead_of_id", "customer_id", "instead_of__reference")
    asking = ("customer__time_zone", "provider__policy__waitlist_at_night")
    rows = list(offers.order_by("pk").values_list(*columns, *asking))
    if not rows:
        return 0
    keys = [pk for pk, *_ in rows]
    closed = Offer.objects.open().filter(pk__in=keys).update(state=state, closed_at=now)
    holds.release_offered(keys)
    act = uuid.uuid4().hex
    drafts = [
        outbox.Draft(topic="appointments.refresh_openings", key=f"{act}:{provider}", payload={"provider": provider})
        for provider in dict.fromkeys(provider for _, provider, *_ in rows)
    ]
    withdrawn = rows if state is OfferState.WITHDRAWN else []
    told = dict.fromkeys(row[2:5] for row in withdrawn if row[2])
    notices = [
        Notice(
            name="appointments.offers_withdrawn",
            key=f"{act}:{one}",
            reader=customer,
            kind=Kind.OFFER_WITHDRAWN,
            about=reference,
            facts={"appointment": one, "act": act},
        )
        for one, customer, reference in told
    ]
    notices += [
        Notice(
            name="appointments.place_withdrawn",
            key=str(pk),
            reader=customer,
            kind=Kind.WAITLIST,
            facts={"offer": pk},
            mail_at=waitlist_offers.told_at(customer_zone, at_night, now=now),
        )
        for pk, _, instead_of, customer, _, customer_zone, at_night in withdrawn
        if not instead_of
    ]
    channels.tell(notices, besides=drafts)
    if offer_on:
        for provider in dict.fromkeys(provider for _, provider, *_ in rows):
            waitlist_offers.offer_freed(provider, now=now)
    return closed


def _times(provider: Provider, starts: Sequence[datetime], now: datetime) -> Times:
    policy = provider.policy
    notice, answer = timedelta(minutes=policy.notice_minutes), timedelta(minutes=policy.answer_minutes)
    return Times(tuple(starts), offers_expire(starts, notice=notice, answer=answer, now=now))


def _who_may_book(provider: Provider, appointments: Sequence[Appointment]) -> list[Appointment]:
    """Those whose service takes bookings and whose customer may book with the provider. One query."""
    bookable = []
    for one in appointments:
        one.service.provider = provider
        if not what_is_shut(one.service):
            bookable.append(one)
    dealings = dealings_with(provider, {one.customer_id for one in bookable})
    return [one for one in bookable if not any(refusals(one.customer, provider, dealings[one.customer_id]))]


def _horizon(appointments: Iterable[Appointment], now: datetime) -> Interval:
    starts = [one.start for one in appointments]
    return max(now, min(starts) - HORIZON), max(starts) + HORIZON


def _facts(
    provider: Provider,
    first: datetime,
    last: datetime,
    *,
    away: Interval,
    now: datetime,
    ending: Sequence[Appointment] = (),
) -> Facts:
    """The provider's facts without the time `away`, and without the counts of those that are `ending`.

    The times that end stay taken: they lie in `away`, whatever the free time around them. Three queries, four where
    there is a cap.
    """
    loaded = availability.load_facts([provider], first, last, now=now, longest=last - first)
    facts = loaded[provider.pk]
    booked: dict[date, int] = dict(facts.booked)
    for one in ending:
        day = clock.local(one.start, provider.zone).date()
        booked[day] = max(booked.get(day, 0) - 1, 0)
    count = max(facts.open_count - len(ending), 0)
    return replace(facts, taken=merge([*facts.taken, away]), booked=booked, open_count=count)


def _meets(offer: Offer, span: Interval) -> bool:
    hold = getattr(offer, "hold", None)
    return hold is not None and overlaps((hold.start, hold.end), span)
