"""The provider's word that an event of a connected calendar takes none of their time."""

from django.db import transaction

from accounts.models import User
from calendar_sync.models import BusyInterval
from core.db import retrying
from providers import services as providers
from providers.exceptions import ChangeRefused

from .reading import look_for_conflicts


@retrying
@transaction.atomic
def treat_as_free(*, busy: BusyInterval, actor: User) -> bool:
    """Let an event take none of its provider's time while it keeps the times that `busy` has; bookings may lie over it
    at once.

    False where that was so already, or the event is gone or has other times by now. Raises ChangeRefused unless the
    actor is the provider or staff.
    """
    return _choose(busy, actor=actor, is_free=True)


@retrying
@transaction.atomic
def treat_as_busy(*, busy: BusyInterval, actor: User) -> bool:
    """Let an event close its time again that was treated as free; what was booked meanwhile stays.

    False where nothing changed. Raises ChangeRefused unless the actor is the provider or staff.
    """
    return _choose(busy, actor=actor, is_free=False)


def _choose(busy: BusyInterval, *, actor: User, is_free: bool) -> bool:
    if busy.provider is None:
        raise ChangeRefused("It closes nobody’s time.")
    provider = providers.lock_provider(busy.provider, actor=actor)
    # The times are those that the provider decided about: a reading may have moved the event while they did.
    rows = BusyInterval.objects.filter(pk=busy.pk, provider=provider, start=busy.start, end=busy.end)
    has_changed = bool(rows.filter(is_free_by_choice=not is_free).update(is_free_by_choice=is_free))
    if has_changed:
        providers.open_time_changed(provider)
        look_for_conflicts(provider)
    return has_changed
