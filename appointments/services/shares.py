"""Checks of the shares of a provider's time, a customer's and that of all visitors, against the database."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db.models import OuterRef, Q, Subquery

from appointments.exceptions import NotKept, PolicyRefused
from appointments.models import Appointment, Hold, Proposal, conditions
from appointments.rules.persons import Dealings
from appointments.rules.shares import (
    LEAST_IN_SERIES,
    MOST_FROM_AN_ADDRESS,
    Shares,
    Use,
    not_kept,
    notice,
    refusals,
    series_refusal,
    use_with,
    visitors_may_keep,
)
from appointments.rules.slots import openings_on
from appointments.states import OPEN, Role, Status
from core import clock
from core.intervals import Interval, clip, merge
from providers.models import BookingPolicy, Provider, Service

from . import availability
from .persons import check_may_move, dealings_between


class Ahead(NamedTuple):
    """An open appointment of the customer with the provider that is not over.

    `proposed` is the new start that the customer proposes for it and that can still be accepted.
    """

    status: str
    start: datetime
    answer_by: datetime | None
    proposed: datetime | None

    @property
    def held(self) -> list[datetime]:
        """The starts that are held for it."""
        return [self.start, self.proposed] if self.proposed else [self.start]


def proposed_start(now: datetime) -> Subquery:
    """The field `proposed` of `Ahead`. What the provider proposes is not the customer's use of time."""
    theirs = Proposal.objects.live(now).filter(appointment=OuterRef("pk"), by=Role.CUSTOMER)
    return Subquery(theirs.order_by().values("start"))


def check_share(
    *, service: Service, start: datetime, at_once: bool, theirs: Iterable[Ahead], dealings: Dealings, now: datetime
) -> str:
    """A sentence about the share, for the customer to read before booking `start`; empty while much of it is left.
    What is not confirmed `at_once` is one more request that waits.

    `theirs` are their appointments ahead, read under the provider's lock where a booking follows, as `dealings` are.
    Raises PolicyRefused when a booking would exceed a share.
    """
    return _check(_use(start, at_once, theirs, now), service.provider, dealings)


def check_series(
    service: Service, count: int, *, in_series: Iterable[Ahead], now: datetime, extends: bool = False
) -> None:
    """Raise PolicyRefused where the service takes no series of `count` appointments, or where the customer, who has
    those of `in_series` ahead, would have too many of them with the provider. One may be added to a series alone."""
    refused = series_refusal(
        count,
        ahead=len(_live(in_series, now)),
        allowed=service.max_occurrences if service.repeats else 0,
        most=settings.MAX_SERIES_PER_CUSTOMER_AND_PROVIDER,
        name=service.provider.first_name,
        least=1 if extends else LEAST_IN_SERIES,
    )
    if refused:
        raise PolicyRefused(refused)


def exceeded_shares(
    *, service: Service, start: datetime, at_once: bool, theirs: Iterable[Ahead], dealings: Dealings, now: datetime
) -> list[str]:
    """A sentence for each share that a booking of `start` would exceed; `check_share` raises the first of them."""
    use, shares = _use(start, at_once, theirs, now), _shares_between(service.provider, dealings)
    return list(refusals(use, shares, name=service.provider.first_name))


def share_with(
    *, service: Service, start: datetime, theirs: Iterable[Ahead], dealings: Dealings, now: datetime
) -> tuple[Use, Shares]:
    """The use that a confirmed appointment at `start` would make if the customer booked it, and their shares."""
    return _use(start, True, theirs, now), _shares_between(service.provider, dealings)


