"""Booking a series: what is open on its dates, and all of them booked in one act."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from accounts.models import User
from appointments.exceptions import DatesUnsettled, PolicyRefused, TermsChanged
from appointments.models import Series
from appointments.rules.recurrence import (
    Expanded,
    Occurrence,
    Rule,
    check_rule,
    expand,
    expand_after,
    first_ones,
)
from appointments.rules.series import REQUESTED_WITHIN, Prospect, SettledDate, rule_of, settle
from appointments.rules.series import Outcome as Settled
from appointments.rules.slots import window_end
from appointments.states import LeftOut
from core import clock
from providers.models import MOST_OCCURRENCES, Service

from . import availability, holds
from .availability import NOBODY, Mine
from .booking import Terms, Wanted, booked_by_form, check_customer_for_series, place, terms_of
from .prospects import load_prospect
from .series import NewSeries
from .transitions import Outcome

NOTHING_LEFT = "Every date is left out, so there is nothing to book."


@dataclass(frozen=True, slots=True)
class Booked:
    """The series that was booked, and its appointments; `changed` is false where the form had been sent before."""

    series: Series | None
    outcomes: list[Outcome]

    @property
    def changed(self) -> bool:
        return any(outcome.changed for outcome in self.outcomes)


def look_ahead(
    service: Service, expanded: Expanded, *, now: datetime, mine: Mine = NOBODY, also: Sequence[datetime] = ()
) -> Prospect:
    """The facts about the provider's time on the dates of the series and around them, as far as can be booked or asked
    for.

    They cover the starts of `also`, too, where these can be booked. Four queries, five where the provider has a cap,
    however many dates there are.
    """
    latest = _latest(service, now)
    starts = [at for at in (*expanded.starts, *also) if at < latest]
    return load_prospect(service.provider, availability.shape_of(service), starts, now=now, mine=mine)


def _latest(service: Service, now: datetime) -> datetime:
    """The end of the booking window, or of what may be requested beyond it. Needs the policy."""
    provider = service.provider
    latest = window_end(provider.zone, availability.rules_of(provider), now)
    return max(latest, now + REQUESTED_WITHIN) if service.requests_beyond_window else latest


def occurrences_of(rule: Rule, service: Service) -> Expanded:
    """The dates of the rule that the service allows."""
    return expand(rule, most=service.max_occurrences)


@dataclass(frozen=True, slots=True)
class Extension:
    """Dates to add to a running series: it, the number of its last appointment, and all dates that may follow."""

    series: Series
    after: int
    possible: Expanded

    @classmethod
    def of(cls, series: Series, after: int, *, now: datetime) -> "Extension":
        return cls(series, after, expand_after(rule_of(series), after, now=now, most=MOST_OCCURRENCES))

    def until(self, rule: Rule, service: Service) -> Expanded:
        """Those that come before the new end of the rule, as many as the service takes at once."""
        dates = first_ones(self.possible, rule)
        return replace(dates, occurrences=dates.occurrences[: service.max_occurrences])

    def within_reach(self, service: Service, now: datetime) -> int:
        """The number of dates, from the next one on, that the booking window lets book or ask for now."""
        latest = _latest(service, now)
        return sum(one.start < latest for one in self.possible.occurrences)

    def reached_on(self, one: Occurrence, service: Service) -> date:
        """The date in the provider's zone from which on `one` is within reach."""
        provider, ahead = service.provider, timedelta(days=service.provider.policy.window_days)
        if service.requests_beyond_window:
            ahead = max(ahead, REQUESTED_WITHIN)
        return clock.local(one.start, provider.zone).date() - ahead

    @property
    def passed(self) -> list[tuple[int, datetime, LeftOut]]:
        """The dates between the last appointment and the first that may follow: their time is over."""
        first = self.possible.occurrences[0].number
        open_ended = replace(rule_of(self.series), count=None, until=None)
        dates = expand(open_ended, most=first - 1).occurrences[self.after :]
        return [(one.number, one.start, LeftOut.SOON) for one in dates]


def book_series(
    *,
    service: Service,
    rule: Rule,
    dates: Sequence[SettledDate],
    customer: User,
    terms: Terms | None,
    booking_key: str,
    venue: str = "",
    note: str = "",
    browser: str | None = None,
    extension: Extension | None = None,
    hold: UUID | None = None,
) -> Booked:
    """Book the settled dates of the series, all of them or none, or request them where the provider answers by hand.

    Afterwards each is an appointment of its own, and the series has its rule and the dates that were left out. With
    `extension` they are added to a series, whose rule has the end of `rule` then. A `hold` is the id of the time that
    the customer keeps for one of the dates. Promises and errors are those of
    `booking.place`; PolicyRefused where the service takes no series, or not as long a one, and ChangedSince where the
    series has other dates than `extension` says.
    """
    if not all(date.is_settled for date in dates):
        raise ValueError("Book a series once each of its dates is settled.")
    booked = [date for date in dates if date.start is not None]
    new = NewSeries(
        rule,
        numbers=tuple(date.number for date in booked),
        left_out=(
            *(extension.passed if extension else ()),
            *((date.number, date.occurrence.start, date.left_out) for date in dates if date.start is None),
        ),
        extends=extension.series if extension else None,
        after=extension.after if extension else 0,
    )
    if not booked:
        raise PolicyRefused(NOTHING_LEFT)
    starts = tuple(date.start for date in booked if date.start is not None)
    beyond = frozenset(date.start for date in booked if date.start and date.outcome is Settled.REQUEST)
    wanted = Wanted(
        service, starts, customer, terms, booking_key, venue, note, browser, series=new, beyond=beyond, hold=hold
    )
    outcomes = place(wanted)
    return Booked(outcomes[0].appointment.series, outcomes)


