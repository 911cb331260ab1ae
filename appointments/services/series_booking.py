"""Booking a series: what is open on its dates, and all of them booked in one act."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from appointments.exceptions import PolicyRefused
from appointments.models import Series
from appointments.rules.recurrence import Expanded, Rule, expand
from appointments.rules.series import NEARBY_DAYS, Prospect, SettledDate
from appointments.rules.slots import window_end
from providers.models import Service
from providers.queries import time_off_between

from . import availability
from .availability import NOBODY, Mine
from .booking import Terms, Wanted, place
from .series import NewSeries
from .transitions import Outcome


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
    """The facts about the provider's time on the dates of the series and around them, as far as can be booked.

    They cover the starts of `also`, too, where these can be booked. Four queries, five where the provider has a cap,
    however many dates there are.
    """
    provider, starts = service.provider, expanded.starts
    around = timedelta(days=NEARBY_DAYS + 1)
    latest = window_end(provider.zone, availability.rules_of(provider), now)
    near = [at for at in (*starts, *also) if now <= at < latest] or [now]
    start, end = min(near) - around, max(near) + around
    facts = availability.load_facts([provider], start, end, now=now, mine=mine, longest=end - start)
    away = time_off_between([provider.pk], start, end).order_by("start").values_list("start", "end")
    return Prospect(facts[provider.pk], availability.shape_of(service), now, tuple(away))


def occurrences_of(rule: Rule, service: Service) -> Expanded:
    """The dates of the rule that the service allows."""
    return expand(rule, most=service.max_occurrences)


def book_series(
    *,
    service: Service,
    rule: Rule,
    dates: Sequence[SettledDate],
    customer: User,
    terms: Terms,
    booking_key: str,
    venue: str = "",
    note: str = "",
    browser: str | None = None,
) -> Booked:
    """Book the settled dates of the series, all of them or none, or request them where the provider answers by hand.

    Afterwards each is an appointment of its own, and the series has its rule and the dates that were left out. Promises
    and errors are those of `booking.place`; PolicyRefused where the service takes no series, or not as long a one.
    """
    if not all(date.is_settled for date in dates):
        raise ValueError("Book a series once each of its dates is settled.")
    booked = [date for date in dates if date.start is not None]
    new = NewSeries(
        rule,
        numbers=tuple(date.number for date in booked),
        left_out=tuple((date.number, date.occurrence.start, date.left_out) for date in dates if date.start is None),
    )
    if not booked:
        raise PolicyRefused("Every date is left out, so there is nothing to book.")
    starts = tuple(date.start for date in booked if date.start is not None)
    wanted = Wanted(service, starts, customer, terms, booking_key, venue, note, browser, series=new)
    outcomes = place(wanted)
    return Booked(outcomes[0].appointment.series, outcomes)
