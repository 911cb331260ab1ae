"""Bans: made by the rules of fair use, appealed by the person, lifted and answered by staff."""

from datetime import datetime

from django.db import transaction

from accounts import services
from accounts.models import Ban, User
from core import clock
from core.db import lock_row


def ban(person: User, *, now: datetime) -> Ban:
    """Ban the person, whose row the caller has locked, and sign them out everywhere."""
    made = Ban.objects.create(user=person, since=now)
    User.objects.filter(pk=person.pk).update(banned_at=now)
    person.banned_at = now
    services.end_sessions(user=person)
    return made


@transaction.atomic
def lift(made: Ban, *, actor: User, reason: str) -> bool:
    """Lift a ban; the person may take part again, and nothing that was cancelled comes back. False if it was lifted."""
    person = lock_row(User.objects.filter(pk=made.user_id))
    now = clock.now()
    lifted = Ban.objects.filter(pk=made.pk, lifted_at=None).update(lifted_at=now, lifted_by=actor, lift_reason=reason)
    if lifted:
        User.objects.filter(pk=person.pk).update(banned_at=None)
    return bool(lifted)