@dataclass(frozen=True, slots=True)
class Judged:
    """The dates of a rule as they are now, and what somebody chose for some: which are skipped.

    A date that is `open_to_question` would not be booked, though nobody skipped it.
    """

    expanded: Expanded
    dates: list[SettledDate]
    skipped: frozenset[int]

    @property
    def open_to_question(self) -> list[SettledDate]:
        return [one for one in self.dates if one.start is None and one.number not in self.skipped]

    @property
    def booked(self) -> list[SettledDate]:
        return [one for one in self.dates if one.start is not None]


def judge_dates(
    service: Service, rule: Rule, *, skip: Collection[int], shift: Mapping[int, datetime], mine: Mine
) -> Judged:
    """What would become of each date of the rule, with those left out that are to `skip`, and others booked at the
    start of `shift`, both by number.

    Six queries at most. Raises PolicyRefused for a rule that the service does not take, or a number that it has not.
    """
    check_rule(rule, most=service.max_occurrences)
    expanded, now = occurrences_of(rule, service), clock.now()
    if unknown := sorted({*skip, *shift} - {one.number for one in expanded.occurrences}):
        raise PolicyRefused(f"This series has no date number {unknown[0]}.")
    prospect = look_ahead(service, expanded, now=now, mine=mine, also=list(shift.values()))
    picks = {**shift, **dict.fromkeys(skip)}
    asks_beyond = service.requests_beyond_window
    dates = settle(prospect, expanded.occurrences, picks, suggests=False, asks_beyond=asks_beyond)
    return Judged(expanded, dates, frozenset(skip))


@dataclass(frozen=True, slots=True)
class SeriesLook:
    """What somebody is told who asks about a series and books nothing: its dates, the terms in force, and the sentence
    against it, None where there is none."""

    judged: Judged
    terms: Terms
    refusal: str | None

    @property
    def count(self) -> int:
        return len(self.judged.booked)

    @property
    def open(self) -> bool:
        """Whether the series could be booked whole now."""
        return self.refusal is None


def look_before_series(
    *,
    customer: User,
    service: Service,
    rule: Rule,
    skip: Collection[int],
    shift: Mapping[int, datetime],
    seen: Terms | None = None,
    hold: UUID | None = None,
) -> SeriesLook:
    """Look whether the customer may book the series of `book_by_rule`, and write nothing.

    Terms that they have `seen` speak against it where others are in force, and so does a `hold` that they keep for none
    of the dates. Raises what `judge_dates` does.
    """
    judged = judge_dates(service, rule, skip=skip, shift=shift, mine=Mine(account_id=customer.pk))
    terms, refusal = terms_of(service), None
    if seen is not None and seen != terms:
        refusal = TermsChanged.message
    starts = [one.start for one in judged.booked if one.start]
    try:
        holds.check_bookable(service)
        check_customer_for_series(customer, service, len(starts))
        if hold is not None:
            holds.check_kept(hold, account=customer, service=service, starts=starts, now=clock.now())
    except PolicyRefused as refused:
        refusal = str(refused)
    # What booking refuses first.
    if not judged.booked:
        refusal = NOTHING_LEFT
    if judged.open_to_question:
        refusal = DatesUnsettled.message
    return SeriesLook(judged, terms, refusal)


def book_by_rule(
    *,
    service: Service,
    rule: Rule,
    skip: Collection[int],
    shift: Mapping[int, datetime],
    customer: User,
    terms: Terms | None,
    booking_key: str,
    venue: str = "",
    note: str = "",
    hold: UUID | None = None,
) -> Booked:
    """Book every date of the rule but those to `skip`, some at the start of `shift`: all of them or none.

    The same key of the same customer finds the series that it made. Raises DatesUnsettled where a date is not open that
    is neither skipped nor shifted to a start that is, and otherwise what `judge_dates` and `book_series` raise.
    """
    if (before := booked_by_form(customer, booking_key)) and before.series:
        return Booked(before.series, [])
    judged = judge_dates(service, rule, skip=skip, shift=shift, mine=Mine(account_id=customer.pk))
    if judged.open_to_question:
        raise DatesUnsettled(judged.open_to_question)
    return book_series(
        service=service,
        rule=rule,
        dates=judged.dates,
        customer=customer,
        terms=terms,
        booking_key=booking_key,
        venue=venue,
        note=note,
        hold=hold,
    )
