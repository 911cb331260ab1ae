"""A provider whose connected calendar makes Meet links, an appointment that is joined by one, and what its customer is
told. The fixtures are imported by `conftest.py`, so that every test here has them."""

import pytest
from django.core import mail as django_mail

from calendar_sync.models import Connection, WrittenEvent
from calendar_sync.services import connecting, writing
from core import clock
from outbox.models import Message
from outbox.testing import deliver
from providers.models import Provider
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory

from .world import DAY, book, entries, writes

# The outbox goes by the database's clock, also where a test has travelled on.
LONG_AGO = 99 * DAY


@pytest.fixture
def makes_meet(connected):
    """The provider's connection, which makes Meet links."""
    Connection.objects.update(makes_meet=True)
    connected.refresh_from_db()
    return connected


@pytest.fixture
def online(provider, makes_meet):
    """A service of the provider's that takes place online."""
    Provider.objects.filter(pk=provider.pk).update(is_online=True)
    return ServiceFactory(
        provider=Provider.objects.get(pk=provider.pk), duration_minutes=60, name="Talk", venue="online"
    )


@pytest.fixture
def talk(online, morning):
    """Booked online in three days at 10:00 in Kathmandu, and written; its link is pending."""
    made = book(
        online, morning, UserFactory(name="Mina Sato", email="mina@mail.example", email_confirmed_at=clock.now())
    )
    deliver()
    return made


def make_ready(server, *, seconds=3):
    """Let Google make what is pending, and the rows be looked at that wait for it."""
    server.google.clock.advance(seconds)
    look()


def look():
    WrittenEvent.objects.exclude(write_at=None).update(write_at=clock.now())
    for row in Connection.objects.all():
        writing.write_due(row.pk)
    deliver()


def tell():
    """Send what is told some time later, and return the new mails to the customer."""
    django_mail.outbox.clear()
    Message.objects.filter(topic="appointments.tell_join_links").update(due_at=clock.now() - LONG_AGO)
    deliver()
    return to_mina()


def to_mina():
    return [each for each in django_mail.outbox if "mina@mail.example" in each.to[0]]


def link_of(appointment):
    appointment.refresh_from_db()
    return appointment.join_link


def meets(server):
    """The links of all events in Maya's calendar."""
    return [one.get("hangoutLink", "") for one in entries(server)]


def asks(server):
    """The ids of the requests for a conference, in the order in which they were made."""
    said = [call.body.get("conferenceData") for call in writes(server) if call.body]
    return [each["createRequest"]["requestId"] for each in said if each]


def choose(connection, *, makes_meet=True, write_to="primary"):
    connection.refresh_from_db()
    own = connection.calendars.filter(is_primary=True).first()
    connecting.choose_calendars(
        connection=connection,
        busy=connection.calendars.filter(counts_as_busy=True),
        write_to=own if write_to == "primary" else write_to,
        makes_meet=makes_meet,
        when_stale="pause",
        actor=connection.user,
    )
    deliver()
