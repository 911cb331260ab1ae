"""When a person is busy elsewhere, by what they alone may read."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import BooleanField, Q, Value

from accounts.models import User
from appointments.models import OwnEvent
from calendar_sync.queries import own_busy
from core.intervals import Interval, overlaps


class Elsewhere(NamedTuple):
    """A busy time of a person's connected calendars, or an own event of theirs that takes time."""

    start: datetime
    end: datetime
    is_all_day: bool
    title: str
    is_own_event: bool

    def meets(self, span: Interval) -> bool:
        return overlaps((self.start, self.end), span)


def busy_elsewhere(user: User, start: datetime, end: datetime) -> list[Elsewhere]:
    """What makes the person busy in [start, end), by start, for them alone. One query."""
    return busy_elsewhere_on(user, [(start, end)])


def busy_elsewhere_on(user: User, spans: Sequence[Interval]) -> list[Elsewhere]:
    """What makes the person busy in any of the spans, by start, for them alone. One query, none without a span."""
    if not spans:
        return []
    start, end, within = min(start for start, _ in spans), max(end for _, end in spans), Q(pk__in=[])
    for begins, ends in spans:
        within |= Q(start__lt=ends, end__gt=begins)
    busy = own_busy(user, start, end).filter(within).annotate(is_own=Value(False, output_field=BooleanField()))
    own = OwnEvent.objects.filter(within, user=user, is_free=False)
    own = own.annotate(is_own=Value(True, output_field=BooleanField()))
    columns = ("start", "end", "is_all_day", "title", "is_own")
    rows = busy.values_list(*columns).union(own.values_list(*columns), all=True).order_by("start", "end")
    return [Elsewhere(*row) for row in rows]
