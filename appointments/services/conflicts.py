"""Conflicts with connected calendars: finding them, telling the provider of new ones, keeping both by their choice.

Nothing here changes an appointment: busy time from outside never cancels one.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from appointments.exceptions import ConflictChanged
from appointments.models import Appointment, KnownConflict
from appointments.rules.conflicts import Conflict, Over, conflicts_between
from calendar_sync.models import BusyInterval
from core import clock
from core.db import retrying
from notifications import channels
from notifications.catalogue import Notice
from notifications.models import Kind
from providers import services as providers
from providers.models import Provider

NOTICE = "appointments.conflicts"


def undecided_conflicts(provider: Provider, *, now: datetime, only: Appointment | None = None) -> list[Conflict]:
    """The conflicts that wait for the provider's decision, by start; see `all_conflicts`."""
    return [each for each in all_conflicts(provider, now=now, only=only) if not each.is_kept]


def all_conflicts(provider: Provider, *, now: datetime, only: Appointment | None = None) -> list[Conflict]:
    """The provider's confirmed appointments ahead with the busy times that lie over them, by start, also those that
    they keep; of one appointment where `only` is given.

    The appointment's own time counts, not the free time around it. No query where no calendar is connected, one where
    nothing lies over anything, else three. The appointments come with the names of customer and service.
    """
    if not provider.calendar_state:
        return []
    rows = Appointment.objects.for_provider(provider).ahead(now).filter(Exists(_busy_over(provider)))
    if only is not None:
        rows = rows.filter(pk=only.pk)
    appointments = list(rows.with_names().order_by("start", "pk"))
    if not appointments:
        return []
    for one in appointments:
        one.provider = provider
    keys = [one.pk for one in appointments]
    met = Appointment.objects.filter(pk__in=keys, start__lt=OuterRef("end"), end__gt=OuterRef("start"))
    busy = _counting(provider).filter(Exists(met)).select_related("calendar__connection").order_by("start", "pk")
    return conflicts_between(appointments, list(busy), KnownConflict.objects.filter(appointment__in=keys))


def _busy_over(provider: Provider) -> QuerySet[BusyInterval]:
    return _counting(provider).filter(start__lt=OuterRef("end"), end__gt=OuterRef("start"))


def _counting(provider: Provider) -> QuerySet[BusyInterval]:
    """The events of connected calendars that take the provider's time."""
    return BusyInterval.objects.taking_time().filter(provider=provider, calendar__isnull=False)


@retrying
@transaction.atomic
def tell_new_conflicts(provider: Provider) -> int:
    """Tell the provider of the conflicts that they do not know of yet, all in one; returns their number.

    Each is told once for the times that both sides have. One that they keep is not told.
    """
    locked, now = providers.lock_provider(provider, actor=provider.user), clock.now()
    found = all_conflicts(locked, now=now)
    new = [_remember(conflict, over, now) for conflict in found for over in conflict.over if over.known is None]
    if new:
        channels.tell([_notice(locked, found, new)])
    return len(new)


@retrying
@transaction.atomic
def keep_both(*, appointment: Appointment, shown: str, actor: User) -> bool:
    """Have an appointment and all that lies over it stand side by side: the conflict is decided while their times stay.

    False where it was kept before, or nothing lies over the appointment any more. Raises ConflictChanged where that is
    not what the page showed (`Conflict.shown`), ChangeRefused unless the actor is its provider or staff.
    """
    provider, now = providers.lock_provider(appointment.provider, actor=actor), clock.now()
    found = all_conflicts(provider, now=now, only=appointment)
    if not found or found[0].is_kept:
        return False
    [conflict] = found
    if conflict.shown != shown:
        raise ConflictChanged
    known = [over.known or _remember(conflict, over, now) for over in conflict.over]
    KnownConflict.objects.filter(pk__in=[row.pk for row in known], kept_at=None).update(kept_at=now)
    return True


def _remember(conflict: Conflict, over: Over, now: datetime) -> KnownConflict:
    """Write down that the provider knows of this, in place of what they knew of other times of the two."""
    pair = over.pair
    times = {"start": pair.start, "end": pair.end, "busy_from": pair.busy_from, "busy_until": pair.busy_until}
    row, _ = KnownConflict.objects.update_or_create(
        appointment=conflict.appointment,
        calendar=over.busy.calendar,
        event_id=pair.event_id,
        defaults={**times, "known_at": now, "kept_at": None},
    )
    return row


def _notice(provider: Provider, found: list[Conflict], new: list[KnownConflict]) -> Notice:
    first, concerned = new[0], {row.appointment_id for row in new}
    references = [each.appointment.reference for each in found if each.appointment.pk in concerned]
    return Notice(
        name=NOTICE,
        key=f"{first.pk}:{first.known_at.timestamp()}",
        reader=provider.user_id,
        kind=Kind.CALENDAR,
        about=references[0] if len(references) == 1 else "",
        facts={"conflicts": [row.pk for row in new], "known_at": first.known_at.isoformat()},
    )
