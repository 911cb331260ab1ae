"""The figures of the provider who asks, as their page and its file have them."""

from datetime import date, timedelta

from analytics.periods import Dates, Period, chosen, of_dates
from analytics.queries import figures_of
from api.calls import Call
from api.errors import FieldError, Problem
from api.operations import own
from api.serializers.analytics import PERIODS, Asked
from providers.models import Provider
from providers.queries import today_of

USUAL = "30d"


def read_analytics(
    call: Call,
    *,
    from_date: date | None = None,
    to_date: date | None = None,
    period: str = USUAL,
    compare: bool = False,
) -> Asked:
    """Read the figures of a period: how appointments ended, sums by currency, regulars and the busiest hours.

    An appointment counts on the date of its start in the provider's zone. `compare` adds the period before.
    """
    page = own.provider(call)
    today, weekday = today_of(page), page.user.first_weekday
    if from_date is None or to_date is None:
        asked = chosen(PERIODS[period], today=today, first_weekday=weekday)
    else:
        asked = _of_days(page, from_date, to_date)
    return Asked(figures_of(page, asked, now=call.now), compare)


def _of_days(page: Provider, first: date, end: date) -> Period:
    last = end - timedelta(days=1)
    if last < first or last > today_of(page):
        said = "Send the day after the last one, which is after from and no later than tomorrow."
        raise Problem("invalid", f"to: {said}", errors=[FieldError("to", "invalid", said)])
    return of_dates(Dates(first, last), first_weekday=page.user.first_weekday)
