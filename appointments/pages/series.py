"""The page of a series for one of its sides: the rule in words, each date with its state, and what is still to come."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from appointments.models import Appointment, LeftOutDate, Proposal, Series
from appointments.rules.bookable import shut_words, what_is_shut
from appointments.rules.moves import cancel_terms, move_terms
from appointments.rules.recurrence import Occurrence, expand
from appointments.rules.series import rule_of
from appointments.services.series_booking import Extension
from appointments.states import Frequency, LeftOut, Role
from core import clock, money
from core.wording import clock_text, date_text, day_distance, moment_text, zone_text
from providers.models import MOST_OCCURRENCES, Service, Venue

from .labels import Label, badges, live_proposal
from .places import place_for
from .recurrence import count_words, how_often, month_words
from .zones import Zones, zones_of

RUNNING = Label("Running", "brand", "repeat")
OVER = Label("Over", "slate", "check")
STOPPED = Label("Stopped", "slate", "x")
SKIPPED = Label("Skipped", "slate", "x")
TOO_FAR = Label("Too far ahead", "slate", "clock")


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A date of the series: an appointment with its labels, or a date that was left out.

    `answer_by` is the deadline of a new time that waits for the viewer.
    """

    start: datetime
    end: datetime
    labels: list[Label]
    said: str
    appointment: Appointment | None = None
    answer_by: datetime | None = None
    may_change: bool = False
    lies_ahead: bool = False
    may_move: bool = False

    @property
    def must_answer(self) -> bool:
        """Whether a new time waits for the viewer."""
        return self.answer_by is not None


@dataclass(frozen=True, slots=True)
class SeriesMonth:
    name: str
    rows: tuple[SeriesRow, ...]


@dataclass(frozen=True, slots=True)
class SeriesPage:
    """The page for `viewer`.

    `ahead` are the appointments and requests that can still end, of which `waiting` are requests.

    `more` says which dates its customer can add, or from when on, and is empty where they never can; `may_add` whether
    any can be added now. `place` is where its dates take place, as the viewer may know it.
    """

    viewer: Role
    label: Label
    rule_words: str
    rule_zone: ZoneInfo
    months: tuple[SeriesMonth, ...]
    rows: tuple[SeriesRow, ...]
    zones: Zones
    ahead: tuple[Appointment, ...]
    waiting: tuple[Appointment, ...]
    still_to_come: str
    working: str
    more: str = ""
    may_add: bool = False
    place: str = ""

    @property
    def may_move(self) -> bool:
        """Whether more than one date can be moved; one alone is rescheduled on its own page."""
        return sum(row.may_move for row in self.rows) > 1

    @property
    def answer_by(self) -> datetime | None:
        """The moment by which the first of the requests must be answered."""
        return min((one.answer_by for one in self.waiting if one.answer_by), default=None)

    @property
    def agreed(self) -> int:
        """The number of dates ahead that are confirmed."""
        return sum(one.is_confirmed for one in self.ahead)

    @property
    def note(self) -> str:
        """What the customer asked for; the same for each date."""
        return self.waiting[0].note if self.waiting else ""

    @property
    def to_answer(self) -> list[SeriesRow]:
        """The rows with a new time that waits for the viewer."""
        return [row for row in self.rows if row.must_answer]

    @property
    def new_times_by(self) -> datetime | None:
        """The moment by which the first of these must be answered."""
        return min((row.answer_by for row in self.to_answer if row.answer_by), default=None)

    @property
    def requests(self) -> tuple[Appointment, ...]:
        """The requests that wait for the viewer."""
        return self.waiting if self.viewer is Role.PROVIDER else ()

    @property
    def asks_for_several(self) -> bool:
        """Whether the page leads to another on which the viewer answers for dates together."""
        return len(self.to_answer) > 1 or bool(self.requests)


def ahead_of(appointments: Iterable[Appointment], now: datetime) -> list[Appointment]:
    """Those that are confirmed and have not begun, and the requests that can still be answered."""
    return [one for one in appointments if one.is_open and one.start > now and not one.is_unanswered(now)]


def refusal_to_extend(service: Service, ahead: Sequence[Appointment], extension: Extension) -> str:
    """The sentence that keeps a customer from adding dates to a series; empty where nothing does.

    `service` is that of the series, with provider and user, and `ahead` what lies ahead of the series.
    """
    name = service.provider.first_name
    for reason in what_is_shut(service):
        return shut_words(reason, service)
    if not ahead:
        return "Nothing of this series lies ahead any more. Book a new one."
    if not service.repeats:
        return f"{name} takes one appointment at a time of this service."
    if not extension.possible.occurrences:
        return f"This series has {MOST_OCCURRENCES} dates, and that is the most. Book a new one."
    return ""


