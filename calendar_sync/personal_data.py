"""What this app keeps about a person; see `accounts.personal_data`."""

from accounts.models import User
from accounts.personal_data import Facts, Rows, Section

from .models import BusyInterval


def kept(user: User) -> Rows:
    """The busy times that were mirrored from the person's calendars."""
    return {"busy times of their calendars": BusyInterval.objects.filter(provider__user=user)}


def sections(user: User) -> list[Section]:
    busy = BusyInterval.objects.filter(provider__user=user).order_by("start", "pk")
    return [Section("busy_times", "Busy times of your calendars", busy, _busy)]


def erase(user: User) -> None:
    BusyInterval.objects.filter(provider__user=user).delete()


def _busy(row: BusyInterval) -> Facts:
    return {"start": row.start, "end": row.end, "calendar": row.source}
