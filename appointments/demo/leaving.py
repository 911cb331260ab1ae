"""What the demo shows of leaving: somebody who deleted their account two days ago and can still keep it."""

from datetime import timedelta

from accounts.models import User
from appointments.rules.fair_use import FREE
from appointments.services import leaving
from core import clock
from providers.models import Provider

from .standing import book_first_open

DAY = timedelta(days=1)


def let_somebody_leave(person: User, provider: Provider) -> None:
    """Let the person book with the provider, and delete their account a while later."""
    left_at = clock.now() - 2 * DAY
    book_first_open(provider, left_at.replace(hour=0, minute=0, second=0, microsecond=0) + 4 * DAY, person, at=left_at)
    with clock.pretended(left_at):
        leaving.leave(person=person, seen=FREE.number, shown=leaving.as_shown(person, now=left_at))
