"""Offering time that is free to those on a provider's waitlist, and ending places and their offers.

Whatever frees a provider's time calls `offer_freed` at the end of its transaction, under the provider's lock, so that
there is no moment at which the time is free while somebody waits for it. See `docs/decisions/waitlist.md`.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.crypto import salted_hmac

from accounts.models import User, taking_part
from appointments.models import Appointment, Hold, Offer, Proposal, WaitlistPlace, conditions
from appointments.rules.bookable import what_is_shut
from appointments.rules.moves import move_terms
from appointments.rules.persons import Dealings, move_refusal, refusals
from appointments.rules.slots import window_end
from appointments.rules.waitlist import (
    Asking,
    Offering,
    Openings,
    Waiting,
    choose,
    morning_after,
    offer_until,
    who_wants,
)
from appointments.rules.wishes import want_of
from appointments.states import OPEN, OfferState, PlaceState, ProposalState, Role, Status
from core import clock
from core.compiled_inserts import insert_all
from core.compiled_queries import prepared
from core.db import retrying
from core.intervals import Interval
from notifications import channels
from notifications.catalogue import Notice
from notifications.models import Kind
from outbox import services as outbox
from providers.models import CustomerBlock, Provider, Service

from . import availability, holds
from .locks import lock_providers
from .persons import busy_elsewhere, dealings_with
from .shares import Ahead, exceeded_shares, exceeds_when_moved, proposed_start

LONGEST_WINDOW = timedelta(days=3 * 366)


def asking_of(provider: Provider) -> Asking:
    """How the provider asks people on the waitlist. Needs the policy."""
    policy = provider.policy
    return Asking(
        kept=timedelta(minutes=policy.waitlist_minutes),
        notice=timedelta(minutes=policy.notice_minutes),
        at_night=policy.waitlist_at_night,
    )


def service_of(place: WaitlistPlace) -> Service:
    """The service with the lengths that a time for the place has: as offered now, or as agreed for its appointment."""
    return availability.as_agreed(place.appointment) if place.appointment else place.service


def offer_freed(provider_id: int, *, now: datetime | None = None) -> list[Offer]:
    """Offer the open time of the locked provider to those who wait for it, in order, and return what is offered.

    A place that waits for an earlier time of an appointment ends with that, and an offer that is no earlier than it any
    more is taken back, also while the provider takes no bookings. One query where nobody waits; else at most seventeen,
    whatever the number of places.
    """
    now = now or clock.now()
    line = _line(provider_id=provider_id, now=now)
    if not line:
        return []
    expire_due(provider_id, now=now)
    line = [one for one in _without_ended(line, now=now) if _may_be_asked(one)]
    found = _find(line[0].provider, line, now=now) if line else []
    return _offer(line[0].provider, found, now=now) if found else []


def look_over(provider_id: int) -> list[Offer]:
    """Offer what is free to those who wait for it, whatever made it free. Locks the provider only where there is, or
    where a time ran out, which is closed until this has offered it or found that nobody wants it."""
    now = clock.now()
    if Hold.objects.filter(provider=provider_id, expires_at__lte=now).exists():
        return _answer(provider_id)
    rows = _line(provider_id=provider_id, now=now)
    line = [one for one in rows if offered_at(one) is None and not one.is_over(now) and _may_be_asked(one)]
    if not line or not _find(line[0].provider, line, now=now):
        return []
    return _answer(provider_id)


@retrying
@transaction.atomic
def _answer(provider_id: int) -> list[Offer]:
    lock_providers([provider_id])
    return offer_freed(provider_id)


def first_that_fits(place: WaitlistPlace, *, now: datetime) -> datetime | None:
    """The first open time that would be offered to the place, which needs not be saved; None where there is none."""
    found = _find(place.provider, [place], now=now)
    return found[0][1].start if found else None


def times_for(place: WaitlistPlace, *, now: datetime, most: int = 24) -> list[datetime]:
    """The first open times that the provider can offer to the place by hand, those it wants before the others.

    Three queries, four where the provider has a cap. Needs the place with its people and appointment.
    """
    provider = place.provider
    place.service.provider = provider
    if place.appointment:
        place.appointment.provider = provider
    service, want = service_of(place), want_of(place)
    start, end = now, now + availability.LONGEST_RANGE
    if want.before:
        end = min(end, want.before)
    found = availability.slots_between(service, start, end, now=now) if start < end else []
    return sorted(sorted(found, key=lambda at: not want.fits(at))[:most])


def offer_by_hand(place: WaitlistPlace, start: datetime, *, now: datetime) -> Offer | None:
    """Offer an open time to the place, whoever comes before it and whatever it asked for; the provider is locked.

    None where the customer can't take it, or too little time would be left to answer.
    """
    able = _waiting([place], now=now, promised=True)
    if not able or not able[0].may_take(start, ()):
        return None
    offering = offer_until(able[0], start, asking_of(place.provider), now=now)
    return _offer(place.provider, [(place, offering)], now=now, by_hand=True)[0] if offering else None


def _without_ended(line: Sequence[WaitlistPlace], *, now: datetime) -> list[WaitlistPlace]:
    """The places that still wait for a first offer, after ending those whose appointment is over."""
    ended = [one for one in line if one.appointment and not is_open_for(one.appointment, now)]
    if ended:
        end_places(WaitlistPlace.objects.filter(pk__in=[one.pk for one in ended]), PlaceState.OVER, now=now)
    stale = [one for one in line if one.appointment and (at := offered_at(one)) and at >= one.appointment.start]
    if stale:
        withdraw_offers_to(stale, now=now)
    free_again = {one.pk for one in stale}
    gone = {one.pk for one in ended}
    waiting = [one for one in line if one.pk not in gone and (offered_at(one) is None or one.pk in free_again)]
    return [one for one in waiting if not one.is_over(now)]


def _may_be_asked(place: WaitlistPlace) -> bool:
    """Whether the place's provider and service take bookings, and its customer takes part."""
    place.service.provider = place.provider
    return not what_is_shut(place.service) and place.customer.takes_part and place.customer.may_take_time


