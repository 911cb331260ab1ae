"""Lifting a policy's limits for one customer, and applying them again."""

from django.db import transaction

from accounts.models import User
from core.db import retrying
from providers import edit_stamps
from providers.exceptions import ChangedMeanwhile
from providers.models import CustomerAllowance, CustomerBlock, CustomerNote, Provider

from .locking import lock_provider


@retrying
@transaction.atomic
def lift_limits(*, provider: Provider, actor: User, customer: User, seen: str | None = None) -> CustomerAllowance:
    """Lift the policy's limits per customer for `customer`, until they are applied again.

    The platform's own limit stays. Lifted already: nothing happens. Raises ChangedMeanwhile where what was decided
    about the customer is not as `seen` (`edit_stamps.of_customer`).
    """
    provider = lock_provider(provider, actor=actor)
    rows = CustomerAllowance.objects.filter(provider=provider, customer=customer)
    if lifted := rows.first():
        return lifted
    check_seen(provider, customer, seen)
    return rows.create(provider=provider, customer=customer)


@retrying
@transaction.atomic
def apply_limits(*, provider: Provider, actor: User, customer: User, seen: str | None = None) -> None:
    """Apply the policy's limits to `customer` again; their appointments stay. Raises ChangedMeanwhile as `lift_limits`
    does."""
    provider = lock_provider(provider, actor=actor)
    rows = CustomerAllowance.objects.filter(provider=provider, customer=customer)
    if rows:
        check_seen(provider, customer, seen)
        rows.delete()


def check_seen(provider: Provider, customer: User, seen: str | None) -> None:
    """Raise ChangedMeanwhile where the locked provider's decisions about the customer are not as `seen`."""
    if seen is None:
        return
    block = CustomerBlock.objects.open().filter(provider=provider, customer=customer).first()
    limits_lifted = CustomerAllowance.objects.filter(provider=provider, customer=customer).exists()
    if seen != edit_stamps.of_customer(block, limits_lifted=limits_lifted):
        raise ChangedMeanwhile


def hand_over_customer(*, customer: User, to: User) -> None:
    """Let what providers decided and wrote about `customer`, who was invited, hold for the account that they have."""
    CustomerNote.objects.filter(customer=customer).update(customer=to)
    CustomerBlock.objects.filter(customer=customer).update(customer=to)
    decided = CustomerAllowance.objects.filter(customer=to).values("provider")
    CustomerAllowance.objects.filter(customer=customer).exclude(provider__in=decided).update(customer=to)
