"""A provider connected to Maya's account at the stand-in for Google, and what happens in her calendar there.

The fixtures are imported by `conftest.py`, so that every test here has them.
"""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from appointments.services import booking, transitions
from appointments.states import Role
from calendar_sync.models import Connection
from calendar_sync.rules import scopes
from calendar_sync.services import connecting, reading
from calendar_sync.states import Profile
from core import clock
from outbox.testing import deliver
from providers import services as providers
from providers.models import Service
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

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


def connect(provider, server, profile=Profile.FULL, *, who=MAYA):
    return connect_person(provider.user, server, who, profile)


def connect_person(person, server, account, profile=Profile.FULL):
    """The connection of somebody, whoever they are, to an account, with its calendars listed."""
    granted = scopes.scopes_of(profile)
    grant = server.google.connect(account, granted)
    row = Connection.objects.create(
        user=person,
        account=server.google.accounts.get(account).sub,
        email=account,
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


@pytest.fixture
def service(provider, connected):
    return ServiceFactory(provider=provider, duration_minutes=60, name="Massage")


@pytest.fixture
def appointment(service, morning):
    """Booked in three days at 10:00 in Kathmandu, and written."""
    made = book(service, morning)
    deliver()
    return made


def book(service, start, customer=None):
    service = Service.objects.select_related("provider__policy", "provider__user").get(pk=service.pk)
    terms, customer = booking.terms_of(service), customer or UserFactory(name="Mina Sato")
    [outcome] = booking.place(booking.Wanted(service, (start,), customer, terms, uuid4().hex))
    return outcome.appointment


def cancel(appointment):
    return transitions.cancel_appointment(
        appointment=appointment, actor=appointment.provider.user, role=Role.PROVIDER, seen=1
    )


def take_off(provider, start, end, **more):
    locked = providers.lock_provider(provider, actor=provider.user)
    return providers.write_time_off(locked, start=start, end=end, now=clock.now(), **more).row


def entries(server, account=MAYA):
    return server.google.entries(account)


def starts(server):
    """The starts of all events in Maya's calendar, in order."""
    return sorted(datetime.fromisoformat(one["start"]["dateTime"]) for one in entries(server))


def writes(server):
    return [call for call in server.google.calls if call.method in {"events.insert", "events.patch", "events.delete"}]
