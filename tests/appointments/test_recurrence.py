"""The dates of a series against a slow reference that shares no code with it: no rrule, no `core.clock`."""

import calendar
import random
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from appointments.rules.recurrence import Rule, choices_for, expand, is_longer_than
from appointments.states import Frequency
from core import clock

ZONES = [
    "Europe/London", "Europe/Berlin", "Europe/Lisbon", "Europe/Dublin", "Europe/Athens", "Europe/Chisinau",
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/St_Johns",
    "America/Halifax", "America/Havana", "America/Santiago", "America/Asuncion", "America/Sao_Paulo",
    "America/Nuuk", "America/Miquelon", "America/Scoresbysund", "America/Anchorage", "Asia/Kathmandu",
    "Asia/Kolkata", "Asia/Tehran", "Asia/Jerusalem", "Asia/Beirut", "Asia/Gaza", "Asia/Tokyo", "Asia/Yangon",
    "Australia/Sydney", "Australia/Lord_Howe", "Australia/Adelaide", "Australia/Perth", "Pacific/Auckland",
    "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Niue", "Pacific/Norfolk", "Antarctica/Troll",
    "Africa/Cairo", "Africa/Casablanca",
]  # fmt: skip
RULES = 10_000
ONE_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)


def reference(frequency, first, zone, count, until):
    """The instants, found by walking the calendar day by day and asking the zone what its clocks show."""
    wall = first.astimezone(zone).replace(tzinfo=None, fold=0)
    starts, day = [first], wall.date()
    while True:
        day += ONE_DAY
        if (until and day > until) or (count and len(starts) == count) or len(starts) == 52:
            return starts
        if falls_on(frequency, wall.date(), day):
            start = instant(datetime.combine(day, wall.time()), zone)
            if start > starts[-1]:
                starts.append(start)


def falls_on(frequency, first, day):
    days = (day - first).days
    last_of_month = calendar.monthrange(day.year, day.month)[1]
    same_weekday = day.weekday() == first.weekday()
    return {
        Frequency.DAILY: True,
        Frequency.WEEKLY: days % 7 == 0,
        Frequency.FORTNIGHTLY: days % 14 == 0,
        Frequency.MONTHLY_DATE: day.day == first.day,
        Frequency.MONTHLY_WEEKDAY: same_weekday and (day.day + 6) // 7 == (first.day + 6) // 7,
        Frequency.MONTHLY_LAST: same_weekday and day.day + 7 > last_of_month,
    }[frequency]


def instant(wall, zone):
    """The first instant at which the zone's clocks show `wall`, or the first after the gap that skips it."""
    around = datetime.combine(wall.date(), wall.time(), tzinfo=UTC)
    shown = [at for offset in offsets(zone) if shows(at := around - offset, zone) == wall]
    if shown:
        return min(shown)
    at = around - max(offsets(zone))
    while shows(at + A_MINUTE, zone) < wall:
        at += A_MINUTE
    return at + A_MINUTE


@cache
def offsets(zone):
    """The offsets from UTC that the zone has in the years of these rules."""
    noons = (datetime(2011, 6, 1, 12, tzinfo=UTC) + n * ONE_DAY for n in range(24 * 366))
    return {noon.astimezone(zone).utcoffset() for noon in noons}


def shows(at, zone):
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def test_ten_thousand_rules_in_forty_zones_equal_the_reference():
    chance = random.Random("series")
    assert len(set(ZONES)) == 40
    for number in range(RULES):
        zone = ZoneInfo(ZONES[number % len(ZONES)])
        first = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * chance.randrange(5 * 365 * 96))
        frequency = chance.choice(choices_for(first.astimezone(zone).date()))
        count = chance.randint(2, 12) if chance.random() < 0.8 else chance.randint(13, 52)
        until = None
        if chance.random() < 0.3:
            count, until = None, first.astimezone(zone).date() + timedelta(days=chance.randint(1, 150))
        rule = Rule(frequency, first, clock.zone(zone.key), count, until)

        found = expand(rule, most=52).starts

        assert found == reference(frequency, first, zone, count, until), rule


