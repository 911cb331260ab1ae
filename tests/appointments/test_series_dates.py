"""The dates of a series against any calendar: what is settled can be booked, in any order, by the rule of the slots."""

import random
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from appointments.rules.recurrence import Rule, choices_for, expand
from appointments.rules.series import Outcome, Prospect, settle
from appointments.rules.slots import Facts, Rules, Shape, is_open, with_appointment
from core import clock
from core.intervals import merge

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
ZONES = ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]


@st.composite
def prospects(draw):
    zone = clock.zone(draw(st.sampled_from(ZONES)))
    quarters = st.integers(0, 100 * 96)
    taken = [
        (NOW + start * QUARTER, NOW + (start + length) * QUARTER)
        for start, length in draw(st.lists(st.tuples(quarters, st.integers(1, 40)), max_size=60))
    ]
    facts = Facts(
        zone=zone,
        rules=Rules(
            notice=timedelta(hours=draw(st.sampled_from([0, 2, 48]))),
            window_days=draw(st.sampled_from([10, 30, 90])),
            max_per_day=draw(st.sampled_from([None, 1, 2])),
            max_open=draw(st.sampled_from([None, 3, 50])),
        ),
        hours={day: [(480, 1020)] for day in draw(st.sets(st.integers(0, 6), min_size=1))},
        overrides={date(2026, 3, 10): [], date(2026, 3, 29): [(60, 240)]},
        taken=merge(taken),
    )
    shape = Shape(timedelta(minutes=draw(st.sampled_from([15, 45, 90]))), QUARTER, timedelta(), 2 * QUARTER)
    return Prospect(facts, shape, NOW)


@st.composite
def rules(draw, prospect):
    first = NOW + draw(st.integers(1, 30 * 48)) * 2 * QUARTER
    frequency = draw(st.sampled_from(choices_for(first.astimezone(prospect.facts.zone).date())))
    return Rule(frequency, first, prospect.facts.zone, count=draw(st.integers(2, 20)))


@given(st.data())
def test_what_is_settled_can_be_booked_together_in_any_order(data):
    prospect = data.draw(prospects())
    occurrences = expand(data.draw(rules(prospect)), most=52).occurrences
    picks = {
        number: data.draw(st.sampled_from([None, occurrences[0].start + 4 * QUARTER, occurrences[-1].start]))
        for number in data.draw(st.sets(st.integers(1, len(occurrences))))
    }

    dates = settle(prospect, occurrences, picks, suggests=data.draw(st.booleans()))

    starts = [one.start for one in dates if one.start]
    random.Random(len(starts)).shuffle(starts)
    facts = prospect.facts
    for start in starts:
        assert is_open(facts, prospect.shape, start, now=NOW)
        facts = with_appointment(facts, prospect.shape, start)
    assert [one.number for one in dates] == [one.number for one in occurrences]
    for one in dates:
        assert (one.start is not None) == (one.outcome in {Outcome.OPEN, Outcome.OTHER})
        assert one.outcome is not Outcome.OPEN or one.start == one.occurrence.start
        if one.outcome is Outcome.SKIPPED:
            assert picks[one.number] is None
        elif one.number in picks and picks[one.number] is not None and one.start:
            assert one.start == picks[one.number]


@given(st.data())
def test_each_offer_is_open_beside_the_dates_at_their_own_time(data):
    prospect = data.draw(prospects())
    occurrences = expand(data.draw(rules(prospect)), most=52).occurrences

    dates = settle(prospect, occurrences, {}, suggests=False)

    booked = prospect
    for one in dates:
        booked = booked.with_booked(one.start) if one.start else booked
    for one in dates:
        assert all(booked.is_open(offer) for offer in one.offers)
        assert one.outcome is not Outcome.WINDOW or not one.offers
