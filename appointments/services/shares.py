"""A customer's share of one provider's time, as it stands in the database."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from accounts.models import User
from appointments.exceptions import PolicyRefused
from appointments.rules.shares import Shares, notice, refusal, use_with
from appointments.states import Status
from providers.models import BookingPolicy, CustomerAllowance, Service


class Ahead(NamedTuple):
    """An open appointment of the customer with the provider that is not over."""

    status: str
    start: datetime
    answer_by: datetime | None


def check_share(*, customer: User, service: Service, start: datetime, theirs: Iterable[Ahead], now: datetime) -> str:
    """What the customer should know before they take `start`, in a sentence; nothing while much of a share is left.

    `theirs` is what they have ahead, read after the provider was locked where something is written. A request whose
    time to answer is over counts for nothing, whether or not the job has marked it. One query, where a share is used
    up. Raises PolicyRefused when this would be too much.
    """
    provider = service.provider
    live = [one for one in theirs if one.answer_by is None or one.status != Status.REQUESTED or one.answer_by > now]
    use = use_with(
        start,
        is_request=not service.confirms_at_once(provider.policy),
        starts=[one.start for one in live],
        waiting=sum(one.status == Status.REQUESTED for one in live),
    )
    shares = shares_of(provider.policy)
    if not (refusal(use, shares, name=provider.first_name) or notice(use, shares, name=provider.first_name)):
        return ""
    if CustomerAllowance.objects.filter(provider=provider, customer=customer).exists():
        shares = Shares(waiting=None, in_a_week=None, ahead=shares.ahead)
    if refused := refusal(use, shares, name=provider.first_name):
        raise PolicyRefused(refused)
    return notice(use, shares, name=provider.first_name)


def shares_of(policy: BookingPolicy) -> Shares:
    return Shares(
        waiting=policy.max_waiting_per_customer,
        in_a_week=policy.max_week_per_customer,
        ahead=settings.MAX_OPEN_PER_CUSTOMER_AND_PROVIDER,
    )
