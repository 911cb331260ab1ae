"""Wall time and instants. The reference walks the minutes of real time and writes down what the clocks show."""

import logging
import os
import subprocess
import sys
from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from core import clock

LONDON = ZoneInfo("Europe/London")
APIA = ZoneInfo("Pacific/Apia")
MINUTE = timedelta(minutes=1)
# Zones and dates at which their clocks change: half an hour, two hours, a quarter-hour offset, a whole day, midnight.
CHANGES = [
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Antarctica/Troll", date(2026, 3, 29)),
    ("Antarctica/Troll", date(2026, 10, 25)),
    ("Asia/Kathmandu", date(1986, 1, 1)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Europe/London", date(2026, 3, 29)),
    ("Europe/London", date(2026, 10, 25)),
    ("America/Havana", date(2026, 3, 8)),
    ("America/Havana", date(2026, 11, 1)),
    ("America/St_Johns", date(2006, 10, 29)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Asia/Kolkata", date(2026, 6, 1)),
]


@cache
def first_shown(name: str, day: date) -> tuple[list[datetime], list[datetime]]:
    """Wall minutes around `day` in order, and the instant that first showed each: four days, minute by minute."""
    at = datetime.combine(day, time.min, UTC) - timedelta(days=2)
    shown: dict[datetime, datetime] = {}
    for _ in range(4 * 1440):
        shown.setdefault(at.astimezone(ZoneInfo(name)).replace(tzinfo=None, fold=0), at)
        at += MINUTE
    walls = sorted(shown)
    return walls, [shown[wall] for wall in walls]


def reference(name: str, day: date, wall: datetime) -> datetime:
    """The first instant that showed `wall`, or the earliest that showed anything later."""
    walls, instants = first_shown(name, day)
    return instants[bisect_left(walls, wall)]


@settings(max_examples=400)
@given(change=st.sampled_from(CHANGES), minute=st.integers(-300, 1740))
def test_wall_time_becomes_the_first_instant_that_shows_it_or_the_end_of_the_gap(change, minute):
    name, day = change
    wall = datetime.combine(day, time.min) + minute * MINUTE

    assert clock.to_instant(wall, ZoneInfo(name)) == reference(name, day, wall)


@settings(max_examples=100)
@given(change=st.sampled_from(CHANGES), start=st.integers(0, 1440), end=st.integers(0, 1440))
def test_a_working_range_holds_no_moment_before_its_start_or_after_its_end(change, start, end):
    name, day = change
    start, end = min(start, end), max(start, end)

    first, last = clock.wall_interval(day, start, end, ZoneInfo(name))

    assert first == reference(name, day, datetime.combine(day, time.min) + start * MINUTE)
    assert last == reference(name, day, datetime.combine(day, time.min) + end * MINUTE)
    assert first <= last


@settings(max_examples=100)
@given(change=st.sampled_from(CHANGES), seconds=st.integers(-3 * 86400, 3 * 86400))
def test_an_instant_comes_back_from_the_wall_unless_it_is_the_second_of_two(change, seconds):
    name, day = change
    instant = datetime.combine(day, time(12), UTC) + timedelta(seconds=seconds)

    shown = clock.local(instant, ZoneInfo(name))
    back = clock.to_instant(shown.replace(tzinfo=None), ZoneInfo(name))

    assert back < instant if clock.occurrence(shown) == "second" else back == instant


@pytest.mark.parametrize(("name", "day"), CHANGES)
def test_days_follow_each_other_without_gap_or_overlap(name, day):
    days = [clock.day_bounds(day + timedelta(days=i), ZoneInfo(name)) for i in range(-2, 3)]

    assert all(a[1] == b[0] for a, b in zip(days, days[1:], strict=False))
    assert all(start <= end for start, end in days)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_a_skipped_wall_time_is_the_first_instant_after_the_gap():
    assert clock.to_instant(datetime(2026, 3, 29, 1, 0), LONDON) == utc(2026, 3, 29, 1)
    assert clock.to_instant(datetime(2026, 3, 29, 1, 59, 59, 999_999), LONDON) == utc(2026, 3, 29, 1)


def test_a_repeated_wall_time_is_the_first_whatever_its_fold_says():
    assert clock.to_instant(datetime(2026, 10, 25, 1, 30), LONDON) == utc(2026, 10, 25, 0, 30)
    assert clock.to_instant(datetime(2026, 10, 25, 1, 30, fold=1), LONDON) == utc(2026, 10, 25, 0, 30)


def test_a_range_wholly_in_a_gap_is_empty_and_one_that_touches_it_loses_that_part():
    day = date(2026, 3, 29)

    assert clock.wall_interval(day, 60, 120, LONDON) == (utc(2026, 3, 29, 1), utc(2026, 3, 29, 1))
    assert clock.wall_interval(day, 30, 90, LONDON) == (utc(2026, 3, 29, 0, 30), utc(2026, 3, 29, 1))
    assert clock.wall_interval(day, 90, 180, LONDON) == (utc(2026, 3, 29, 1), utc(2026, 3, 29, 2))


def test_a_day_with_a_clock_change_has_23_or_25_hours():
    lengths = [clock.day_bounds(day, LONDON) for day in (date(2026, 3, 29), date(2026, 10, 25), date(2026, 6, 1))]

    assert [(end - start) / timedelta(hours=1) for start, end in lengths] == [23, 25, 24]


def test_a_day_the_calendar_skips_is_empty():
    assert clock.day_bounds(date(2011, 12, 30), APIA) == (utc(2011, 12, 30, 10), utc(2011, 12, 30, 10))
    assert clock.day_bounds(date(2011, 12, 31), APIA) == (utc(2011, 12, 30, 10), utc(2011, 12, 31, 10))


def test_the_end_of_the_day_is_minute_1440_and_there_is_no_other_beyond():
    assert clock.wall_minute_to_instant(date(2026, 7, 1), 1440, LONDON) == utc(2026, 7, 1, 23)
    for minute in (-1, 1441):
        with pytest.raises(ValueError, match="0 to 1440"):
            clock.wall_minute_to_instant(date(2026, 7, 1), minute, LONDON)


@pytest.mark.parametrize("name", ["Pacific/Apia", "America/New_York", "Asia/Kathmandu", "UTC"])
def test_the_first_and_the_last_year_raise_nothing(name):
    zone = ZoneInfo(name)

    for day in (date.min, date.max):
        start, end = clock.day_bounds(day, zone)
        assert clock.FIRST_INSTANT <= start < end <= clock.LAST_INSTANT
    for instant in (clock.FIRST_INSTANT, clock.LAST_INSTANT):
        shown = clock.local(instant, zone)
        assert shown.tzinfo is not None
        assert clock.to_instant(shown.replace(tzinfo=None), zone).year == instant.year
    clock.transitions(zone, clock.LAST_INSTANT - timedelta(days=3), clock.LAST_INSTANT)


def test_transitions_name_the_instant_and_both_offsets():
    hour = timedelta(hours=1)

    assert clock.transitions(LONDON, utc(2026, 1, 1), utc(2027, 1, 1)) == [
        (utc(2026, 3, 29, 1), 0 * hour, hour),
        (utc(2026, 10, 25, 1), hour, 0 * hour),
    ]
    assert clock.transitions(APIA, utc(2011, 12, 25), utc(2012, 1, 1)) == [
        (utc(2011, 12, 30, 10), -10 * hour, 14 * hour)
    ]
    assert clock.transitions(ZoneInfo("Asia/Kolkata"), utc(2026, 1, 1), utc(2027, 1, 1)) == []


def test_equal_wall_times_are_told_apart():
    shown = [clock.local(utc(2026, 10, 25, hour, 30), LONDON) for hour in (0, 1, 2)]

    assert [f"{moment:%H:%M}" for moment in shown] == ["01:30", "01:30", "02:30"]
    assert [clock.occurrence(moment) for moment in shown] == ["first", "second", ""]
    assert clock.occurrence(datetime(2026, 3, 29, 1, 30, tzinfo=LONDON)) == ""  # a gap is no repeat


def test_now_is_utc_and_follows_the_time_of_the_test():
    with time_machine.travel(utc(2026, 3, 12, 11, 2), tick=False):
        assert clock.now() == utc(2026, 3, 12, 11, 2)
        assert clock.now().tzinfo is UTC


# --- Names ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("Europe/Kyiv", "Europe/Kyiv"),
        ("Europe/Kiev", "Europe/Kyiv"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Asia/Katmandu", "Asia/Kathmandu"),
        ("America/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("US/Pacific", "America/Los_Angeles"),
        ("Europe/Amsterdam", "Europe/Amsterdam"),  # a link to Brussels in tzdata, and a place all the same
        ("Europe/Oslo", "Europe/Oslo"),
        ("UTC", "UTC"),
        ("Etc/UTC", "UTC"),
        ("Zulu", "UTC"),
    ],
)
def test_a_name_is_mapped_to_what_the_place_is_called_now(name, canonical):
    assert clock.canonical_zone(name) == canonical
    clock.validate_zone(name)


NO_ZONES = [
    "", " ", "Nowhere/Land", "europe/london", "EUROPE/LONDON", "Europe", "Europe/", "Europe/London ", "Europe/London\n",
    "../../etc/passwd", "/etc/passwd", "/usr/share/zoneinfo/Europe/London", "posixrules", "localtime",
    "posix/Europe/London",
    "right/Europe/London", "EST5EDT", "EST", "CET", "Etc/GMT+5", "GMT+5", "+05:00", "Factory", "zone.tab", "tzdata.zi",
    "Europe/London\0", "x" * 500, "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("name", NO_ZONES)
def test_what_is_no_place_is_refused(name):
    with pytest.raises(ValueError, match="Choose a time zone from the list"):
        clock.canonical_zone(name)
    with pytest.raises(ValidationError, match="Choose a time zone from the list"):
        clock.validate_zone(name)


@pytest.mark.parametrize("name", [*NO_ZONES, None, 7])
def test_what_is_no_place_is_harmless_when_stored(name):
    zone = clock.zone(name)

    assert zone.utcoffset(datetime(2026, 7, 1)) is not None
    clock.day_bounds(date(2026, 7, 1), zone)


def test_a_stored_name_that_nobody_can_read_is_utc_and_is_logged_once(caplog):
    with caplog.at_level(logging.WARNING, "core.clock"):
        zones = [clock.zone("Atlantis/Capital") for _ in range(3)]

    assert {zone.key for zone in zones} == {"UTC"}
    assert [record.getMessage() for record in caplog.records] == [
        "A stored time zone is unknown and was read as UTC: 'Atlantis/Capital'"
    ]


def test_every_choice_is_canonical_loads_and_has_a_label_of_its_own():
    names = [name for name, _ in clock.zone_choices()]
    labels = [label for _, label in clock.zone_choices()]

    assert len(names) > 400 and "UTC" in names
    assert [clock.canonical_zone(name) for name in names] == names
    assert [clock.zone(name).key for name in names] == names
    assert sorted(labels, key=str.casefold) == labels
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("name", "city", "label"),
    [
        ("Europe/Lisbon", "Lisbon", "Lisbon, Portugal"),
        ("America/New_York", "New York", "New York, United States"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires", "Buenos Aires, Argentina"),
        ("Europe/London", "London", "London, United Kingdom"),
        ("Asia/Singapore", "Singapore", "Singapore"),
        ("Antarctica/DumontDUrville", "Dumont d’Urville", "Dumont d’Urville, Antarctica"),
        ("UTC", "UTC", "UTC"),
    ],
)
def test_a_zone_is_called_by_its_city_and_country(name, city, label):
    assert clock.city_name(name) == city
    assert clock.zone_label(name) == label


def test_an_option_of_the_zone_list_says_what_time_it_is_there():
    assert clock.zone_label_now("Europe/Lisbon", utc(2026, 7, 1, 10, 2)) == "Lisbon, Portugal, now 11:02"
    assert (
        clock.zone_label_now("Asia/Kolkata", utc(2026, 7, 1, 10, 2), twelve_hour=True) == "Kolkata, India, now 3:32 pm"
    )


def test_the_rules_come_from_the_package_and_not_from_the_machine():
    asked = "from core import clock; import zoneinfo; print(zoneinfo.TZPATH)"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONTZPATH"}

    done = subprocess.run([sys.executable, "-c", asked], env=environment, capture_output=True, text=True, check=True)

    assert done.stdout == "()\n"


@pytest.mark.parametrize(
    ("one", "other", "moments", "differ"),
    [
        ("Europe/London", "Europe/London", [datetime(2026, 3, 3, 10, tzinfo=UTC)], False),
        ("Europe/London", "GB", [datetime(2026, 7, 3, 10, tzinfo=UTC)], False),
        ("Europe/London", "Europe/Lisbon", [datetime(2026, 3, 3, 10, tzinfo=UTC)], False),
        ("Europe/London", "America/New_York", [datetime(2026, 3, 3, 10, tzinfo=UTC)], True),
        ("Europe/London", "Africa/Abidjan", [datetime(2026, 3, 3, 10, tzinfo=UTC)], False),
        ("Europe/London", "Africa/Abidjan", [datetime(2026, 7, 3, 10, tzinfo=UTC)], True),
        # Alike at its start; London's clocks change before its end.
        (
            "Europe/London",
            "Africa/Abidjan",
            [datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)],
            True,
        ),
        ("Asia/Kolkata", "Asia/Kathmandu", [datetime(2026, 3, 3, 10, tzinfo=UTC)], True),
    ],
)
def test_zones_differ_where_their_clocks_show_another_time(one, other, moments, differ):
    assert clock.zones_differ(ZoneInfo(one), ZoneInfo(other), *moments) is differ
    assert clock.zones_differ(ZoneInfo(other), ZoneInfo(one), *moments) is differ
