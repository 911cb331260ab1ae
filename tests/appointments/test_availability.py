"""Facts from real rows: what `load_facts` brings is all that decides, whatever calendar the rows make."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments.exceptions import SlotTaken
from appointments.models import Hold
from appointments.services import availability
from appointments.services.availability import RangeTooLong
from calendar_sync.models import BusyInterval
from core import clock
from providers.models import DateOverride, TimeOff, WorkingHours
from tests.factories.own_events import OwnEventFactory
from tests.factories.providers import ServiceFactory

from .conftest import NOW, TUESDAY_TEN

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
ZONES = [
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Antarctica/Troll",
]


def starts_on(service, day):
    zone = service.provider.zone
    start, end = clock.day_bounds(day, zone)
    return [f"{at.astimezone(zone):%H:%M}" for at in availability.slots_between(service, start, end, now=NOW)]


@pytest.mark.usefixtures("in_london")
def test_busy_time_in_another_calendar_closes_its_starts_on_the_page_and_in_the_check(client, service, book):
    BusyInterval.objects.create(
        provider=service.provider, start=TUESDAY_TEN + 30 * MINUTE, end=TUESDAY_TEN + HOUR + MINUTE
    )
    page = client.get(reverse("provider_service", args=[service.provider.slug, service.slug]), {"day": "2026-03-03"})

    listed = [time.text for _, times in page.context["picker"].groups for time in times]
    assert listed == ["09:00", "12:00", "13:00", "14:00", "15:00", "16:00"]
    for refused in (TUESDAY_TEN, TUESDAY_TEN + HOUR):
        with pytest.raises(SlotTaken):
            book(refused)
    assert book(TUESDAY_TEN - HOUR).changed


@pytest.mark.usefixtures("in_london")
def test_time_off_closes_its_starts_on_the_page_and_in_the_check(client, service, book):
    TimeOff.objects.create(provider=service.provider, start=TUESDAY_TEN + 30 * MINUTE, end=TUESDAY_TEN + 3 * HOUR)
    page = client.get(reverse("provider_service", args=[service.provider.slug, service.slug]), {"day": "2026-03-03"})

    listed = [time.text for _, times in page.context["picker"].groups for time in times]
    assert listed == ["09:00", "13:00", "14:00", "15:00", "16:00"]
    for refused in (TUESDAY_TEN, TUESDAY_TEN + 2 * HOUR):
        with pytest.raises(SlotTaken):
            book(refused)
    assert book(TUESDAY_TEN + 3 * HOUR).changed


def test_a_range_of_more_than_62_days_is_refused(service):
    with pytest.raises(RangeTooLong):
        availability.slots_between(service, NOW, NOW + timedelta(days=62, seconds=1), now=NOW)


def test_a_long_override_that_began_before_the_range_counts(service):
    DateOverride.objects.create(
        provider=service.provider, start_on=date(2026, 1, 1), end_on=date(2026, 6, 30), ranges=[[600, 720]]
    )

    assert starts_on(service, date(2026, 3, 4)) == ["10:00", "11:00"]


def test_facts_cost_the_same_queries_for_one_provider_and_for_many(service, django_assert_num_queries):
    others = [ServiceFactory().provider for _ in range(5)]
    for provider in [service.provider, *others]:
        provider.policy  # noqa: B018 - comes with the provider on every page

    for providers, queries in ((others[:1], 3), (others, 3), ([service.provider], 4), ([service.provider, *others], 4)):
        with django_assert_num_queries(queries):  # one more where somebody has a cap
            availability.load_facts(providers, NOW, NOW + 30 * timedelta(days=1), now=NOW)


def test_booking_costs_at_most_nineteen_queries(client, service, customer, django_assert_max_num_queries):
    client.force_login(customer)
    address = reverse("book", args=[service.provider.slug, service.slug])
    page = client.get(address, {"start": "2026-03-03T10:00:00Z"})
    values = page.context["form"].initial | {"note": ""}

    # Two of them are the savepoint of a transaction in a test, one is for the provider's caps.
    with django_assert_max_num_queries(19):
        answer = client.post(address, values)

    assert answer.status_code == 302


# --- Rows at random -------------------------------------------------------------------------------------------------

minutes = st.integers(0, 96).map(lambda quarter: quarter * 15)
day_ranges = st.lists(minutes, max_size=4, unique=True).map(lambda points: pairs(sorted(points)))


def pairs(points):
    return list(zip(points[::2], points[1::2], strict=False))


@st.composite
def rows(draw):
    """A provider's week, overrides, holds, busy times and time off around a week in which most clocks change."""
    day = draw(st.sampled_from([date(2026, 3, 29), date(2026, 4, 5), date(2026, 10, 4), date(2026, 10, 25)]))
    around = datetime.combine(day, time(), UTC)
    return {
        "zone": draw(st.sampled_from(ZONES)),
        "now": around - timedelta(hours=draw(st.integers(20, 200))),
        "week": {weekday: draw(day_ranges) for weekday in range(7)},
        "override": draw(st.none() | st.tuples(st.integers(-3, 2), st.integers(0, 4), day_ranges)),
        "holds": draw(st.lists(st.tuples(st.integers(-2000, 4000), st.integers(5, 300)), max_size=4)),
        "busy": draw(st.lists(st.tuples(st.integers(-2000, 4000), st.integers(5, 300)), max_size=4)),
        "off": draw(st.none() | st.tuples(st.integers(-2000, 4000), st.integers(5, 1500))),
        "own": draw(st.lists(st.tuples(st.integers(-2000, 4000), st.integers(5, 300), st.booleans()), max_size=3)),
        "around": around,
        "day": day,
        "minutes": draw(st.sampled_from([15, 45, 90])),
        "after": draw(st.sampled_from([0, 20])),
    }


