"""How dates, times, lengths and names of zones are written."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core import wording

LONDON = ZoneInfo("Europe/London")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "zone", "twelve", "written"),
    [
        (utc(2026, 3, 12, 14, 20), "Europe/London", False, "14:20"),
        (utc(2026, 3, 12, 14, 20), "Europe/London", True, "2:20 pm"),
        (utc(2026, 3, 12, 14, 20), "America/New_York", False, "10:20"),
        (utc(2026, 3, 12, 14, 20), "Asia/Kathmandu", True, "8:05 pm"),
        (utc(2026, 3, 12, 0, 0), "Europe/London", True, "00:00"),
        (utc(2026, 3, 12, 12, 0), "Europe/London", True, "12:00"),
        (utc(2026, 3, 12, 0, 5), "Europe/London", True, "12:05 am"),
        (utc(2026, 3, 12, 12, 5), "Europe/London", True, "12:05 pm"),
        (utc(2026, 10, 25, 0, 30), "Europe/London", False, "01:30, first"),
        (utc(2026, 10, 25, 1, 30), "Europe/London", False, "01:30, second"),
        (utc(2026, 10, 25, 2, 30), "Europe/London", False, "02:30"),
        (utc(2026, 10, 25, 0, 30), "Europe/London", True, "1:30 am, first"),
        (utc(2026, 3, 29, 1, 30), "Europe/London", False, "02:30"),
        (utc(2026, 4, 4, 14, 45), "Australia/Lord_Howe", False, "01:45, first"),
        (utc(2026, 4, 4, 15, 15), "Australia/Lord_Howe", False, "01:45, second"),
    ],
)
def test_a_clock_is_read_in_the_zone_named(moment, zone, twelve, written):
    assert wording.clock_text(moment, zone, twelve=twelve) == written


@pytest.mark.parametrize(
    ("moment", "zone", "written", "why"),
    [
        (utc(2026, 3, 12, 14, 20), "Europe/London", "14:20", ""),
        (utc(2026, 10, 25, 2, 0), "Europe/London", "02:00", ""),
        (
            utc(2026, 10, 25, 0, 0),
            "Europe/London",
            "the first 01:00",
            "Clocks in London go back that day, so the time from 01:00 to 02:00 comes twice: "
            "first at GMT+1, then at GMT.",
        ),
        (
            utc(2026, 10, 25, 1, 59),
            "Europe/London",
            "the second 01:59",
            "Clocks in London go back that day, so the time from 01:00 to 02:00 comes twice: "
            "first at GMT+1, then at GMT.",
        ),
        (
            utc(2026, 4, 4, 14, 45),
            "Australia/Lord_Howe",
            "the first 01:45",
            "Clocks in Lord Howe go back that day, so the time from 01:30 to 02:00 comes twice: "
            "first at GMT+11, then at GMT+10:30.",
        ),
        (
            utc(2026, 10, 25, 2, 30),
            "Antarctica/Troll",
            "the second 02:30",
            "Clocks in Troll go back that day, so the time from 01:00 to 03:00 comes twice: "
            "first at GMT+2, then at GMT.",
        ),
    ],
)
def test_a_sentence_names_a_repeated_time_and_says_why(moment, zone, written, why):
    assert wording.clock_text(moment, zone, spoken=True) == written
    assert wording.why_repeated(moment, zone) == why


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="without a zone"):
        wording.clock_text(datetime(2026, 3, 12, 14, 20), LONDON)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("options", "written"),
    [
        ({}, "Thu 12 March"),
        ({"long": True}, "Thursday 12 March"),
        ({"this_year": 2025}, "Thu 12 March 2026"),
        ({"year": True, "long": True}, "Thursday 12 March 2026"),
        ({"year": False, "this_year": 2025}, "Thu 12 March"),
    ],
)
def test_a_date_says_its_year_when_it_is_another(options, written):
    assert wording.date_text(date(2026, 3, 12), **{"this_year": 2026, **options}) == written


def test_a_range_across_midnight_says_both_dates():
    start, end = utc(2026, 3, 12, 23, 30), utc(2026, 3, 13, 0, 15)

    here = wording.range_text(start, end, LONDON, year=False)
    there = wording.range_text(start, end, "America/New_York", year=False)

    assert here == "Thu 12 March, 23:30 to Fri 13 March, 00:15"
    assert there == "Thu 12 March, 19:30 to 20:15"


@pytest.mark.parametrize(
    ("length", "written"),
    [
        (45, "45 min"),
        (60, "1 h"),
        (90, "1 h 30 min"),
        (0, "0 min"),
        (318, "5 h 18 min"),
        (timedelta(hours=47, minutes=59, seconds=59), "47 h 59 min"),
        (timedelta(days=3, hours=2, minutes=5), "3 days 2 h"),
    ],
)
def test_a_length_is_written_in_hours_and_minutes(length, written):
    assert wording.duration_text(length) == written


def test_a_zone_is_called_by_its_city_and_by_its_offset_only_when_asked():
    summer, winter = utc(2026, 7, 1, 12), utc(2026, 1, 1, 12)

    assert wording.zone_text("America/New_York") == "New York time"
    assert wording.zone_text(LONDON, at=winter) == "London time (GMT)"
    assert wording.zone_text(LONDON, at=summer) == "London time (GMT+1)"
    assert wording.zone_text("Asia/Kathmandu", at=summer) == "Kathmandu time (GMT+5:45)"
    assert wording.zone_text("America/St_Johns", at=winter) == "St John’s time (GMT−3:30)"


def test_the_machine_reads_the_offset_of_that_moment():
    assert wording.iso(utc(2026, 7, 1, 12), LONDON) == "2026-07-01T13:00+01:00"
    assert wording.iso(utc(2026, 10, 25, 1, 30), LONDON) == "2026-10-25T01:30+00:00"
    assert wording.iso(utc(2026, 7, 1, 12)) == "2026-07-01T12:00+00:00"


@pytest.mark.parametrize(
    ("days", "said"), [(0, "today"), (1, "tomorrow"), (-1, "yesterday"), (2, "in 2 days"), (-9, "9 days ago")]
)
def test_distance_is_said_in_days(days, said):
    assert wording.day_distance(date(2026, 3, 12) + timedelta(days=days), date(2026, 3, 12)) == said


def test_initials_are_first_and_last():
    assert [wording.initials(name) for name in ("Maya Okafor", "Ana de la Cruz", "Björk", "", "  “Ł” ")] == [
        "MO",
        "AC",
        "B",
        "?",
        "?",
    ]
