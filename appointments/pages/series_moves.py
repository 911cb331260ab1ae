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
from core import clock
from core.wording import clock_text, moment_text

from .labels import Label
from .month_picker import to_value
from .series_preview import SKIP, Choice, Opened
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


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A date of the series: the time that it has, the one that it gets, if any, and the choices of its radios."""

    appointment: Appointment
    settled: SettledDate
    label: Label
    start: datetime
    end: datetime
    said: tuple[str, ...]
    choices: tuple[Choice, ...]
    opened: Opened | None = None

    @property
    def number(self) -> int:
        return self.settled.number

    @property
    def field(self) -> str:
        return f"pick-{self.number}"

    @property
    def moves(self) -> bool:
        return self.settled.start is not None

    @property
    def is_far(self) -> bool:
        return self.settled.outcome is Outcome.WINDOW

    @property
    def is_unsettled(self) -> bool:
        return not self.settled.is_settled


@dataclass(frozen=True, slots=True)
class MovePage:
    """The dates and what the move means. `breaks` are the rules of the provider's own that new times break."""

    rows: tuple[MoveRow, ...]
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
        return sum(row.moves and self.at_once and row.appointment.is_confirmed for row in self.rows)

    @property
    def proposing(self) -> int:
        """The number of new times that wait for the other side."""
        return self.moving - self.moving_at_once

    @property
    def button(self) -> str:
        """What the button does, as its words: "Move 2 dates and propose 1 new time"."""
        moves = f"Move {_counted(self.moving_at_once, 'date')}"
        proposes = f"Propose {_counted(self.proposing, 'new time')}"
        if not self.needs_answer:
            return moves
        return f"{moves} and {proposes.lower()}" if self.moving_at_once else proposes

    @property
    def moving(self) -> int:
        return sum(row.moves for row in self.rows)

    @property
    def unsettled(self) -> list[MoveRow]:
        return [row for row in self.rows if row.is_unsettled]

    @property
    def asked(self) -> str:
        """The numbers of the dates with choices, for the form to send back."""
        return " ".join(str(row.number) for row in self.rows if row.choices)


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
    words = _Words(series, room, role, zone, twelve)
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


@dataclass(frozen=True, slots=True)
class _Words:
    series: Series
    room: Room
    role: Role
    zone: ZoneInfo
    twelve: bool

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
            opened=self._opened(settled, booked, day) if day else None,
        )

    def _said(self, one: Appointment, settled: SettledDate) -> Iterable[str]:
        own, obstacle, name = settled.occurrence.start, settled.obstacle, self.series.provider.first_name
        if settled.outcome in {Outcome.SKIPPED, Outcome.WINDOW}:
            if settled.outcome is Outcome.WINDOW:
                yield f"{self._moment(own)} is too far ahead to be chosen."
            return
        yield f"Now {self._moment(one.start)}."
        if settled.is_lost:
            yield "The time you had chosen is no longer open."
        if settled.outcome is Outcome.OPEN:
            if obstacle is not None:
                yield override_words(obstacle)
        elif settled.is_away:
            yield "You are away then." if self.role is Role.PROVIDER else f"{name} is away then."
        elif obstacle is Obstacle.TAKEN:
            yield f"{self._moment(own)} is taken."
        elif obstacle is Obstacle.OVER:
            yield f"{self._moment(own)} is over."
        elif obstacle is not None and self.role is not Role.PROVIDER:
            yield f"{self._moment(own)}: {obstacle_words(obstacle, rules=self.room.prospect.facts.rules, name=name)}"
        if settled.outcome is Outcome.UNSETTLED and not settled.offers:
            yield "Nothing else is open in the days around it."

    def _choices(self, settled: SettledDate) -> tuple[Choice, ...]:
        if settled.outcome is Outcome.WINDOW:
            return ()
        own, chosen = settled.occurrence.start, settled.start
        choices = [Choice(to_value(at), self._offer(at, settled), at == chosen) for at in settled.offers]
        if settled.outcome is Outcome.OPEN or settled.obstacle is None:
            choices.insert(0, Choice(to_value(own), self._offer(own, settled), chosen == own))
        return (*choices, Choice(SKIP, "Leave as it is", settled.outcome is Outcome.SKIPPED))

    def _opened(self, settled: SettledDate, booked: Room, day: date) -> Opened:
        """The open starts of `day` beside the new times of the other dates."""
        shown = {*settled.offers, settled.occurrence.start}
        starts = [at for at in booked.seen_by(settled.number).starts_on(day, day) if at not in shown]
        choices = tuple(Choice(to_value(at), self._offer(at, settled), False) for at in starts)
        return Opened(day, choices, is_over=day < booked.prospect.day_of(booked.prospect.now))

    def _offer(self, at: datetime, settled: SettledDate) -> str:
        if clock.local(at, self.zone).date() == clock.local(settled.occurrence.start, self.zone).date():
            return f"{clock_text(at, self.zone, twelve=self.twelve)} that day"
        return self._moment(at)

    def _moment(self, at: datetime) -> str:
        return moment_text(at, self.zone, twelve=self.twelve)
