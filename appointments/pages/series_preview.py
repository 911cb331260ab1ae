"""The page of a series' dates before it is booked: each with its outcome, price and choices, and their sum."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from appointments.models import Appointment
from appointments.queries.busy import Elsewhere
from appointments.rules.obstacles import Obstacle, obstacle_words
from appointments.rules.pricing import Quote
from appointments.rules.recurrence import Expanded, Rule
from appointments.rules.series import Outcome, Prospect, SettledDate, bookable_from, with_offers
from core import clock, money
from core.intervals import overlaps
from core.wording import clock_text, date_text, range_text
from providers.models import Service

from .labels import Label
from .month_picker import to_value
from .recurrence import count_words, how_often, month_words, moved_words, without_words
from .series_dates import SKIP, Choice, DateWords, SettledRow, SettledRows

LABELS = {
    Outcome.OPEN: Label("Open", "brand", "check"),
    Outcome.OTHER: Label("Other time", "iris", "swap"),
    Outcome.REQUEST: Label("As a request", "brass", "wait", dashed=True),
    Outcome.SKIPPED: Label("Skipped", "slate", "x"),
    Outcome.WINDOW: Label("Too far ahead", "slate", "clock"),
    Outcome.UNSETTLED: Label("Needs your answer", "brass", "wait", dashed=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DateRow(SettledRow):
    """A date as the page shows it. `own` is its time by the rule; `start` is another one where that is booked. `clash`
    and `busy` are what the customer has then, here and elsewhere."""

    own: datetime
    clash: str
    busy: Elsewhere | None = None

    @property
    def is_other(self) -> bool:
        return self.settled.outcome is Outcome.OTHER


@dataclass(frozen=True, slots=True)
class Month:
    """The rows of a month, whose `name` is like "December 2026"."""

    name: str
    rows: tuple[DateRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview(SettledRows[DateRow]):
    """The page: the rule in words, told in its own zone, the dates by month, and what they cost together.

    `confirms_at_once` says that the service needs no answer, but for what lies beyond the booking window.
    """

    confirms_at_once: bool
    rule_words: str
    rule_zone: ZoneInfo
    months: tuple[Month, ...]
    sums: tuple[tuple[str, str], ...]
    each: str
    total: str
    working: str
    notes: tuple[str, ...]

    @property
    def requested(self) -> int:
        """The number of dates that wait for the provider's answer."""
        if not self.confirms_at_once:
            return self.count
        return sum(row.settled.outcome is Outcome.REQUEST for row in self.rows)

    @property
    def confirmed(self) -> int:
        return self.count - self.requested

    @property
    def done(self) -> str:
        """What is done with the dates, in a word or two."""
        if not self.requested:
            return "booked"
        return "booked or requested" if self.confirmed else "requested"

    @property
    def button(self) -> str:
        """What the button does: "Book 6 dates", "Book and request 6 dates"."""
        does = {"booked": "Book", "requested": "Request"}.get(self.done, "Book and request")
        return f"{does} {self.count} date{'s' if self.count != 1 else ''}"

    @property
    def left_out(self) -> int:
        return sum(not row.gets_time and not row.is_unsettled for row in self.rows)


def build_preview(
    service: Service,
    rule: Rule,
    expanded: Expanded,
    dates: Sequence[SettledDate],
    prospect: Prospect,
    price: Quote,
    *,
    clashes: Iterable[Appointment],
    busy: Sequence[Elsewhere],
    opened: Mapping[int, date],
    zone: ZoneInfo,
    twelve: bool,
) -> Preview:
    """The page of these dates in `zone`. `clashes` are the customer's own appointments in the span, and `busy` is when
    they are busy elsewhere; no query."""
    words = _Words(service=service, rule=rule, prospect=prospect, zone=zone, twelve=twelve)
    clashes = list(clashes)
    booked = prospect
    for date_ in dates:
        booked = booked.with_booked(date_.start) if date_.start else booked
    rows = tuple(words.row(one, clashes, busy, booked, opened.get(one.number)) for one in dates)
    months = tuple(
        Month(name, tuple(of_month))
        for name, of_month in groupby(rows, key=lambda row: month_words(clock.local(row.start, zone).date()))
    )
    count = sum(row.gets_time for row in rows)
    each = money.format_money(price.price, price.currency)
    total = money.format_money(price.price * count, price.currency)
    return Preview(
        confirms_at_once=service.confirms_at_once(service.provider.policy),
        rule_words=words.told_rule(expanded),
        rule_zone=rule.zone,
        months=months,
        rows=rows,
        sums=tuple(words.sums(rows, each)),
        each=each,
        total=total,
        working=f"{count} × {each} = {total}",
        notes=tuple(words.notes(expanded)),
    )


@dataclass(frozen=True, slots=True)
class SumWords:
    """What a rule would come to: its dates in words, and the sum with its working."""

    count: int
    dates: str
    working: str