def build_series(
    series: Series,
    appointments: Sequence[Appointment],
    left_out: Sequence[LeftOutDate],
    viewer: Role,
    *,
    reader: ZoneInfo,
    now: datetime,
    twelve: bool,
) -> SeriesPage:
    """The page of the series for `viewer`, whose own zone is `reader`. Asks no database."""
    zones = zones_of(appointments[0], viewer, reader=reader)
    words = _Words(series, viewer, zones.first, now, twelve)
    by_rule = {one.number: one for one in expand(rule_of(series), most=MOST_OCCURRENCES).occurrences}
    ahead = ahead_of(appointments, now)
    soonest = min((one.start for one in ahead), default=None)
    rows = [words.of_appointment(one, by_rule.get(one.occurrence or 0), soonest) for one in appointments]
    rows += [words.of_left_out(one, appointments[0].end - appointments[0].start) for one in left_out]
    rows.sort(key=lambda row: row.start)
    months = tuple(
        SeriesMonth(name, tuple(of_month))
        for name, of_month in groupby(rows, key=lambda row: month_words(clock.local(row.start, zones.first).date()))
    )
    more, may_add = _more(series, appointments, ahead, zones.first, now) if viewer is Role.CUSTOMER else ("", False)
    return SeriesPage(
        viewer=viewer,
        label=_label(appointments, ahead),
        rule_words=words.rule(appointments, ahead),
        rule_zone=series.zone,
        months=months,
        rows=tuple(rows),
        zones=zones,
        ahead=tuple(ahead),
        waiting=tuple(one for one in ahead if one.is_request),
        still_to_come=_joined(map(str, _totals(ahead))) or money.format_money(Decimal(0), appointments[0].currency),
        working=working_of(ahead),
        more=more,
        may_add=may_add,
        place=_place(ahead or appointments, viewer),
    )


def _more(
    series: Series, appointments: Sequence[Appointment], ahead: Sequence[Appointment], zone: ZoneInfo, now: datetime
) -> tuple[str, bool]:
    """Which dates can be added, or from when on the next can, and whether any can now."""
    extension = Extension.of(series, max(one.occurrence or 0 for one in appointments), now=now)
    if refusal_to_extend(series.service, ahead, extension):
        return "", False
    return what_can_be_added(extension, series.service, zone, now)


def what_can_be_added(extension: Extension, service: Service, zone: ZoneInfo, now: datetime) -> tuple[str, bool]:
    """Which dates can be added, in `zone`, or from when on the next can, and whether any can now."""
    dates, within, series = extension.possible.occurrences, extension.within_reach(service, now), extension.series
    first = date_text(clock.local(dates[0].start, zone).date(), year=True)
    if not within:
        return f"The next date, {first}, can be added from {_reached_on(dates[0], extension, service)} on.", False
    most = min(service.max_occurrences, len(dates))
    often = count_words(Frequency(series.frequency), rule_of(series).wall.date(), min(most, within))
    if within >= most:
        return f"Up to {often} can be added, from {first} on.", True
    now_ = f"{often} can be added now: {first}." if within == 1 else f"Up to {often} can be added now, from {first} on."
    return f"{now_} The next one can be added from {_reached_on(dates[within], extension, service)} on.", True


def _reached_on(one: Occurrence, extension: Extension, service: Service) -> str:
    return date_text(extension.reached_on(one, service), year=True)


def _place(appointments: Sequence[Appointment], viewer: Role) -> str:
    """Where these take place; with the address where one of them was agreed there."""
    places: dict[tuple[Venue, ...], str] = {}
    for one in sorted(appointments, key=lambda one: not one.was_agreed):
        places.setdefault(one.venues, place_for(one, viewer, was_agreed=one.was_agreed))
    return " and ".join(places.values())


def _label(appointments: Sequence[Appointment], ahead: Sequence[Appointment]) -> Label:
    if ahead:
        return RUNNING
    took_place = any(one.was_agreed and not one.ended_by for one in appointments)
    return OVER if took_place else STOPPED


def working_of(ahead: Sequence[Appointment]) -> str:
    """The sum of what is ahead as `6 × £32`. The prices are copies, which may differ after an extension, also in their
    currency: `3 × £32 and 2 × €40`."""
    counts = Counter((one.price, one.currency) for one in ahead)
    return _joined(f"{count} × {money.format_money(*price)}" for price, count in counts.items())


def sum_of(appointments: Sequence[Appointment]) -> str:
    """What these cost together, with its working: `3 × £40 = £120`; of one alone its price."""
    totals = _joined(map(str, _totals(appointments)))
    return f"{working_of(appointments)} = {totals}" if len(appointments) > 1 else totals


