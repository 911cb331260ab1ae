"""The open time of a period: hours, dates with hours of their own, time off, clock changes, the day of going live."""

from datetime import UTC, date, datetime, timedelta

from analytics.pages import shown
from analytics.periods import Dates, of_dates
from analytics.queries import figures_of
from tests.analytics.conftest import NOW
from tests.analytics.rows import made
from tests.factories.providers import DateOverrideFactory, ProviderFactory, ServiceFactory, TimeOffFactory

ALWAYS = {day: [("00:00", "24:00")] for day in range(7)}


def open_hours(provider, first, last):
    figures = figures_of(provider, of_dates(Dates(first, last)), now=NOW)
    return [minutes / 60 for minutes in figures.open_minutes[figures.first_piece :]]


def test_open_time_is_elapsed_time_less_what_is_closed(db):
    provider = ProviderFactory(hours=ALWAYS, live_since=datetime(2026, 1, 1, tzinfo=UTC))
    DateOverrideFactory(provider=provider, start_on=date(2026, 10, 26), ranges=[[540, 720]])
    off = datetime(2026, 10, 27, 10, tzinfo=UTC)
    TimeOffFactory(provider=provider, start=off, end=off + timedelta(hours=3))

    # Clocks go back on the 25th and forward on 29 March.
    assert open_hours(provider, date(2026, 10, 24), date(2026, 10, 27)) == [24, 25, 3, 21]
    assert open_hours(provider, date(2026, 3, 29), date(2026, 3, 29)) == [23]


def test_nothing_was_open_before_the_page_went_live(db):
    provider = ProviderFactory(hours=ALWAYS, live_since=datetime(2026, 10, 10, 6, tzinfo=UTC), time_zone="UTC")

    assert open_hours(provider, date(2026, 10, 9), date(2026, 10, 11)) == [0, 18, 24]


def test_shares_are_of_the_time_that_was_open(db):
    provider = ProviderFactory(hours={0: [("09:00", "13:00")]}, live_since=datetime(2026, 1, 1, tzinfo=UTC))
    service = ServiceFactory(provider=provider)
    for _ in range(5):
        made(service, datetime(2026, 11, 2, 9, tzinfo=UTC))
    made(service, datetime(2026, 11, 9, 9, tzinfo=UTC))

    seen = shown(figures_of(provider, of_dates(Dates(date(2026, 11, 2), date(2026, 11, 15))), now=NOW))

    # Five at once fill more than there is, and are no more than all.
    table = seen.tables["openings"]
    assert [str(row[3]) for row in table.rows if row[1]] == ["100%", "25%"]
    assert [str(cell) for cell in table.foot] == ["All", "8:00:00", "6:00:00", "75%"]
    assert seen.tiles[2].value == "75%"
