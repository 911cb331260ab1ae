"""The demo's calendars at the pretend Google, connected by the services and by HTTP, as the command does it."""

from collections import Counter
from datetime import timedelta

import pytest
import time_machine

from appointments.demo import google, pretend
from appointments.models import Appointment
from appointments.services import availability, booking, conflicts
from calendar_sync.models import Connection, WrittenEvent
from calendar_sync.services import edits
from calendar_sync.states import Meet, State
from core import clock, demo
from outbox.models import Message
from outbox.testing import deliver
from providers.models import Provider
from tests.calendar_sync.pretend import MAYA, at_pretend_google, pretend_google
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory
from tests.hardening.test_demo import MORNING
from tests.invariants import check_all

pytestmark = pytest.mark.django_db
__all__ = ["at_pretend_google", "pretend_google"]
AMARA = "amara@example.com"


@pytest.fixture
def seeded(at_pretend_google, monkeypatch):
    """A demo of three providers with its calendars; the two with whom it does not go well are among them."""
    monkeypatch.setattr(google, "SIGNED_OUT", "jonas@example.com")
    monkeypatch.setattr(google, "UNREADABLE", "priya@example.com")
    with time_machine.travel(MORNING):
        demo.seed(demo.Size(hosts=3, diary=100))
        google.seed()
        yield at_pretend_google.google


def provider_of(email):
    return Provider.objects.select_related("user", "policy").get(user__email=email)


def test_a_newcomer_finds_each_thing_that_a_calendar_does_and_it_is_made_once(seeded):
    maya, now = provider_of(MAYA), clock.now()

    check_all()
    assert google.is_seeded()
    assert len(conflicts.undecided_conflicts(maya, now=now)) == 1
    assert Counter((row.source, row.edit) for row in edits.open_for(maya.user)) == {
        ("appointment", "moved"): 1,
        ("appointment", "deleted"): 1,
        ("time_off", "moved"): 1,
    }
    assert {entry["summary"] for entry in seeded.entries(MAYA)} >= {"School play", "Dentist", "Choir", "Time off"}
    assert Counter(Connection.objects.values_list("user__email", "state")) == {
        (MAYA, State.WORKING): 1,
        (AMARA, State.WORKING): 1,
        ("jonas@example.com", State.SIGN_IN_AGAIN): 1,
        ("priya@example.com", State.WORKING): 1,
    }
    assert [provider_of(each).calendar_stopped_at is not None for each in (MAYA, "jonas@example.com")] == [False] * 2
    assert provider_of("priya@example.com").calendar_stopped_at is not None
    assert not WrittenEvent.objects.exclude(problem="").exists()
    # Nobody is mailed about what happened before they came.
    assert not Message.objects.filter(topic__startswith="notifications.").exists()
    # The customer is busy at a time that is offered to them.
    [busy, *_] = Connection.objects.get(user__email=AMARA).calendars.get().busy_intervals.order_by("start")
    service = maya.services.select_related("provider__policy").first()
    assert availability.may_book(service, busy.start, now=now)

    the_worker_brings_the_link_of_the_online_appointment(seeded)

    # Who disconnects is left alone by the next start, and another database begins with empty calendars.
    Connection.objects.all().delete()
    assert google.is_seeded()
    pretend.make_account(maya.user)
    assert seeded.entries(MAYA) == []


def the_worker_brings_the_link_of_the_online_appointment(pretended):
    appointment = Appointment.objects.get(booking_key=google.BOOKED)
    event = WrittenEvent.objects.get(key=appointment.uuid, calendar__connection__user__email=MAYA)
    assert event.meet == Meet.ASKED
    pretended.clock.advance(3)
    WrittenEvent.objects.filter(pk=event.pk).update(write_at=clock.now())
    google.writing.write_due(event.calendar.connection_id)
    deliver()
    appointment.refresh_from_db()
    assert appointment.join_link.startswith("https://meet.google.com/")


def test_google_itself_is_never_asked(settings):
    settings.GOOGLE_ISSUER = "https://accounts.google.com"

    assert not pretend.is_there()


def test_without_a_pretend_google_there_is_nothing_to_connect(settings):
    settings.GOOGLE_ISSUER = "http://127.0.0.1:9"

    assert not pretend.is_there()


def test_who_has_as_many_requests_as_may_wait_is_booked_online_all_the_same():
    provider = ProviderFactory(is_online=True, hours={day: [("09:00", "17:00")] for day in range(7)})
    service = ServiceFactory(provider=provider, duration_minutes=60, confirmation="by_hand", venue="online")
    customer, now = UserFactory(), clock.now()
    for days in (4, 12, 20):
        day = clock.local(now, provider.zone).date() + timedelta(days=days)
        booking.book_appointment(
            service=service,
            start=clock.wall_minute_to_instant(day, 9 * 60, provider.zone),
            customer=customer,
            terms=booking.terms_of(service),
            booking_key=f"{days}",
        )

    google._book_online(provider, customer, now=now)

    assert Appointment.objects.get(booking_key=google.BOOKED).is_confirmed
    assert Appointment.objects.get(booking_key="4").is_confirmed
