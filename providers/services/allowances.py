"""The limits for one customer, lifted and applied again by the provider."""

from django.db import transaction

from accounts.models import User
from core.db import retrying
from providers.models import CustomerAllowance, Provider

from .locking import lock_provider


@retrying
@transaction.atomic
def lift_limits(*, provider: Provider, actor: User, customer: User) -> CustomerAllowance:
    """The policy's limits for one customer bind `customer` no more, until they are applied again.

    The platform's own limit stays. Lifted already: nothing happens.
    """
    provider = lock_provider(provider, actor=actor)
    return CustomerAllowance.objects.get_or_create(provider=provider, customer=customer)[0]


@retrying
@transaction.atomic
def apply_limits(*, provider: Provider, actor: User, customer: User) -> None:
    """The policy's limits bind `customer` as they bind everybody; what they have booked stays."""
    provider = lock_provider(provider, actor=actor)
    CustomerAllowance.objects.filter(provider=provider, customer=customer).delete()