def check_moved(appointment: Appointment, start: datetime, *, now: datetime) -> None:
    """Raise PolicyRefused when the customer would have too many appointments in a week with this one at `start`.

    It is one of theirs already, and so no more in all; one of a series, or that was entered for them, does not count in
    a week. Raised, too, where the customer may choose no new time. Two queries.
    """
    customer, provider = appointment.customer, appointment.provider
    dealings = dealings_between(customer, provider)
    check_may_move(customer, provider, dealings)
    if not appointment.is_of_share:
        return
    ahead = conditions.OF_SHARE & Q(status__in=OPEN, end__gt=now)
    theirs = Appointment.objects.filter(ahead, customer=customer, provider=provider)
    others = theirs.exclude(pk=appointment.pk).values_list("status", "start", "answer_by", proposed_start(now))
    _check(_use_moved(start, [Ahead(*row) for row in others], now), provider, dealings)


def exceeds_when_moved(
    appointment: Appointment, start: datetime, others: Iterable[Ahead], dealings: Dealings, *, now: datetime
) -> bool:
    """Whether the customer, who has the `others` ahead besides, would have too many in a week with this one at `start`,
    as `check_moved` asks."""
    if not appointment.is_of_share:
        return False
    provider = appointment.provider
    return any(refusals(_use_moved(start, others, now), _shares_between(provider, dealings), name=""))


def _use_moved(start: datetime, others: Iterable[Ahead], now: datetime) -> Use:
    """The use that an appointment which moves to `start` makes beside the others; it asks for nothing more."""
    live = _live(others, now)
    return use_with(start, is_request=False, others=[one.held for one in live], waiting=0)


def _use(start: datetime, at_once: bool, theirs: Iterable[Ahead], now: datetime) -> Use:
    """The use that booking `start` would make."""
    live = _live(theirs, now)
    return use_with(
        start,
        is_request=not at_once,
        others=[one.held for one in live],
        waiting=sum(one.status == Status.REQUESTED for one in live),
    )


def _live(theirs: Iterable[Ahead], now: datetime) -> list[Ahead]:
    """The appointments that count: a request whose time to answer is over does not, marked by the job or not."""
    return [one for one in theirs if one.answer_by is None or one.status != Status.REQUESTED or one.answer_by > now]


def _check(use: Use, provider: Provider, dealings: Dealings) -> str:
    """The sentence of `check_share` about this use of the provider's time. Raises PolicyRefused for too much of it."""
    shares = _shares_between(provider, dealings)
    for refused in refusals(use, shares, name=provider.first_name):
        raise PolicyRefused(refused)
    return notice(use, shares, name=provider.first_name)


def _shares_between(provider: Provider, dealings: Dealings) -> Shares:
    """The shares that the provider applies to this customer."""
    shares = shares_of(provider.policy)
    return Shares(waiting=None, in_a_week=None, ahead=shares.ahead) if dealings.limits_lifted else shares


def shares_of(policy: BookingPolicy) -> Shares:
    return Shares(
        waiting=policy.max_waiting_per_customer,
        in_a_week=policy.max_week_per_customer,
        ahead=settings.MAX_OPEN_PER_CUSTOMER_AND_PROVIDER,
    )


def check_visitors(*, service: Service, start: datetime, blocked: Interval, address: str, now: datetime) -> None:
    """Raise NotKept when a visitor at `address` (a hash) may not keep `start`, whose blocked range is `blocked`.

    Call it with the provider locked and this visitor's former kept time deleted. One query while visitors keep no other
    time of that day, else four.
    """
    provider = service.provider
    kept = Hold.objects.filter(provider=provider, browser__isnull=False, kept_by=None, expires_at__gt=now)
    rows = list(kept.values_list("start", "end", "kept_from"))
    if sum(kept_from == address for *_, kept_from in rows) >= MOST_FROM_AN_ADDRESS:
        raise NotKept(not_kept(at_address=True, name=provider.first_name))
    day = clock.local(start, provider.zone).date()
    first, last = clock.day_bounds(day, provider.zone)
    of_day = clip(merge((begin, end) for begin, end, _ in rows), first, last)
    if not of_day:
        return
    facts = availability.load_facts([provider], first, last, now=now, kept=False)[provider.pk]
    if not visitors_may_keep(blocked, kept=of_day, openings=openings_on(facts, day, now)):
        raise NotKept(not_kept(at_address=False, name=provider.first_name))
