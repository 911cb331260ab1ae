"""Ranges of hours that are added at once, in real processes: none is lost, and none meets another."""

import json
from datetime import UTC, date, datetime, timedelta

from django.test import Client

from providers import queries, services
from providers.exceptions import HoursOverlap
from providers.models import DateOverride, Provider
from tests.api.program import signed_in
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


HOURS = "/api/provider/hours/"


def put(token, tag, day, folder, size):
    meet(folder, size)
    headers = {"Authorization": f"Bearer {token}", "If-Match": tag}
    body = json.dumps({day: [["06:00", "07:00"]]})
    return Client().put(HOURS, body, content_type="application/json", headers=headers).status_code


def add_one(provider, weekday, folder, size):
    row = Provider.objects.select_related("user").get(pk=provider)
    meet(folder, size)
    services.add_hours(provider=row, actor=row.user, weekday=weekday, start=600, end=660)
    return weekday


def test_of_whole_weeks_set_over_what_was_seen_one_holds_and_no_added_range_is_lost(run_calls, tmp_path):
    provider = ProviderFactory(hours={})
    program = signed_in(provider.user)
    tag = program.get(HOURS)["ETag"]
    days = ["monday", "tuesday", "wednesday", "thursday"]

    outcomes = run_calls(
        [(put, program.token, tag, day, str(tmp_path), 7) for day in days]
        + [(add_one, provider.pk, weekday, str(tmp_path), 7) for weekday in (4, 5, 6)]
    )

    assert all(outcome.ok for outcome in outcomes), outcomes
    statuses = [outcome.value for outcome in outcomes[:4]]
    assert statuses.count(200) <= 1
    assert set(statuses) <= {200, 412}
    expected = {weekday: [(600, 660)] for weekday in (4, 5, 6)}
    expected |= {weekday: [(360, 420)] for weekday, status in enumerate(statuses) if status == 200}
    assert queries.week_of(provider) == expected
