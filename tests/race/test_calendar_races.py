"""Readings of one calendar at once, and against booking, choosing and disconnecting, in real processes."""

from datetime import datetime, timedelta
from time import sleep

import pytest

from accounts.models import User
from appointments.models import Appointment
from appointments.services import conflicts
from calendar_sync.google_api.errors import TryLater
from calendar_sync.models import BusyInterval, Connection, GoogleCalendar
from calendar_sync.rules.events import Kept
from calendar_sync.services import connecting, free_by_choice, health, own_calendar, reading, tokens
from calendar_sync.states import Profile, WhenStale
from core import clock
from outbox.models import Message
from providers import services as providers
from providers.models import CalendarState, Listing, Provider
from tests.calendar_sync.pretend import MAYA, at_pretend_google, pretend_google
from tests.calendar_sync.world import connect
from tests.factories.accounts import UserFactory
from tests.factories.providers import CategoryFactory
from tests.invariants import check_all
from tests.processes import meet
from tests.providers.test_services import about
from tests.race.test_ban_races import book, booked, mails, make_service, soon

__all__ = ["at_pretend_google", "pretend_google"]
HOUR = timedelta(hours=1)
LATER = timedelta(days=1)


@pytest.fixture(autouse=True)
def _everything_holds(transactional_db):
    yield
    check_all()


@pytest.fixture
def service(transactional_db):
    return make_service()


@pytest.fixture
def calendar(service):
    """A calendar of the provider that is due, of a connection whose access token has ended."""
    connection = Connection.objects.create(
        user=service.provider.user, account="1", email="m@example.com", profile=Profile.FULL, refresh_token="r"
    )
    return connection.calendars.create(google_id="m@example.com", name="Own", is_owned=True, counts_as_busy=True)


# --- What the processes do --------------------------------------------------------------------------------------------


def take_turn(calendar_pk, folder, size):
    meet(folder, size)
    try:
        return reading._take_turn(calendar_pk) is not None
    except reading.BeingRead:
        return False


def make_calendar(connection_pk, folder, size):
    """Make the calendar of our own as often as the job would; returns whether this process made it."""
    meet(folder, size)
    for _ in range(40):
        try:
            return own_calendar.make(connection_pk)
        except (own_calendar.BeingMade, TryLater):
            sleep(0.1)
    return None


def take_turn_at_the_token(connection_pk, folder, size):
    row = Connection.objects.get(pk=connection_pk)
    meet(folder, size)
    return tokens._take_turn(row)


def make_due(connection_pk, folder, size):
    connection = Connection.objects.get(pk=connection_pk)
    meet(folder, size)
    reading.read_soon(connection, now=clock.now())


def bring(calendar_pk, start, folder, size):
    """End a reading that found the hour from `start` busy."""
    calendar = reading._take_turn(calendar_pk)
    at = datetime.fromisoformat(start)
    busy = Kept("event", "1", at, at + HOUR, is_all_day=False, title="Dentist")
    found = reading.Found(is_whole=True, since=at - LATER, until=at + LATER, busy={"event": busy}, sync_token="next")
    meet(folder, size)
    reading._save(calendar, found)


def start_page(person_pk, category_pk, folder, size):
    person = User.objects.get(pk=person_pk)
    meet(folder, size)
    providers.start_page(actor=person, values=about(name="Robin", category_id=category_pk))


def untick(connection_pk, folder, size):
    connection = Connection.objects.select_related("user").get(pk=connection_pk)
    meet(folder, size)
    connecting.choose_calendars(
        connection=connection, busy=[], write_to=None, when_stale=WhenStale.PAUSE, actor=connection.user
    )


def disconnect(connection_pk, folder, size):
    connection = Connection.objects.select_related("user").get(pk=connection_pk)
    meet(folder, size)
    return connecting.disconnect(connection=connection, actor=connection.user)


def follow_the_rule(folder, size):
    meet(folder, size)
    return health.follow_requirement()


def go_live(provider_pk, folder, size):
    provider = Provider.objects.select_related("user").get(pk=provider_pk)
    meet(folder, size)
    return providers.go_live(provider=provider, actor=provider.user).listing


