"""When a person is busy elsewhere, by what they alone may read."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import BooleanField, Value

from accounts.models import User
from appointments.models import OwnEvent
from calendar_sync.queries import own_busy


class Elsewhere(NamedTuple):
    """A busy time of a person's connected calendars, or an own event of theirs that takes time."""

    start: datetime
    end: datetime
    is_all_day: bool
    title: str
    is_own_event: bool


def busy_elsewhere(user: User, start: datetime, end: datetime) -> list[Elsewhere]:
    """What makes the person busy in [start, end), by start, for them alone. One query."""
    busy = own_busy(user, start, end).annotate(is_own=Value(False, output_field=BooleanField()))
    own = OwnEvent.objects.filter(user=user, is_free=False).between(start, end)
    own = own.annotate(is_own=Value(True, output_field=BooleanField()))
    columns = ("start", "end", "is_all_day", "title", "is_own")
    rows = busy.values_list(*columns).union(own.values_list(*columns), all=True).order_by("start", "end")
    return [Elsewhere(*row) for row in rows]