@pytest.mark.parametrize("name", ["Europe/London", "America/Sao_Paulo", "Australia/Lord_Howe", "Antarctica/Troll"])
@pytest.mark.parametrize("minute", [0, 30, 60, 90, 120, 150, 1410])
def test_daily_series_over_every_change_of_a_year_equals_the_reference(name, minute):
    zone = ZoneInfo(name)
    for change in clock.transitions(zone, datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)):
        day = change.instant.astimezone(zone).date() - 3 * ONE_DAY
        first = clock.wall_minute_to_instant(day, minute, zone)

        found = expand(Rule(Frequency.DAILY, first, zone, count=7), most=52).starts

        assert found == reference(Frequency.DAILY, first, zone, 7, None)
        assert len(set(found)) == 7


def rule_from(text, frequency, zone="Europe/London", **ends):
    first = clock.to_instant(datetime.fromisoformat(text), clock.zone(zone))
    return Rule(frequency, first, clock.zone(zone), **ends)


def days(rule, most=52):
    return [one.day.isoformat() for one in expand(rule, most=most).occurrences]


def test_months_without_the_31st_are_left_out_and_named():
    rule = rule_from("2027-01-31T10:00", Frequency.MONTHLY_DATE, count=4)

    assert days(rule) == ["2027-01-31", "2027-03-31", "2027-05-31", "2027-07-31"]
    assert expand(rule, most=52).without == (date(2027, 2, 1), date(2027, 4, 1), date(2027, 6, 1))


def test_29_february_comes_again_in_every_month_that_has_it():
    rule = rule_from("2028-02-29T10:00", Frequency.MONTHLY_DATE, until=date(2029, 4, 1))

    assert days(rule)[-2:] == ["2029-01-29", "2029-03-29"]
    assert expand(rule, most=52).without == (date(2029, 2, 1),)


def test_last_friday_is_the_last_in_months_of_four_and_of_five():
    rule = rule_from("2026-10-30T10:00", Frequency.MONTHLY_LAST, count=4)

    assert days(rule) == ["2026-10-30", "2026-11-27", "2026-12-25", "2027-01-29"]
    assert expand(rule, most=52).without == ()


def test_fifth_friday_is_left_out_where_a_month_has_four():
    rule = rule_from("2026-10-30T10:00", Frequency.MONTHLY_WEEKDAY, count=3)

    assert days(rule) == ["2026-10-30", "2027-01-29", "2027-04-30"]
    assert expand(rule, most=52).without == (
        date(2026, 11, 1), date(2026, 12, 1), date(2027, 2, 1), date(2027, 3, 1),
    )  # fmt: skip


def test_weeks_go_on_over_week_53_and_new_year():
    assert days(rule_from("2026-12-24T10:00", Frequency.WEEKLY, count=3)) == ["2026-12-24", "2026-12-31", "2027-01-07"]


def test_skipped_wall_time_begins_right_after_the_gap_and_says_so():
    found = expand(rule_from("2027-03-21T01:30", Frequency.WEEKLY, count=3), most=52).occurrences

    assert [one.start.isoformat() for one in found] == [
        "2027-03-21T01:30:00+00:00", "2027-03-28T01:00:00+00:00", "2027-04-04T00:30:00+00:00",
    ]  # fmt: skip
    assert [one.has_moved for one in found] == [False, True, False]


def test_wall_time_that_comes_twice_is_the_first_one():
    found = expand(rule_from("2026-10-18T01:30", Frequency.WEEKLY, count=2), most=52).starts

    assert found[1].isoformat() == "2026-10-25T00:30:00+00:00"


def test_date_that_a_calendar_skips_is_not_shown_twice():
    """Samoa had no 30 December 2011: what would begin at its midnight begins when the next date does."""
    rule = rule_from("2011-12-28T00:00", Frequency.DAILY, "Pacific/Apia", count=4)

    starts = expand(rule, most=52).starts

    assert len(set(starts)) == len(starts) == 3


def test_no_series_is_longer_than_is_allowed():
    rule = rule_from("2026-03-03T10:00", Frequency.DAILY, until=date(2026, 12, 31))

    assert len(days(rule, most=12)) == 12
    assert is_longer_than(rule, 12)
    assert not is_longer_than(rule, 365)


@pytest.mark.parametrize(("day", "offered"), [(date(2026, 3, 3), False), (date(2026, 3, 25), True)])
def test_the_last_weekday_is_offered_only_for_one(day, offered):
    assert (Frequency.MONTHLY_LAST in choices_for(day)) is offered
