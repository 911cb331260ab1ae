"""Time off and cleared days: what lies inside, and the act that ends some of it, with the row of the time off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from accounts.models import TAKES_PART, User
from appointments.exceptions import InsideChanged, PolicyRefused
from appointments.models import Appointment, conditions
from appointments.rules.fair_use import LIMIT
from appointments.rules.time_off import Claim, Way
from appointments.states import Role
from core import clock
from core.db import retrying
from core.intervals import Interval, overlaps
from providers import services as providers
from providers.models import Provider, TimeOff

from . import fair_use, holds, transitions
from .locks import lock_providers


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
    """What lies in a time: the claims that can still be ended, by start, and how many times somebody keeps."""

    claims: list[Claim]
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Cleared:
    """The result of an act: what it ended, the time off as written, and whether it changed or banned anything.

    `merged` counts the earlier entries that have become part of the time off.
    """

    ended: list[Claim]
    time_off: TimeOff | None = None
    merged: int = 0
    changed: bool = True
    banned: bool = False


def what_is_inside(
    provider: Provider, span: Interval, *, now: datetime, customer: User | None = None, with_kept: bool = True
) -> Inside:
    """The appointments, requests and proposed times in the span that can still be ended, and the kept times.

    Two queries. With `customer` only theirs. An appointment lies inside if its own time meets the span, whatever its
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
    return Inside(claims, holds.count_kept_inside(provider, span, now=now) if with_kept else 0)


def take_time_off(
    *,
    provider: Provider,
    absence: Absence,
    actor: User,
    ways: Mapping[str, Way] | None = None,
    word: str = "",
    seen: int = 0,
    shown: Mapping[str, str] | None = None,
) -> Cleared:
    """Write the time off down and end what lies inside as `ways` says for each reference, all in one act or nothing.

    Cancelling counts once, however many are cancelled, and the third late one bans the provider; the time off is
    written even then, as it stays true. `word` goes to the customers, `absence.reason` to nobody. Kept times inside are
    released. Raises InsideChanged where something inside has no way that fits or is not as `shown` says for its
    reference (`Appointment.as_shown`), CountsForMore where it would count as more than late cancellation number `seen`,
    TimeOffRefused.
    """
    return _clear(
        provider, absence.span, actor=actor, ways=ways or {}, word=word, seen=seen, shown=shown or {}, absence=absence
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
    customer: User | None = None,
) -> Cleared:
    """End what lies in the span as `ways` says, in one act, without taking it off; with `customer` only theirs.

    Raises as `take_time_off` does.
    """
    return _clear(provider, span, actor=actor, ways=ways, word=word, seen=seen, shown=shown or {}, customer=customer)


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
    customer: User | None = None,
    absence: Absence | None = None,
) -> Cleared:
    provider = _lock(provider, actor, seen)
    now = clock.now()
    inside = what_is_inside(provider, span, now=now, customer=customer, with_kept=False)
    for claim in inside.claims:
        one = claim.appointment
        if ways.get(one.reference) not in claim.ways or shown.get(one.reference, one.as_shown) != one.as_shown:
            raise InsideChanged
    ending = [claim for claim in inside.claims if ways[claim.appointment.reference] is not Way.KEEP]
    changes = [
        transitions.Change(claim.appointment, claim.verb_to_end, word, proposal=claim.proposed) for claim in ending
    ]
    outcomes = transitions.apply(changes, actor=actor, role=Role.PROVIDER, seen=seen) if changes else []
    banned = any(outcome.banned for outcome in outcomes)
    if absence is None:
        return Cleared(ending, changed=bool(ending), banned=banned)
    holds.release_kept_inside(provider, span)
    written = _write(provider, absence, now=now)
    return Cleared(ending, written.row, written.merged, written.changed or bool(ending), banned)


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
