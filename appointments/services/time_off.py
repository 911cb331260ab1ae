"""Time off and cleared days: what lies inside, and the act that ends some of it, with the row of the time off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from accounts.models import TAKES_PART, User
from appointments.exceptions import InsideChanged, PolicyRefused
from appointments.models import Appointment, Offer, conditions
from appointments.rules.fair_use import FREE, LIMIT, Consequence
from appointments.rules.time_off import Claim, Way
from appointments.states import Role
from core import clock
from core.db import retrying
from core.intervals import Interval, overlaps
from providers import services as providers
from providers.models import Provider, TimeOff

from . import fair_use, holds, offers, transitions, waitlist_offers
from .locks import lock_providers

# The times that a page shows as offered instead of each appointment, by its reference.
Offered = Mapping[str, tuple[datetime, ...]]


@dataclass(frozen=True, slots=True)
class Absence:
    """A time that a provider wants to take off, with its private reason and its word for the public page."""

    start: datetime
    end: datetime
    all_day: bool = False
    reason: str = ""
    public_word: str = ""

    @property
    def span(self) -> Interval:
        return self.start, self.end


@dataclass(frozen=True, slots=True)
class Inside:
    """What lies in a time: the claims that can still be ended, by start, how many times somebody keeps, and the times
    that are offered."""

    claims: list[Claim]
    kept: int = 0
    offered: list[Offer] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Weighing:
    """What ending some of what lies inside would do: the appointments `ended` by it, what that counts as, and the times
    that can be offered instead, by reference. Who would be banned by it offers none."""

    ended: list[Appointment]
    counts: Consequence
    times: dict[str, offers.Times]


@dataclass(frozen=True, slots=True)
class Cleared:
    """The result of an act: what it ended, the time off as written, and whether it changed or banned anything.

    `merged` counts the earlier entries that have become part of the time off, `offered` the times that are offered now,
    and `taken_back` those that were offered inside.
    """

    ended: list[Claim]
    time_off: TimeOff | None = None
    merged: int = 0
    changed: bool = True
    banned: bool = False
    offered: int = 0
    taken_back: int = 0


def what_is_inside(
    provider: Provider,
    span: Interval,
    *,
    now: datetime,
    customer: User | None = None,
    with_kept: bool = True,
    with_offered: bool = True,
) -> Inside:
    """What lies in the span and can still be ended: appointments, requests and proposed times; kept and offered times.

    Three queries. With `customer` only theirs. An appointment lies inside if its own time meets the span, whatever its
    buffers do; one that lies elsewhere counts for the new time that is proposed for it.
    """
    start, end = span
    rows = Appointment.objects.for_provider(provider).filter(conditions.ahead(now) | conditions.waiting(now))
    own = Q(start__lt=end, end__gt=start)
    proposed = Q(open_proposal__start__lt=end, open_proposal__end__gt=start, open_proposal__answer_by__gt=now)
    rows = rows.with_customer().filter(own | proposed)
    if customer is not None:
        rows = rows.for_customer(customer)
    claims = []
    for one in rows:
        one.provider = provider
        is_inside = overlaps((one.start, one.end), span)
        claims.append(Claim(one, None if is_inside else one.open_proposal))
    claims.sort(key=lambda claim: (claim.start, claim.appointment.pk))
    offered = offers.offers_inside(provider, span, now=now, customer=customer).select_related("customer")
    kept = holds.count_kept_inside(provider, span, now=now) if with_kept else 0
    return Inside(claims, kept, list(offered) if with_offered else [])


def weigh(
    provider: Provider,
    span: Interval,
    inside: Inside,
    ways: Mapping[str, Way],
    *,
    now: datetime,
    shown: Offered | None = None,
    after: Mapping[str, datetime] | None = None,
) -> Weighing:
    """What the act would do that ends each claim inside as `ways` says for its reference. Nothing is written.

    `shown` and `after` are those of `offers.times_to_offer`. One query where something is cancelled, and up to eight
    where other times are offered.
    """
    # Only what is cancelled or declined is no longer there for a ban to end; a proposal's appointment is.
    ended = [
        claim.appointment
        for claim in inside.claims
        if not claim.proposed and ways[claim.appointment.reference] is not Way.KEEP
    ]
    cancelled = [one.start for one in ended if one.is_confirmed]
    counts = fair_use.consequence_for(provider.user_id, cancelled, now=now) if cancelled else FREE
    offering = [one for one in ended if ways[one.reference] is Way.OFFER]
    times: dict[str, offers.Times] = {}
    if offering and not counts.bans:
        times = offers.times_to_offer(provider, offering, away=span, ending=ended, shown=shown, after=after, now=now)
    return Weighing(ended, counts, times)


def take_time_off(
    *,
    provider: Provider,
    absence: Absence,
    actor: User,
    ways: Mapping[str, Way] | None = None,
    word: str = "",
    seen: int = 0,
    shown: Mapping[str, str] | None = None,
    offered: Offered | None = None,
) -> Cleared:
    """Write the time off down and end what lies inside as `ways` says for each reference, all in one act or nothing.

    Cancelling counts once, however many are cancelled, and the third late one bans the provider; the time off is
    written even then, as it stays true. `word` goes to the customers, `absence.reason` to nobody. Kept times inside are
    released, and offered ones taken back. `offered` are the times that the page showed as offered instead of each; they
    are held for its customer, unless the act bans.

    Raises InsideChanged where something inside has no way that fits or is not as `shown` says for its reference
    (`Appointment.as_shown`), OffersChanged where what the page showed as offered is not open any more, CountsForMore
    where it would count as more than late cancellation number `seen`, TimeOffRefused.
    """
    return _clear(
        provider,
        absence.span,
        actor=actor,
        ways=ways or {},
        word=word,
        seen=seen,
        shown=shown or {},
        offered=offered or {},
        absence=absence,
    )


def cancel_inside(
    *,
    provider: Provider,
    span: Interval,
    actor: User,
    ways: Mapping[str, Way],
    word: str = "",
    seen: int = 0,
    shown: Mapping[str, str] | None = None,
    offered: Offered | None = None,
    customer: User | None = None,
) -> Cleared:
    """End what lies in the span as `ways` says, in one act, without taking it off; with `customer` only theirs.

    Raises as `take_time_off` does.
    """
    return _clear(
        provider,
        span,
        actor=actor,
        ways=ways,
        word=word,
        seen=seen,
        shown=shown or {},
        offered=offered or {},
        customer=customer,
    )


@retrying
@transaction.atomic
def _clear(
    provider: Provider,
    span: Interval,
    *,
    actor: User,
    ways: Mapping[str, Way],
    word: str,
    seen: int,
    shown: Mapping[str, str],
    offered: Offered,
    customer: User | None = None,
    absence: Absence | None = None,
) -> Cleared:
    provider = _lock(provider, actor, seen)
    now = clock.now()
    inside = what_is_inside(provider, span, now=now, customer=customer, with_kept=False, with_offered=False)
    for claim in inside.claims:
        one = claim.appointment
        if ways.get(one.reference) not in claim.ways or shown.get(one.reference, one.as_shown) != one.as_shown:
            raise InsideChanged
    ending = [claim for claim in inside.claims if ways[claim.appointment.reference] is not Way.KEEP]
    changes = [
        transitions.Change(claim.appointment, claim.verb_to_end, word, proposal=claim.proposed) for claim in ending
    ]
    outcomes = _end(changes, actor, seen) if changes else []
    banned = any(outcome.banned for outcome in outcomes)
    taken_back = offers.withdraw_inside(provider, span, now=now, customer=customer)
    written = None
    if absence is not None:
        holds.release_kept_inside(provider, span)
        written = _write(provider, absence, now=now)
    # Who is banned takes no bookings, so that nobody could take what they offer.
    offering = (
        [] if banned else [claim.appointment for claim in ending if ways[claim.appointment.reference] is Way.OFFER]
    )
    made = offers.offer_times(provider, [(one, offered.get(one.reference, ())) for one in offering], away=span, now=now)
    if ending or taken_back:
        waitlist_offers.offer_freed(provider.pk, now=now)
    return Cleared(
        ended=ending,
        time_off=written.row if written else None,
        merged=written.merged if written else 0,
        changed=bool(ending or taken_back or written and written.changed),
        banned=banned,
        offered=len(made),
        taken_back=taken_back,
    )


def _end(changes: Sequence[transitions.Change], actor: User, seen: int) -> list[transitions.Outcome]:
    # What is free in the end is known only once the time off is written and other times are offered.
    return transitions.apply(changes, actor=actor, role=Role.PROVIDER, seen=seen, answers_waitlist=False)


def _lock(provider: Provider, actor: User, seen: int) -> Provider:
    """The provider, locked; with those with whom a ban of the actor would end something, if that is what was shown.

    A ban locks them, too, and providers have to be locked in one statement. What was not shown is refused before.
    """
    if actor.pk != provider.user_id:
        raise PermissionDenied
    others = fair_use.upcoming_of(actor, now=clock.now()).values_list("provider_id", flat=True)
    locked = lock_providers({provider.pk, *(others if seen >= LIMIT else [])})
    if not User.objects.filter(TAKES_PART, pk=actor.pk).exists():
        raise PolicyRefused("This account is suspended or closed.")
    return locked[provider.pk]


def _write(provider: Provider, absence: Absence, *, now: datetime) -> providers.Written:
    return providers.write_time_off(
        provider,
        start=absence.start,
        end=absence.end,
        now=now,
        all_day=absence.all_day,
        reason=absence.reason,
        public_word=absence.public_word,
    )
