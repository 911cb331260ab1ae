"""Slots against a slow reference that is obviously right: it asks every minute by itself."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from appointments.rules.obstacles import Asked, Obstacle, first_obstacle, obstacle_words, obstacles
from appointments.rules.slots import Facts, Rules, Shape, is_open, last_bookable_date, open_slots
from core import clock
from core.intervals import merge

MINUTE = timedelta(minutes=1)
NINE_TO_FIVE = {day: [(540, 1020)] for day in range(7)}


def shape(minutes=60, before=0, after=0, step=None):
    return Shape(
        timedelta(minutes=minutes),
        timedelta(minutes=before),
        timedelta(minutes=after),
        timedelta(minutes=step or minutes),
    )


def facts(zone="Europe/London", hours=None, **changes):
    wanted = {
        "zone": ZoneInfo(zone),
        "rules": Rules(notice=timedelta(0), window_days=60),
        "hours": NINE_TO_FIVE if hours is None else hours,
        "overrides": {},
        "taken": [],
    }
    return Facts(**(wanted | changes))


def day_slots(day, known, wanted, now):
    start, end = clock.day_bounds(day, known.zone)
    return [f"{at.astimezone(known.zone):%H:%M}" for at in open_slots(known, wanted, start, end, now=now)]


LONG_BEFORE = datetime(2026, 3, 1, tzinfo=UTC)
TUESDAY = date(2026, 3, 3)


def at(hour, minute=0, day=3):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_the_grid_starts_at_the_beginning_of_each_range_not_after_the_last_appointment():
    known = facts(hours={1: [(540, 750), (810, 1020)]}, taken=[(at(9), at(9, 45))])

    assert day_slots(TUESDAY, known, shape(60, step=45), LONG_BEFORE) == [
        "09:45",
        "10:30",
        "11:15",
        "13:30",
        "14:15",
        "15:00",
        "15:45",
    ]


def test_an_appointment_that_ends_at_ten_leaves_ten_free_and_one_second_of_overlap_does_not():
    free = facts(taken=[(at(9), at(10))])
    not_free = facts(taken=[(at(9), at(10) + timedelta(seconds=1))])

    assert is_open(free, shape(), at(10), now=LONG_BEFORE)
    assert not is_open(not_free, shape(), at(10), now=LONG_BEFORE)


def test_buffers_keep_their_distance_and_may_reach_outside_working_hours():
    known = facts(taken=[(at(12), at(13))])
    wanted = shape(60, before=15, after=30, step=15)

    slots = day_slots(TUESDAY, known, wanted, LONG_BEFORE)

    assert (slots[0], slots[-1]) == ("09:00", "16:00")
    assert "10:30" in slots and "10:45" not in slots
    assert "13:15" in slots and "13:00" not in slots


def test_ranges_that_touch_at_midnight_are_one_opening():
    known = facts(hours={1: [(1320, 1440)], 2: [(0, 120)]})

    assert is_open(known, shape(60, step=30), at(23, 30), now=LONG_BEFORE)
    assert not is_open(known, shape(60, step=30), at(1, 30, day=4), now=LONG_BEFORE)


def test_notice_window_and_caps():
    now = at(9, 1)
    known = facts(rules=Rules(notice=timedelta(hours=2), window_days=1))
    assert day_slots(TUESDAY, known, shape(), now)[0] == "12:00"
    assert day_slots(TUESDAY + timedelta(days=1), known, shape(), now) == [f"{h:02}:00" for h in range(9, 17)]
    assert day_slots(TUESDAY + timedelta(days=2), known, shape(), now) == []

    full_day = facts(rules=Rules(timedelta(0), 60, max_per_day=2), booked={TUESDAY: 2})
    assert day_slots(TUESDAY, full_day, shape(), LONG_BEFORE) == []
    assert day_slots(TUESDAY + timedelta(days=1), full_day, shape(), LONG_BEFORE) != []

    full = facts(rules=Rules(timedelta(0), 60, max_open=5), open_count=5)
    assert day_slots(TUESDAY, full, shape(), LONG_BEFORE) == []


@pytest.mark.parametrize(
    ("zone", "now", "last"),
    [
        # It is 3 March already on Kiritimati, 14 hours before UTC, and still 1 March on Niue, 11 hours behind.
        ("Pacific/Kiritimati", at(10, day=2), date(2026, 3, 4)),
        ("Pacific/Kiritimati", at(9, 59, day=2), date(2026, 3, 3)),
        ("Pacific/Niue", at(10, 59, day=2), date(2026, 3, 2)),
        ("Pacific/Niue", at(11, day=2), date(2026, 3, 3)),
    ],
)
def test_the_window_ends_by_the_dates_of_the_providers_own_clock(zone, now, last):
    known = facts(zone, rules=Rules(notice=timedelta(0), window_days=1))

    assert last_bookable_date(known.zone, known.rules, now) == last
    assert day_slots(last, known, shape(), now)[-1] == "16:00"
    assert day_slots(last + timedelta(days=1), known, shape(), now) == []


def test_notice_is_exact_to_the_second():
    known = facts(rules=Rules(notice=timedelta(hours=2), window_days=60))

    assert is_open(known, shape(), at(11), now=at(9))
    assert not is_open(known, shape(), at(11), now=at(9) + timedelta(seconds=1))


def test_an_override_replaces_the_day_and_an_empty_one_closes_it():
    known = facts(overrides={TUESDAY: [(600, 720)], TUESDAY + timedelta(days=1): []})

    assert day_slots(TUESDAY, known, shape(), LONG_BEFORE) == ["10:00", "11:00"]
    assert day_slots(TUESDAY + timedelta(days=1), known, shape(), LONG_BEFORE) == []


@pytest.mark.parametrize(
    ("zone", "day", "hours", "expected"),
    [
        # London springs forward at 01:00: what begins in the gap begins at 02:00, the grid counts elapsed time.
        ("Europe/London", date(2026, 3, 29), [(0, 240)], ["00:00", "02:00", "03:00"]),
        ("Europe/London", date(2026, 3, 29), [(90, 240)], ["02:00", "03:00"]),
        # and falls back at 02:00: 01:00 comes twice, both are real hours.
        ("Europe/London", date(2026, 10, 25), [(0, 180)], ["00:00", "01:00", "01:00", "02:00"]),
        # Lord Howe moves by half an hour, Troll by two hours.
        ("Australia/Lord_Howe", date(2026, 10, 4), [(60, 240)], ["01:00", "02:30"]),
        ("Antarctica/Troll", date(2026, 3, 29), [(0, 300)], ["00:00", "03:00", "04:00"]),
    ],
)
def test_clock_changes(zone, day, hours, expected):
    known = facts(zone, hours={day.weekday(): hours})

    assert day_slots(day, known, shape(), datetime(day.year, day.month, 1, tzinfo=UTC)) == expected


# --- The reference --------------------------------------------------------------------------------------------------


def reference_slots(known, wanted, start, end, *, now):
    """Every minute of the range, each asked by itself with the words of the rules."""
    found = []
    moment = start
    while moment < end:
        if reference_is_open(known, wanted, moment, now=now):
            found.append(moment)
        moment += MINUTE
    return found


def reference_is_open(known, wanted, start, *, now):
    local_today = now.astimezone(known.zone).date()
    ends_on = local_today + timedelta(days=known.rules.window_days)
    day = start.astimezone(known.zone).date()
    ranges = []
    for distance in range(-2, 3):
        some_day = day + timedelta(days=distance)
        minutes = known.overrides[some_day] if some_day in known.overrides else known.hours.get(some_day.weekday(), [])
        ranges += [
            (
                clock.wall_minute_to_instant(some_day, a, known.zone),
                clock.wall_minute_to_instant(some_day, b, known.zone),
            )
            for a, b in minutes
        ]
    on_grid = any(a <= start < b and (start - a) % wanted.step == timedelta(0) for a, b in ranges)
    length = int(wanted.duration / MINUTE)
    inside = all(any(a <= start + i * MINUTE < b for a, b in ranges) for i in range(length))
    blocked_from, blocked_to = start - wanted.before, start + wanted.duration + wanted.after
    free = not any(a < blocked_to and blocked_from < b for a, b in known.taken)
    in_notice = start >= now + known.rules.notice
    in_window = day <= ends_on
    caps = (known.rules.max_per_day is None or known.booked.get(day, 0) < known.rules.max_per_day) and (
        known.rules.max_open is None or known.open_count < known.rules.max_open
    )
    return on_grid and inside and free and in_notice and in_window and caps


ZONES = [
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Niue",
]


@cache
def changes_of(zone):
    """Every clock change of the zone in 75 years. Kathmandu's is of 1986; Apia left out a day in 2011."""
    return clock.transitions(ZoneInfo(zone), datetime(1960, 1, 1, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC))


