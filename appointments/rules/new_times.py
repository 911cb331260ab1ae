"""The new times of several appointments that change together: where there is room for each. No database.

The page that shows them and the check under the locks ask the same room, so that they can't disagree.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from appointments.rules.obstacles import Obstacle
from appointments.rules.series import Prospect
from appointments.rules.slots import Shape, with_appointment
from core.intervals import Interval, merge


@dataclass(frozen=True, slots=True)
class Held:
    """The time that an appointment has now: its start, the blocked range that is held for it, and its shape.

    `proposed` and `proposed_start` are those of a new time that waits for an answer: it stays held as long as the
    appointment stays.
    """

    start: datetime
    blocked: Interval
    shape: Shape
    proposed: Interval | None = None
    proposed_start: datetime | None = None

    def days(self, zone: ZoneInfo, with_proposed: bool) -> set[date]:
        """The dates on which it counts: that of its start, and that of the proposed one."""
        starts = [self.start]
        if self.proposed_start and with_proposed:
            starts.append(self.proposed_start)
        return {at.astimezone(zone).date() for at in starts}


@dataclass(frozen=True, slots=True)
class Room:
    """A provider's time without any of the appointments that may change, and what each of these holds now, by key.

    Those `leaving` give their present time up at once. That of the others stays held until the change is agreed, and so
    is in the way of all but themselves. Those `kept` don't change after all: what is proposed for them stays held, too,
    while a new proposal would replace it for the others.
    """

    prospect: Prospect
    held: Mapping[int, Held]
    leaving: frozenset[int] = frozenset()
    kept: frozenset[int] = frozenset()

    def seen_by(self, key: int) -> Prospect:
        """The provider's time as one of the appointments finds it: all counts but what it has itself."""
        facts = self.prospect.facts
        kept = {other: held for other, held in self.held.items() if other != key and other not in self.leaving}
        proposed = [held.proposed for other, held in kept.items() if held.proposed and other in self.kept]
        days = Counter(day for other, held in kept.items() for day in held.days(facts.zone, other in self.kept))
        facts = replace(
            facts,
            taken=merge([*facts.taken, *(held.blocked for held in kept.values()), *proposed]),
            booked=Counter(facts.booked) + days,
            open_count=facts.open_count + len(kept),
        )
        return replace(self.prospect, facts=facts, shape=self.held[key].shape)

    def with_new(self, key: int, start: datetime) -> "Room":
        """The room once the appointment has `start`, too."""
        facts = with_appointment(self.prospect.facts, self.held[key].shape, start)
        return replace(self, prospect=replace(self.prospect, facts=facts))

    def staying(self, keys: Collection[int]) -> "Room":
        """The room where these appointments stay as they are."""
        return replace(self, leaving=self.leaving - frozenset(keys), kept=self.kept | frozenset(keys))

    def obstacles_to(self, key: int, start: datetime) -> list[Obstacle]:
        return self.seen_by(key).obstacles_to(start)