def _totals(appointments: Iterable[Appointment]) -> Iterable[money.Money]:
    return money.totals(money.Money(one.price, one.currency) for one in appointments)


def _joined(parts: Iterable[str]) -> str:
    *others, last = [*parts] or [""]
    return f"{', '.join(others)} and {last}" if others else last


@dataclass(frozen=True, slots=True)
class SeriesLine:
    """A series as a row of its customer's list: its rule in words, what is ahead of it, and its next start."""

    series: Series
    rule_words: str
    label: Label
    said: str


def series_row(series: Series, *, zone: ZoneInfo, twelve: bool) -> SeriesLine:
    """The row of a series of `series_of_customer()`. The rule is told in its own zone, whose weekdays and wall time it
    keeps; its next date, unless it takes place somewhere, in `zone`."""
    rule = rule_of(series)
    told = rule.zone if Venue.IN_PERSON in series.service.venues else zone
    at = f"{clock_text(rule.first, rule.zone, twelve=twelve)}, {zone_text(rule.zone)}"
    words = f"{how_often(rule.frequency, rule.wall.date())}, {at}"
    dates = f"{series.in_all} date{'s' if series.in_all != 1 else ''}"
    if not series.ahead or series.next is None:
        return SeriesLine(series, words, OVER, f"{dates}, none ahead")
    said = f"{series.ahead} of {dates} ahead, the next on {moment_text(series.next, told, twelve=twelve)}"
    return SeriesLine(series, words, RUNNING, said)


@dataclass(frozen=True, slots=True)
class _Words:
    series: Series
    viewer: Role
    zone: ZoneInfo
    now: datetime
    twelve: bool

    def rule(self, appointments: Sequence[Appointment], ahead: Sequence[Appointment]) -> str:
        """The rule in its own zone, and what is ahead of it."""
        rule, length = rule_of(self.series), appointments[0].end - appointments[0].start
        often = how_often(rule.frequency, rule.wall.date())
        ends = (rule.first, rule.first + length)
        times = " to ".join(clock_text(at, rule.zone, twelve=self.twelve) for at in ends)
        if not ahead:
            return f"{often}, {times}"
        count = f"{len(ahead)} time{'s' if len(ahead) != 1 else ''} ahead"
        last = max(one.start for one in ahead)
        return f"{often}, {times}, {count}, until {date_text(clock.local(last, rule.zone).date(), year=True)}"

    def of_appointment(self, one: Appointment, by_rule: Occurrence | None, soonest: datetime | None) -> SeriesRow:
        proposal, policy = live_proposal(one, self.now), self.series.provider.policy
        lies_ahead = one.is_open and one.start > self.now
        return SeriesRow(
            start=one.start,
            end=one.end,
            labels=badges(one, self.viewer, now=self.now),
            said=self._said(one, by_rule, proposal, is_next=one.start == soonest),
            appointment=one,
            answer_by=proposal.answer_by if proposal and proposal.waits_for(self.viewer, self.now) else None,
            may_change=lies_ahead and cancel_terms(one, role=self.viewer, policy=policy, now=self.now).allowed,
            lies_ahead=lies_ahead,
            may_move=lies_ahead and move_terms(one, role=self.viewer, policy=policy, now=self.now).allowed,
        )

    def of_left_out(self, one: LeftOutDate, length: timedelta) -> SeriesRow:
        name = self.series.provider.first_name
        reasons = {
            LeftOut.CHOICE: "",
            LeftOut.TAKEN: "The time was taken.",
            LeftOut.CLOSED: f"{name} is not open then.",
            LeftOut.AWAY: f"{name} is away then.",
            LeftOut.FULL: f"{name} took no more appointments then.",
            LeftOut.SOON: "It was too soon.",
            LeftOut.WINDOW: "It was too far ahead to be booked.",
        }
        label = TOO_FAR if one.reason == LeftOut.WINDOW else SKIPPED
        return SeriesRow(one.start, one.start + length, [label], reasons[LeftOut(one.reason)])

    def _said(self, one: Appointment, by_rule: Occurrence | None, proposal: Proposal | None, *, is_next: bool) -> str:
        if proposal is not None:
            deadline = moment_text(proposal.answer_by, self.zone, twelve=self.twelve)
            return f"New time: {moment_text(proposal.start, self.zone, twelve=self.twelve)}. Answer by {deadline}."
        parts = []
        if by_rule and by_rule.start != one.start:
            parts.append(f"Instead of {moment_text(by_rule.start, self.zone, twelve=self.twelve)}.")
        if is_next:
            today = clock.local(self.now, self.zone).date()
            parts.append(f"Next, {day_distance(clock.local(one.start, self.zone).date(), today)}.")
        return " ".join(parts)
