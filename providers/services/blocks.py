"""Taking no bookings of one customer, and taking them again."""

from django.db import transaction

from accounts.models import User
from core import clock
from core.db import retrying
from providers import hooks
from providers.models import CustomerBlock, Provider

from .allowances import check_seen
from .locking import lock_provider


@retrying
@transaction.atomic
def block_customer(
    *, provider: Provider, actor: User, customer: User, reason: str = "", seen: str | None = None
) -> CustomerBlock:
    """Take no bookings of `customer` from now on; what they have booked or asked for stays. The open block is returned.

    A booking under way is made before this or refused after it, since both lock the provider. Blocked already: nothing
    happens, and the first reason stays. Raises ChangedMeanwhile where what was decided about the customer is not as
    `seen` (`edit_stamps.of_customer`).
    """
    provider = lock_provider(provider, actor=actor)
    rows = CustomerBlock.objects.filter(provider=provider, customer=customer)
    if block := rows.open().first():
        return block
    check_seen(provider, customer, seen)
    block = rows.create(provider=provider, customer=customer, blocked_by=actor, reason=reason, since=clock.now())
    for _ in hooks.customer_blocked.each(provider, customer):
        pass
    return block


@retrying
@transaction.atomic
def unblock_customer(*, provider: Provider, actor: User, customer: User, seen: str | None = None) -> bool:
    """Let `customer` book again; the block stays on record as lifted. False if there was none. Raises ChangedMeanwhile
    as `block_customer` does."""
    provider = lock_provider(provider, actor=actor)
    blocks = CustomerBlock.objects.open().filter(provider=provider, customer=customer)
    if not blocks:
        return False
    check_seen(provider, customer, seen)
    return bool(blocks.update(lifted_at=clock.now(), lifted_by=actor))
