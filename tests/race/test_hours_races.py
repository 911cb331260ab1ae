"""Ranges of hours that are added at once, in real processes: none is lost, and none meets another."""

from datetime import UTC, date, datetime, timedelta

from providers import queries, services
from providers.exceptions import HoursOverlap
from providers.models import DateOverride, Provider
from tests.factories.providers import ProviderFactory
from tests.processes import meet


def add(provider, weekday, on, start, folder, size):
    row = Provider.objects.select_related("user").get(pk=provider)
    meet(folder, size)
    added = []
    for act, where in ((services.add_hours, {"weekday": weekday}), (services.add_date_hours, where_on(on, weekday))):
        try:
            act(provider=row, actor=row.user, start=start, end=start + 60, **where)
        except HoursOverlap:
            continue
        added.append(start)
    return added


def where_on(on, weekday):
    return {"on": date.fromisoformat(on) + timedelta(days=weekday)}


def test_of_ranges_added_at_once_none_is_lost_and_of_two_that_meet_one_is_refused(run_calls, tmp_path):
    provider = ProviderFactory(hours={})
    on = (datetime.now(UTC) + timedelta(days=9)).date()
    wanted = [(n % 2, 480 + n * 60 + n * 5) for n in range(10)]
    calls = [*wanted, (0, 510)]  # the last one meets the first

    outcomes = run_calls(
        [(add, provider.pk, weekday, on.isoformat(), start, str(tmp_path), 11) for weekday, start in calls]
    )

    assert all(outcome.ok for outcome in outcomes), outcomes
    added = sorted(range_ for day in queries.week_of(provider).values() for range_ in day)
    on_dates = sorted(tuple(range_) for one in DateOverride.objects.all() for range_ in one.ranges)
    for found in (added, on_dates):
        assert len(found) == 10
        assert {start for start, _ in found} >= {start for _, start in wanted[1:]}
