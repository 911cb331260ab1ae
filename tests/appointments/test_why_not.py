"""Why a start is not offered: a reason exactly where it is not open, and each by its name."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from appointments.rules.obstacles import Asked, Obstacle, obstacles
from appointments.rules.slots import Rules, is_open
from appointments.rules.why_not import (
    NAMING,
    Closed,
    DayFull,
    Entry,
    EntryKind,
    Full,
    Named,
    OffTheGrid,
    Over,
    Part,
    Taken,
    TooFarAhead,
    TooSoon,
    parts_by_date,
    reasons,
)
from appointments.states import HoldKind
from core.intervals import merge
from providers.models import DateOverride
from tests.appointments.test_slots import MINUTE, TUESDAY, at, calendars, facts, shape

TOMORROW = at(8, day=2)
NOTHING = Named([], {})
WEDNESDAY = TUESDAY + timedelta(days=1)


def asked(start, *, of=None, now=TOMORROW, **changes):
    return Asked(facts(**changes), of or shape(60), start, now)


def busy(start, end, before=0, after=0):
    return Entry(EntryKind.BUSY, (start, end), (start - before * MINUTE, end + after * MINUTE))


def taken_by(*entries):
    return {"taken": merge(entry.blocked for entry in entries)}


# --- Exactly where it is not open ------------------------------------------------------------------------------------


@st.composite
def questions(draw):
    """A start in a calendar at random, whose taken time comes from entries that may lie over each other."""
    known, wanted, start, end, now = draw(calendars())
    minutes = st.integers(-1440, 2880)
    lengths = st.tuples(minutes, st.integers(1, 300), st.sampled_from([0, 20]), st.sampled_from([0, 35]))
    entries = [
        busy(start + first * MINUTE, start + (first + length) * MINUTE, before, after)
        for first, length, before, after in draw(st.lists(lengths, max_size=5))
    ]
    overrides = {day: DateOverride(start_on=day, end_on=day, ranges=ranges) for day, ranges in known.overrides.items()}
    object.__setattr__(known, "taken", merge(entry.blocked for entry in entries))
    moments = [start, end, *(entry.blocked[1] for entry in entries)]
    return Asked(known, wanted, draw(st.sampled_from(moments)), now), Named(entries, overrides)


@settings(max_examples=300)
@given(questions())
@example((asked(at(10)), NOTHING))
@example((asked(at(23, 30), hours={1: [(1320, 1440)], 2: [(0, 120)]}), NOTHING))
def test_there_is_a_reason_exactly_where_the_start_is_not_open(question):
    one, named = question

    assert (reasons(one, named) == []) == is_open(one.facts, one.shape, one.start, now=one.now)


@settings(max_examples=200)
@given(questions())
def test_every_obstacle_is_named_and_nothing_else_is(question):
    one, named = question

    named_by = {Over: "over", TooSoon: "notice", TooFarAhead: "window", Closed: "closed", OffTheGrid: "grid"}
    named_by |= {Full: "full", DayFull: "day_full", Taken: "taken"}
    assert {named_by[type(reason)] for reason in reasons(one, named)} == set(obstacles(one))


@settings(max_examples=200)
@given(questions())
def test_the_dates_of_a_time_cover_it_without_gap_or_overlap(question):
    one, _ = question

    parts = list(parts_by_date(one).values())

    assert merge(parts) == [(one.start, one.end)]
    assert sum((end - start for start, end in parts), timedelta()) == one.shape.duration


def test_every_obstacle_and_every_kind_of_hold_can_be_named():
    assert set(NAMING) == set(Obstacle)
    assert {kind.value for kind in HoldKind} <= {kind.value for kind in EntryKind}


# --- By their names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "changes", "expected"),
    [
        (at(10), {}, []),
        (at(7, day=2), {"hours": {0: [(0, 1440)]}}, [Over()]),
        (at(10, day=2), {"rules": Rules(timedelta(hours=3), 60)}, [TooSoon(at(11, day=2))]),
        (at(10, day=9), {"rules": Rules(timedelta(0), 6)}, [TooFarAhead(date(2026, 3, 8))]),
        (at(8), {}, [Closed(TUESDAY, None)]),
        (at(10, 20), {}, [OffTheGrid(at(9), at(10), at(11))]),
        (at(16, 30), {}, [Closed(TUESDAY, None), OffTheGrid(at(9), at(16), None)]),
        (at(10), {"rules": Rules(timedelta(0), 60, max_open=4), "open_count": 5}, [Full(5, 4)]),
        (
            at(10),
            {"rules": Rules(timedelta(0), 60, max_per_day=2), "booked": {TUESDAY: 3}},
            [DayFull(TUESDAY, 3, 2)],
        ),
    ],
)
def test_a_rule_is_named_with_its_figures(start, changes, expected):
    assert reasons(asked(start, **changes), NOTHING) == expected


def test_all_that_stands_in_the_way_is_named_and_not_the_first_alone():
    entries = [busy(at(8), at(9, 10)), busy(at(9, 50), at(11))]
    rules = Rules(timedelta(days=2), 60, max_per_day=1, max_open=1)
    wanted = asked(at(9, 5), rules=rules, booked={TUESDAY: 1}, open_count=1, **taken_by(*entries))

    assert reasons(wanted, Named(entries, {})) == [
        TooSoon(TOMORROW + timedelta(days=2)),
        OffTheGrid(at(9), at(9), at(10)),
        Full(1, 1),
        DayFull(TUESDAY, 1, 1),
        Taken(entries[0], Part.TIME, Part.TIME),
        Taken(entries[1], Part.TIME, Part.TIME),
    ]


def test_the_override_of_the_date_is_named_and_only_for_its_own_part_of_the_time():
    override = DateOverride(start_on=WEDNESDAY, end_on=WEDNESDAY, ranges=[])
    hours = {1: [(1320, 1440)], 2: [(0, 120)]}
    open_late = asked(at(23, 30), of=shape(60, step=30), hours=hours)
    closed = asked(at(23, 30), of=shape(60, step=30), hours=hours, overrides={WEDNESDAY: []})

    assert reasons(open_late, NOTHING) == []
    assert reasons(closed, Named([], {WEDNESDAY: override})) == [Closed(WEDNESDAY, override)]


def test_of_ranges_over_each_other_the_grid_of_either_will_do():
    hours = {1: [(540, 1020), (570, 1020)]}

    assert reasons(asked(at(10), hours=hours), NOTHING) == reasons(asked(at(10, 30), hours=hours), NOTHING) == []


def test_of_ranges_over_each_other_the_nearest_starts_are_named():
    wanted = asked(at(10, 50), hours={1: [(540, 1020), (570, 1020)]})

    assert reasons(wanted, NOTHING) == [OffTheGrid(at(9, 30), at(10, 30), at(11, 30))]


@pytest.mark.parametrize(
    ("entry", "parts"),
    [
        (busy(at(10, 59), at(12)), (Part.TIME, Part.TIME)),
        (busy(at(9), at(9, 40), after=30), (Part.AFTER, Part.TIME)),
        (busy(at(11, 20), at(12), before=30), (Part.BEFORE, Part.TIME)),
        (busy(at(11, 10), at(12)), (Part.TIME, Part.AFTER)),
        (busy(at(9), at(9, 50)), (Part.TIME, Part.BEFORE)),
        (busy(at(11, 40), at(12), before=30), (Part.BEFORE, Part.AFTER)),
        (busy(at(9), at(9, 40), after=10), (Part.AFTER, Part.BEFORE)),
    ],
)
def test_the_part_of_an_entry_that_is_in_the_way_is_named(entry, parts):
    wanted = asked(at(10), of=shape(60, before=15, after=15), **taken_by(entry))

    assert reasons(wanted, Named([entry], {})) == [Taken(entry, *parts)]


def test_an_entry_that_only_touches_is_not_in_the_way():
    ends, begins, late = busy(at(9), at(9, 45)), busy(at(11, 15), at(12)), busy(at(10), at(10, 1))
    wanted = asked(at(10), of=shape(60, before=15, after=15), **taken_by(ends, begins, late))

    assert reasons(wanted, Named([ends, begins, late], {})) == [Taken(late, Part.TIME, Part.TIME)]


def test_the_second_run_of_the_late_evening_belongs_to_the_next_date():
    # Clocks in St John's once went back from a minute past midnight to 23:01.
    zone = ZoneInfo("America/St_Johns")
    second = datetime(2010, 11, 7, 3, tzinfo=UTC)
    assert f"{second.astimezone(zone):%a %H:%M}, {second.astimezone(zone).fold}" == "Sat 23:30, 1"

    wanted = asked(second, now=second - timedelta(days=1), zone="America/St_Johns", hours={})

    assert reasons(wanted, NOTHING) == [Closed(date(2010, 11, 7), None)]
