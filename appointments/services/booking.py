"""Booking an opening, or requesting it where the provider answers by hand."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from appointments.exceptions import HoldRefused, OfferClosed, TermsChanged
from appointments.models import Appointment, Offer
from appointments.rules import no_shows
from appointments.rules.bookable import shut_words, what_is_shut
from appointments.rules.moves import answer_deadline
from appointments.rules.obstacles import obstacle_words
from appointments.rules.persons import Dealings, no_shows_of, refusals
from appointments.rules.pricing import quote
from appointments.states import OPEN, Role, Status, Verb
from core import clock
from core.compiled_inserts import insert_all
from core.compiled_queries import Question, Several, prepared, together
from core.db import retrying, violates
from providers.models import Provider, Service

from . import availability, holds, offers, waitlist_offers
from .availability import Mine
from .history import Entry, record
from .locks import lock_service
from .own_day import Clash, clashes_of
from .persons import asking_dealings, check_person
from .series import NewSeries, check_extends, write_series
from .shares import Ahead, check_series, check_share, exceeded_shares, proposed_start
from .transitions import Outcome

ONCE_PER_FORM = "appointment_booked_once_per_form"
# The most tries of a booking while rows that no longer count are in its way.
ATTEMPTS = 3
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms that the person saw before pressing the button; compared with the terms in force, never trusted."""

    price: Decimal
    currency: str
    minutes: int
    confirms_at_once: bool
    cutoff_minutes: int


def terms_of(service: Service, *, offered: bool = False) -> Terms:
    """The terms in force for `service`, which comes with its provider and policy.

    A time `offered` to the customer is confirmed at once, since its provider has agreed to it by offering it.
    """
    price = quote(service)
    return Terms(
        price=price.price,
        currency=price.currency,
        minutes=service.duration_minutes,
        confirms_at_once=offered or service.confirms_at_once(service.provider.policy),
        cutoff_minutes=service.provider.policy.cancellation_cutoff_minutes,
    )


def book_appointment(
    *,
    service: Service,
    start: datetime,
    customer: User,
    terms: Terms | None,
    booking_key: str,
    venue: str = "",
    note: str = "",
    browser: str | None = None,
    offer: Offer | None = None,
    hold: UUID | None = None,
) -> Outcome:
    """Book `service` at `start` (UTC) for `customer`, or request it where the provider answers by hand.

    The appointment takes place at the service's only venue; of two at `venue`, which may stay empty for 'not decided'.
    Without `terms` the customer agrees to those in force. A `hold` is the id of the time that they keep for it.
    Promises and errors are those of `place`.
    """
    wanted = Wanted(service, (start,), customer, terms, booking_key, venue, note, browser, offer=offer, hold=hold)
    [outcome] = place(wanted)
    return outcome


@dataclass(frozen=True, slots=True)
class Wanted:
    """A wish to book a service at one start, or at those of a series (UTC), on the terms that the customer saw.

    Without `terms` those in force are agreed to. `key` is the form's one-time key; a time kept by `browser` or
    `customer` makes room for the appointment. Starts that are `beyond` the booking window are requested, whatever the
    service confirms. With an `offer` the time is booked only while that is open, with a `hold` (`holds.id_of_kept`)
    only while the customer keeps that very time.
    """

    service: Service
    starts: tuple[datetime, ...]
    customer: User
    terms: Terms | None
    key: str
    venue: str = ""
    note: str = ""
    browser: str | None = None
    series: NewSeries | None = None
    beyond: frozenset[datetime] = frozenset()
    offer: Offer | None = None
    hold: UUID | None = None

    @property
    def mine(self) -> Mine:
        """The holder whose kept time makes room for the appointment: the customer, in any of their browsers."""
        return Mine(self.browser, self.customer.pk)

    @property
    def keys(self) -> list[str]:
        """A one-time key for each start."""
        return [self.key, *(f"{self.key}:{n}" for n in range(1, len(self.starts)))]


