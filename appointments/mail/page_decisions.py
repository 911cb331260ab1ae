"""The mail about a decision of staff about somebody's page."""

from core.letters import Letter
from notifications import catalogue
from notifications.catalogue import Mail, Reader
from notifications.models import Kind
from providers.models import PageDecision

from .words import page_decisions as words


class Decided(Mail):
    """The mail to the provider, true however late: it says what was decided, and when."""

    kind = Kind.STANDING

    def __init__(self, decision: PageDecision) -> None:
        self.decision = decision
        self.key = f"page-decided:{decision.pk}"
        self.reader = Reader.of(decision.provider.user)

    def letter(self) -> Letter:
        return words.decided(self.decision)


@catalogue.mail("appointments.page_decided")
def decided_mail(*, decision: int) -> Mail | None:
    """The mail that staff paused, hid or showed a page, or None where the decision is gone."""
    found = PageDecision.objects.select_related("provider__user").filter(pk=decision).first()
    return Decided(found) if found else None
