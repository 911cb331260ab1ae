"""Time off as it stands in a provider's own calendar: a source of `hooks`."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from accounts.models import User
from calendar_sync.rules.entries import Entry
from core.letters import page
from providers.models import TimeOff

name = "time_off"


def entry(key: UUID, *, owner: User) -> Entry | None:
    """The entry of a time off, without its reason, as a calendar may be shared; None where it was removed."""
    row = TimeOff.objects.select_related("provider").filter(uuid=key, provider__user=owner).first()
    if row is None:
        return None
    return Entry(
        start=row.start,
        end=row.end,
        zone=row.provider.time_zone,
        title="Time off",
        text="Nobody can book you then.",
        address=page("studio_time_off"),
        all_day=row.all_day,
    )


def ahead(owner: User, *, now: datetime) -> Collection[UUID]:
    """The keys of the person's time off that is not over."""
    return list(TimeOff.objects.filter(provider__user=owner, end__gt=now).values_list("uuid", flat=True))
