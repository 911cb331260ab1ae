"""Giving up times that somebody keeps while they fill in the form."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from appointments.models import Hold
from core.db import retrying

from . import holds, waitlist_offers
from .locks import lock_providers


def release_kept_time(*, browser: str) -> None:
    """Release the time kept by this browser, if any, and offer it to those who wait for it."""
    _give_up(Q(browser=browser))


def leave_kept_time(*, browser: str, provider: str, start: datetime) -> None:
    """Release the time kept by this browser if it covers `start` at `provider` (a slug), so not another tab's time, and
    offer it to those who wait for it."""
    _give_up(Q(browser=browser, provider__slug=provider, start__lte=start, end__gt=start))


def release_by_id(*, account: User, kept: UUID) -> bool:
    """Release the time that the account keeps under this id (`holds.id_of_kept`), and offer it to those who wait for
    it. False where it keeps no such time any more."""
    found = Hold.objects.filter(kept_by=account).first()
    if found is None or holds.id_of_kept(found, account) != kept:
        return False
    return _give_up(Q(pk=found.pk, kept_by=account))


@retrying
@transaction.atomic
def _give_up(which: Q) -> bool:
    """Release the kept time; whether there was one."""
    kept = Hold.objects.filter(which)
    provider_id = kept.values_list("provider_id", flat=True).first()
    if provider_id is None:
        return False
    lock_providers([provider_id])
    # Another tab of the browser may have gone on to another provider meanwhile, and keeps a time there now.
    if not holds.drop_kept(kept.filter(provider=provider_id)):
        return False
    waitlist_offers.offer_freed(provider_id)
    return True
