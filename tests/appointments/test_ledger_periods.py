"""Months and years of a ledger, and what they are compared with. By table, without a database."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from appointments.pages.studio.earnings import compared_words, dates_text
from appointments.rules.ledger_periods import Period, compared, period_named, periods_between

LONDON, KATHMANDU, APIA = (ZoneInfo(name) for name in ("Europe/London", "Asia/Kathmandu", "Pacific/Apia"))


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2026-11", Period(2026, 11)),
        ("2026", Period(2026)),
        *(
            (text, None)
            for text in ("", "26-11", "2026-13", "2026-00", "2026-1", "1999", "2100-01", "٢٠٢٦", "2026-11\n")
        ),
    ],
)
def test_a_period_is_named_as_in_addresses(text, period):
    assert period_named(text) == period
    assert period is None or str(period) == text


@pytest.mark.parametrize(
    ("period", "zone", "start", "end"),
    [
        (Period(2026, 3), LONDON, (2026, 3, 1, 0), (2026, 3, 31, 23)),  # clocks go forward within
        (Period(2026, 12), LONDON, (2026, 12, 1, 0), (2027, 1, 1, 0)),
        (Period(2026, 3), KATHMANDU, (2026, 2, 28, 18, 15), (2026, 3, 31, 18, 15)),
        (Period(2024, 2), KATHMANDU, (2024, 1, 31, 18, 15), (2024, 2, 29, 18, 15)),
        (Period(2011), APIA, (2011, 1, 1, 10), (2011, 12, 31, 10)),  # without 30 December
        (Period(2026), KATHMANDU, (2025, 12, 31, 18, 15), (2026, 12, 31, 18, 15)),
    ],
)
def test_a_period_lasts_from_midnight_to_midnight_in_its_zone(period, zone, start, end):
    assert period.span(zone) == (datetime(*start, tzinfo=UTC), datetime(*end, tzinfo=UTC))


NOVEMBER, MARCH = Period(2026, 11), Period(2026, 3)


@pytest.mark.parametrize(
    ("period", "now", "words", "until"),
    [
        (NOVEMBER, (2026, 12, 5), "October", (2026, 11, 1)),
        (NOVEMBER, (2026, 11, 26, 14, 52), "1 to 26 October", (2026, 10, 26, 14, 52)),
        (NOVEMBER, (2026, 11, 1, 9), "1 October", (2026, 10, 1, 8)),  # summer time there
        (MARCH, (2026, 3, 30, 12), "February", (2026, 3, 1)),  # which has no 30th
        (NOVEMBER, (2026, 10, 31, 23), "", None),
        (Period(2026), (2026, 2, 3, 4), "1 January to 3 February", (2025, 2, 3, 4)),
        (Period(2025), (2026, 2, 3, 4), "2024", (2025, 1, 1)),
    ],
)
def test_what_is_not_over_is_compared_with_as_much_of_what_came_before(period, now, words, until):
    found = compared(period, LONDON, datetime(*now, tzinfo=UTC))

    assert (found and compared_words(*found[:2]) or "") == words
    assert found is None or found[2] == (period.previous.span(LONDON)[0], datetime(*until, tzinfo=UTC))


def test_the_list_goes_from_the_latest_to_the_first():
    months, years = periods_between(date(2025, 11, 30), date(2026, 2, 1))

    assert [str(one) for one in months] == ["2026-02", "2026-01", "2025-12", "2025-11"]
    assert [str(one) for one in years] == ["2026", "2025"]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 11, 1), date(2026, 11, 30), "1 to 30 November 2026"),
        (date(2026, 11, 1), date(2026, 11, 1), "1 November 2026"),
        (date(2026, 1, 1), date(2026, 12, 31), "1 January to 31 December 2026"),
    ],
)
def test_dates_are_said_once(first, last, words):
    assert dates_text(first, last) == words