def place(wanted: Wanted) -> list[Outcome]:
    """Make an appointment at each of the starts, all of them or none, as one act of the customer.

    Afterwards each has its hold, its first history entry and its mails. The same key of the same customer gives the
    first appointments again (`changed` is false). Raises SlotTaken with the openings nearest to the first start that
    is not open, TermsChanged when the terms are not those in force or the venue is no longer offered, HoldRefused,
    PolicyRefused.
    """
    return until_placed(partial(_place, wanted), service=wanted.service, start=wanted.starts[0], mine=wanted.mine)


def until_placed(act: Callable[[], Made], *, service: Service, start: datetime, mine: Mine) -> Made:
    """What `act` makes in a transaction of its own, tried again while rows that no longer count are in its way.

    Raises SlotTaken where somebody else has the time.
    """
    for _ in range(ATTEMPTS):
        try:
            return act()
        except IntegrityError as error:
            if violates(error, ONCE_PER_FORM):
                # The same form came to another provider at this moment: its appointment is found now.
                continue
            if not violates(error, holds.NO_OVERLAP):
                raise
        # A kept time that no longer counts may be in the way, because it ran out or is the customer's own.
        if not holds.drop_lapsed_times(now=clock.now(), mine=mine):
            break
    raise holds.slot_taken(service, start, mine=mine, just_now=True)


@retrying
@transaction.atomic
def _place(wanted: Wanted) -> list[Outcome]:
    service, customer = lock_service(wanted.service, customer_id=wanted.customer.pk)
    assert customer is not None
    provider, keys, now = service.provider, wanted.keys, clock.now()
    theirs, dealings, offered, facts = together(
        *_asking_about(customer, provider, keys=keys, now=now),
        availability.asking_facts(service, wanted.starts, now=now, mine=wanted.mine),
    )
    if any(key in keys for _, key, *_ in theirs):
        return [Outcome(one, changed=False) for one in _as_booked(customer, keys)]
    holds.check_bookable(service)
    check_person(customer, provider, dealings)
    if wanted.hold:
        holds.check_kept(wanted.hold, account=customer, service=service, starts=wanted.starts, now=now)
    if wanted.offer and wanted.offer not in offered:
        raise OfferClosed
    is_promised = wanted.series is None and offers.is_promised_at(offered, service, wanted.starts[0])
    terms = terms_of(service, offered=is_promised)
    if wanted.series is None:
        check_share(
            service=service,
            start=wanted.starts[0],
            at_once=terms.confirms_at_once,
            theirs=ahead_of(theirs),
            dealings=dealings,
            now=now,
        )
    else:
        extends = wanted.series.extends is not None
        check_series(service, len(wanted.starts), in_series=_in_series(theirs), now=now, extends=extends)
        check_extends(wanted.series, customer=customer, service=service, running={row[2] for row in theirs})
    venue = _check_terms(service, wanted, terms)
    if wanted.browser or wanted.hold:
        holds.drop_stale(provider, now=now, mine=wanted.mine)
    open_now = availability.open_by(facts, service, wanted.starts, now=now, beyond=wanted.beyond)
    for start in wanted.starts:
        if start not in open_now:
            raise holds.slot_taken(service, start, mine=wanted.mine)
    appointments = write_appointments(
        wanted, service=service, customer=customer, venue=venue, at_once=terms.confirms_at_once, now=now
    )
    passed = offers.close_met(offered, appointments, takes=wanted.series is None, now=now)
    holds.take(appointments)
    entries = [Entry(one, Verb.BOOK if one.is_confirmed else Verb.REQUEST) for one in appointments]
    record(entries, actor=customer, role=Role.CUSTOMER, now=now)
    if passed:
        waitlist_offers.offer_freed(provider.pk, now=now)
    return [Outcome(one, changed=True) for one in appointments]


def _as_booked(customer: User, keys: list[str]) -> QuerySet[Appointment]:
    made = Appointment.objects.filter(customer=customer, booking_key__in=keys)
    return made.select_related("series").order_by("start", "pk")


def booked_by_form(customer: User, key: str) -> Appointment | None:
    """The first appointment that the form with this one-time key made, with its series; None where it made none."""
    return _as_booked(customer, [key]).first()


