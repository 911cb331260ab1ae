"""Ranges that are added to a week or a date one by one: the others stay, whoever added them."""

import datetime as dt

import pytest
import time_machine

from outbox.models import Message
from providers import queries, services
from providers.exceptions import HoursOverlap, HoursRefused, OverrideOverlaps, OverrideRefused
from providers.models import DateOverride
from providers.states import Step
from tests.factories.providers import DateOverrideFactory, ProviderFactory

pytestmark = pytest.mark.django_db

TUESDAY = dt.date(2026, 3, 10)


@pytest.fixture(autouse=True)
def monday():
    with time_machine.travel(dt.datetime(2026, 3, 9, 10, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture
def provider():
    return ProviderFactory(hours={1: [("09:00", "12:00")]})


def add(provider, start, end, *, weekday=1, **more):
    return services.add_hours(provider=provider, actor=provider.user, weekday=weekday, start=start, end=end, **more)


def add_on(provider, start, end, *, on=TUESDAY, **more):
    return services.add_date_hours(provider=provider, actor=provider.user, on=on, start=start, end=end, **more)


def test_a_range_is_added_and_the_others_stay(provider):
    add(provider, 780, 1020)
    add(provider, 540, 720, weekday=2)

    assert queries.week_of(provider) == {1: [(540, 720), (780, 1020)], 2: [(540, 720)]}
    assert Message.objects.filter(topic="appointments.refresh_openings").count() == 2


def test_a_draft_has_passed_the_step_of_hours_by_its_first_range():
    draft = ProviderFactory(hours={}, listing="draft")

    add(draft, 540, 720)

    draft.refresh_from_db()
    assert Step.HOURS in draft.steps_done


@pytest.mark.parametrize(
    ("start", "end", "refusal"),
    [
        (660, 780, HoursOverlap),
        (540, 720, HoursOverlap),
        (720, 780, HoursOverlap),
        (600, 610, HoursOverlap),
        (900, 900, HoursRefused),
        (900, 840, HoursRefused),
    ],
)
def test_a_range_that_meets_another_or_is_none_changes_nothing(provider, start, end, refusal):
    DateOverrideFactory(provider=provider, start_on=TUESDAY, end_on=TUESDAY, ranges=[[540, 720]])
    for act in (add, add_on):
        with pytest.raises(HoursRefused) as refused:
            act(provider, start, end)
        assert type(refused.value) is refusal
        assert len(refused.value.problems) == 1

    assert queries.week_of(provider) == {1: [(540, 720)]}
    assert DateOverride.objects.get().ranges == [[540, 720]]
    assert not Message.objects.exists()


def test_a_day_takes_eight_ranges_at_most(provider):
    for hour in range(13, 20):
        add(provider, hour * 60, hour * 60 + 30)

    with pytest.raises(HoursRefused, match="at most 8") as refused:
        add(provider, 1260, 1290)

    assert refused.value.problem == "invalid"


def test_who_does_not_know_whether_they_added_it_finds_what_they_added(provider):
    first, again = add(provider, 780, 1020), add(provider, 780, 1020, again=True)
    on_a_date, once_more = add_on(provider, 600, 660), add_on(provider, 600, 660, again=True)

    assert (again, once_more) == (first, on_a_date)
    assert queries.week_of(provider) == {1: [(540, 720), (780, 1020)]}
    assert DateOverride.objects.get().ranges == [[600, 660]]


def test_a_range_added_to_a_date_is_its_own_instead_of_the_week_s(provider):
    add_on(provider, 780, 840)
    add_on(provider, 600, 660)

    override = DateOverride.objects.get()
    assert (override.start_on, override.end_on, override.ranges) == (TUESDAY, TUESDAY, [[600, 660], [780, 840]])
    assert queries.week_of(provider) == {1: [(540, 720)]}


def test_a_date_that_shares_its_hours_with_others_or_is_over_takes_none(provider):
    DateOverrideFactory(provider=provider, start_on=TUESDAY, end_on=TUESDAY + dt.timedelta(days=2), ranges=[])

    with pytest.raises(OverrideOverlaps) as refused:
        add_on(provider, 600, 660)
    with pytest.raises(OverrideRefused, match="over"):
        add_on(provider, 600, 660, on=TUESDAY - dt.timedelta(days=2))

    assert (refused.value.program_status, refused.value.problem) == (422, "overlaps")
    assert DateOverride.objects.get().ranges == []
