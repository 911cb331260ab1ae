"""Giving up times that somebody keeps while they fill in the form."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

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


@retrying
@transaction.atomic
def _give_up(which: Q) -> None:
    kept = Hold.objects.filter(which)
    provider_id = kept.values_list("provider_id", flat=True).first()
    if provider_id is None:
        return
    lock_providers([provider_id])
    # Another tab of the browser may have gone on to another provider meanwhile, and keeps a time there now.
    if holds.drop_kept(kept.filter(provider=provider_id)):
        waitlist_offers.offer_freed(provider_id)
