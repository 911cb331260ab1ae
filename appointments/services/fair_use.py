"""Late cancellations: what cancelling counts as for a person, decided from the rows under their lock, and bans.

Staff lift bans, answer appeals and forgive late cancellations, each under the lock of the person concerned.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Exists, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts import bans
from accounts.models import Appeal, Ban, User
from appointments.exceptions import AppealAnswered, ReasonMissing, StaffRefused
from appointments.models import Appointment, Hold, LateCancellation
from appointments.rules.fair_use import COUNTED_FOR, Consequence, Ending, check_staff, consequence
from appointments.states import OPEN, Status
from core import clock
from core.compiled_queries import prepared
from core.db import retrying
from notifications import channels
from notifications.catalogue import Notice
from notifications.models import Kind
from outbox import services as outbox
from providers.models import Provider

from . import offers, waitlist_offers
from .locks import lock_people


def consequence_for(person_id: int, starts: Iterable[datetime], *, now: datetime) -> Consequence:
    """What cancelling appointments with these starts, in one act, would count as for the person. One query."""
    return consequence(starts, _counting(person_id=person_id, since=now - COUNTED_FOR), now)


def upcoming_of(person: User, *, now: datetime) -> QuerySet[Appointment]:
    """The open appointments and requests of the person on either side that have not started."""
    # Without a join, so that both sides are found by their indexes.
    own_page = Provider.objects.filter(user=person).values("pk")[:1]
    theirs = Q(customer=person) | Q(provider=own_page)
    return Appointment.objects.filter(theirs, status__in=OPEN, start__gt=now)


def what_a_ban_ends(person: User, *, besides: Iterable[Appointment], now: datetime) -> Ending:
    """What a ban of the person at `now` would end besides these appointments. One query."""
    others = upcoming_of(person, now=now).exclude(pk__in=[one.pk for one in besides])
    confirmed, requests = (_number_of(others.filter(status=status)) for status in (Status.CONFIRMED, Status.REQUESTED))
    page = Exists(Provider.objects.public().filter(user=person))
    return Ending(*User.objects.filter(pk=person.pk).values_list(confirmed, requests, page).get())


def note_late(person: User, *, occasion: uuid.UUID, now: datetime) -> LateCancellation:
    """Write down that the person cancelled late in this act."""
    return LateCancellation.objects.create(person=person, occasion=occasion, at=now)


def ban(person: User, *, now: datetime, actor: User | None = None, reason: str = "") -> Ban:
    """Ban the person, whose row the caller has locked, for the late cancellations that count now, or as staff decided.

    Afterwards they are signed out everywhere, keep no time, offer none, are offered none and wait for none, and are
    told by mail; the caller ends their appointments.
    """
    made = bans.ban(person, now=now, actor=actor, reason=reason)
    LateCancellation.objects.counting().filter(person=person, at__gte=now - COUNTED_FOR).update(ban=made)
    Hold.objects.filter(kept_by=person).delete()
    offers.withdraw_of(person, now=now)
    waitlist_offers.lapse_of(person, now=now)
    _tell(person.pk, Kind.SUSPENSION, "appointments.suspended", ban=made.pk)
    return made


def take_evidence(ban: Ban, person: User) -> None:
    """Let the late cancellations behind a ban be those of the person who has it now."""
    LateCancellation.objects.filter(ban=ban).update(person=person)


def copy_evidence(ban: Ban, copy: Ban) -> None:
    """Let the moments behind a ban be those of its copy for another person, too. They lead to no appointment."""
    moments = LateCancellation.objects.filter(ban=ban, forgiven_at=None).values_list("at", flat=True)
    LateCancellation.objects.bulk_create(
        LateCancellation(person_id=copy.user_id, occasion=uuid.uuid4(), at=at, ban=copy) for at in moments
    )


@retrying
@transaction.atomic
def lift_ban(*, ban: Ban, actor: User, reason: str, on_server: bool = False) -> bool:
    """Lift a ban: the person may take part again, their count starts anew, and a mail says so. False if it was lifted.

    Nothing that was cancelled comes back. Raises StaffRefused where the actor may not decide about the person. Who runs
    a command on the server (`on_server`) may lift anybody's, in the name of any member of staff, a banned one included.
    """
    _lock_for_staff(ban.user_id, actor, on_server=on_server)
    lifted = _lift(ban, actor=actor, reason=_required(reason))
    if lifted:
        _tell(ban.user_id, Kind.SUSPENSION, "appointments.suspension_lifted", ban=ban.pk)
    return lifted


@retrying
@transaction.atomic
def answer_appeal(*, appeal: Appeal, actor: User, answer: str, lift: bool) -> None:
    """Answer an appeal and lift its ban or keep it, all or nothing; the person is told both in one mail.

    Raises AppealAnswered where it was answered before, StaffRefused where the actor may not decide about the person.
    """
    ban = Ban.objects.get(pk=appeal.ban_id)
    _lock_for_staff(ban.user_id, actor)
    answer = _required(answer, "Write an answer: the person reads it.")
    waiting = Appeal.objects.filter(pk=appeal.pk, answered_at=None)
    if not waiting.update(answer=answer, answered_at=clock.now(), answered_by=actor):
        raise AppealAnswered
    if lift:
        _lift(ban, actor=actor, reason=f"Answered the appeal of {appeal.sent_at:%d %b %Y}.")
    _tell(ban.user_id, Kind.SUSPENSION, "appointments.appeal_answered", appeal=appeal.pk)


@retrying
@transaction.atomic
def forgive(*, late: LateCancellation, actor: User, reason: str) -> bool:
    """Let a late cancellation no longer count, and tell the person by mail. False if it was forgiven before.

    An open ban of which it is evidence stays: that is for staff to lift. Raises StaffRefused where the actor may not
    decide about the person.
    """
    _lock_for_staff(late.person_id, actor)
    reason = _required(reason)
    unforgiven = LateCancellation.objects.filter(pk=late.pk, forgiven_at=None)
    forgiven = unforgiven.update(forgiven_at=clock.now(), forgiven_by=actor, forgiven_reason=reason)
    if forgiven:
        _tell(late.person_id, Kind.STANDING, "appointments.late_forgiven", late=late.pk)
    return bool(forgiven)


def _lock_for_staff(person_id: int, actor: User, *, on_server: bool = False) -> None:
    """Lock the person and the actor, and check that the actor, as they are now, may decide about the person."""
    people = lock_people({person_id, actor.pk})
    if not on_server:
        check_staff(people[actor.pk], people[person_id])
    elif not people[actor.pk].is_staff:
        raise StaffRefused


def _lift(ban: Ban, *, actor: User, reason: str) -> bool:
    """Lift the ban of a locked person; a provider among them returns to the search at once. False if it was lifted."""
    lifted = bans.lift(ban, actor=actor, reason=reason)
    if lifted:
        pages = Provider.objects.filter(user=ban.user_id).values_list("pk", flat=True)
        outbox.publish_all(
            outbox.Draft(topic="appointments.refresh_openings", key=f"lifted-{ban.pk}:{pk}", payload={"provider": pk})
            for pk in pages
        )
    return lifted


def _tell(reader: int, kind: Kind, name: str, **fact: int) -> None:
    """Tell the person of one row: the key is its own."""
    [key] = fact.values()
    channels.tell([Notice(name=name, key=str(key), reader=reader, kind=kind, facts=fact)])


def _required(text: str, otherwise: str | None = None) -> str:
    """The text without space around it. Raises ReasonMissing, in the words of `otherwise`, where nothing is left."""
    if not text.strip():
        raise ReasonMissing(otherwise)
    return text.strip()


def _number_of(rows: QuerySet[Appointment]) -> Coalesce:
    """The number of rows, as a part of another query."""
    counted = rows.order_by().values(one=Value(1)).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)


@prepared
def _counting(person_id: int, since: datetime) -> QuerySet[LateCancellation, datetime]:
    rows = LateCancellation.objects.counting().filter(person=person_id, at__gte=since)
    return rows.values_list("at", flat=True)
