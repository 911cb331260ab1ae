"""What staff decide about a provider's page: that it was looked at, is paused, hidden, or shown again."""

from django.db import transaction

from accounts.models import User
from accounts.services import compare_calendar
from core import clock
from core.db import retrying
from providers.exceptions import ChangeRefused
from providers.models import Listing, PageDecision, Provider

from .locking import lock_provider, open_time_changed

Decided = PageDecision.Decided
# From which listings each decision leads to which.
LEADS = {
    Decided.PAUSED: ({Listing.LIVE}, Listing.PAUSED),
    Decided.HIDDEN: ({Listing.LIVE, Listing.PAUSED}, Listing.HIDDEN),
    Decided.SHOWN: ({Listing.HIDDEN}, Listing.PAUSED),
}
NOT_NOW = {
    Decided.REVIEWED: "It was reviewed already.",
    Decided.PAUSED: "Only a live page can be paused.",
    Decided.HIDDEN: "Only a page that others can open can be hidden.",
    Decided.SHOWN: "Only a hidden page can be shown again.",
}


def decisions_open(provider: Provider, *, reviewed: bool) -> list[PageDecision.Decided]:
    """What staff may decide about the page as it is; a draft is its provider's alone."""
    if provider.is_draft:
        return []
    able = [decided for decided, (before, _) in LEADS.items() if provider.listing in before]
    return able if reviewed else [Decided.REVIEWED, *able]


@retrying
@transaction.atomic
def decide_page(*, provider: Provider, actor: User, decided: PageDecision.Decided, reason: str) -> PageDecision:
    """Decide about a page under its lock; the decision is kept with its reason. Appointments stay as they are.

    A page that is shown again is paused, until its provider takes bookings again. Raises ChangeRefused for another than
    staff, without a reason, and where the page is not as the decision needs it.
    """
    provider = lock_provider(provider, actor=actor)
    if not actor.is_staff or provider.user_id == actor.pk:
        raise ChangeRefused("Another member of staff decides about your own page.")
    if not reason.strip():
        raise ChangeRefused("Write why.")
    reviewed = PageDecision.objects.filter(provider=provider, decided=Decided.REVIEWED).exists()
    if decided not in decisions_open(provider, reviewed=reviewed):
        raise ChangeRefused(NOT_NOW[decided])
    made = PageDecision.objects.create(
        provider=provider, decided=decided, decided_by=actor, at=clock.now(), reason=reason.strip()
    )
    if decided in LEADS:
        provider.listing = LEADS[decided][1]
        provider.save(update_fields=["listing"])
        compare_calendar(provider.user)
        open_time_changed(provider)
    return made
