"""The dates of each choice, the earlier ones, and the parts that are drawn. Pure."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from analytics.periods import Choice, Dates, Unit, chosen, last_month, of_dates, of_month, piece_starts

SATURDAY = date(2026, 11, 28)


def dates(first, last):
    return Dates(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("choice", "weekday", "own", "earlier", "unit", "parts"),
    [
        (Choice.MONTH, 0, dates("2026-10-29", "2026-11-27"), dates("2026-09-29", "2026-10-28"), Unit.DAY, 30),
        (Choice.WEEKS, 0, dates("2026-08-31", "2026-11-22"), dates("2026-06-08", "2026-08-30"), Unit.WEEK, 12),
        (Choice.WEEKS, 6, dates("2026-08-30", "2026-11-21"), dates("2026-06-07", "2026-08-29"), Unit.WEEK, 12),
        # A week that begins today has no day that is over.
        (Choice.WEEKS, 5, dates("2026-09-05", "2026-11-27"), dates("2026-06-13", "2026-09-04"), Unit.WEEK, 12),
        (Choice.YEAR, 0, dates("2025-11-01", "2026-10-31"), dates("2024-11-01", "2025-10-31"), Unit.MONTH, 12),
    ],
)
def test_a_choice_is_whole_parts_that_are_over(choice, weekday, own, earlier, unit, parts):
    period = chosen(choice, today=SATURDAY, first_weekday=weekday)

    assert (period.dates, period.earlier, period.unit) == (own, earlier, unit)
    assert len(period.parts) == len(period.earlier_parts) == parts
    assert period.left_out == []


@pytest.mark.parametrize(
    ("own", "earlier", "unit", "parts", "left_out"),
    [
        # One day, and the leap day before it.
        (dates("2028-03-01", "2028-03-01"), dates("2028-02-29", "2028-02-29"), Unit.DAY, 1, []),
        (
            dates("2026-10-01", "2026-11-10"), dates("2026-08-21", "2026-09-30"), Unit.WEEK, 5,
            [dates("2026-10-01", "2026-10-04"), dates("2026-11-09", "2026-11-10")],
        ),
        # Whole months are compared with as many months, though these have fewer days.
        (dates("2026-03-01", "2026-03-31"), dates("2026-02-01", "2026-02-28"), Unit.DAY, 31, []),
        (
            dates("2026-01-15", "2026-08-31"), dates("2025-05-31", "2026-01-14"), Unit.MONTH, 7,
            [dates("2026-01-15", "2026-01-31")],
        ),
    ],
)  # fmt: skip
def test_own_dates_name_what_is_no_whole_part(own, earlier, unit, parts, left_out):
    period = of_dates(own)

    assert (period.dates, period.earlier, period.unit) == (own, earlier, unit)
    assert (len(period.parts), period.left_out) == (parts, left_out)


def test_a_months_report_is_drawn_by_its_whole_weeks():
    period = of_month(date(2026, 10, 17))

    assert (period.dates, period.earlier) == (dates("2026-10-01", "2026-10-31"), dates("2026-09-01", "2026-09-30"))
    assert [part.first.day for part in period.parts] == [5, 12, 19]
    assert period.left_out == [dates("2026-10-01", "2026-10-04"), dates("2026-10-26", "2026-10-31")]
    assert (period.label, period.before) == ("October", "September")


@pytest.mark.parametrize(("today", "month"), [("2026-11-01", "2026-10-01"), ("2026-01-31", "2025-12-01")])
def test_the_last_month_is_one_that_is_over(today, month):
    assert last_month(date.fromisoformat(today)) == date.fromisoformat(month)


@pytest.mark.parametrize(
    "own", [dates("2026-03-01", "2026-04-15"), dates("2026-10-20", "2026-11-03"), dates("2025-01-01", "2026-12-31")]
)
@pytest.mark.parametrize("zone", ["Europe/London", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu"])
def test_pieces_follow_each_other_without_gap(own, zone):
    period = of_dates(own)
    starts = piece_starts(period, ZoneInfo(zone))

    assert starts == sorted(set(starts)) and len(starts) == len(period.pieces) + 1
    assert (starts[0], starts[-1]) == (period.earlier.bounds(ZoneInfo(zone))[0], own.bounds(ZoneInfo(zone))[1])
    assert sum(piece.days for piece in period.pieces) == own.days + period.earlier.days


def test_a_day_of_a_clock_change_has_its_own_length():
    spring, autumn = dates("2026-03-29", "2026-03-29"), dates("2026-10-25", "2026-10-25")
    london = ZoneInfo("Europe/London")

    assert spring.bounds(london) == (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 29, 23, tzinfo=UTC))
    assert autumn.bounds(london)[1] - autumn.bounds(london)[0] == timedelta(hours=25)
