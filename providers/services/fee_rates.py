"""The platform's rate for one provider, which staff set for a moment that is still to come, or for now."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from core import clock
from core.db import retrying
from providers.exceptions import ChangeRefused
from providers.models import FeeRate, Provider

from .locking import lock_provider


@retrying
@transaction.atomic
def set_fee_rate(*, provider: Provider, actor: User, percent: Decimal | None, starts_on: date, reason: str) -> FeeRate:
    """Keep `percent` of what is booked with the provider from `starts_on` on: from now where that is today, else from
    the beginning of that day in the provider's zone. None: the platform's usual rate again.

    A booking under way has the rate before or the one after, since both lock the provider; nothing booked changes.
    Raises ChangeRefused for a day that is over, and where another rate begins at the same moment.
    """
    provider = _lock(provider, actor)
    starts_at = check_fee_rate(provider, starts_on, now=clock.now())
    rate = FeeRate.objects.create(
        provider=provider, percent=percent, starts_at=starts_at, reason=reason, set_by=actor, created_at=clock.now()
    )
    _copy(provider)
    return rate


@retrying
@transaction.atomic
def withdraw_fee_rate(*, rate: FeeRate, actor: User, reason: str) -> bool:
    """Withdraw a rate whose moment has not come. False where that was done before.

    Raises ChangeRefused once the rate counts: then another one ends it.
    """
    provider = _lock(rate.provider, actor)
    rate.refresh_from_db()
    if rate.withdrawn_at is not None:
        return False
    now = clock.now()
    if rate.starts_at <= now:
        raise ChangeRefused("It counts already. Set another one to end it.")
    rate.withdrawn_at, rate.withdrawn_by, rate.withdrawn_reason = now, actor, reason
    rate.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    _copy(provider)
    return True


def check_fee_rate(provider: Provider, starts_on: date, *, now: datetime) -> datetime:
    """The moment from which a rate of `starts_on` counts. Raises ChangeRefused as `set_fee_rate` does. One query."""
    today = clock.local(now, provider.zone).date()
    if starts_on < today:
        raise ChangeRefused("Choose today or a later day: what was booked before keeps its fee.")
    starts_at = now if starts_on == today else clock.day_bounds(starts_on, provider.zone)[0]
    if FeeRate.objects.standing().filter(provider=provider, starts_at=starts_at).exists():
        raise ChangeRefused("Another fee begins on that day. Withdraw it first.")
    return starts_at


def _lock(provider: Provider, actor: User) -> Provider:
    if not actor.is_staff:
        raise ChangeRefused("That is not yours to change.")
    return lock_provider(provider, actor=actor)


def _copy(provider: Provider) -> None:
    rates = FeeRate.objects.standing().filter(provider=provider).order_by("starts_at")
    provider.fee_rates = [
        [rate.starts_at.isoformat(), None if rate.percent is None else str(rate.percent)] for rate in rates
    ]
    provider.save(update_fields=["fee_rates"])
