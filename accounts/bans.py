"""Bans: made by the rules of fair use, appealed by the person, lifted and answered by staff."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts import services
from accounts.exceptions import NotBanned
from accounts.models import Appeal, Ban, KeptBan, User
from core import clock
from core.db import lock_row, retrying


def ban(person: User, *, now: datetime, actor: User | None = None, reason: str = "") -> Ban:
    """Ban the person, whose row the caller has locked, sign them out everywhere, and end their keys.

    `actor` is the member of staff who decided it, with the reason that the person reads.
    """
    made = Ban.objects.create(user=person, since=now, made_by=actor, reason=reason)
    User.objects.filter(pk=person.pk).update(banned_at=now)
    person.banned_at = now
    services.end_access(user=person)
    return made


@retrying
@transaction.atomic
def lift(made: Ban, *, actor: User, reason: str) -> bool:
    """Lift a ban; the person may take part again, and nothing that was cancelled comes back. False if it was lifted."""
    person = lock_row(User.objects.filter(pk=made.user_id))
    now = clock.now()
    # Of this person: a ban kept for an address may have found its person since it was read.
    ban = Ban.objects.filter(pk=made.pk, user=person, lifted_at=None)
    lifted = ban.update(lifted_at=now, lifted_by=actor, lift_reason=reason)
    if lifted:
        KeptBan.objects.filter(ban=made.pk).delete()
        User.objects.filter(pk=person.pk).update(banned_at=None)
    return bool(lifted)


@retrying
@transaction.atomic
def forget_lifted(person: User) -> None:
    """Let the person in who has no open ban any more, whatever the copy on their row says."""
    lock_row(User.objects.filter(pk=person.pk))
    if not Ban.objects.filter(user=person.pk, lifted_at=None).exists():
        User.objects.filter(pk=person.pk).update(banned_at=None)


@dataclass(frozen=True, slots=True)
class Sent:
    """The result of an appeal: the one that waits for staff, and whether this call sent it or found it waiting."""

    appeal: Appeal
    is_new: bool


@retrying
@transaction.atomic
def appeal(*, person: User, text: str) -> Sent:
    """Send an appeal against the open ban of `person`. While one waits, that one stays and nothing more is sent.

    Raises NotBanned where the ban was lifted meanwhile.
    """
    lock_row(User.objects.filter(pk=person.pk))
    ban = Ban.objects.filter(user=person.pk, lifted_at=None).first()
    if ban is None:
        raise NotBanned
    waiting = Appeal.objects.filter(ban=ban, answered_at=None).first()
    if waiting is not None:
        return Sent(waiting, is_new=False)
    return Sent(Appeal.objects.create(ban=ban, text=text, sent_at=clock.now()), is_new=True)
