"""Deleting an account: it closes at once, its person can keep it for two weeks, then a job erases it (`erasure`).

What lies ahead of the person is ended by `appointments`, which calls `close` in the same transaction.
"""

from datetime import datetime, timedelta

from django.db import transaction

from accounts import services
from accounts.models import Departure, User
from core import clock, wording
from core.db import lock_row, retrying
from core.exceptions import DomainError
from core.letters import page
from outbox import services as outbox

GRACE = timedelta(days=14)


class StaffStay(DomainError):
    """Raised for somebody with rights in the admin, whose decisions have to stay somebody's."""

    message = "This account may act as staff. Ask another superuser to take those rights first."


def check_may_leave(person: User) -> None:
    """Raise StaffStay for somebody with rights of staff."""
    if person.is_staff or person.is_superuser:
        raise StaffStay


def close(person: User, *, now: datetime) -> Departure:
    """Close the account of `person`, whose row the caller has locked, until it is kept or erased.

    They are signed out everywhere, take part in nothing, and their keys end. A mail says until when they can keep it.
    """
    departure = Departure.objects.create(user=person, asked_at=now, erase_at=now + GRACE)
    User.objects.filter(pk=person.pk).update(leaves_at=departure.erase_at)
    person.leaves_at = departure.erase_at
    services.end_access(user=person)
    outbox.publish(
        "accounts.erase", key=str(departure.pk), payload={"departure": departure.pk}, due_at=departure.erase_at
    )
    services.send_letter(
        letter="accounts/leaving",
        to=person.email,
        said={
            "day": _day(departure.erase_at, person),
            "until": _until(departure.erase_at, person),
            "url": page("leaving"),
        },
        lasts_minutes=int(GRACE.total_seconds()) // 60,
        key=f"leaving-{departure.pk}",
    )
    return departure


@retrying
@transaction.atomic
def keep(*, person: User) -> bool:
    """Open the account again; what was cancelled stays cancelled. False once erasing has begun, or if it was kept."""
    lock_row(User.objects.filter(pk=person.pk))
    kept, _ = Departure.objects.filter(user=person, step="").delete()
    if kept:
        User.objects.filter(pk=person.pk).update(leaves_at=None)
        services.send_letter(letter="accounts/kept", to=person.email, said={"timestamp": clock.now().isoformat()})
    return bool(kept)


def _until(moment: datetime, person: User) -> str:
    """A moment as the person reads it, with the year and their zone."""
    at = wording.moment_text(moment, person.zone, long=True, year=True, twelve=person.uses_12h_clock, spoken=True)
    return f"{at}, {wording.zone_text(person.zone)}"


def _day(moment: datetime, person: User) -> str:
    return wording.date_text(wording.local(moment, person.zone).date(), year=True)
