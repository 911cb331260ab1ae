"""A provider connected to Maya's account at the stand-in for Google, and what happens in her calendar there.

The fixtures are imported by `conftest.py`, so that every test here has them.
"""

from datetime import timedelta

import pytest

from calendar_sync.models import Connection
from calendar_sync.rules import scopes
from calendar_sync.services import connecting, reading
from calendar_sync.states import Profile
from core import clock
from tests.factories.providers import ProviderFactory, give_hours

from .pretend import MAYA

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def provider(db):
    """In Kathmandu, a quarter of an hour off: open from 08:00 to 18:00 every day."""
    provider = ProviderFactory(time_zone="Asia/Kathmandu", policy__notice_minutes=0, policy__window_days=30)
    give_hours(provider, {day: [("08:00", "18:00")] for day in range(7)})
    return provider


@pytest.fixture
def morning(provider):
    """In three days at 10:00 of the provider's clock."""
    day = clock.local(clock.now(), provider.zone).date() + 3 * DAY
    return clock.wall_minute_to_instant(day, 600, provider.zone)


@pytest.fixture
def connected(provider, at_pretend_google):
    """The provider's connection to Maya's account at Google, with its calendars listed, and nothing read yet."""
    return connect(provider, at_pretend_google)


def connect(provider, server, profile=Profile.FULL):
    granted = scopes.scopes_of(profile)
    grant = server.google.connect(MAYA, granted)
    row = Connection.objects.create(
        user=provider.user,
        account=server.google.accounts.get(MAYA).sub,
        email=MAYA,
        profile=profile,
        granted=granted,
        refresh_token=grant["refresh_token"],
        access_token=grant["access_token"],
        access_until=clock.now() + HOUR,
    )
    connecting.read_list(row.pk)
    return row


def hour_from(start):
    """The times of an event of one hour."""
    return {"start": {"dateTime": start.isoformat()}, "end": {"dateTime": (start + HOUR).isoformat()}}


def put(server, start):
    """Add an event of one hour to Maya's calendar; returns its id."""
    return server.google.put(MAYA, {"summary": "Dentist", **hour_from(start)})["id"]


def read(row):
    """Read the calendars of a connection that count, now, whenever they are due."""
    Connection.objects.filter(pk=row.pk).update(wait_until=None)
    row.calendars.update(next_read_at=clock.now(), reading_until=None)
    for calendar in row.calendars.filter(counts_as_busy=True):
        reading.read_calendar(calendar.pk)


def busy_times(provider):
    return sorted(provider.busy_intervals.values_list("start", "end"))