# --- What holds afterwards --------------------------------------------------------------------------------------------


def values(outcomes):
    assert [outcome.traceback for outcome in outcomes if not outcome.ok] == []
    return [outcome.value for outcome in outcomes]


def test_of_eight_workers_one_reads_a_calendar(run_calls, tmp_path, calendar):
    outcomes = run_calls([(take_turn, calendar.pk, str(tmp_path), 8)] * 8)
    assert sorted(values(outcomes)) == [False] * 7 + [True]


@pytest.mark.parametrize("fault", [{}, {"delay": 1.0}])
def test_of_four_workers_one_makes_the_calendar_of_our_own(run_calls, tmp_path, service, at_pretend_google, fault):
    google = at_pretend_google.google
    if fault:
        google.faults.add("calendars.insert", after=True, **fault)
    row = connect(service.provider, at_pretend_google, Profile.PRIVATE)

    made = values(run_calls([(make_calendar, row.pk, str(tmp_path), 4)] * 4))

    assert sorted(made) == [False] * 3 + [True]
    assert [each["summary"] for each in google.calendars_of(MAYA)].count("Dayline") == 1
    assert row.calendars.filter(is_made=True, is_written_to=True).count() == 1
    assert len([call for call in google.calls if call.method == "calendars.insert"]) == 1


def test_of_twenty_who_need_a_token_one_asks_google(run_calls, tmp_path, calendar):
    outcomes = run_calls([(take_turn_at_the_token, calendar.connection_id, str(tmp_path), 20)] * 20)
    assert sorted(values(outcomes)) == [False] * 19 + [True]


def test_a_calendar_that_six_make_due_is_read_once(run_calls, tmp_path, calendar):
    GoogleCalendar.objects.update(next_read_at=clock.now() + HOUR)
    values(run_calls([(make_due, calendar.connection_id, str(tmp_path), 6)] * 6))
    assert Message.objects.filter(topic=reading.READ).exists()
    assert [reading._take_turn(calendar.pk) is not None for _ in range(3)] == [True, False, False]


def test_busy_time_that_arrives_while_it_is_booked_leaves_both_or_refuses_the_booking(
    run_calls, tmp_path, service, calendar
):
    start = soon(30).isoformat()
    calls = [
        (bring, calendar.pk, start, str(tmp_path), 3),
        (book, service.pk, UserFactory().pk, start, str(tmp_path), 3),
        (book, service.pk, UserFactory().pk, start, str(tmp_path), 3),
    ]

    brought, *booked = run_calls(calls)

    assert brought.ok, brought.traceback
    assert {outcome.error for outcome in booked} <= {"", "SlotTaken"}
    assert Appointment.objects.count() == sum(outcome.ok for outcome in booked) <= 1
    assert BusyInterval.objects.count() == 1


@pytest.mark.parametrize("first", range(3))
def test_who_becomes_a_provider_while_their_calendar_is_read_is_busy(run_calls, tmp_path, first):
    """Whichever comes first, no busy time stays without its provider."""
    person, category = UserFactory(), CategoryFactory()
    connection = Connection.objects.create(
        user=person, account="1", email="m@example.com", profile=Profile.FULL, refresh_token="r"
    )
    calendar = connection.calendars.create(google_id="m@example.com", name="Own", is_owned=True, counts_as_busy=True)

    values(
        run_calls(
            [
                (bring, calendar.pk, soon(30).isoformat(), str(tmp_path), 2),
                (start_page, person.pk, category.pk, str(tmp_path), 2),
            ]
        )
    )

    assert BusyInterval.objects.get().provider == Provider.objects.get(user=person)


@pytest.mark.parametrize("end", [untick, disconnect])
def test_a_reading_that_ends_with_its_calendar_leaves_nothing_busy(run_calls, tmp_path, calendar, end):
    calls = [
        (bring, calendar.pk, soon(30).isoformat(), str(tmp_path), 2),
        (end, calendar.connection_id, str(tmp_path), 2),
    ]

    values(run_calls(calls))

    assert not BusyInterval.objects.exists()
    assert not GoogleCalendar.objects.filter(counts_as_busy=True).exists()