def test_every_zone_of_the_random_calendars_changes_its_clocks():
    assert {zone: bool(changes_of(zone)) for zone in ZONES} == dict.fromkeys(ZONES, True)


@st.composite
def days_of(draw, zone):
    """A day near a clock change of the zone, or now and then any other."""
    if draw(st.integers(0, 3)):
        day = draw(st.sampled_from(changes_of(zone))).instant.astimezone(ZoneInfo(zone)).date()
        return day + timedelta(days=draw(st.integers(-1, 1)))
    return date(2026, 1, 2) + timedelta(days=draw(st.integers(0, 360)))


def minute_ranges():
    """Sorted ranges of one day that neither touch nor overlap, on a ten-minute raster."""

    def pairs(points):
        points = sorted(set(points))
        return [(a * 10, b * 10) for a, b in zip(points[::2], points[1::2], strict=False)]

    return st.lists(st.integers(0, 144), max_size=6).map(pairs)


@st.composite
def calendars(draw):
    zone = draw(st.sampled_from(ZONES))
    day = draw(days_of(zone))
    around = datetime.combine(day, datetime.min.time(), UTC)
    minutes = st.integers(-1440, 2880)
    taken = draw(st.lists(st.tuples(minutes, st.integers(1, 300)), max_size=5))
    now = around + timedelta(minutes=draw(st.integers(-3000, 600)))
    known = Facts(
        zone=ZoneInfo(zone),
        rules=Rules(
            notice=timedelta(minutes=draw(st.sampled_from([0, 60, 600]))),
            window_days=draw(st.sampled_from([1, 2, 60])),
            max_per_day=draw(st.sampled_from([None, None, 2])),
            max_open=draw(st.sampled_from([None, None, None, 3])),
        ),
        hours={weekday: draw(minute_ranges()) for weekday in range(7)},
        overrides=draw(
            st.dictionaries(st.integers(-1, 2).map(lambda n: day + timedelta(days=n)), minute_ranges(), max_size=2)
        ),
        taken=merge([(around + a * MINUTE, around + (a + b) * MINUTE) for a, b in taken]),
        booked={day: draw(st.integers(0, 3))},
        open_count=draw(st.integers(0, 4)),
    )
    wanted = Shape(
        duration=MINUTE * draw(st.sampled_from([10, 25, 45, 60, 90, 240])),
        before=MINUTE * draw(st.sampled_from([0, 0, 10, 35])),
        after=MINUTE * draw(st.sampled_from([0, 0, 15, 60])),
        step=MINUTE * draw(st.sampled_from([10, 15, 30, 45, 60])),
    )
    start = around + timedelta(minutes=draw(st.integers(-600, 600)))
    return known, wanted, start, start + timedelta(minutes=draw(st.integers(1, 1800))), now


NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@settings(max_examples=120)
@given(calendars())
@example((facts(hours={}), shape(), NEW_YEAR, NEW_YEAR + timedelta(days=1), NEW_YEAR))
def test_listed_slots_are_exactly_the_bookable_ones(case):
    known, wanted, start, end, now = case

    listed = open_slots(known, wanted, start, end, now=now)

    assert listed == reference_slots(known, wanted, start, end, now=now)
    assert all(is_open(known, wanted, slot, now=now) for slot in listed)


@settings(max_examples=60)
@given(calendars(), st.integers(0, 1800))
def test_a_start_is_open_exactly_when_the_list_has_it(case, minute):
    known, wanted, start, end, now = case
    moment = start + minute * MINUTE

    assert is_open(known, wanted, moment, now=now) == reference_is_open(known, wanted, moment, now=now)


# --- Why a start is not open -----------------------------------------------------------------------------------------

TEN = at(10)
TOMORROW = at(8, day=2)


@pytest.mark.parametrize(
    ("start", "changes", "expected"),
    [
        (TEN, {}, None),
        (at(7, day=2), {}, Obstacle.OVER),
        (at(9, day=2), {"rules": Rules(timedelta(hours=2), 60)}, Obstacle.NOTICE),
        (at(10, day=2), {"rules": Rules(timedelta(hours=2), 60)}, None),
        (at(10, day=9), {"rules": Rules(timedelta(0), 6)}, Obstacle.WINDOW),
        (at(8), {}, Obstacle.CLOSED),
        (at(16, 30), {}, Obstacle.CLOSED),
        (TEN, {"overrides": {TUESDAY: []}}, Obstacle.CLOSED),
        (at(10, 30), {}, Obstacle.GRID),
        (TEN, {"taken": [(at(10, 45), at(11))]}, Obstacle.TAKEN),
        (TEN, {"rules": Rules(timedelta(0), 60, max_per_day=2), "booked": {TUESDAY: 2}}, Obstacle.DAY_FULL),
        (TEN, {"rules": Rules(timedelta(0), 60, max_open=2), "open_count": 2}, Obstacle.FULL),
    ],
)
def test_the_obstacle_is_the_rule_that_stands_in_the_way(start, changes, expected):
    assert first_obstacle(Asked(facts(**changes), shape(60), start, TOMORROW)) == expected


@settings(max_examples=120)
@given(calendars())
def test_what_is_refused_has_an_obstacle_and_what_is_open_has_none(calendar):
    known, wanted, start, end, now = calendar
    starts = {start, end, *open_slots(known, wanted, start, end, now=now)}

    assert {one for one in starts if not obstacles(Asked(known, wanted, one, now))} == {
        one for one in starts if is_open(known, wanted, one, now=now)
    }


def test_every_obstacle_has_its_sentence():
    rules = Rules(notice=timedelta(hours=2), window_days=60)

    assert {found: obstacle_words(found, rules=rules, name="Maya") for found in Obstacle} == {
        Obstacle.OVER: "That time is over.",
        Obstacle.NOTICE: "That is too soon: Maya is booked at least 2 hours ahead.",
        Obstacle.WINDOW: "That is too far ahead: Maya can be booked at most 60 days ahead.",
        Obstacle.CLOSED: "Maya is not open for all of that time.",
        Obstacle.GRID: "Appointments of this service don’t start at that minute.",
        Obstacle.TAKEN: "That time is taken.",
        Obstacle.DAY_FULL: "Maya takes no more appointments on that day.",
        Obstacle.FULL: "Maya takes no more appointments until some are over.",
    }