def _check_terms(service: Service, wanted: Wanted, terms: Terms) -> str:
    """The agreed venue. Raises TermsChanged when the terms are not those in force or the venue is no longer offered."""
    if (wanted.terms and terms != wanted.terms) or (wanted.venue and wanted.venue not in service.venues):
        raise TermsChanged(terms=terms)
    if wanted.beyond and not service.requests_beyond_window:
        raise TermsChanged(terms=terms)
    return service.venues[0] if len(service.venues) == 1 else wanted.venue


def write_appointments(
    wanted: Wanted,
    *,
    service: Service,
    customer: User,
    venue: str,
    at_once: bool,
    now: datetime,
    entered_by: Role | None = None,
) -> list[Appointment]:
    """Write the rows of what was wished for and checked, at the lengths and the price that `service` has."""
    policy = service.provider.policy
    price = quote(service, fee_percent=service.provider.fee_percent_at(now))
    series = write_series(wanted.series, service=service, customer=customer, now=now) if wanted.series else None
    numbers = wanted.series.numbers if wanted.series else (None,)
    agreed = [at_once and start not in wanted.beyond for start in wanted.starts]
    return insert_all(
        Appointment(
            customer=customer,
            provider=service.provider,
            service=service,
            series=series,
            occurrence=number,
            status=Status.CONFIRMED if is_agreed else Status.REQUESTED,
            start=start,
            end=start + timedelta(minutes=service.duration_minutes),
            price=price.price,
            currency=price.currency,
            fee_percent=price.fee_percent,
            platform_fee=price.platform_fee,
            venue=venue,
            note=wanted.note,
            agreed_at=now if is_agreed else None,
            answer_by=None if is_agreed else answer_deadline(now=now, start=start, policy=policy),
            entered_by=entered_by or "",
            booking_key=key,
            created_at=now,
        )
        for start, key, number, is_agreed in zip(wanted.starts, wanted.keys, numbers, agreed, strict=True)
    )


# The key of an appointment that counts, its one-time key, its series, who entered it, and the fields of `Ahead`.
TheirRow = tuple[int, str, int | None, str, str, datetime, datetime | None, datetime | None]


@prepared
def _of_customer(customer_id: int, provider_id: int, keys: list[str], now: datetime) -> QuerySet[Appointment, TheirRow]:
    """The customer's appointments with the provider that these keys made, and all that count against their shares."""
    ahead = Q(provider=provider_id, status__in=OPEN, end__gt=now)
    rows = Appointment.objects.filter(Q(booking_key__in=keys) | ahead, customer=customer_id)
    columns = ("pk", "booking_key", "series_id", "entered_by", "status", "start", "answer_by")
    return rows.values_list(*columns, proposed_start(now))


def _asking_about(
    customer: User, provider: Provider, *, keys: list[str], now: datetime
) -> tuple[Question[TheirRow], Several[Dealings], Question[Offer]]:
    """The questions about the rows of `_of_customer`, what is between the two, and the times offered to them."""
    between = {"customer_id": customer.pk, "provider_id": provider.pk}
    return (
        _of_customer.asking(**between, keys=keys, now=now),
        asking_dealings(**between),
        offers.asking_offers(**between, now=now),
    )


def facts_about(customer: User, provider: Provider, *, now: datetime) -> tuple[list[TheirRow], Dealings, list[Offer]]:
    """The answers to `_asking_about`, of which no form is sent. Three queries in one exchange."""
    return together(*_asking_about(customer, provider, keys=[""], now=now))


def ahead_of(rows: Iterable[TheirRow]) -> list[Ahead]:
    """The appointments that count against the customer's shares: none of a series, and none entered for them."""
    return [Ahead(*row[4:]) for row in rows if row[2] is None and not row[3]]


def _in_series(rows: Iterable[TheirRow]) -> list[Ahead]:
    return [Ahead(*row[4:]) for row in rows if row[2] is not None]


def check_customer_for_series(customer: User, service: Service, count: int, *, extends: bool = False) -> str:
    """The sentence that the customer is to read of their no-shows before booking a series. Three queries.

    Raises PolicyRefused when they may not book one of `count` appointments now, or add so many to one they have.
    """
    provider, now = service.provider, clock.now()
    theirs, dealings, _ = facts_about(customer, provider, now=now)
    check_person(customer, provider, dealings)
    check_series(service, count, in_series=_in_series(theirs), now=now, extends=extends)
    return no_shows.notice(no_shows_of(provider, dealings), name=provider.first_name)


