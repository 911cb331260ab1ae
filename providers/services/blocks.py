"""Taking no bookings of one customer, and taking them again."""

from django.db import transaction

from accounts.models import User
from core import clock
from core.db import retrying
from providers import hooks
from providers.models import CustomerBlock, Provider

from .locking import lock_provider


@retrying
@transaction.atomic
def block_customer(*, provider: Provider, actor: User, customer: User, reason: str = "") -> CustomerBlock:
    """Take no bookings of `customer` from now on; what they have booked or asked for stays. The open block is returned.

    A booking under way is made before this or refused after it, since both lock the provider. Blocked already: nothing
    happens, and the first reason stays.
    """
    provider = lock_provider(provider, actor=actor)
    given = {"blocked_by": actor, "reason": reason, "since": clock.now()}
    block, is_new = CustomerBlock.objects.open().get_or_create(provider=provider, customer=customer, defaults=given)
    if is_new:
        for _ in hooks.customer_blocked.each(provider, customer):
            pass
    return block


@retrying
@transaction.atomic
def unblock_customer(*, provider: Provider, actor: User, customer: User) -> bool:
    """Let `customer` book again; the block stays on record as lifted. False if there was none."""
    provider = lock_provider(provider, actor=actor)
    blocks = CustomerBlock.objects.open().filter(provider=provider, customer=customer)
    return bool(blocks.update(lifted_at=clock.now(), lifted_by=actor))
