"""Suspending a person by hand: what staff decide, with all that the system ends of theirs in the same transaction."""

from django.db import transaction

from accounts.models import User
from appointments.exceptions import ReasonMissing
from appointments.models import Appointment
from appointments.rules.fair_use import check_staff
from core import clock
from core.db import retrying
from core.exceptions import Busy
from providers.models import Provider

from . import fair_use, transitions
from .locks import lock_people, lock_providers

# The most tries to lock all that lies ahead; only bookings of that very person at that moment ask for another.
ATTEMPTS = 10


class MoreAhead(Exception):
    """The person has booked with a provider who is not locked."""


def suspend(*, person: User, actor: User, reason: str) -> bool:
    """Suspend the person, who reads the reason in a mail and on their page. False if they are suspended already.

    Afterwards they are signed out everywhere, and what lies ahead of them is ended by the system, late for nobody.
    Raises ReasonMissing, and StaffRefused where the actor may not decide about the person.
    """
    if not reason.strip():
        raise ReasonMissing("Write why: the person reads it.")
    for _ in range(ATTEMPTS):
        try:
            return _suspend(person, actor, reason.strip())
        except MoreAhead:
            continue
    raise Busy


@retrying
@transaction.atomic
def _suspend(person: User, actor: User, reason: str) -> bool:
    locked = lock_providers(
        {*Provider.objects.filter(user=person).values_list("pk", flat=True), *_ahead(person, "provider_id")}
    )
    others = fair_use.upcoming_of(person, now=clock.now()).filter(provider__in=locked)
    owners = [provider.user_id for provider in locked.values()]
    people = lock_people({person.pk, actor.pk, *owners, *others.values_list("customer_id", flat=True)})
    check_staff(people[actor.pk], people[person.pk])
    if people[person.pk].banned_at is not None:
        return False
    if not locked.keys() >= _ahead(person, "provider_id"):
        raise MoreAhead
    fair_use.ban(people[person.pk], now=clock.now(), actor=actor, reason=reason)
    transitions.end_all_ahead(people[person.pk])
    return True


def _ahead(person: User, field: str) -> set[int]:
    """The values of a field in all that lies ahead of the person."""
    rows = Appointment.objects.filter(pk__in=fair_use.upcoming_of(person, now=clock.now()).values("pk"))
    return set(rows.values_list(field, flat=True))