class Undo(Exception):
    """Takes back one example's rows."""


@settings(max_examples=25)
@given(rows())
def test_slots_from_rows_are_exactly_the_bookable_ones(provider, case):
    try:
        with transaction.atomic():
            service, taken = write(provider, case)
            start, end = case["around"] - timedelta(hours=10), case["around"] + timedelta(hours=40)

            listed = availability.slots_between(service, start, end, now=case["now"])

            assert listed == slow_slots(service, case, taken, start, end)
            for slot in listed[:3]:
                assert availability.may_book(service, slot, now=case["now"])
            raise Undo
    except Undo:
        pass


def write(provider, case):
    provider.time_zone = case["zone"]
    provider.save()
    provider.policy.notice_minutes, provider.policy.window_days = 60, 30
    provider.policy.save()
    provider.working_hours.all().delete()
    WorkingHours.objects.bulk_create(
        WorkingHours(provider=provider, weekday=weekday, start_minute=a, end_minute=b)
        for weekday, ranges in case["week"].items()
        for a, b in ranges
    )
    if case["override"]:
        begins, length, ranges = case["override"]
        first = case["day"] + timedelta(days=begins)
        DateOverride.objects.create(
            provider=provider,
            start_on=first,
            end_on=first + timedelta(days=length),
            ranges=[list(each) for each in ranges],
        )
    taken = []
    for number, (begin, length) in enumerate(case["holds"]):
        span = (case["around"] + begin * MINUTE, case["around"] + (begin + length) * MINUTE)
        if all(span[1] <= a or b <= span[0] for a, b in taken):
            kept = {"kind": "kept", "browser": f"{number:064}", "expires_at": span[1] + 9000 * HOUR}
            Hold.objects.create(provider=provider, start=span[0], end=span[1], **kept)
            taken.append(span)
    for begin, length in case["busy"]:
        span = (case["around"] + begin * MINUTE, case["around"] + (begin + length) * MINUTE)
        BusyInterval.objects.create(provider=provider, start=span[0], end=span[1])
        taken.append(span)
    if case["off"]:
        begin, length = case["off"]
        span = (case["around"] + begin * MINUTE, case["around"] + (begin + length) * MINUTE)
        TimeOff.objects.create(provider=provider, start=span[0], end=span[1])
        taken.append(span)
    for begin, length, is_free in case["own"]:
        span = (case["around"] + begin * MINUTE, case["around"] + (begin + length) * MINUTE)
        OwnEventFactory(user=provider.user, start=span[0], end=span[1], is_free=is_free)
        if not is_free:
            taken.append(span)
    service = ServiceFactory(
        provider=provider,
        duration_minutes=case["minutes"],
        buffer_after_minutes=case["after"],
        slot_interval_minutes=15,
    )
    service.provider = provider
    return service, taken


def slow_slots(service, case, taken, start, end):
    """Every five minutes of the range, asked by itself: local walls are found by looking, not by arithmetic."""
    zone = ZoneInfo(case["zone"])
    length, after = timedelta(minutes=case["minutes"]), timedelta(minutes=case["after"])
    opened = opened_minutes(case, zone, start - timedelta(days=1), end + timedelta(days=1))
    found, moment = [], start
    while moment < end:
        inside = all(moment + n * 5 * MINUTE in opened for n in range(int(length / (5 * MINUTE))))
        free = all(moment + length + after <= a or b <= moment for a, b in taken)
        on_grid = opened.get(moment, 1) % 3 == 0
        in_window = moment.astimezone(zone).date() <= case["now"].astimezone(zone).date() + timedelta(days=30)
        if inside and free and on_grid and moment >= case["now"] + HOUR and in_window:
            found.append(moment)
        moment += 5 * MINUTE
    return found


def opened_minutes(case, zone, start, end):
    """Every fifth minute at which the provider is open, and how many such minutes its range has been open for.

    Read off the wall clock: open from the first instant whose wall time has reached the range's start until the first
    whose wall time has reached its end.
    """
    opened = {}
    day = start.astimezone(zone).date() - timedelta(days=1)
    while day <= end.astimezone(zone).date() + timedelta(days=1):
        ranges = case["week"][day.weekday()]
        if case["override"]:
            begins, length, other = case["override"]
            if 0 <= (day - case["day"]).days - begins <= length:
                ranges = other
        for a, b in ranges:
            begin, finish = reached(day, a, zone), reached(day, b, zone)
            count, moment = 0, begin
            while moment < finish:
                opened[moment] = min(opened.get(moment, count), count) if count % 3 else 0
                count, moment = count + 1, moment + 5 * MINUTE
        day += timedelta(days=1)
    return opened


def reached(day, minute, zone):
    """The first instant at which the wall shows this minute of this date or a later one."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    moment = datetime.combine(day, time(), UTC) - timedelta(hours=16)
    while moment.astimezone(zone).replace(tzinfo=None) < wall:
        moment += 5 * MINUTE
    return moment


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is asked in turn")
def test_a_booking_reads_in_two_exchanges_under_the_locks_and_for_its_decision(book, monkeypatch):
    book()
    exchanges, pipeline = [], connection.connection.pipeline
    monkeypatch.setattr(connection.connection, "pipeline", lambda: exchanges.append("together") or pipeline())

    book(TUESDAY_TEN + 2 * HOUR)

    assert exchanges == ["together"] * 2
