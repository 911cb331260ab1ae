"""What cancelling counts as: the boundaries to the second, and many histories against a slow reading of the rule."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from appointments.rules.fair_use import consequence, is_late

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
AT = datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
SOON = AT + HOUR


@pytest.mark.parametrize(
    ("before_start", "late"),
    [
        (12 * HOUR + SECOND, False),
        (12 * HOUR, True),
        (12 * HOUR - SECOND, True),
        (SECOND, True),
        (24 * HOUR, False),
    ],
)
def test_exactly_twelve_hours_before_the_start_is_late_and_a_second_earlier_is_not(before_start, late):
    assert is_late(AT + before_start, AT) is late
    assert consequence([AT + before_start], [], AT).number == int(late)


@pytest.mark.parametrize(
    ("wall", "late"),
    [
        # The clocks go forward at 01:00 UTC on 29 March: 23:00 to 12:00 on the wall is twelve hours.
        (datetime(2026, 3, 28, 23, 0, 0), True),
        (datetime(2026, 3, 28, 22, 59, 59), False),
    ],
)
def test_lateness_is_elapsed_time_across_a_clock_change(wall, late):
    london = ZoneInfo("Europe/London")
    start = datetime(2026, 3, 29, 12, 0, tzinfo=london).astimezone(UTC)

    assert is_late(start, wall.replace(tzinfo=london).astimezone(UTC)) is late


@pytest.mark.parametrize(
    ("ago", "number"),
    [(30 * DAY + SECOND, 1), (30 * DAY, 2), (30 * DAY - SECOND, 2), (timedelta(0), 2), (-HOUR, 2)],
)
def test_one_of_exactly_thirty_days_ago_counts_and_one_a_second_older_does_not(ago, number):
    # One noted by a clock that was ahead of this one counts, too.
    assert consequence([SOON], [AT - ago], AT).number == number


@pytest.mark.parametrize(
    ("late", "number", "bans"),
    [([], 1, False), ([1], 2, False), ([1, 2], 3, True), ([31, 2], 2, False), ([1, 2, 3], 4, True)],
)
def test_the_third_within_thirty_days_bans(late, number, bans):
    counts = consequence([SOON], [AT - days * DAY for days in late], AT)

    assert (counts.number, counts.bans, counts.is_late) == (number, bans, True)


def test_several_in_one_act_count_once_and_one_late_among_them_is_enough():
    assert consequence([SOON, SOON + HOUR, AT + 3 * DAY], [], AT).number == 1
    assert consequence([AT + 2 * DAY, AT + 3 * DAY], [AT - DAY] * 2, AT).number == 0
    assert consequence([], [AT - DAY] * 2, AT).number == 0


def test_the_oldest_that_counts_says_when_one_more_is_free_again():
    late = [AT - 3 * DAY, AT - 20 * DAY, AT - 40 * DAY]

    assert consequence([SOON], late, AT).free_again == AT + 10 * DAY
    assert consequence([AT + 3 * DAY], late, AT).free_again == AT + 10 * DAY
    assert consequence([SOON], [], AT).free_again == AT + 30 * DAY
    assert consequence([AT + 3 * DAY], [], AT).free_again is None


def slowly(cancelled: list[tuple[int, int]], limit: int = 3) -> list[int]:
    """The ordinals of acts (second, seconds before the start) read from the rule, by counting second by second ids."""
    numbers, evidence = [], []
    for at, before in cancelled:
        if before > 43_200:
            numbers.append(0)
            continue
        recent = [one for one in evidence if not at - one > 2_592_000]
        numbers.append(len(recent) + 1)
        evidence.append(at)
        if len(recent) + 1 >= limit:
            evidence = []  # banned; lifted at once, and the count starts anew
    return numbers


def test_histories_count_as_a_slow_reading_of_the_rule_says():
    dice = random.Random(20260312)
    steps = [0, 1, 3_600, 86_400, 864_000, 1_296_000, 2_591_999, 2_592_000, 2_592_001]
    befores = [1, 43_199, 43_200, 43_201, 90_000]
    for _ in range(5_000):
        at, acts = 0, []
        for _ in range(dice.randint(1, 8)):
            at += dice.choice(steps)
            acts.append((at, dice.choice(befores)))
        evidence: list[datetime] = []
        found = []
        for second, before in acts:
            now = AT + second * SECOND
            counts = consequence([now + before * SECOND], evidence, now)
            found.append(counts.number)
            if counts.is_late:
                evidence = [] if counts.bans else [*evidence, now]
        assert found == slowly(acts), acts
