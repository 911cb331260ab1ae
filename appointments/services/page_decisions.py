"""Staff's decisions about a provider's page, of which the provider is told."""

from django.db import transaction

from accounts.models import User
from core.db import retrying
from notifications import channels
from notifications.catalogue import Notice
from notifications.models import Kind
from providers.models import PageDecision, Provider
from providers.services import decide_page


@retrying
@transaction.atomic
def decide(*, provider: Provider, actor: User, decided: PageDecision.Decided, reason: str) -> PageDecision:
    """Decide about a page as `decide_page`, and tell the provider unless the page was only looked at."""
    made = decide_page(provider=provider, actor=actor, decided=decided, reason=reason)
    if decided is not PageDecision.Decided.REVIEWED:
        notice = Notice(
            name="appointments.page_decided",
            key=str(made.pk),
            reader=made.provider.user_id,
            kind=Kind.STANDING,
            facts={"decision": made.pk},
        )
        channels.tell([notice])
    return made
