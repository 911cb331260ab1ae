"""When a provider is told of the next day, and whether there is anything to tell."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from appointments.models import Digest
from core import clock

ONE_DAY = timedelta(days=1)


def read_clock(zone: ZoneInfo, now: datetime) -> tuple[int, date]:
    """What clocks in the zone show: the minute of the day, of a repeated hour each time the same, and which date is
    tomorrow."""
    here = clock.local(now, zone)
    return here.hour * 60 + here.minute, here.date() + ONE_DAY


def day_to_tell(digest: Digest, zone: ZoneInfo, now: datetime) -> date | None:
    """The date to tell of now: tomorrow, from the chosen minute on until midnight, unless it was told. Else None.

    Only the same date was told: after the clock was set back by days, a date that was skipped is not lost. One that was
    told before that is published again, under the same key, and so not sent again.
    """
    minute, tomorrow = read_clock(zone, now)
    return tomorrow if minute >= digest.minute and digest.told != tomorrow else None


def next_at(digest: Digest, zone: ZoneInfo, now: datetime) -> datetime:
    """The moment from which the next one is due; past where it goes at once."""
    _, tomorrow = read_clock(zone, now)
    evening = tomorrow if digest.told == tomorrow else tomorrow - ONE_DAY
    return clock.wall_minute_to_instant(evening, digest.minute, zone)
