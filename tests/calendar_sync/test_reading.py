"""Reading calendars, against the stand-in for Google and through Google's own client libraries."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from appointments.services.availability import slots_between
from calendar_sync import tasks
from calendar_sync.google_api.errors import SignInNeeded
from calendar_sync.models import BusyInterval, Connection, GoogleCalendar, Note
from calendar_sync.queries import busy_between
from calendar_sync.services import connecting, free_by_choice, health, reading, tokens
from calendar_sync.states import Problem, Profile, State
from core import clock
from notifications.models import InboxItem
from outbox import services as outbox
from outbox.models import Message
from outbox.testing import deliver
from providers import edit_stamps
from providers import services as providers
from providers.models import CalendarState, Provider
from tests.factories.providers import ServiceFactory

from .pretend import MAYA, ROBIN
from .world import DAY, HOUR, book, busy_times, cancel, connect, hour_from, put, read

pytestmark = pytest.mark.django_db

BEFORE = datetime(2026, 1, 1, tzinfo=UTC)


def calls_to(server, method):
    return [call for call in server.google.calls if call.method == method]


# --- What a reading brings --------------------------------------------------------------------------------------------


def test_busy_times_close_time_for_booking(connected, provider, morning, at_pretend_google):
    service = ServiceFactory(provider=provider, duration_minutes=60)
    put(at_pretend_google, morning)
    before = slots_between(service, morning - HOUR, morning + 2 * HOUR, now=clock.now())
    read(connected)
    after = slots_between(service, morning - HOUR, morning + 2 * HOUR, now=clock.now())
    assert morning in before
    assert set(before) - set(after) == {morning}
    assert provider.busy_intervals.get().title == "Dentist"


def test_the_title_is_encrypted_at_rest(connected, provider, morning, at_pretend_google):
    put(at_pretend_google, morning)
    read(connected)
    with database.cursor() as cursor:
        cursor.execute("SELECT title FROM calendar_sync_busyinterval")
        [(stored,)] = cursor.fetchall()
        cursor.execute("SELECT refresh_token, access_token FROM calendar_sync_connection")
        [secrets] = cursor.fetchall()
    connected.refresh_from_db()
    assert "Dentist" not in stored
    assert not {connected.refresh_token, connected.access_token} & set(secrets)


def test_changes_come_without_reading_all_again(connected, provider, morning, at_pretend_google):
    kept, moved = (
        put(at_pretend_google, morning),
        put(at_pretend_google, morning + DAY),
    )
    gone = put(at_pretend_google, morning + 2 * DAY)
    read(connected)
    first_rows = dict(provider.busy_intervals.values_list("event_id", "pk"))
    later = {
        "start": {"dateTime": (morning + DAY + HOUR).isoformat()},
        "end": {"dateTime": (morning + DAY + 2 * HOUR).isoformat()},
    }
    at_pretend_google.google.change(MAYA, moved, later)
    at_pretend_google.google.remove(MAYA, gone)
    new = put(at_pretend_google, morning + 3 * DAY)
    read(connected)
    assert calls_to(at_pretend_google, "events.list")[-1].query.get("syncToken")
    assert set(provider.busy_intervals.values_list("event_id", flat=True)) == {kept, moved, new}
    assert provider.busy_intervals.get(event_id=moved).start == morning + DAY + HOUR
    assert provider.busy_intervals.get(event_id=kept).pk == first_rows[kept]
    assert list(Note.objects.filter(kind="read").values_list("busy", "changed")) == [(3, 3), (3, 3)]


def test_readings_that_find_nothing_new_share_one_entry(connected, morning, at_pretend_google):
    put(at_pretend_google, morning)
    for _ in range(4):
        read(connected)
    assert list(Note.objects.filter(kind="read").values_list("busy", "changed")) == [(1, 0), (1, 1)]


def test_many_pages_some_of_them_empty_are_read_to_the_end(connected, provider, morning, at_pretend_google):
    listing = at_pretend_google.google.listing
    listing.most_on_a_page, listing.empty_pages = 2, 1
    for number in range(7):
        put(at_pretend_google, morning + number * DAY)
    read(connected)
    assert len(busy_times(provider)) == 7
    assert len(calls_to(at_pretend_google, "events.list")) > 4


def test_the_second_page_failing_changes_nothing(connected, provider, morning, at_pretend_google):
    put(at_pretend_google, morning)
    read(connected)
    token = connected.calendars.get(counts_as_busy=True).sync_token
    at_pretend_google.google.listing.most_on_a_page = 1
    for number in range(1, 4):
        put(at_pretend_google, morning + number * DAY)
    at_pretend_google.google.faults.add("events.list", status=503, match="pageToken", times=9)
    read(connected)
    calendar = connected.calendars.get(counts_as_busy=True)
    assert (len(busy_times(provider)), calendar.sync_token, calendar.failures) == (1, token, 1)
    at_pretend_google.google.faults.clear()
    read(connected)
    assert len(busy_times(provider)) == 4


def test_a_token_that_is_no_longer_good_means_reading_all_and_sweeping_what_is_gone(
    connected, provider, morning, at_pretend_google
):
    gone, kept = (
        put(at_pretend_google, morning),
        put(at_pretend_google, morning + DAY),
    )
    read(connected)
    kept_row = provider.busy_intervals.get(event_id=kept).pk
    at_pretend_google.google.remove(MAYA, gone)
    at_pretend_google.google.listing.expire_sync_tokens("")
    read(connected)
    assert list(provider.busy_intervals.values_list("pk", flat=True)) == [kept_row]


def test_a_whole_reading_that_fails_frees_no_time(connected, provider, morning, at_pretend_google):
    put(at_pretend_google, morning)
    read(connected)
    at_pretend_google.google.listing.expire_sync_tokens("")
    # The token is refused, and then the whole reading fails.
    at_pretend_google.google.faults.add("events.list", status=500, match="timeMin", times=9)
    read(connected)
    assert busy_times(provider) == [(morning, morning + HOUR)]


def test_the_horizon_moves_on_by_a_whole_reading(connected, provider, at_pretend_google, monkeypatch):
    read(connected)
    far = (clock.now() + reading.HORIZON + DAY).replace(microsecond=0)
    put(at_pretend_google, far)
    read(connected)
    assert busy_times(provider) == []
    # Time goes by until the horizon is near: what lies beyond it then comes with a whole reading, and with no other.
    connected.calendars.update(read_until=clock.now() + reading.LEAST_AHEAD - DAY)
    monkeypatch.setattr(reading, "HORIZON", reading.HORIZON + 2 * DAY)
    read(connected)
    assert busy_times(provider) == [(far, far + HOUR)]


def test_a_calendar_whose_events_are_not_ours_is_read_by_its_busy_times(
    connected, provider, morning, at_pretend_google
):
    google = at_pretend_google.google
    google.add_account("anna@example.com", "Anna", zone="Europe/Lisbon")
    family = google.add_calendar("anna@example.com", "Family")
    google.share(family, MAYA, "freeBusyReader")
    google.put(
        "anna@example.com",
        {
            "summary": "School",
            "start": {"dateTime": morning.isoformat()},
            "end": {"dateTime": (morning + HOUR).isoformat()},
        },
        family,
    )
    connecting.read_list(connected.pk)
    connected.calendars.filter(google_id=family).update(counts_as_busy=True)
    read(connected)
    row = provider.busy_intervals.get()
    assert (row.start, row.end, row.title) == (morning, morning + HOUR, "")


def test_a_free_busy_answer_with_an_error_is_unknown_and_not_free(connected, provider, morning, at_pretend_google):
    google = at_pretend_google.google
    connected.profile = Profile.PRIVATE
    connected.save()
    connected.calendars.update(is_written_to=False)
    put(at_pretend_google, morning)
    read(connected)
    assert len(busy_times(provider)) == 1
    google.freebusy_errors[MAYA] = "internalError"
    read(connected)
    assert len(busy_times(provider)) == 1
    assert connected.calendars.get(counts_as_busy=True).failures == 1


# --- What goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ({"status": 500}, Problem.SLOW),
        ({"status": 503}, Problem.SLOW),
        ({"status": 503, "body": "<html>Sorry</html>"}, Problem.SLOW),
        ({"status": 200, "body": "<html>Sorry</html>"}, Problem.SLOW),
        ({"status": 200, "body": "{}", "content_type": "application/json"}, Problem.SLOW),
        ({"status": 204, "body": ""}, Problem.SLOW),
        ({"status": 200, "body": '{"status": "ok"}', "content_type": "application/json"}, Problem.SLOW),
        ({"close": True}, Problem.SLOW),
        ({"close": True, "after": True}, Problem.SLOW),
        ({"status": 403, "reason": "rateLimitExceeded"}, Problem.BUSY),
        ({"status": 403, "reason": "userRateLimitExceeded"}, Problem.BUSY),
        ({"status": 429, "reason": "rateLimitExceeded", "retry_after": "300"}, Problem.BUSY),
        ({"status": 403, "reason": "quotaExceeded"}, Problem.LIMIT),
        ({"status": 404, "reason": "notFound"}, Problem.GONE),
        ({"status": 403, "reason": "notACalendarUser"}, Problem.NO_CALENDAR),
        ({"status": 400, "reason": "badRequest"}, Problem.REFUSED),
    ],
)
def test_a_failed_reading_is_noted_tried_again_later_and_frees_no_time(
    connected, provider, morning, at_pretend_google, fault, problem
):
    put(at_pretend_google, morning)
    read(connected)
    at_pretend_google.google.remove(MAYA, provider.busy_intervals.get().event_id)
    at_pretend_google.google.faults.add("events.list", times=20, **fault)
    before = clock.now()
    read(connected)
    calendar = connected.calendars.get(counts_as_busy=True)
    connected.refresh_from_db()
    provider.refresh_from_db()
    assert busy_times(provider) == [(morning, morning + HOUR)]
    assert (calendar.failures, calendar.problem, connected.problem) == (1, problem, problem)
    assert calendar.next_read_at > before
    if "retry_after" in fault:
        assert calendar.next_read_at >= before + timedelta(seconds=300)
    assert provider.calendar_state == CalendarState.FAILING
    assert connected.state == State.WORKING
    at_pretend_google.google.faults.clear()
    read(connected)
    calendar.refresh_from_db()
    connected.refresh_from_db()
    provider.refresh_from_db()
    assert (calendar.failures, calendar.problem, connected.problem) == (0, "", "")
    assert provider.calendar_state == CalendarState.WORKING
    assert busy_times(provider) == []


def test_an_account_asked_to_slow_down_is_left_alone_with_all_its_calendars(connected, at_pretend_google):
    other = at_pretend_google.google.add_calendar(MAYA, "Choir")
    connecting.read_list(connected.pk)
    connected.calendars.filter(google_id=other).update(counts_as_busy=True, next_read_at=clock.now())
    at_pretend_google.google.faults.add("events.list", times=20, status=403, reason="rateLimitExceeded")
    first = connected.calendars.get(is_primary=True)
    GoogleCalendar.objects.filter(pk=first.pk).update(next_read_at=clock.now())
    reading.read_calendar(first.pk)
    asked = len(at_pretend_google.google.calls)
    reading.read_soon(connected, now=clock.now() + timedelta(seconds=58))
    reading.publish_due(now=clock.now() + timedelta(seconds=58))
    deliver("calendar_sync.read")
    assert len(at_pretend_google.google.calls) == asked
    connected.refresh_from_db()
    assert connected.wait_until >= clock.now() + timedelta(seconds=58)


def test_a_refused_access_token_is_renewed_and_the_reading_goes_on(connected, provider, morning, at_pretend_google):
    put(at_pretend_google, morning)
    at_pretend_google.google.tokens.expire_access("")
    read(connected)
    assert len(busy_times(provider)) == 1
    assert len(calls_to(at_pretend_google, "token")) == 1


def test_a_dead_grant_asks_its_owner_to_sign_in_and_frees_no_time(
    connected, provider, morning, at_pretend_google, mailoutbox
):
    put(at_pretend_google, morning)
    read(connected)
    at_pretend_google.google.revoke(MAYA)
    read(connected)
    read(connected)
    connected.refresh_from_db()
    provider.refresh_from_db()
    assert connected.state == State.SIGN_IN_AGAIN
    assert (connected.refresh_token, connected.access_token) == ("", "")
    assert len(busy_times(provider)) == 1
    assert provider.calendar_state == CalendarState.SIGN_IN_AGAIN
    assert provider.calendar_stopped_at is not None
    assert InboxItem.objects.filter(reader=provider.user, name="calendar_sync.sign_in_again").count() == 1
    deliver()
    [mail] = mailoutbox
    assert mail.subject == "Sign in to Google again"
    # Nothing is asked of Google any more.
    asked = len(at_pretend_google.google.calls)
    reading.publish_due(now=clock.now() + DAY)
    deliver("calendar_sync.read")
    assert len(at_pretend_google.google.calls) == asked
    again = Message.objects.filter(topic="calendar_sync.tell_again").order_by("due_at")
    assert [round((each.due_at - connected.state_since) / HOUR) for each in again] == [24, 72]


@pytest.mark.parametrize("choice", ["pause", "go_on"])
def test_a_copy_that_is_too_old_stops_bookings_where_its_owner_chose_so(
    connected, provider, morning, at_pretend_google, settings, choice
):
    connected.when_stale = choice
    connected.save()
    service = ServiceFactory(provider=provider)
    read(connected)
    old = clock.now() - timedelta(minutes=settings.GOOGLE_COPY_GOOD_MINUTES + 1)
    connected.calendars.filter(counts_as_busy=True).update(last_read_at=old)
    Provider.objects.filter(pk=provider.pk).update(calendar_read_at=old)
    health.stop_stale(now=clock.now())
    provider.refresh_from_db()
    assert provider.takes_bookings is (choice == "go_on")
    assert Provider.objects.bookable().filter(pk=provider.pk).exists() is (choice == "go_on")
    read(connected)
    provider.refresh_from_db()
    assert provider.takes_bookings
    assert service.provider_id == provider.pk


# --- One at a time ----------------------------------------------------------------------------------------------------


def test_a_reading_that_is_asked_for_ten_times_is_made_once(connected, at_pretend_google):
    read(connected)
    Message.objects.filter(topic="calendar_sync.read").delete()
    asked = len(calls_to(at_pretend_google, "events.list"))
    for _ in range(10):
        reading.read_soon(connected, now=clock.now())
    deliver("calendar_sync.read")
    assert len(calls_to(at_pretend_google, "events.list")) == asked + 1


def test_a_change_told_of_during_a_reading_is_read_after_it(connected, at_pretend_google):
    calendar = connected.calendars.get(counts_as_busy=True)
    calendar.next_read_at = clock.now()
    calendar.save()
    taken = reading._take_turn(calendar.pk)
    reading.read_soon(connected, now=clock.now())
    with pytest.raises(reading.BeingRead):
        reading.read_calendar(calendar.pk)
    reading._release(taken)
    assert reading.read_calendar(calendar.pk)
    assert not reading.read_calendar(calendar.pk)


def test_twenty_who_need_a_token_make_one_call(connected, at_pretend_google):
    Connection.objects.filter(pk=connected.pk).update(access_until=clock.now(), refreshing_until=clock.now() + HOUR)
    for _ in range(20):
        with pytest.raises(tokens.BeingRefreshed):
            tokens.access_token(connected)
    assert calls_to(at_pretend_google, "token") == []
    Connection.objects.filter(pk=connected.pk).update(refreshing_until=None)
    assert len({tokens.access_token(connected) for _ in range(20)}) == 1
    assert len(calls_to(at_pretend_google, "token")) == 1


def test_a_new_token_is_there_in_the_moment_in_which_the_turn_ends(connected, at_pretend_google):
    """Whoever looks between the two would ask Google a second time."""
    Connection.objects.filter(pk=connected.pk).update(access_until=clock.now())
    with CaptureQueriesContext(database) as asked:
        tokens.access_token(connected)
    [release] = [each["sql"] for each in asked if re.search(r'"refreshing_until" = NULL', each["sql"])]
    assert '"access_token"' in release


def test_a_connection_that_is_gone_is_no_failure(connected):
    calendar = connected.calendars.get(counts_as_busy=True)
    GoogleCalendar.objects.filter(pk=calendar.pk).update(next_read_at=clock.now())
    taken = reading._take_turn(calendar.pk)
    connected.delete()
    with pytest.raises(SignInNeeded):
        tokens.access_token(taken.connection)
    assert health.ask_to_sign_in(taken.connection, SignInNeeded(Problem.SIGN_IN)) is False


def test_a_sign_in_during_a_failing_refresh_stays(connected, at_pretend_google):
    """A connection that was signed in again is not marked by a failure of the grant before."""
    seen = Connection.objects.get(pk=connected.pk)
    Connection.objects.filter(pk=connected.pk).update(signed_in_at=clock.now() + timedelta(seconds=1))
    assert health.ask_to_sign_in(seen, SignInNeeded(Problem.SIGN_IN)) is False
    connected.refresh_from_db()
    assert connected.state == State.WORKING


def test_a_calendar_that_is_chosen_no_more_opens_its_time_also_against_a_reading_under_way(
    connected, provider, morning, at_pretend_google
):
    put(at_pretend_google, morning)
    read(connected)
    calendar = connected.calendars.get(counts_as_busy=True)
    GoogleCalendar.objects.filter(pk=calendar.pk).update(next_read_at=clock.now())
    taken = reading._take_turn(calendar.pk)
    found = tokens.ask(taken.connection, lambda api: reading._read(api, taken))
    connecting.choose_calendars(connection=connected, busy=[], write_to=None, when_stale="pause", actor=provider.user)
    reading._save(taken, found)
    assert BusyInterval.objects.count() == 0


def test_a_calendar_that_is_chosen_again_during_a_reading_is_read_whole(
    connected, provider, morning, at_pretend_google
):
    put(at_pretend_google, morning)
    read(connected)
    calendar = connected.calendars.get(counts_as_busy=True)
    GoogleCalendar.objects.filter(pk=calendar.pk).update(next_read_at=clock.now())
    taken = reading._take_turn(calendar.pk)
    found = tokens.ask(taken.connection, lambda api: reading._read(api, taken))
    for busy in ([], [calendar]):
        connecting.choose_calendars(
            connection=connected, busy=busy, write_to=None, when_stale="pause", actor=provider.user
        )
    reading._save(taken, found)
    read(connected)
    assert busy_times(provider) == [(morning, morning + HOUR)]


def test_a_calendar_that_makes_busy_from_now_on_is_read_whole_whatever_was_being_read_of_it(
    connected, provider, morning, at_pretend_google
):
    """One that was read for our own events alone: what makes busy was thrown away, and no change tells of it."""
    put(at_pretend_google, morning)
    calendar = connected.calendars.get(is_written_to=True)
    how = {"connection": connected, "write_to": calendar, "when_stale": "pause", "actor": provider.user}
    connecting.choose_calendars(busy=[], **how)
    for _ in range(2):  # the second reading goes on from the first
        GoogleCalendar.objects.filter(pk=calendar.pk).update(next_read_at=clock.now())
        taken = reading._take_turn(calendar.pk)
        found = tokens.ask(taken.connection, lambda api, taken=taken: reading._read(api, taken))
        if found.is_whole:
            reading._save(taken, found)
    connecting.choose_calendars(busy=[calendar], **how)
    reading._save(taken, found)

    read(connected)

    assert not found.is_whole
    assert busy_times(provider) == [(morning, morning + HOUR)]


def test_a_reading_whose_worker_died_is_made_again_after_its_lease(connected, provider, morning, at_pretend_google):
    put(at_pretend_google, morning)
    calendar = connected.calendars.get(counts_as_busy=True)
    GoogleCalendar.objects.filter(pk=calendar.pk).update(next_read_at=clock.now())
    reading._take_turn(calendar.pk)  # and nothing more
    reading.publish_due(now=clock.now())
    assert not reading.read_calendar(calendar.pk)
    GoogleCalendar.objects.filter(pk=calendar.pk).update(reading_until=clock.now() - timedelta(seconds=1))
    reading.publish_due(now=clock.now())
    deliver("calendar_sync.read")
    assert busy_times(provider) == [(morning, morning + HOUR)]


def test_an_answer_that_nobody_thought_of_is_noted_and_frees_no_time(
    connected, provider, morning, at_pretend_google, monkeypatch
):
    put(at_pretend_google, morning)
    read(connected)
    monkeypatch.setattr(reading, "busy_of", lambda *args: 1 / 0)
    connected.calendars.update(sync_token="")
    with pytest.raises(ZeroDivisionError):
        read(connected)
    calendar = connected.calendars.get(counts_as_busy=True)
    assert (calendar.failures, calendar.problem) == (1, Problem.REFUSED)
    assert len(busy_times(provider)) == 1


def test_a_failing_job_is_repeated_by_the_outbox(connected):
    calendar = connected.calendars.get(counts_as_busy=True)
    GoogleCalendar.objects.filter(pk=calendar.pk).update(
        next_read_at=clock.now(), reading_until=clock.now() + timedelta(minutes=1)
    )
    reading.publish_due(now=clock.now())
    with pytest.raises(outbox.NotYet):
        deliver("calendar_sync.read")


def test_old_history_is_forgotten(connected):
    read(connected)
    Note.objects.update(at=datetime(2026, 1, 1, tzinfo=UTC))
    fresh = Note.objects.create(connection=connected, kind="read", at=clock.now())
    health.forget_old_notes(now=clock.now())
    assert list(Note.objects.all()) == [fresh]


# --- Whose calendars --------------------------------------------------------------------------------------------------


def make_all_due(connection):
    old = clock.now() - timedelta(hours=3)
    connection.calendars.update(next_read_at=clock.now(), last_read_at=old)
    Provider.objects.filter(user=connection.user_id).update(calendar_read_at=old)


@pytest.mark.parametrize(
    ("away", "back"),
    [
        ({"banned_at": BEFORE}, {"banned_at": None}),
        ({"leaves_at": BEFORE}, {"leaves_at": None}),
        ({"is_active": False}, {"is_active": True}),
    ],
)
def test_a_closed_or_suspended_account_is_not_read_until_it_is_open_again(
    connected, provider, morning, at_pretend_google, away, back
):
    put(at_pretend_google, morning)
    read(connected)
    put(at_pretend_google, morning + 2 * HOUR)
    User.objects.filter(pk=provider.user_id).update(**away)
    Message.objects.all().delete()
    asked = len(at_pretend_google.google.calls)
    make_all_due(connected)
    calendar = connected.calendars.get(counts_as_busy=True)

    assert reading.publish_due(now=clock.now()) == 0
    assert connecting.refresh_all_lists() == 0
    reading.read_soon(connected, now=clock.now())
    connecting.refresh_list(connected)
    assert reading.read_calendar(calendar.pk) is False
    tasks.poll()
    deliver()

    assert len(at_pretend_google.google.calls) == asked
    assert busy_times(provider) == [(morning, morning + HOUR)]
    connected.refresh_from_db()
    assert (connected.state, connected.problem) == (State.WORKING, "")
    provider.refresh_from_db()
    assert provider.calendar_stopped_at is not None

    User.objects.filter(pk=provider.user_id).update(**back)
    assert not Provider.objects.bookable().filter(pk=provider.pk).exists()
    tasks.poll()
    deliver()

    assert len(busy_times(provider)) == 2
    assert Provider.objects.bookable().filter(pk=provider.pk).exists()


def test_a_reading_under_way_when_its_account_is_suspended_is_made_again_afterwards(
    connected, provider, morning, at_pretend_google
):
    put(at_pretend_google, morning)
    calendar = connected.calendars.get(counts_as_busy=True)
    GoogleCalendar.objects.filter(pk=calendar.pk).update(next_read_at=clock.now())
    taken = reading._take_turn(calendar.pk)
    found = tokens.ask(taken.connection, lambda api: reading._read(api, taken))
    User.objects.filter(pk=provider.user_id).update(banned_at=BEFORE)
    reading._save(taken, found)
    assert busy_times(provider) == []

    User.objects.filter(pk=provider.user_id).update(banned_at=None)
    GoogleCalendar.objects.update(reading_until=BEFORE)
    tasks.poll()
    deliver()

    assert busy_times(provider) == [(morning, morning + HOUR)]


def test_who_is_suspended_is_not_told_again_to_sign_in(connected, provider):
    health.ask_to_sign_in(Connection.objects.get(), SignInNeeded(Problem.SIGN_IN))
    since = Connection.objects.get().state_since
    told = InboxItem.objects.count()
    User.objects.filter(pk=provider.user_id).update(banned_at=BEFORE)

    assert health.tell_again(connected.pk, since=since, hours=24) is False
    User.objects.filter(pk=provider.user_id).update(banned_at=None)
    assert health.tell_again(connected.pk, since=since, hours=72) is True
    assert InboxItem.objects.count() == told + 1


# --- What the owner treats as free ------------------------------------------------------------------------------------


@pytest.fixture
def freed(connected, provider, morning, at_pretend_google):
    """An event that was read, and that its owner treats as free; returns its id."""
    event_id = put(at_pretend_google, morning)
    read(connected)
    assert free_by_choice.treat_as_free(busy=provider.busy_intervals.get(), actor=provider.user)
    return event_id


def is_open(provider, start):
    service = provider.services.first() or ServiceFactory(provider=provider, duration_minutes=60)
    return start in slots_between(service, start - HOUR, start + 2 * HOUR, now=clock.now())


def test_an_event_stays_free_by_choice_while_it_keeps_its_times(freed, connected, provider, morning, at_pretend_google):
    at_pretend_google.google.change(MAYA, freed, {"summary": "Another title"})
    read(connected)
    assert is_open(provider, morning)

    connected.calendars.update(sync_token="")  # read whole, and what is not seen is swept
    read(connected)
    at_pretend_google.google.listing.expire_sync_tokens("")
    read(connected)

    assert is_open(provider, morning)
    assert provider.busy_intervals.get().title == "Another title"


@pytest.mark.parametrize("by", [30 * timedelta(minutes=1), HOUR])
def test_an_event_that_moves_is_busy_again(freed, connected, provider, morning, at_pretend_google, by):
    at_pretend_google.google.change(MAYA, freed, hour_from(morning + by))
    read(connected)

    assert not is_open(provider, morning + by)


def test_what_is_free_by_choice_is_busy_again_by_choice(freed, provider, morning):
    assert not busy_between([provider.pk], morning, morning + HOUR).exists()
    assert free_by_choice.treat_as_busy(busy=provider.busy_intervals.get(), actor=provider.user)
    assert not is_open(provider, morning)


def test_what_a_reading_changes_has_conflicts_looked_for(connected, provider, morning, at_pretend_google):
    put(at_pretend_google, morning)
    read(connected)
    read(connected)
    assert Message.objects.filter(topic=reading.LOOK_FOR_CONFLICTS).count() == 1


def test_a_calendar_that_was_read_for_our_own_events_alone_is_read_whole_once_it_makes_busy(
    connected, provider, morning, at_pretend_google
):
    calendar = connected.calendars.get(is_primary=True)
    connected.calendars.update(counts_as_busy=False)
    put(at_pretend_google, morning)
    GoogleCalendar.objects.update(next_read_at=clock.now())
    reading.read_calendar(calendar.pk)
    before = busy_times(provider)
    connecting.choose_calendars(
        connection=connected, busy=[calendar], write_to=calendar, when_stale="pause", actor=provider.user
    )
    reading.read_calendar(calendar.pk)
    assert before == []
    assert busy_times(provider) == [(morning, morning + HOUR)]


def test_a_calendar_that_two_accounts_share_keeps_the_event_that_one_of_them_wrote(
    connected, provider, morning, at_pretend_google
):
    calendar = connected.calendars.get(is_primary=True)
    written_event = calendar.written.create(source="time_off", key=uuid4(), event_id="abcdef", sent_at=clock.now())
    found = reading.Found(is_whole=True, since=morning - DAY, until=morning + DAY)
    second = Connection.objects.create(user=provider.user, account="2", email=MAYA, profile="full", refresh_token="r")
    shared = second.calendars.create(google_id=calendar.google_id, is_owned=True, counts_as_busy=True)
    found.add({"id": "abcdef", "etag": "1", **hour_from(morning)}, provider.zone)
    reading._set_own_apart(shared, found, now=clock.now())
    assert found.busy == {}
    assert not shared.written.exists()
    assert calendar.written.get() == written_event


@pytest.mark.parametrize("reason", ["fullSyncRequired", "updatedMinTooLongAgo", "deleted", ""])
def test_410_of_a_list_has_the_calendar_read_whole_whatever_its_reason(
    reason, connected, provider, morning, at_pretend_google
):
    put(at_pretend_google, morning)
    read(connected)
    put(at_pretend_google, morning + DAY)
    at_pretend_google.google.faults.add("events.list", status=410, reason=reason)

    read(connected)

    assert [start for start, _ in busy_times(provider)] == [morning, morning + DAY]
    assert connected.calendars.get(counts_as_busy=True).problem == ""


def test_410_of_a_whole_reading_is_a_failure_and_no_loop(connected, provider, morning, at_pretend_google):
    put(at_pretend_google, morning)
    read(connected)
    before = len(calls_to(at_pretend_google, "events.list"))
    at_pretend_google.google.faults.add("events.list", status=410, reason="fullSyncRequired", times=9)

    read(connected)

    assert len(calls_to(at_pretend_google, "events.list")) == before + 2
    assert connected.calendars.get(counts_as_busy=True).problem == Problem.REFUSED
    assert len(busy_times(provider)) == 1


def test_an_event_that_never_ends_closes_time_and_stands_on_every_page(
    client, connected, provider, morning, at_pretend_google
):
    times = {"start": {"dateTime": morning.isoformat()}, "end": {"dateTime": "9999-12-31T23:59:59Z"}}
    at_pretend_google.google.put(MAYA, {"summary": "For ever", **times})
    read(connected)
    client.force_login(provider.user)
    service = ServiceFactory(provider=provider, duration_minutes=60)

    assert slots_between(service, morning, morning + 9 * DAY, now=clock.now()) == []
    for name in ("studio_calendar", "studio_google", "studio_today"):
        assert client.get(reverse(name), follow=True).status_code == 200


def test_days_that_can_be_booked_from_now_on_are_read_where_google_tells_busy_times_alone(
    provider, morning, at_pretend_google
):
    private = connect(provider, at_pretend_google, Profile.PRIVATE)
    deliver()
    later = morning + 60 * DAY  # the window is 30 days
    put(at_pretend_google, later)
    read(private)
    before = busy_times(provider)
    provider.refresh_from_db()
    seen = edit_stamps.of_policy(provider.policy)

    providers.save_policy(provider=provider, actor=provider.user, values={"window_days": 90}, seen=seen)
    deliver()

    assert before == []
    assert busy_times(provider) == [(later, later + HOUR)]


@pytest.fixture
def second(provider, at_pretend_google):
    """The provider's connection to Robin's account, whose calendar counts as busy, too."""
    row = connect(provider, at_pretend_google, who=ROBIN)
    row.calendars.update(counts_as_busy=True)
    return row


def test_the_copy_of_our_event_in_a_calendar_that_was_invited_to_it_is_no_foreign_time(
    connected, second, provider, morning, at_pretend_google
):
    appointment = book(ServiceFactory(provider=provider, duration_minutes=60), morning)
    deliver()
    [event] = at_pretend_google.google.entries(MAYA)
    guests = {"attendees": [{"email": ROBIN, "responseStatus": "accepted"}]}
    at_pretend_google.google.invite(ROBIN, {"id": event["id"], "summary": "Mina", **hour_from(morning), **guests}, MAYA)

    read(second)
    before = busy_times(provider)
    cancel(appointment)
    at_pretend_google.google.change(ROBIN, event["id"], {"colorId": "3"})
    read(second)

    assert before == []
    assert busy_times(provider) == [(morning, morning + HOUR)]  # it is ours no more


def test_an_event_with_an_id_of_ours_that_stands_in_its_own_right_makes_busy(
    connected, second, provider, morning, at_pretend_google
):
    book(ServiceFactory(provider=provider, duration_minutes=60), morning)
    deliver()
    [event] = at_pretend_google.google.entries(MAYA)
    at_pretend_google.google.put(ROBIN, {"id": event["id"], "summary": "Moved here", **hour_from(morning)})

    read(second)

    assert busy_times(provider) == [(morning, morning + HOUR)]


def test_a_name_with_a_character_that_no_database_keeps_is_kept_without(provider, at_pretend_google):
    at_pretend_google.google.add_calendar(MAYA, "Te\0am")

    row = connect(provider, at_pretend_google)

    assert "Team" in row.calendars.values_list("name", flat=True)
