"""Days and quarters: what the index stores, and what a search means by a part of somebody's day."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments.rules.parts import part_of
from appointments.search import quarters
from appointments.search.quarters import ALL, PARTS, bits_by_day, day_number, key_start, spans
from core import clock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ZONES = ["UTC", "Europe/London", "Pacific/Kiritimati", "Pacific/Niue", "Asia/Kathmandu", "Australia/Lord_Howe",
         "Antarctica/Troll", "America/St_Johns", "Pacific/Apia", "Pacific/Chatham"]  # fmt: skip
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))


def test_a_start_sets_the_bit_of_its_quarter():
    day = day_number(NOON.date())

    found = bits_by_day([NOON, NOON + timedelta(minutes=14), NOON - timedelta(minutes=1)])

    assert found == {day: 1 << 48 | 1 << 47}


def test_any_part_of_the_day_means_every_quarter_from_the_start_on():
    found = spans(NOON, NOON + timedelta(days=2), zone=clock.zone("Europe/London"))

    day = day_number(NOON.date())
    assert [(span.first, span.last, span.bits) for span in found] == [
        (day, day, ALL << 48 & ALL),
        (day + 1, day + 1, ALL),
        (day + 2, day + 2, (1 << 48) - 1),
    ]


@settings(max_examples=150)
@given(
    start=INSTANTS,
    minutes=st.integers(0, 62 * 1440),
    zone=st.sampled_from(ZONES),
    parts=st.sets(st.sampled_from(PARTS), min_size=1),
)
def test_a_quarter_counts_exactly_when_its_wall_time_lies_in_a_wanted_part(start, minutes, zone, parts):
    place = clock.zone(zone)
    at = start.replace(second=0, microsecond=0) + timedelta(minutes=minutes)
    at -= timedelta(minutes=at.minute % 15)
    found = spans(start, start + timedelta(days=62), zone=place, parts=parts)

    ((day, bits),) = bits_by_day([at]).items()
    counts = any(span.first <= day <= span.last and span.bits & bits for span in found)

    in_range = start - timedelta(minutes=15) < at < start + timedelta(days=62)
    assert counts == (in_range and PARTS[part_of(at.astimezone(place).hour)] in parts)


@given(at=INSTANTS, days_before=st.integers(0, 62))
def test_a_sort_key_names_its_quarter(at, days_before):
    quarter = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
    ((day, bits),) = bits_by_day([at]).items()
    late = bits >> quarters.HALF
    key = (days_before * 2 + bool(late)) * (1 << quarters.HALF) + (late or bits)

    assert key_start(key, day - days_before) == quarter
    assert key < 2**63


@pytest.mark.parametrize("zone", ZONES)
def test_spans_of_a_search_are_few_and_in_order(zone):
    found = spans(NOON, NOON + timedelta(days=62), zone=clock.zone(zone), parts={"am"})

    assert len(found) <= 7
    assert all(one.last + 1 == other.first for one, other in zip(found, found[1:], strict=False))