def expire_due(provider_id: int, *, now: datetime) -> None:
    """Mark the offers of the locked provider as expired whose deadline is over, and release all times that ran out. The
    caller offers what is open by that.

    The job does so within a minute. What is decided before that counts on it: who let a time go is not asked about it
    again, and may be offered another. Two queries where nothing is due.
    """
    due = Offer.objects.expired(now).filter(provider=provider_id)
    if due.update(state=OfferState.EXPIRED, closed_at=now):
        outbox.publish_all([_refresh(provider_id)])
    holds.release_lapsed(provider_id, now=now)


def offered_at(place: WaitlistPlace) -> datetime | None:
    """The start of what is offered to a place of `_line`."""
    found: datetime | None = place.offered_at  # type: ignore[attr-defined]
    return found


def is_open_for(appointment: Appointment, now: datetime) -> bool:
    """Whether somebody may wait for an earlier time of the appointment: it is confirmed and lies ahead."""
    return appointment.is_confirmed and appointment.start > now


def _find(provider: Provider, line: Sequence[WaitlistPlace], *, now: datetime) -> list[tuple[WaitlistPlace, Offering]]:
    """What can be offered to whom, in the order of the line."""
    span = _span(provider, line, now=now)
    if span[0] >= span[1]:
        return []
    facts = availability.load_facts([provider], *span, now=now, longest=LONGEST_WINDOW)[provider.pk]
    for place in line:
        place.provider = place.service.provider = provider
        if place.appointment:
            place.appointment.provider, place.appointment.customer = provider, place.customer
    openings = Openings(facts, span, now)
    wanted = who_wants(openings, [_plain(place) for place in line])
    if not wanted:
        return []
    wanting = [place for place in line if (place.pk or 0) in wanted]
    chosen = choose(openings, _waiting(wanting, now=now), asking_of(provider))
    by_key = {place.pk or 0: place for place in wanting}
    return [(by_key[each.key], each) for each in chosen]


def _span(provider: Provider, line: Sequence[WaitlistPlace], *, now: datetime) -> Interval:
    """The range in which anybody of the line wants a time and the provider may be booked."""
    rules = availability.rules_of(provider)
    last = max(clock.day_bounds(place.last_on, place.zone)[1] for place in line)
    return now + rules.notice, min(last, window_end(provider.zone, rules, now))


def _plain(place: WaitlistPlace) -> Waiting:
    """The place by what it wants alone, before anything is asked about its customer."""
    shape = availability.shape_of(service_of(place))
    return Waiting(place.pk or 0, shape, shape, want_of(place), place.customer.zone, place.customer_id)


