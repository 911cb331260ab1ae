"""An appointment that the demo's provider entered for a customer, and private notes about them."""

from datetime import datetime, time, timedelta
from uuid import uuid4

from accounts.models import User
from appointments.services.adding import Addition, add_appointment, look_before_adding
from core import clock
from providers.models import Provider
from providers.services import write_note

NOTES = (
    "Prefers mornings. The left shoulder still hurts when reaching up.",
    "Comes by train from Watford: no earlier than 9:15.",
)
# After hours, so that the page and the history have a rule that was overridden.
EVENING = time(20, 10)
SOONEST = 2


def seed(*, provider: Provider, customer: User) -> None:
    """Enter an appointment in the evening for the customer, and one for somebody new; both have to be overridden."""
    for text in reversed(NOTES):
        write_note(provider=provider, actor=provider.user, customer=customer, text=text, key=uuid4())
    _enter(provider, customer, SOONEST)
    new = User(invited_email="nora.finch@example.com", name="Nora Finch", time_zone=provider.time_zone)
    _enter(provider, new, SOONEST + 1)


def _enter(provider: Provider, customer: User, days_ahead: int) -> None:
    """Enter an appointment in the evening of the first day so far ahead that has room for it."""
    service = provider.services.filter(is_active=True).order_by("pk")[0]
    service.provider = provider
    today = clock.local(clock.now(), provider.zone).date()
    for days in range(days_ahead, days_ahead + 7):
        start = clock.to_instant(datetime.combine(today + timedelta(days=days), EVENING), provider.zone)
        addition = Addition(
            service,
            start,
            customer,
            key=f"demo-{start:%Y%m%d}",
            venue=service.venues[0],
            message="As agreed on the phone. The front door is locked after six, please ring.",
        )
        found = look_before_adding(addition)
        if not found.taken and not found.refusals:
            add_appointment(addition=addition, actor=provider.user, seen=found.seen)
            return