@pytest.fixture
def required(settings, monkeypatch):
    """A site that requires a calendar, here and in the processes."""
    settings.GOOGLE_CALENDAR_REQUIRED = True
    for name in ("GOOGLE_CALENDAR_REQUIRED", "GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"):
        monkeypatch.setenv(name, "true")


def test_who_books_while_the_required_calendar_ends_is_before_it_or_refused(
    run_calls, tmp_path, service, calendar, required
):
    GoogleCalendar.objects.update(last_read_at=clock.now())
    calls = [
        (disconnect, calendar.connection_id, str(tmp_path), 5),
        *((book, service.pk, UserFactory().pk, soon(30 + n).isoformat(), str(tmp_path), 5) for n in range(3)),
        (follow_the_rule, str(tmp_path), 5),
    ]

    ended, *booked, followed = run_calls(calls)

    assert (ended.error, followed.error) == ("", "")
    assert {outcome.error for outcome in booked} <= {"", "PolicyRefused"}
    assert Appointment.objects.count() == sum(outcome.ok for outcome in booked)
    service.provider.refresh_from_db()
    assert (service.provider.takes_bookings, service.provider.calendar_is_missing) == (False, True)
    # After all of them nobody books any more.
    [late] = run_calls([(book, service.pk, UserFactory().pk, soon(40).isoformat(), str(tmp_path), 1)])
    assert late.error == "PolicyRefused"


def test_a_page_does_not_go_live_against_the_end_of_its_calendar(run_calls, tmp_path, service, calendar, required):
    GoogleCalendar.objects.update(last_read_at=clock.now())
    Provider.objects.update(listing=Listing.DRAFT, calendar_state=CalendarState.WORKING)
    calls = [
        (disconnect, calendar.connection_id, str(tmp_path), 2),
        (go_live, service.provider_id, str(tmp_path), 2),
    ]

    ended, live = run_calls(calls)

    assert ended.ok
    assert live.error in {"", "NotReady"}
    assert not Provider.objects.bookable().exists()


# --- What the owner decides about an event, against a reading of the same calendar ------------------------------------


def treat_as_free(busy_pk, folder, size):
    busy = BusyInterval.objects.select_related("provider__user").get(pk=busy_pk)
    meet(folder, size)
    return free_by_choice.treat_as_free(busy=busy, actor=busy.provider.user)


@pytest.mark.parametrize("moves", [True, False])
def test_an_event_is_free_by_choice_only_at_the_times_that_were_decided(run_calls, tmp_path, service, calendar, moves):
    start = soon(30)
    busy = BusyInterval.objects.create(
        provider=service.provider, calendar=calendar, event_id="event", etag="0", start=start, end=start + HOUR
    )
    calls = [
        (bring, calendar.pk, (start + HOUR if moves else start).isoformat(), str(tmp_path), 3),
        (treat_as_free, busy.pk, str(tmp_path), 3),
        (treat_as_free, busy.pk, str(tmp_path), 3),
    ]

    values(run_calls(calls))

    row = BusyInterval.objects.get()
    assert (row.etag, row.start) == ("1", start + HOUR if moves else start)
    assert row.is_free_by_choice is not moves


def tell_conflicts(provider_pk, folder, size):
    provider = Provider.objects.select_related("user").get(pk=provider_pk)
    meet(folder, size)
    return conflicts.tell_new_conflicts(provider)


def test_of_four_jobs_one_tells_of_a_conflict(run_calls, tmp_path, service, calendar):
    provider, start = service.provider, soon(30)
    Provider.objects.filter(pk=provider.pk).update(calendar_state=CalendarState.WORKING)
    booked(service, UserFactory(), start)
    BusyInterval.objects.create(
        provider=provider, calendar=calendar, event_id="event", etag="0", start=start, end=start + HOUR
    )

    told = values(run_calls([(tell_conflicts, provider.pk, str(tmp_path), 4)] * 4))

    assert sorted(told) == [0, 0, 0, 1]
    assert mails(conflicts.NOTICE) == 1
