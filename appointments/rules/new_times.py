"""The new times of several appointments that change together: where there is room for each. No database.

The page that shows them and the check under the locks ask the same room, so that they can't disagree.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from appointments.rules.obstacles import Obstacle
from appointments.rules.series import Prospect
from appointments.rules.slots import Shape, with_appointment
from core.intervals import Interval, merge


@dataclass(frozen=True, slots=True)
class Held:
    """The time that an appointment has now: its start, the blocked range that is held for it, and its shape."""

    start: datetime
    blocked: Interval
    shape: Shape


@dataclass(frozen=True, slots=True)
class Room:
    """A provider's time without any of the appointments that may change, and what each of these holds now, by key.

    Those `leaving` give their present time up at once. That of the others stays held until the change is agreed, and so
    is in the way of all but themselves.
    """

    prospect: Prospect
    held: Mapping[int, Held]
    leaving: frozenset[int] = frozenset()

    def seen_by(self, key: int) -> Prospect:
        """The provider's time as one of the appointments finds it: all counts but what it has itself."""
        facts = self.prospect.facts
        kept = [held for other, held in self.held.items() if other != key and other not in self.leaving]
        days = Counter(held.start.astimezone(facts.zone).date() for held in kept)
        facts = replace(
            facts,
            taken=merge([*facts.taken, *(held.blocked for held in kept)]),
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
        return replace(self, leaving=self.leaving - frozenset(keys))

    def obstacles_to(self, key: int, start: datetime) -> list[Obstacle]:
        return self.seen_by(key).obstacles_to(start)
