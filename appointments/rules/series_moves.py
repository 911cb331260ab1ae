"""Moving several dates of a series: which times they would get, and what becomes of each. No database.

All move by as many days as the one that was chosen first, and begin at the same time of day.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from appointments.models import Appointment
from appointments.rules.new_times import Room
from appointments.rules.obstacles import Obstacle
from appointments.rules.recurrence import Occurrence
from appointments.rules.series import Outcome, Picks, SettledDate, nearest, with_offers
from core import clock

# What stands in everybody's way. The rest are the provider's own rules, which they may override.
FOR_EVERYBODY = frozenset({Obstacle.OVER, Obstacle.TAKEN})


def moved(
    appointments: Iterable[Appointment], since: Appointment, day: date, at: time, zone: ZoneInfo
) -> list[Occurrence]:
    """The dates that these appointments of a series would have if the one called `since` moved to `day` and `at` on the
    wall clock of `zone`. Each keeps its number."""
    by = day - clock.local(since.start, zone).date()
    dates = []
    for one in appointments:
        wall = datetime.combine(clock.local(one.start, zone).date() + by, at)
        start = clock.to_instant(wall, zone)
        has_moved = clock.local(start, zone).replace(tzinfo=None, fold=0) != wall
        dates.append(Occurrence(one.occurrence or 0, wall.date(), start, has_moved))
    return dates


def settle_moves(
    room: Room,
    wanted: Sequence[Occurrence],
    picks: Picks,
    *,
    unanswered: Collection[int] = (),
    suggests: bool,
    overrides: bool,
) -> list[SettledDate]:
    """What becomes of each date, judged together, as for a series that is booked; one left out stays as it is.

    With `overrides`, a time that breaks the provider's own rules is open: they say why. Without, what lies beyond the
    booking window stays as it is.
    """
    left = {number for number, pick in picks.items() if pick is None}
    far = {one.number for one in wanted if not overrides and _is_far(room, one)}
    room = room.staying(left | far)
    asked = [one for one in wanted if one.number not in far]
    settled: dict[int, SettledDate] = {}
    for one in asked:
        is_own = picks.get(one.number, one.start) == one.start and one.number not in unanswered
        if is_own and _fits(room, one.number, one.start, overrides):
            settled[one.number] = SettledDate(
                one, Outcome.OPEN, one.start, obstacle=next(iter(room.obstacles_to(one.number, one.start)), None)
            )
            room = room.with_new(one.number, one.start)
    own = room
    for one in wanted:
        if one.number in settled:
            continue
        seen, pick = own.seen_by(one.number), picks.get(one.number)
        found = SettledDate(
            one, Outcome.UNSETTLED, obstacle=seen.obstacle_to(one.start), is_away=seen.is_away(one.start)
        )
        if one.number in far:
            found = replace(found, outcome=Outcome.WINDOW)
        elif one.number in left:
            found = replace(found, outcome=Outcome.SKIPPED)
        else:
            if pick is None and suggests:
                pick = nearest(room.seen_by(one.number).starts_on(one.day, one.day), one.start)
            if pick is not None and _fits(room, one.number, pick, overrides):
                found, room = replace(found, outcome=Outcome.OTHER, start=pick), room.with_new(one.number, pick)
            else:
                found = replace(found, is_lost=one.number in picks)
        settled[one.number] = with_offers(own.seen_by(one.number), found)
    return [settled[one.number] for one in wanted]


def _is_far(room: Room, one: Occurrence) -> bool:
    return room.seen_by(one.number).obstacle_to(one.start) is Obstacle.WINDOW


def _fits(room: Room, key: int, start: datetime, overrides: bool) -> bool:
    found = set(room.obstacles_to(key, start))
    return not (found & FOR_EVERYBODY if overrides else found)
