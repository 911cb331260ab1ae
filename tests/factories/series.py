"""Series for tests that book without the pages."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from accounts.models import User
from appointments.rules.recurrence import Rule
from appointments.services import booking
from appointments.services.series import NewSeries
from appointments.services.transitions import Outcome
from appointments.states import Frequency
from providers.models import Service


def new_series(service: Service, starts: Sequence[datetime]) -> NewSeries:
    """A series whose rule begins with the first of these starts; they are its dates, whatever the rule says."""
    rule = Rule(Frequency.WEEKLY, starts[0], service.provider.zone, count=len(starts))
    return NewSeries(rule, tuple(range(1, len(starts) + 1)))


def wanted_series(service: Service, customer: User, starts: Sequence[datetime], *, key: str = "") -> booking.Wanted:
    """A wish to book a series at these starts, on the terms in force."""
    terms = booking.terms_of(service)
    return booking.Wanted(
        service, tuple(starts), customer, terms, key or uuid4().hex, series=new_series(service, starts)
    )


def weekly(first: datetime, count: int) -> list[datetime]:
    return [first + n * timedelta(days=7) for n in range(count)]


def book_series(service: Service, customer: User, starts: Sequence[datetime], *, key: str = "") -> list[Outcome]:
    """A booked series at these starts; the service must take series that long."""
    return booking.place(wanted_series(service, customer, starts, key=key))