def _waiting(line: Sequence[WaitlistPlace], *, now: datetime, promised: bool = False) -> list[Waiting]:
    """The places whose customers may be offered anything, with all that decides about a time; what is `promised` is no
    request that waits. Five queries."""
    provider = line[0].provider
    customers = {place.customer_id for place in line}
    asked = _asked_before(line)
    busy = busy_elsewhere(customers, (now, now + LONGEST_WINDOW))
    dealings = dealings_with(provider, customers)
    theirs = _ahead_of(customers, provider, now=now)
    found = []
    for place in line:
        if _refused(place, dealings[place.customer_id]):
            continue
        facts = dealings[place.customer_id], theirs[place.customer_id]
        appointment = place.appointment
        own = (appointment.start, appointment.end) if appointment else None
        found.append(
            replace(
                _plain(place),
                busy=[span for span in busy[place.customer_id] if span != own],
                asked=asked[place.pk or 0],
                may_take=partial(_may_take, place, *facts, now, promised),
                until=_movable_until(appointment) if appointment else None,
            )
        )
    return found


def _refused(place: WaitlistPlace, dealings: Dealings) -> bool:
    """Whether something is in the customer's way whatever the time."""
    if place.appointment:
        return bool(move_refusal(place.customer, place.provider, dealings))
    return any(refusals(place.customer, place.provider, dealings))


def _asked_before(line: Sequence[WaitlistPlace]) -> dict[int, list[Interval]]:
    """The times that the customer of each place let go, or took in vain. One query."""
    places = [one.pk for one in line if one.pk]
    let_go = [OfferState.PASSED, OfferState.EXPIRED, OfferState.TAKEN]
    rows = Offer.objects.filter(place__in=places, state__in=let_go).order_by()
    found: dict[int, list[Interval]] = defaultdict(list)
    for place_id, start, end in rows.values_list("place_id", "start", "end"):
        found[place_id or 0].append((start, end))
    return found


# What a customer has ahead, by the key of the appointment; offered times have none.
Theirs = list[tuple[int | None, Ahead]]


def _ahead_of(customers: Collection[int], provider: Provider, *, now: datetime) -> dict[int, Theirs]:
    """What each of these customers has ahead with the provider, without series, and what is offered to them, as if they
    took it. Two queries."""
    rows = Appointment.objects.filter(
        conditions.OF_SHARE, customer__in=customers, provider=provider, status__in=OPEN, end__gt=now
    ).order_by()
    found: dict[int, Theirs] = defaultdict(list)
    for customer_id, pk, *row in rows.values_list(
        "customer_id", "pk", "status", "start", "answer_by", proposed_start(now)
    ):
        found[customer_id].append((pk, Ahead(*row)))
    live = Offer.objects.live(now).filter(customer__in=customers, provider=provider).select_related("place", "service")
    grouped: dict[tuple[int, tuple[str, int | None]], list[Offer]] = defaultdict(list)
    for offer in live:
        grouped[offer.customer_id, offer.group].append(offer)
    for (customer_id, _), of_group in grouped.items():
        first, *others = of_group
        if first.place and (moving := first.place.appointment_id):
            # Taking it moves an appointment that counts already.
            of_it = [
                (pk, one._replace(proposed=first.start) if pk == moving else one) for pk, one in found[customer_id]
            ]
            found[customer_id] = of_it
            continue
        at_once = first.is_promised or first.service.confirms_at_once(provider.policy)
        status = Status.CONFIRMED if at_once else Status.REQUESTED
        # One of the times offered together is taken at most.
        found[customer_id].append((None, Ahead(status, first.start, None, others[0].start if others else None)))
    return found


def _may_take(
    place: WaitlistPlace,
    dealings: Dealings,
    theirs: Theirs,
    now: datetime,
    promised: bool,
    start: datetime,
    chosen: Sequence[datetime],
) -> bool:
    """Whether the customer could take the time now, besides those `chosen` for them in this act; it is asked again when
    they do."""
    provider, appointment = place.provider, place.appointment
    at_once = promised or place.service.confirms_at_once(provider.policy)
    status = Status.CONFIRMED if at_once else Status.REQUESTED
    besides = [one for pk, one in theirs if appointment is None or pk != appointment.pk]
    besides += [Ahead(status, other, None, None) for other in chosen]
    if appointment:
        terms = move_terms(appointment, role=Role.CUSTOMER, policy=provider.policy, now=now, start=start)
        return terms.allowed and not exceeds_when_moved(appointment, start, besides, dealings, now=now)
    return not exceeded_shares(
        service=place.service, start=start, at_once=at_once, theirs=besides, dealings=dealings, now=now
    )


