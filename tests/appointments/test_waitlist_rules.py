"""Who of a waitlist is offered which time and until when, decided from facts in hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from appointments.rules.slots import Facts, Rules, Shape
from appointments.rules.waitlist import (
    Asking,
    Offering,
    Openings,
    Waiting,
    Want,
    choose,
    number_in_line,
    offer_until,
    suggested,
    without_openings,
)
from appointments.rules.wishes import days_words, never_met, parts_words

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LONDON, MADRID = ZoneInfo("Europe/London"), ZoneInfo("Europe/Madrid")
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
NOW = MONDAY + 12 * HOUR
SHAPE = Shape(HOUR, timedelta(), timedelta(), HOUR)
ANYTHING = Want(date(2026, 3, 1), date(2026, 3, 31), 0b1111111, 0b111, LONDON)
ASKING = Asking(kept=30 * MINUTE, notice=2 * HOUR)


def facts(first="10:00", last="11:00"):
    minutes = [int(hour) * 60 + int(minute) for hour, minute in (each.split(":") for each in (first, last))]
    hours = {day: [(minutes[0], minutes[1])] for day in range(7)}
    return Facts(LONDON, Rules(notice=2 * HOUR, window_days=60), hours, {}, [])


def waiting(key=1, want=ANYTHING, **values):
    return Waiting(key, SHAPE, SHAPE, want, values.pop("home", LONDON), **values)


def chosen(line, *, of=None, days=2, now=NOW, asking=ASKING):
    found = choose(Openings(of or facts(), (now, MONDAY + days * DAY), now), line, asking)
    return [(each.key, each.start - MONDAY) for each in found]


def test_the_first_of_the_line_gets_the_first_time_and_the_next_the_next_one():
    assert chosen([waiting(1), waiting(2), waiting(3)], days=3) == [(1, DAY + 10 * HOUR), (2, 2 * DAY + 10 * HOUR)]


@pytest.mark.parametrize(
    ("want", "fits"),
    [
        (ANYTHING, True),
        (Want(date(2026, 3, 3), date(2026, 3, 3), 0b0000010, 0b001, LONDON), True),
        (Want(date(2026, 3, 4), date(2026, 3, 9), 0b1111111, 0b111, LONDON), False),
        (Want(date(2026, 3, 1), date(2026, 3, 2), 0b1111111, 0b111, LONDON), False),
        (Want(date(2026, 3, 3), date(2026, 3, 3), 0b1111101, 0b111, LONDON), False),
        (Want(date(2026, 3, 3), date(2026, 3, 3), 0b1111111, 0b110, LONDON), False),
        # Half past eleven in London is the afternoon in Kathmandu.
        (Want(date(2026, 3, 3), date(2026, 3, 3), 0b1111111, 0b010, ZoneInfo("Asia/Kathmandu")), True),
        (Want(date(2026, 3, 1), date(2026, 3, 31), 0b1111111, 0b111, LONDON, before=MONDAY + DAY + 10 * HOUR), False),
        (Want(date(2026, 3, 1), date(2026, 3, 31), 0b1111111, 0b111, LONDON, before=MONDAY + DAY + 11 * HOUR), True),
    ],
)
def test_dates_weekdays_and_parts_of_the_day_decide_where_they_are_meant(want, fits):
    assert bool(chosen([waiting(want=want)])) is fits


TUESDAYS = Want(date(2026, 3, 3), date(2026, 3, 3), 0b0000010, 0b001, LONDON)
EACH_TUESDAY = replace(ANYTHING, weekdays=0b0000010)


@pytest.mark.parametrize(
    ("want", "other", "meet"),
    [
        (ANYTHING, ANYTHING, True),
        (TUESDAYS, ANYTHING, True),
        (TUESDAYS, replace(TUESDAYS, parts=0b110), False),
        (TUESDAYS, replace(ANYTHING, weekdays=0b1111101), False),
        (TUESDAYS, replace(ANYTHING, first_on=date(2026, 3, 4)), False),
        (TUESDAYS, replace(ANYTHING, last_on=date(2026, 3, 3)), True),
        # Both want Tuesdays, and their dates have none in common.
        (EACH_TUESDAY, replace(ANYTHING, first_on=date(2026, 3, 25), last_on=date(2026, 3, 30)), False),
        (TUESDAYS, replace(ANYTHING, before=MONDAY + 12 * HOUR), False),
        # Of another zone the nearest days may be meant, and the parts of the day are others.
        (TUESDAYS, Want(date(2026, 3, 4), date(2026, 3, 4), 0b0000100, 0b110, MADRID), True),
        (TUESDAYS, Want(date(2026, 3, 5), date(2026, 3, 5), 0b1111111, 0b111, MADRID), False),
    ],
)
def test_two_wishes_meet_where_one_time_could_fit_both(want, other, meet):
    assert (want.may_meet(other), other.may_meet(want)) == (meet, meet)
    assert number_in_line(2, [(1, other), (2, want), (3, other)]) == ((1, 3) if meet else (0, 1))


def test_of_the_days_without_an_opening_those_are_suggested_that_are_booked_up():
    days = [date(2026, 3, number) for number in range(1, 13)]
    opens = {days[3], days[7]}
    ranges = without_openings(days, opens=opens, full={days[1], days[5], days[10]})

    assert ranges == [(days[0], days[2]), (days[4], days[6]), (days[8], days[11])]
    assert without_openings(days, opens=opens, full={days[5]}) == [(days[4], days[6])]
    # The day itself, else sooner, else the first.
    wanted = [(days[5], ranges[1]), (days[7], ranges[1]), (None, ranges[0]), (days[0] - DAY, ranges[0])]
    assert [suggested(ranges, near) for near, _ in wanted] == [found for _, found in wanted]
    assert suggested([], days[0]) is None


def test_who_is_busy_was_asked_before_or_may_not_take_it_is_passed_over():
    ten = MONDAY + DAY + 10 * HOUR
    line = [
        waiting(1, busy=[(ten + 30 * MINUTE, ten + 2 * HOUR)]),
        waiting(2, asked=[(ten - 30 * MINUTE, ten + 30 * MINUTE)]),
        waiting(3, may_take=lambda start, chosen: start != ten),
        waiting(4, busy=[(ten + HOUR, ten + 2 * HOUR)], asked=[(ten - HOUR, ten)]),
    ]

    assert chosen(line) == [(4, ten - MONDAY)]


def test_an_offered_time_counts_on_the_caps_for_the_next():
    full = facts("10:00", "12:00")
    capped = Facts(LONDON, Rules(2 * HOUR, 60, max_per_day=1), full.hours, {}, [])

    assert chosen([waiting(1), waiting(2)], of=full) == [(1, DAY + 10 * HOUR), (2, DAY + 11 * HOUR)]
    assert chosen([waiting(1), waiting(2)], of=capped) == [(1, DAY + 10 * HOUR)]


@pytest.mark.parametrize(
    ("now", "start", "home", "at_night", "asked", "kept"),
    [
        # By day for as long as the provider says; near the start a third of what is left before the notice.
        (NOW, NOW + DAY, LONDON, False, NOW, 30),
        (NOW, NOW + 2 * HOUR + 60 * MINUTE, LONDON, False, NOW, 20),
        (NOW, NOW + 2 * HOUR + 16 * MINUTE, LONDON, False, NOW, 5),
        (NOW, NOW + 2 * HOUR + 6 * MINUTE, LONDON, False, NOW, 5),
        # At night in the morning, on the customer's own clock.
        (MONDAY + 22 * HOUR, MONDAY + 2 * DAY, LONDON, False, MONDAY + DAY + 7 * HOUR, 30),
        (MONDAY + 6 * HOUR, MONDAY + 2 * DAY, LONDON, False, MONDAY + 7 * HOUR, 30),
        (MONDAY + 6 * HOUR, MONDAY + 2 * DAY, MADRID, False, MONDAY + 6 * HOUR, 30),
        (MONDAY + 21 * HOUR, MONDAY + 2 * DAY, MADRID, False, MONDAY + DAY + 6 * HOUR, 30),
        (MONDAY + 7 * HOUR, MONDAY + 2 * DAY, LONDON, False, MONDAY + 7 * HOUR, 30),
        (MONDAY + 22 * HOUR, MONDAY + 2 * DAY, LONDON, True, MONDAY + 22 * HOUR, 30),
        # Unless the start is so near that the morning leaves no time.
        (MONDAY + 23 * HOUR, MONDAY + DAY + 9 * HOUR, LONDON, False, MONDAY + 23 * HOUR, 30),
        (MONDAY + 6 * HOUR, MONDAY + 9 * HOUR + 15 * MINUTE, LONDON, False, MONDAY + 7 * HOUR, 5),
        (MONDAY + 6 * HOUR, MONDAY + 9 * HOUR + 14 * MINUTE, LONDON, False, MONDAY + 6 * HOUR, 24),
    ],
)
def test_when_somebody_is_asked_and_for_how_long_a_time_is_kept(now, start, home, at_night, asked, kept):
    asking = Asking(ASKING.kept, ASKING.notice, at_night)

    made = offer_until(waiting(home=home), start, asking, now=now)

    assert made == Offering(1, start, asked, asked + kept * MINUTE)


def test_what_leaves_less_than_five_minutes_is_offered_to_nobody():
    start = NOW + 2 * HOUR + 5 * MINUTE

    assert offer_until(waiting(), start, ASKING, now=NOW)
    assert offer_until(waiting(), start - MINUTE, ASKING, now=NOW) is None


def test_an_offer_ends_before_its_appointment_can_no_longer_be_moved():
    made = offer_until(waiting(until=NOW + 60 * MINUTE), NOW + DAY, ASKING, now=NOW)

    assert made is not None and made.expires_at == NOW + 20 * MINUTE
    assert offer_until(waiting(until=NOW + 4 * MINUTE), NOW + DAY, ASKING, now=NOW) is None


@pytest.mark.parametrize(
    ("days", "parts", "words"),
    [
        (0b1111111, 0b111, "any day, any time"),
        (0b0011111, 0b001, "weekdays, mornings"),
        (0b1100000, 0b110, "weekends, afternoons and evenings"),
        (0b0001010, 0b101, "Tuesdays and Thursdays, mornings and evenings"),
        (0b0000111, 0b010, "Mondays, Tuesdays and Wednesdays, afternoons"),
    ],
)
def test_what_is_wanted_in_words(days, parts, words):
    assert f"{days_words(days)}, {parts_words(parts)}" == words


@pytest.mark.parametrize(
    ("want", "why"),
    [
        (ANYTHING, ""),
        # It is Monday, noon: what is left of today is an afternoon and an evening.
        (Want(date(2026, 3, 2), date(2026, 3, 2), 0b1111111, 0b010, LONDON), ""),
        (Want(date(2026, 3, 2), date(2026, 3, 2), 0b1111111, 0b001, LONDON), "no mornings any more"),
        (Want(date(2026, 3, 3), date(2026, 3, 3), 0b1000000, 0b111, LONDON), "is a Tuesday, and you chose Sundays"),
        (Want(date(2026, 3, 3), date(2026, 3, 4), 0b1100000, 0b111, LONDON), "no weekends in these dates, only Tue"),
        (Want(date(2026, 3, 3), date(2026, 3, 9), 0b1000000, 0b111, LONDON, MONDAY + 4 * DAY), "before your appoint"),
        (Want(date(2026, 3, 3), date(2026, 3, 9), 0b1111111, 0b111, LONDON, MONDAY), "is on Mon 2 March."),
        (Want(date(2026, 3, 3), date(2026, 3, 3), 0b1111111, 0b010, LONDON, MONDAY + DAY + 12 * HOUR), "no afternoons"),
        (Want(date(2026, 3, 3), date(2026, 3, 3), 0b1111111, 0b010, LONDON, MONDAY + DAY + 13 * HOUR), ""),
    ],
)
def test_a_wish_that_no_time_can_ever_meet_is_told_why(want, why):
    said = never_met(want, now=NOW)
    assert why in said and bool(said) is bool(why)