def sum_words(rule: Rule, expanded: Expanded, price: Quote) -> SumWords:
    """The dates and the sum of a rule before its dates are looked at: "12 Thursdays, from 3 December to …".

    By the calendar of the rule's zone, of which its weekdays are.
    """
    count, days = len(expanded.occurrences), [clock.local(start, rule.zone).date() for start in expanded.starts]
    dates = count_words(rule.frequency, rule.wall.date(), count)
    span = f"from {date_text(days[0], year=True)} to {date_text(days[-1], year=True)}"
    each, total = (money.format_money(amount, price.currency) for amount in (price.price, price.price * count))
    return SumWords(count, f"{dates}, {span}.", f"{count} × {each} = {total}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words(DateWords):
    """The words of the dates of one series, for one reader."""

    service: Service
    rule: Rule
    prospect: Prospect

    @property
    def name(self) -> str:
        return self.service.provider.first_name

    @property
    def first(self) -> date:
        """The first date of the rule, in its zone."""
        return self.rule.wall.date()

    def told_rule(self, expanded: Expanded) -> str:
        """The rule in its own zone, whose weekdays and wall time it keeps: "Every Thursday, 16:45 to 17:30, from …"."""
        first, last = expanded.occurrences[0], expanded.occurrences[-1]
        start, end = first.start, first.start + self.prospect.shape.duration
        times = " to ".join(clock_text(at, self.rule.zone, twelve=self.twelve) for at in (start, end))
        since, until = (date_text(clock.local(one.start, self.rule.zone).date(), year=True) for one in (first, last))
        return f"{how_often(self.rule.frequency, self.first)}, {times}, from {since} to {until}"

    def notes(self, expanded: Expanded) -> Iterable[str]:
        """What is special about some dates: months without the day, and clocks that skip the time."""
        if without := without_words(self.rule, expanded.without):
            yield without
        for one in expanded.occurrences:
            if one.has_moved:
                yield moved_words(self.rule, one.day)

    def sums(self, rows: Sequence[DateRow], each: str) -> Iterable[tuple[str, str]]:
        """The lines under the number of dates: how many of which kind."""
        own = sum(row.settled.outcome is Outcome.OPEN for row in rows)
        other, far = sum(row.is_other for row in rows), sum(row.is_far for row in rows)
        skipped = sum(row.settled.outcome is Outcome.SKIPPED for row in rows)
        if own:
            yield self._own_time(), f"{own} × {each}"
        if other:
            yield "Other time", f"{other} × {each}"
        if asked := sum(row.settled.outcome is Outcome.REQUEST for row in rows):
            yield "As a request", f"{asked} × {each}"
        if skipped:
            yield "Skipped", str(skipped)
        if far:
            yield "Too far ahead", str(far)

    def row(
        self,
        settled: SettledDate,
        clashes: Sequence[Appointment],
        busy: Sequence[Elsewhere],
        booked: Prospect,
        day: date | None,
    ) -> DateRow:
        """The row of a date. Its choices are radios, of which its present state is the chosen one."""
        own, start = settled.occurrence.start, settled.start or settled.occurrence.start
        end = start + self.prospect.shape.duration
        mine = [one for one in clashes if overlaps((one.start, one.end), (start, end))] if settled.start else []
        elsewhere = next((one for one in busy if one.meets((start, end))), None) if settled.start else None
        has_other = bool(mine or elsewhere)
        if has_other and settled.outcome is Outcome.OPEN:
            settled = with_offers(booked, settled)
        return DateRow(
            settled=settled,
            label=LABELS[settled.outcome],
            own=own,
            start=start,
            end=end,
            said=tuple(self._said(settled)),
            clash=self._clash(mine[0], start) if mine else "",
            busy=elsewhere,
            choices=self._choices(settled, asks=has_other or settled.outcome is not Outcome.OPEN),
            opened=self.opened(settled, booked, day) if day else None,
        )

    def _said(self, settled: SettledDate) -> Iterable[str]:
        """Why its own time is not booked, and what is offered instead."""
        own, obstacle = settled.occurrence.start, settled.obstacle
        if settled.is_lost:
            yield "The time you had chosen is no longer open."
        if settled.outcome is Outcome.REQUEST:
            yield f"So far ahead, it waits for {self.name}’s answer."
            return
        if obstacle is Obstacle.WINDOW:
            yield f"Can be booked from {date_text(bookable_from(own, self.prospect.facts))} on."
            return
        if settled.is_away:
            yield f"{self.name} is away then."
        elif obstacle is Obstacle.TAKEN:
            yield f"{self.clock(own)} is taken."
        elif obstacle is not None:
            yield obstacle_words(obstacle, rules=self.prospect.facts.rules, name=self.name)
        if obstacle is not None and not settled.offers:
            yield "Nothing else is open in the days around it."

    def _clash(self, one: Appointment, start: datetime) -> str:
        times = range_text(one.start, one.end, self.zone, twelve=self.twelve)
        if clock.local(one.start, self.zone).date() == clock.local(start, self.zone).date():
            times = times.partition(", ")[2]
        return f"You have {one.service.name} with {one.provider.name}, {times}."

    def _choices(self, settled: SettledDate, *, asks: bool) -> tuple[Choice, ...]:
        if not asks or settled.outcome is Outcome.WINDOW:
            return ()
        own, choices = settled.occurrence.start, self.offers(settled)
        if settled.outcome is Outcome.OPEN:
            choices.insert(0, Choice(to_value(own), "Take it all the same", True))
        elif settled.obstacle is Obstacle.WINDOW:
            choices.insert(0, Choice(to_value(own), "Ask for it", settled.outcome is Outcome.REQUEST))
        elif settled.obstacle is None:
            choices.insert(0, self.choice(own, settled, is_chosen=settled.start == own))
        return (*choices, Choice(SKIP, "Skip this date", settled.outcome is Outcome.SKIPPED))

    def _own_time(self) -> str:
        words = count_words(self.rule.frequency, self.first, 2).partition(" ")[2].capitalize()
        return f"{words}, {clock_text(self.rule.first, self.rule.zone, twelve=self.twelve)}"
