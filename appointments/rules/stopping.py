"""The ways of stopping a series, or of moving it: which of its appointments each concerns, from rows in hand."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from appointments.models import Appointment
from appointments.rules.moves import cancel_terms, move_terms
from appointments.states import Role
from providers.models import BookingPolicy


class Scope(StrEnum):
    """How much of a series is ended or moved: one date, that and all after it, or all that lies ahead."""

    ONE = "one"
    FOLLOWING = "following"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Way:
    """A way of stopping or of moving, with the appointments and requests that it concerns, by start."""

    scope: Scope
    ending: tuple[Appointment, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways that differ, the date from which they count, and what lies ahead but has to stay as it is."""

    ways: tuple[Way, ...]
    since: Appointment | None = None
    staying: tuple[Appointment, ...] = ()

    @property
    def ending(self) -> tuple[Appointment, ...]:
        """All that can end or move, by start."""
        return self.ways[-1].ending if self.ways else ()

    def chosen(self, which: str) -> Way | None:
        """The way called `which`; without one that for the following dates, of which the last has only its own."""
        by_scope = {way.scope: way for way in self.ways}
        if which in by_scope:
            return by_scope[Scope(which)]
        return by_scope.get(Scope.FOLLOWING) or (self.ways[0] if self.ways else None)


def ways_to_stop(
    appointments: Iterable[Appointment], since: str, *, role: Role, policy: BookingPolicy, now: datetime
) -> Ways:
    """The ways of stopping from the appointment with the reference `since` on, or from the next one.

    A customer can't end what starts within the provider's cutoff; that stays, whatever is chosen.
    """
    return _ways(appointments, since, now, lambda one: _can_end(one, role, policy, now))


def to_stop(
    appointments: Iterable[Appointment],
    scope: Scope,
    since: Appointment | None,
    *,
    role: Role,
    policy: BookingPolicy,
    now: datetime,
) -> tuple[Appointment, ...]:
    """What ends of a series, by start: the appointment `since` alone, it and what follows, or all that lies ahead.

    `since` may have ended before. What the role can't end any more stays, unless it alone was chosen.
    """
    ending = ways_to_stop(appointments, "", role=role, policy=policy, now=now).ending
    if scope is Scope.ALL or since is None:
        return ending
    if scope is Scope.ONE:
        return (since,) if since.is_open else ()
    return tuple(one for one in ending if one.start >= since.start)


def ways_to_move(
    appointments: Iterable[Appointment], since: str, *, role: Role, policy: BookingPolicy, now: datetime
) -> Ways:
    """The ways of moving from the appointment with the reference `since` on, or from the next one.

    What may not be moved any more stays, whatever is chosen. Needs rows with their people.
    """
    return _ways(appointments, since, now, lambda one: move_terms(one, role=role, policy=policy, now=now).allowed)


def _ways(
    appointments: Iterable[Appointment], since: str, now: datetime, concerns: Callable[[Appointment], bool]
) -> Ways:
    ahead = sorted(
        (one for one in appointments if one.is_open and one.start > now and not one.is_unanswered(now)),
        key=lambda one: (one.start, one.pk),
    )
    ending = [one for one in ahead if concerns(one)]
    staying = tuple(one for one in ahead if one not in ending)
    first = next((one for one in ending if one.reference == since), None)
    if first is None:
        return Ways(_differing([Way(Scope.ALL, tuple(ending))]), None, staying)
    following = tuple(one for one in ending if one.start >= first.start)
    ways = [Way(Scope.ONE, (first,)), Way(Scope.FOLLOWING, following), Way(Scope.ALL, tuple(ending))]
    return Ways(_differing(ways), first, staying)


def _can_end(one: Appointment, role: Role, policy: BookingPolicy, now: datetime) -> bool:
    return one.is_request or cancel_terms(one, role=role, policy=policy, now=now).allowed


def _differing(ways: Sequence[Way]) -> tuple[Way, ...]:
    """The ways that end something, each once: of two that end the same, the narrower one."""
    found: dict[tuple[Appointment, ...], Way] = {}
    for way in ways:
        if way.ending:
            found.setdefault(way.ending, way)
    return tuple(found.values())