def _movable_until(appointment: Appointment) -> datetime:
    """The last moment at which the customer may move the appointment."""
    return appointment.start - timedelta(minutes=appointment.provider.policy.reschedule_cutoff_minutes)


def _offer(
    provider: Provider, found: Sequence[tuple[WaitlistPlace, Offering]], *, now: datetime, by_hand: bool = False
) -> list[Offer]:
    """Make these offers, hold their times, and tell each customer when it is their moment to be asked."""
    made = []
    for place, offering in found:
        offer = Offer(
            customer=place.customer,
            provider=provider,
            service=place.service,
            place=place,
            by_hand=by_hand,
            start=offering.start,
            end=offering.start + timedelta(minutes=service_of(place).duration_minutes),
            expires_at=offering.expires_at,
            created_at=now,
        )
        offer.token_hash = hash_of(token_of(offer))
        made.append(offer)
    holds.drop_stale(provider, now=now, mine=availability.NOBODY)
    made = insert_all(made)
    holds.take_offered(made)
    notices = [
        Notice(
            name="appointments.place_opened",
            key=str(offer.pk),
            reader=offer.customer_id,
            kind=Kind.PLACE_OPENED,
            facts={"offer": offer.pk},
            mail_at=offering.asked_at if offering.asked_at > now else None,
        )
        for offer, (_, offering) in zip(made, found, strict=True)
    ]
    channels.tell(notices, besides=[_refresh(provider.pk)])
    return made


def told_at(time_zone: str, at_night: bool, *, now: datetime) -> datetime | None:
    """When somebody in that zone is told of what needs no answer: in the morning, where it is night; None for now."""
    return None if at_night else morning_after(now, clock.zone(time_zone))


def token_of(offer: Offer) -> str:
    """The token of the link that is mailed to the customer's present address; of it only a hash is stored."""
    signed = f"{offer.uuid.hex}|{offer.customer.email}"
    return salted_hmac("appointments.waitlist_offer", signed, algorithm="sha256").hexdigest()


def token_for_mail(offer: Offer) -> str:
    """The token for a mail that is made now. Where the customer has another address by now, it replaces the former."""
    token = token_of(offer)
    if offer.token_hash != hash_of(token):
        offer.token_hash = hash_of(token)
        Offer.objects.filter(pk=offer.pk).update(token_hash=offer.token_hash)
    return token


def hash_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def take(offer: Offer, *, now: datetime) -> None:
    """Let the offer of an earlier time be taken by the appointment that moves there, and release it for that."""
    Offer.objects.open().filter(pk=offer.pk).update(state=OfferState.TAKEN, closed_at=now)
    holds.release_offered([offer.pk])
    WaitlistPlace.objects.waiting().filter(pk=offer.place_id or 0).update(state=PlaceState.BOOKED, closed_at=now)


def wait_again(*, requests: Collection[int], proposals_of: Collection[int], now: datetime) -> None:
    """Let the places wait again, where they were, that ended with a request or a new time that came to nothing: those
    booked as one of these `requests`, and those whose new time for one of the appointments `proposals_of` is not open
    any more, nor accepted. Of a place whose dates are over, or whose customer waits again or takes no part, nothing
    comes back: it is over. One query for each kind where there is none.
    """
    found = list[WaitlistPlace]()
    if requests:
        found += _booked_as(requests=list(requests))
    if proposals_of:
        found += _booked_for_a_closed_time(appointments=list(proposals_of))
    if not found:
        return
    booked = WaitlistPlace.objects.filter(state=PlaceState.BOOKED)
    place_key = ("customer_id", "service_id", "appointment_id")
    waiting = WaitlistPlace.objects.waiting().filter(customer__in={one.customer_id for one in found})
    kept, again = set(waiting.values_list(*place_key)), []
    for one in sorted(found, key=lambda place: place.pk):
        key = tuple(getattr(one, name) for name in place_key)
        if key not in kept and not one.is_over(now):
            kept.add(key)
            again.append(one.pk)
    booked.filter(pk__in=again).update(state=PlaceState.WAITING, closed_at=None)
    booked.filter(pk__in=[one.pk for one in found]).update(state=PlaceState.OVER, closed_at=now)
    end_places(dead_places(now=now).filter(pk__in=again), PlaceState.OVER, now=now)


