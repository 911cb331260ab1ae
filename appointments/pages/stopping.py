"""The page that stops a series: what each choice ends, and what it counts as before anybody decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from appointments.forms.stopping import shown_field
from appointments.models import Appointment
from appointments.rules.fair_use import LIMIT, Consequence, Ending, is_late
from appointments.rules.stopping import Scope, Way, Ways
from appointments.states import Role
from core import clock
from core.wording import date_text, moment_text

from .consequences import Weighed, ordinal, weighed_together, which_are_near


@dataclass(frozen=True, slots=True)
class StopChoice:
    """A radio of the page: what it ends, in words, and what that counts as."""

    scope: Scope
    words: str
    counts: str
    number: int
    is_chosen: bool
    shown: str


@dataclass(frozen=True, slots=True)
class DateChoice:
    """A date from which on dates are cancelled or moved, as an option of the list of all that can be."""

    reference: str
    words: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Stopping:
    """The choices, what the chosen one counts as (None: it is free), and the words of its button."""

    choices: tuple[StopChoice, ...]
    weighed: Weighed | None
    button: str
    staying: tuple[str, ...]
    since: str
    dates: tuple[DateChoice, ...]

    @property
    def can_end(self) -> bool:
        return bool(self.choices)


def build_stopping(
    ways: Ways,
    counts: Mapping[Scope, Consequence],
    chosen: Way | None,
    ending: Ending,
    *,
    role: Role,
    zone: ZoneInfo,
    now: datetime,
    twelve: bool,
) -> Stopping:
    """The page of these ways; `ending` says what a ban would end, where the chosen one would ban. No query."""
    choices = tuple(
        StopChoice(
            way.scope,
            words_for(way, zone),
            _counts(counts[way.scope]),
            counts[way.scope].number,
            way is chosen,
            shown_field(way.ending),
        )
        for way in ways.ways
    )
    weighed = None
    if chosen and counts[chosen.scope].is_late:
        late = [one for one in chosen.ending if one.is_confirmed and is_late(one.start, now)]
        weighed = weighed_together(counts[chosen.scope], ending, near=which_are_near([one.start for one in late]))
    who = "you" if role is Role.CUSTOMER else "its customer"
    staying = tuple(
        f"{moment_text(one.start, zone, twelve=twelve)} stays: it starts too soon for {who} to cancel it here."
        for one in ways.staying
    )
    since = ways.since.reference if ways.since else ""
    return Stopping(choices, weighed, _button(chosen), staying, since, date_choices(ways, zone))


def date_choices(ways: Ways, zone: ZoneInfo) -> tuple[DateChoice, ...]:
    """The dates from which on can be chosen; none where there is only one."""
    dates = ways.ending if len(ways.ending) > 1 else ()
    return tuple(DateChoice(one.reference, _day(one, zone), one == ways.since) for one in dates)


def words_for(way: Way, zone: ZoneInfo) -> str:
    """The dates of a way in words: "Thu 3 December and all after it, 6 dates"."""
    count, first = len(way.ending), _day(way.ending[0], zone)
    if way.scope is Scope.ONE:
        return f"Only {first}"
    if way.scope is Scope.FOLLOWING:
        return f"{first} and all after it, {count} dates"
    return "The one date that lies ahead" if count == 1 else f"All {count} dates that lie ahead"


def _day(one: Appointment, zone: ZoneInfo) -> str:
    return date_text(clock.local(one.start, zone).date())


def _counts(counts: Consequence) -> str:
    if not counts.is_late:
        return "Free."
    return f"Counts as one late cancellation, your {ordinal(counts.number)} of {LIMIT}."


def _button(chosen: Way | None) -> str:
    count = len(chosen.ending) if chosen else 0
    return "Cancel 1 appointment" if count == 1 else f"Cancel {count} appointments"
