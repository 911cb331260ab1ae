"""Ranges of hours: reading, checking, adding up, saying them."""

import datetime as dt

import pytest

from providers import hours
from providers.exceptions import RangeProblem

NINE, NOON, HALF_PAST, FIVE, MIDNIGHT = 540, 720, 750, 1020, 1440


@pytest.mark.parametrize(
    ("text", "ends", "minute"),
    [
        ("09:00", False, 540),
        (" 9:05 ", False, 545),
        ("09:00:00", False, 540),
        ("00:00", False, 0),
        ("00:00", True, 1440),
        ("24:00", True, 1440),
        ("23:59", True, 1439),
        ("24:00", False, None),
        ("24:01", True, None),
        ("25:00", True, None),
        ("12:60", False, None),
        ("09:00:30", False, None),
        ("٠٩:٠٠", False, None),
        ("9", False, None),
        ("-1:00", False, None),
        ("", False, None),
        ("09:00\n10:00", False, None),
    ],
)
def test_a_time_of_day_is_read_by_the_minute(text, ends, minute):
    assert hours.read_minute(text, ends=ends) == minute


@pytest.mark.parametrize(
    ("ranges", "problems"),
    [
        ([], []),
        ([(NINE, FIVE)], []),
        ([(0, MIDNIGHT)], []),
        ([(FIVE, MIDNIGHT), (NINE, NOON)], []),
        ([(FIVE, NINE)], [(0, "Tuesday’s range ends at 09:00, before it starts at 17:00.")]),
        ([(NINE, NINE)], [(0, "Tuesday’s range ends when it starts, at 09:00.")]),
        (
            [(480, HALF_PAST), (NOON, 1080)],
            [(1, "Tuesday’s second range starts at 12:00, before the first one ends at 12:30.")],
        ),
        (
            [(480, NOON), (NOON, 1080)],
            [
                (
                    1,
                    "Tuesday’s second range starts at 12:00, exactly when the first one ends. "
                    "Make them one range, or leave a gap.",
                )
            ],
        ),
        # The one that starts later is the wrong one, wherever it stands.
        (
            [(NOON, 1080), (480, HALF_PAST)],
            [(0, "Tuesday’s first range starts at 12:00, before the second one ends at 12:30.")],
        ),
        # A long one that holds two others.
        (
            [(480, 1200), (540, 600), (660, 700)],
            [
                (1, "Tuesday’s second range starts at 09:00, before the first one ends at 20:00."),
                (2, "Tuesday’s third range starts at 11:00, before the first one ends at 20:00."),
            ],
        ),
        # Only the one that is wrong in itself is marked.
        ([(NINE, NOON), (FIVE, NOON)], [(1, "Tuesday’s second range ends at 12:00, before it starts at 17:00.")]),
    ],
)
def test_a_days_ranges_neither_touch_nor_overlap(ranges, problems):
    assert hours.check_ranges(ranges, day="Tuesday", weekday=1) == [RangeProblem(1, *problem) for problem in problems]


def test_a_day_has_at_most_eight_ranges():
    ranges = [(hour * 60, hour * 60 + 30) for hour in range(9)]

    assert [problem.sentence for problem in hours.check_ranges(ranges)] == ["A day has at most 8 ranges."]


def test_hours_are_said_by_who_likes_twelve():
    assert hours.ranges_text([(NINE, NOON), (FIVE, MIDNIGHT)], twelve=True) == "9:00 am to 12:00 and 5:00 pm to 24:00"
    assert (
        hours.ranges_text([(0, NINE), (600, NOON), (FIVE, 1080)]) == "00:00 to 09:00, 10:00 to 12:00 and 17:00 to 18:00"
    )
    assert hours.ranges_text([]) == "Closed"


def test_days_with_the_same_hours_are_one_line():
    week = {0: [(NINE, FIVE)], 1: [(NINE, FIVE)], 2: [(NINE, FIVE)], 4: [(NINE, NOON)]}

    assert hours.week_lines(week) == [
        ("Monday to Wednesday", "09:00 to 17:00"),
        ("Thursday", "Closed"),
        ("Friday", "09:00 to 12:00"),
        ("Saturday and Sunday", "Closed"),
    ]


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "0 h"), (45, "45 min"), (480, "8 h"), (2430, "40 h 30 min"), (10080, "168 h")]
)
def test_a_weeks_work_is_said_in_hours(minutes, text):
    assert hours.hours_text(minutes) == text


def test_a_date_of_its_own_is_compared_with_the_week():
    week = {0: [(NINE, FIVE)], 1: [(NINE, NOON)]}
    monday, tuesday, sunday = dt.date(2026, 3, 2), dt.date(2026, 3, 3), dt.date(2026, 3, 8)

    assert hours.difference([], monday, tuesday, week) == -(480 + 180)
    assert hours.difference([(NINE, NOON)], sunday, sunday, week) == 180
    assert hours.difference_text(-660) == "11 h less than the week has"
    assert hours.difference_text(180) == "3 h more than the week has"
    assert hours.difference_text(0) == "Neither more nor less than the week has"
