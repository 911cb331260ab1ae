"""The page that moves several dates of a series: each with its present and its new time, and what the move means."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from appointments.models import Appointment, Series
from appointments.rules.moves import proposal_deadline
from appointments.rules.new_times import Room
from appointments.rules.obstacles import Obstacle, obstacle_words, override_words
from appointments.rules.series import Outcome, SettledDate
from appointments.rules.stopping import Way, Ways
from appointments.states import Role

from .labels import Label
from .series_dates import SKIP, Choice, DateWords, SettledRow, SettledRows
from .stopping import words_for

LABELS = {
    Outcome.OPEN: Label("Open", "brand", "check"),
    Outcome.OTHER: Label("Other time", "iris", "swap"),
    Outcome.SKIPPED: Label("Stays", "slate", "x"),
    Outcome.WINDOW: Label("Stays", "slate", "clock"),
    Outcome.UNSETTLED: Label("Needs your answer", "brass", "wait", dashed=True),
}


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    """A radio of the page: which dates move."""

    value: str
    words: str
    is_chosen: bool


def scope_choices(ways: Ways, chosen: Way | None, zone: ZoneInfo) -> list[ScopeChoice]:
    return [ScopeChoice(way.scope.value, words_for(way, zone), way is chosen) for way in ways.ways]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRow(SettledRow):
    """A date of the series as the page shows it: with the time that it gets or is asked about, else the one it has."""

    appointment: Appointment


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePage(SettledRows[MoveRow]):
    """The dates and what the move means. `breaks` are the rules of the provider's own that new times break."""

    at_once: bool
    answer_by: datetime | None
    breaks: tuple[str, ...]

    @property
    def needs_answer(self) -> bool:
        """Whether any of the new times waits for the other side."""
        return not self.at_once or self.proposing > 0

    @property
    def moving_at_once(self) -> int:
        """The number of dates that move without an answer: where that may be, the agreed ones."""
        return sum(row.gets_time and self.at_once and row.appointment.is_confirmed for row in self.rows)

    @property
    def proposing(self) -> int:
        """The number of new times that wait for the other side."""
        return self.count - self.moving_at_once

    @property
    def button(self) -> str:
        """What the button does, as its words: "Move 2 dates and propose 1 new time"."""
        moves = f"Move {_counted(self.moving_at_once, 'date')}"
        proposes = f"Propose {_counted(self.proposing, 'new time')}"
        if not self.needs_answer:
            return moves
        return f"{moves} and {proposes.lower()}" if self.moving_at_once else proposes


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' if number != 1 else ''}"


def build_moves(
    series: Series,
    appointments: Sequence[Appointment],
    dates: Sequence[SettledDate],
    room: Room,
    *,
    role: Role,
    at_once: bool,
    opened: Mapping[int, date],
    zone: ZoneInfo,
    now: datetime,
    twelve: bool,
) -> MovePage:
    """The page of these dates, told in `zone`. No query."""
    by_number = {one.occurrence: one for one in appointments}
    words = _Words(series=series, room=room, role=role, zone=zone, twelve=twelve)
    booked = room.staying([one.number for one in dates if one.start is None and one.is_settled])
    for one in dates:
        booked = booked.with_new(one.number, one.start) if one.start else booked
    rows = tuple(words.row(by_number[one.number], one, booked, opened.get(one.number)) for one in dates)
    policy = series.provider.policy
    deadlines = [
        proposal_deadline(row.appointment, row.settled.start, role=role, policy=policy, now=now)
        for row in rows
        if row.settled.start and not (at_once and row.appointment.is_confirmed)
    ]
    broken = {row.settled.obstacle for row in rows if row.settled.outcome is Outcome.OPEN and row.settled.obstacle}
    return MovePage(
        rows=rows,
        at_once=at_once,
        answer_by=min(deadlines, default=None),
        breaks=tuple(override_words(each) for each in sorted(broken)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words(DateWords):
    series: Series
    room: Room
    role: Role

    def row(self, one: Appointment, settled: SettledDate, booked: Room, day: date | None) -> MoveRow:
        start = settled.start or settled.occurrence.start
        shows_new = settled.start is not None or not settled.is_settled
        shown = start if shows_new else one.start
        return MoveRow(
            appointment=one,
            settled=settled,
            label=LABELS[settled.outcome],
            start=shown,
            end=shown + (one.end - one.start),
            said=tuple(self._said(one, settled)),
            choices=self._choices(settled),
            opened=self.opened(settled, booked.seen_by(settled.number), day) if day else None,
        )

    def _said(self, one: Appointment, settled: SettledDate) -> Iterable[str]:
        own, obstacle, name = settled.occurrence.start, settled.obstacle, self.series.provider.first_name
        if settled.outcome in {Outcome.SKIPPED, Outcome.WINDOW}:
            if settled.outcome is Outcome.WINDOW:
                yield f"{self.moment(own)} is too far ahead to be chosen."
            return
        yield f"Now {self.moment(one.start)}."
        if settled.is_lost:
            yield "The time you had chosen is no longer open."
        if settled.outcome is Outcome.OPEN:
            if obstacle is not None:
                yield override_words(obstacle)
        elif settled.is_away:
            yield "You are away then." if self.role is Role.PROVIDER else f"{name} is away then."
        elif obstacle is Obstacle.TAKEN:
            yield f"{self.moment(own)} is taken."
        elif obstacle is Obstacle.OVER:
            yield f"{self.moment(own)} is over."
        elif obstacle is not None and self.role is not Role.PROVIDER:
            yield f"{self.moment(own)}: {obstacle_words(obstacle, rules=self.room.prospect.facts.rules, name=name)}"
        if settled.outcome is Outcome.UNSETTLED and not settled.offers:
            yield "Nothing else is open in the days around it."

    def _choices(self, settled: SettledDate) -> tuple[Choice, ...]:
        if settled.outcome is Outcome.WINDOW:
            return ()
        own, choices = settled.occurrence.start, self.offers(settled)
        if settled.outcome is Outcome.OPEN or settled.obstacle is None:
            choices.insert(0, self.choice(own, settled, is_chosen=settled.start == own))
        return (*choices, Choice(SKIP, "Leave as it is", settled.outcome is Outcome.SKIPPED))
