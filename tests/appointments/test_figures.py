"""What is on at a glance, at the edges of days and weeks in the zone of who reads."""

from datetime import UTC, datetime, timedelta

import pytest

from appointments.queries.figures import Figures, figures_of_customer, figures_of_provider
from appointments.states import Status
from core import clock
from tests.factories.accounts import UserFactory
from tests.factories.own_events import OwnEventFactory

from .conftest import NOW
from .test_studio_pages import made

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def at(zone, *wall):
    return clock.to_instant(datetime(*wall), zone)


# 2 March 2026 is a Monday; London goes to summer time on Sunday 29 March, Lord Howe back by half an hour on 5 April.
@pytest.mark.parametrize(
    ("zone", "first_weekday", "now", "starts", "expected"),
    [
        ("Europe/London", 0, (2026, 3, 2, 8), [(2026, 3, 2, 0), (2026, 3, 2, 23, 59), (2026, 3, 3, 0)], (2, 3)),
        ("Europe/London", 0, (2026, 3, 2, 0), [(2026, 3, 1, 23, 59), (2026, 3, 8, 23, 59), (2026, 3, 9, 0)], (0, 1)),
        ("Europe/London", 6, (2026, 3, 2, 8), [(2026, 3, 1, 0), (2026, 3, 1, 9), (2026, 3, 8, 0)], (0, 2)),
        ("Europe/London", 0, (2026, 3, 29, 0, 30), [(2026, 3, 29, 23, 59), (2026, 3, 30, 0), (2026, 3, 23, 0)], (1, 2)),
        (
            "Asia/Kathmandu",
            0,
            (2026, 3, 3, 0, 10),
            [(2026, 3, 3, 0), (2026, 3, 2, 23, 59), (2026, 3, 3, 23, 59)],
            (2, 3),
        ),
        ("Australia/Lord_Howe", 0, (2026, 4, 5, 12), [(2026, 4, 5, 0), (2026, 4, 5, 23, 59), (2026, 4, 6, 0)], (2, 2)),
    ],
)
def test_days_and_weeks_begin_and_end_where_the_reader_is(
    provider, service, zone, first_weekday, now, starts, expected
):
    person = UserFactory(time_zone=zone, first_weekday=first_weekday)
    for start in starts:
        made(provider, service, at(person.zone, *start), Status.COMPLETED, customer=person, closed_at=NOW)

    found = figures_of_customer(person, now=at(person.zone, *now))

    assert (found.today, found.week) == expected


def test_only_what_was_agreed_counts_and_the_next_is_still_ahead(provider, service, customer):
    on_now, soon, later = NOW - HOUR / 2, NOW + 2 * HOUR, NOW + 26 * HOUR
    for start in (on_now, soon, later):
        made(provider, service, start, customer=customer)
    made(provider, service, NOW + HOUR, Status.REQUESTED, customer=customer, answer_by=NOW + HOUR)
    made(provider, service, NOW + 3 * HOUR, Status.CANCELLED, customer=customer, closed_at=NOW, ended_by="customer")
    made(provider, service, NOW - 2 * HOUR, Status.NO_SHOW, customer=customer, closed_at=NOW)
    OwnEventFactory(user=customer, start=NOW)
    OwnEventFactory(user=customer, start=NOW + 8 * 24 * HOUR)
    OwnEventFactory(user=provider.user, start=NOW + HOUR)

    assert figures_of_customer(customer, now=NOW) == Figures(today=3, week=4, next=soon, events=1)
    assert figures_of_provider(provider, now=NOW) == Figures(today=3, week=4, next=soon, events=1)
    assert figures_of_customer(UserFactory(), now=NOW) == Figures(today=0, week=0, next=None, events=0)


def test_event_over_the_end_of_a_week_counts_in_both(customer):
    OwnEventFactory(user=customer, start=datetime(2026, 3, 8, 23, tzinfo=UTC), end=datetime(2026, 3, 9, 1, tzinfo=UTC))
    customer.time_zone = "Europe/London"

    assert [figures_of_customer(customer, now=NOW + days * 24 * HOUR).events for days in (0, 7, 14)] == [1, 1, 0]


def test_both_pages_tell_them(client, provider, service, customer):
    made(provider, service, NOW + 2 * HOUR, customer=customer)
    for person, address in ((customer, "/my/appointments/"), (provider.user, "/studio/")):
        client.force_login(person)
        said = client.get(address).text
        assert "<dt>Today</dt><dd><b>1</b> appointment</dd>" in said
        assert "<dt>This week</dt><dd><b>1</b> appointment</dd>" in said