def check_customer(customer: User, service: Service, start: datetime) -> list[str]:
    """What the customer is to read before booking `start`: of their no-shows, and of their share. Three queries.

    Raises PolicyRefused when they may not book it now.
    """
    provider, now = service.provider, clock.now()
    theirs, dealings, offered = facts_about(customer, provider, now=now)
    check_person(customer, provider, dealings)
    at_once = terms_of(service, offered=offers.is_promised_at(offered, service, start)).confirms_at_once
    said = [
        no_shows.notice(no_shows_of(provider, dealings), name=provider.first_name),
        check_share(service=service, start=start, at_once=at_once, theirs=ahead_of(theirs), dealings=dealings, now=now),
    ]
    return [sentence for sentence in said if sentence]


def refusals_of_customer(customer: User, service: Service, start: datetime) -> list[str]:
    """Every sentence that keeps the customer from booking `start`, as they read it; `check_customer` raises the first.

    Three queries in one exchange.
    """
    return _judge(customer, service, start, now=clock.now())[1]


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody is told who asks about a start and books nothing.

    `open` says that they could book it now, on these `terms`; else `refusals` has every sentence against it. `clashes`
    is what of their own day meets it, which is no refusal, and `nearest` up to three other starts that are open.
    """

    open: bool
    terms: Terms
    clashes: list[Clash]
    refusals: list[str]
    nearest: list[datetime]

    @property
    def clash(self) -> bool:
        return bool(self.clashes)


def look_before_booking(
    *,
    customer: User,
    service: Service,
    start: datetime,
    venue: str = "",
    seen: Terms | None = None,
    hold: UUID | None = None,
) -> Look:
    """Look whether the customer may book `service` at `start` (UTC), by what decides in `place`, and write nothing.

    Terms that they have `seen` speak against it where others are in force, and so does a `hold` that they do not keep
    for it. The service comes with provider, policy and user. Ten queries, one more with a hold and two where the
    provider has a cap, whatever the number of rows.
    """
    now, provider, mine = clock.now(), service.provider, Mine(account_id=customer.pk)
    terms, of_customer = _judge(customer, service, start, now=now)
    against = [shut_words(shut, service) for shut in what_is_shut(service)[:1]]
    if venue and venue not in service.venues:
        against.append(f"{service.name} does not take place there.")
    if seen is not None and seen != terms:
        against.append(TermsChanged.message)
    if hold is not None:
        try:
            holds.check_kept(hold, account=customer, service=service, starts=[start], now=now)
        except HoldRefused as refusal:
            against.append(str(refusal))
    against += of_customer
    found = availability.what_stands_in_the_way(service, start, now=now, mine=mine)
    if found is not None:
        against.append(obstacle_words(found, rules=availability.rules_of(provider), name=provider.first_name))
    within = min(max(start, now), now + timedelta(days=provider.policy.window_days))
    near = availability.nearest_slots(service, within, now=now, mine=mine, count=4)
    others = sorted((at for at in near if at != start), key=lambda at: abs(at - start))
    return Look(
        open=not against,
        terms=terms,
        clashes=clashes_of(customer, (start, start + timedelta(minutes=service.duration_minutes))),
        refusals=against,
        nearest=[] if what_is_shut(service) else sorted(others[:3]),
    )


def _judge(customer: User, service: Service, start: datetime, *, now: datetime) -> tuple[Terms, list[str]]:
    """The terms on which the customer would book `start`, and every sentence that keeps them from it, as they read it.

    Three queries in one exchange.
    """
    provider = service.provider
    theirs, dealings, offered = facts_about(customer, provider, now=now)
    terms = terms_of(service, offered=offers.is_promised_at(offered, service, start))
    exceeded = exceeded_shares(
        service=service,
        start=start,
        at_once=terms.confirms_at_once,
        theirs=ahead_of(theirs),
        dealings=dealings,
        now=now,
    )
    return terms, [*refusals(customer, provider, dealings), *exceeded]
