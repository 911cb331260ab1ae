"""Parts of the day, far from London: the index finds whom a slow reading of every calendar finds, in the same order."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from appointments.rules.slots import open_slots
from appointments.search import results
from appointments.search.quarters import PARTS
from appointments.search.wanted import Wanted
from appointments.services import availability
from core import clock
from providers.models import Provider

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HORIZON = timedelta(days=62)
# From half a day behind UTC to more than half a day ahead, with half and quarter hours.
PLACES = {
    "Niue": ("Pacific/Niue", "20:00", "24:00"),
    "New York": ("America/New_York", "17:00", "20:00"),
    "St John's": ("America/St_Johns", "07:00", "09:00"),
    "London": ("Europe/London", "12:00", "13:00"),
    "Kathmandu": ("Asia/Kathmandu", "00:00", "02:00"),
    "Lord Howe": ("Australia/Lord_Howe", "11:30", "12:30"),
    "Kiritimati": ("Pacific/Kiritimati", "16:30", "18:30"),
}
VIEWERS = ["America/New_York", "Europe/London", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Niue"]
SOME_PARTS = [("am",), ("pm",), ("eve",), ("am", "pm"), ("am", "eve"), ("pm", "eve"), ()]
DAYS = [None, date(2026, 3, 3), date(2026, 3, 8), date(2026, 3, 29), date(2026, 4, 30)]


@pytest.fixture
def world(offer, index):
    """A provider in each place, open on a day of the week of its own and on Saturdays."""
    for weekday, (name, (zone, start, end)) in enumerate(PLACES.items()):
        # Blocks of one and of two providers.
        offer(name, id=1_000_000 + 9 * weekday, time_zone=zone, hours={weekday % 5: [(start, end)], 5: [(start, end)]})
    index()


@pytest.fixture
def calendars(world):
    """Every start that may be booked within the horizon, by provider, read from the calendars themselves."""
    providers = list(Provider.objects.select_related("policy", "user"))
    facts = availability.load_facts(providers, NOW, NOW + HORIZON, now=NOW)
    return {
        each.name: open_slots(facts[each.pk], availability.shape_of(each.services.get()), NOW, NOW + HORIZON, now=NOW)
        for each in providers
    }


def part_at(start: datetime, zone) -> str:
    hour = start.astimezone(zone).hour
    return "am" if hour < 12 else "pm" if hour < 17 else "eve"


def by_reading(calendars, wanted: Wanted, zone) -> list[tuple[datetime, str]]:
    """Who has a start that fits, with the first of these, soonest first."""
    earliest = clock.day_bounds(wanted.day, zone)[0] if wanted.day else NOW
    found = []
    for name, starts in calendars.items():
        fitting = [at for at in starts if at >= earliest and part_at(at, zone) in (wanted.parts or PARTS)]
        found += [(min(fitting), name)] if fitting else []
    return sorted(found)


@pytest.mark.parametrize("viewer", VIEWERS)
def test_a_search_finds_whom_the_calendars_have_and_knows_their_first_opening(calendars, viewer):
    zone = clock.zone(viewer)
    for parts, day in product(SOME_PARTS, DAYS):
        wanted = Wanted(parts=parts, day=day)
        if not wanted.is_narrowed_in_time:
            continue

        found = results.find(wanted, zone=zone, now=NOW)

        expected = by_reading(calendars, wanted, zone)
        shown = [(found.hints[each.pk], each.name) for each in found.providers]
        assert sorted(shown) == expected, wanted
        assert [at for at, _ in shown] == [at for at, _ in expected], wanted
        assert (found.count, results.count(wanted, zone=zone, now=NOW)) == (len(expected), len(expected))


def test_a_search_that_looks_into_few_blocks_finds_the_same(calendars, monkeypatch):
    monkeypatch.setattr(results, "PER_PAGE", 2)
    zone = clock.zone("America/New_York")
    asked = product([1, 5], SOME_PARTS[2:5], DAYS[2:4], (1, 2))
    for most, parts, day, page in asked:
        monkeypatch.setattr(results, "MOST_BLOCKS", most)
        wanted = Wanted(parts=parts, day=day, page=page)
        expected = by_reading(calendars, wanted, zone)

        found = results.find(wanted, zone=zone, now=NOW)

        first = (found.page.number - 1) * 2
        shown = [found.hints[each.pk] for each in found.providers]
        assert shown == [at for at, _ in expected][first : first + 2], (most, wanted)
        assert found.count == len(expected), (most, wanted)


def test_an_evening_in_new_york_is_an_evening_there_and_a_night_in_london(world, names):
    new_york = {part: names(f"part={part}&tz=America/New_York") for part in PARTS}
    london = {part: names(f"part={part}&tz=Europe/London") for part in PARTS}

    assert [part for part in PARTS if "New York" in new_york[part]] == ["eve"]
    # 17:00 to 20:00 there is 22:00 to 01:00 in London, for some weeks 21:00 to midnight.
    assert [part for part in PARTS if "New York" in london[part]] == ["am", "eve"]


@pytest.mark.parametrize("sort", ["name", "price"])
def test_another_order_finds_the_same_people(calendars, sort):
    zone = clock.zone("America/New_York")
    wanted = Wanted(parts=("eve",), sort=sort)

    found = results.find(wanted, zone=zone, now=NOW)

    assert sorted(each.name for each in found.providers) == sorted(
        name for _, name in by_reading(calendars, wanted, zone)
    )
