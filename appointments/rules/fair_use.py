"""Fair use: what cancelling counts as, and when late cancellations ban a person. Decided from facts in hand.

A late cancellation is a confirmed appointment cancelled by its customer or its provider 12 hours or less before its
start. The third within any 30 days bans the person who cancelled. Several cancelled in one act count once. All lengths
are elapsed time, so that a clock change makes no difference; both boundaries are included.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.fair_use import COUNTED_FOR as COUNTED_FOR
from accounts.fair_use import LATE_WITHIN as LATE_WITHIN
from accounts.fair_use import LIMIT as LIMIT
from accounts.models import User
from appointments.exceptions import StaffRefused


@dataclass(frozen=True, slots=True)
class Consequence:
    """What cancelling counts as for the person who does it: `number` is that of the late cancellation, 0 for none."""

    number: int
    free_again: datetime | None = None  # when the oldest that counts stops counting; None where none counts

    @property
    def is_late(self) -> bool:
        return self.number > 0

    @property
    def bans(self) -> bool:
        return self.number >= LIMIT

    def is_worse_than(self, seen: int) -> bool:
        """Whether it counts as more than the number that the person was shown."""
        return self.number > seen


FREE = Consequence(0)


@dataclass(frozen=True, slots=True)
class Ending:
    """What a ban would end besides the appointment that is being cancelled."""

    appointments: int = 0
    requests: int = 0
    has_page: bool = False  # whether the person has a provider's page that others can see


def is_late(start: datetime, at: datetime) -> bool:
    """Whether cancelling at `at` an appointment that starts at `start` is late."""
    return start - at <= LATE_WITHIN


def counting(late: Iterable[datetime], at: datetime) -> list[datetime]:
    """The late cancellations, by their moments, that count at `at`, the oldest first."""
    return sorted(moment for moment in late if at - moment <= COUNTED_FOR)


def consequence(starts: Iterable[datetime], late: Iterable[datetime], at: datetime) -> Consequence:
    """What cancelling appointments with these starts, all in one act at `at`, counts as.

    `late` are the moments of the person's late cancellations that were not forgiven and came after their last
    suspension was lifted.
    """
    counted = counting(late, at)
    free_again = counted[0] + COUNTED_FOR if counted else None
    if not any(is_late(start, at) for start in starts):
        return Consequence(0, free_again)
    return Consequence(len(counted) + 1, free_again or at + COUNTED_FOR)


def counts_until(moment: datetime) -> datetime:
    """The last moment at which a late cancellation of `moment` counts."""
    return moment + COUNTED_FOR


def check_staff(actor: User, person: User) -> None:
    """Raise StaffRefused unless `actor` may decide about the person's suspension and late cancellations.

    Nobody decides about themselves, and only a superuser about another member of staff.
    """
    if not (actor.is_staff and actor.takes_part):
        raise StaffRefused
    if actor.pk == person.pk:
        raise StaffRefused("Nobody decides about their own suspension or late cancellations. Ask another of the staff.")
    if (person.is_staff or person.is_superuser) and not actor.is_superuser:
        raise StaffRefused("Only a superuser decides about another member of staff.")