@prepared
def _booked_as(requests: Sequence[int]) -> QuerySet[WaitlistPlace]:
    return WaitlistPlace.objects.filter(state=PlaceState.BOOKED, offers__taken_as__in=requests)


@prepared
def _booked_for_a_closed_time(appointments: Sequence[int]) -> QuerySet[WaitlistPlace]:
    # A place ends at the moment at which its new time is proposed.
    closed = Proposal.objects.filter(appointment=OuterRef("appointment"), created_at=OuterRef("closed_at"))
    closed = closed.exclude(state__in=[ProposalState.OPEN, ProposalState.ACCEPTED])
    return WaitlistPlace.objects.filter(Exists(closed), state=PlaceState.BOOKED, appointment__in=appointments)


def withdraw_offers_to(places: Iterable[WaitlistPlace], *, now: datetime) -> None:
    """Take back what is offered to these places, and release the times; their provider is locked."""
    rows = Offer.objects.open().filter(place__in=places)
    found = dict(rows.values_list("pk", "provider_id"))
    if found:
        Offer.objects.filter(pk__in=found).update(state=OfferState.WITHDRAWN, closed_at=now)
        holds.release_offered(found)
        outbox.publish_all(map(_refresh, dict.fromkeys(found.values())))


def withdraw_unwanted(place: WaitlistPlace, *, now: datetime) -> None:
    """Take back what is offered to the place, where it waits for something else now."""
    unwanted = [one.place for one in place.offers.live(now) if not want_of(place).fits(one.start)]
    if unwanted:
        withdraw_offers_to([place], now=now)


def end_places(places: QuerySet[WaitlistPlace], state: PlaceState, *, now: datetime, reason: str = "") -> list[int]:
    """End those of the places that wait, and take back what is offered to them; the keys of those ended."""
    keys = list(places.filter(state=PlaceState.WAITING).order_by("pk").values_list("pk", flat=True))
    if keys:
        ended = WaitlistPlace.objects.waiting().filter(pk__in=keys)
        ended.update(state=state, reason=reason, closed_at=now)
        withdraw_offers_to(WaitlistPlace.objects.filter(pk__in=keys), now=now)
    return keys


def lapse_of(person: User, *, now: datetime) -> None:
    """End the person's places, as their account is banned or closed. What was offered to them is taken back apart."""
    WaitlistPlace.objects.waiting().filter(customer=person).update(state=PlaceState.LAPSED, closed_at=now)


def dead_places(*, now: datetime) -> QuerySet[WaitlistPlace]:
    """The places that wait for nothing: their last date or their appointment is over, an account is closed, or the
    customer suspended or blocked. A service that is not offered at the moment may come back, and its places wait."""
    blocks = CustomerBlock.objects.open().filter(provider=OuterRef("provider"), customer=OuterRef("customer"))
    over = Q(last_on__lt=now.date() - timedelta(days=1))
    begun = Q(appointment__isnull=False) & (Q(appointment__start__lte=now) | ~Q(appointment__status=Status.CONFIRMED))
    closed = Q(provider__user__is_active=False) | Q(provider__user__leaves_at__isnull=False)
    gone = ~taking_part("customer__") | closed | Exists(blocks)
    return WaitlistPlace.objects.waiting().filter(over | begun | gone)


def _refresh(provider_id: int) -> outbox.Draft:
    return outbox.Draft(
        topic="appointments.refresh_openings",
        key=f"{uuid.uuid4().hex}:{provider_id}",
        payload={"provider": provider_id},
    )


@prepared
def _line(provider_id: int, now: datetime) -> QuerySet[WaitlistPlace]:
    """The places that wait with a provider, in order, with the start of what is offered to each."""
    rows = WaitlistPlace.objects.waiting().filter(provider=provider_id)
    offered = Offer.objects.live(now).filter(place=OuterRef("pk")).values("start")[:1]
    joined = ("customer", "service", "provider__user", "provider__policy", "appointment__service")
    return rows.select_related(*joined).annotate(offered_at=Subquery(offered)).order_by("pk")
