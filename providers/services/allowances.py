"""Lifting a policy's limits for one customer, and applying them again."""

from django.db import transaction

from accounts.models import User
from core.db import retrying
from providers.models import CustomerAllowance, Provider

from .locking import lock_provider


@retrying
@transaction.atomic
def lift_limits(*, provider: Provider, actor: User, customer: User) -> CustomerAllowance:
    """Lift the policy's limits per customer for `customer`, until they are applied again.

    The platform's own limit stays. Lifted already: nothing happens.
    """
    provider = lock_provider(provider, actor=actor)
    return CustomerAllowance.objects.get_or_create(provider=provider, customer=customer)[0]


@retrying
@transaction.atomic
def apply_limits(*, provider: Provider, actor: User, customer: User) -> None:
    """Apply the policy's limits to `customer` again; their appointments stay."""
    provider = lock_provider(provider, actor=actor)
    CustomerAllowance.objects.filter(provider=provider, customer=customer).delete()
