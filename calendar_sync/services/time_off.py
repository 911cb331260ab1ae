"""Time off as it stands in a provider's own calendar: a source of `hooks`."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from accounts.models import User
from calendar_sync.exceptions import NotFollowed
from calendar_sync.hooks import Asked, Edited
from calendar_sync.rules.entries import Entry
from calendar_sync.states import Edit
from core.letters import page
from providers import services as providers
from providers.models import TimeOff

name = "time_off"
word = "Time off"
A_DAY = timedelta(days=1)


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


def asked(key: UUID, *, owner: User, edit: Edited) -> Asked | None:
    """What a provider is asked about a time off that was moved or deleted at Google."""
    row = TimeOff.objects.select_related("provider").filter(uuid=key, provider__user=owner).first()
    if row is None:
        return None
    is_deleted = edit.kind == Edit.DELETED
    return Asked(
        title="Time off",
        zone=row.provider.time_zone,
        follow="Remove the time off" if is_deleted else "",
        meaning="Customers can book you then." if is_deleted else "",
        address=page("studio_time_off"),
        go="See your time off",
    )


def follow(key: UUID, *, owner: User, edit: Edited) -> str:
    """Remove a time off whose event was deleted. One that was moved may lie over appointments, of which its own page
    says what happens to them: NotFollowed is raised."""
    row = TimeOff.objects.filter(uuid=key, provider__user=owner).first()
    if row is None:
        return "The time off was removed already."
    if edit.kind != Edit.DELETED:
        raise NotFollowed("A time off is moved on its own page, which says what lies inside.")
    if not _is_same(row, edit) or not providers.remove_time_off(time_off=row, actor=owner):
        raise NotFollowed("The time off is another one by now. Look at it first.")
    return "The time off is removed. Customers can book you then."


def _is_same(row: TimeOff, edit: Edited) -> bool:
    """Whether a time off is still the one whose event was deleted. At Google, whole days are those of the calendar's
    own zone, so that they may lie less than a day apart."""
    if row.all_day:
        return abs(row.start - edit.was_start) < A_DAY and abs(row.end - edit.was_end) < A_DAY
    return (row.start, row.end) == (edit.was_start, edit.was_end)
