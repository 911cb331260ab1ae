"""Events of connected calendars that make nobody busy: kept to be shown to their owner, and closing no time."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db import connection as database

from accounts import personal_data
from appointments.services.availability import slots_between
from calendar_sync.models import BusyInterval, FreeEvent, GoogleCalendar
from calendar_sync.queries import busy_between, mirrored_between, own_busy
from calendar_sync.services import connecting, free_by_choice, reading
from calendar_sync.states import Profile
from core import clock
from outbox.testing import deliver
from tests.appointments.lives import erase, leave
from tests.factories.providers import ServiceFactory

from .pretend import MAYA
from .world import DAY, HOUR, book, busy_times, connect, entries, hour_from, put, read

pytestmark = pytest.mark.django_db

FREE = {"transparency": "transparent"}


def put_free(server, start, **fields):
    return server.google.put(MAYA, {"summary": "Choir outing", **FREE, **hour_from(start), **fields})["id"]


def whole_day(day):
    return {"start": {"date": f"{day}"}, "end": {"date": f"{day + DAY}"}}


def shown(provider, start, end):
    return [(each.title, each.takes_time, each.start, each.end) for each in mirrored_between(provider.user, start, end)]


def free_ids():
    return set(FreeEvent.objects.values_list("event_id", flat=True))


# --- What is kept -----------------------------------------------------------------------------------------------------


def test_an_event_that_makes_nobody_busy_is_kept_and_closes_no_time(connected, provider, morning, at_pretend_google):
    service = ServiceFactory(provider=provider, duration_minutes=60)
    put_free(at_pretend_google, morning)
    read(connected)

    assert shown(provider, morning, morning + HOUR) == [("Choir outing", False, morning, morning + HOUR)]
    assert morning in slots_between(service, morning, morning + HOUR, now=clock.now())
    assert not busy_between([provider.pk], morning, morning + HOUR).exists()
    assert not own_busy(provider.user, morning, morning + HOUR).exists()
    assert not BusyInterval.objects.exists()


@pytest.mark.parametrize("kind", ["workingLocation", "birthday"])
def test_where_somebody_works_and_whose_day_it_is_are_kept(kind, connected, provider, morning, at_pretend_google):
    day = clock.local(morning, clock.zone("Europe/London")).date()
    at_pretend_google.google.put(MAYA, {"summary": "Home", "eventType": kind, **whole_day(day)})
    read(connected)

    [event] = mirrored_between(provider.user, morning - DAY, morning + DAY)
    assert (event.title, event.takes_time, event.is_all_day) == ("Home", False, True)


def test_what_is_declined_or_cancelled_is_not_kept(connected, morning, at_pretend_google):
    google = at_pretend_google.google
    guest = {"email": MAYA, "responseStatus": "declined"}
    google.invite(MAYA, {"summary": "Party", **hour_from(morning), "attendees": [guest]}, "x@example.com")
    gone = put_free(at_pretend_google, morning)
    google.remove(MAYA, gone)
    read(connected)

    assert not FreeEvent.objects.exists()


def test_the_title_of_a_free_event_is_encrypted_at_rest(connected, morning, at_pretend_google):
    put_free(at_pretend_google, morning)
    read(connected)
    with database.cursor() as cursor:
        cursor.execute("SELECT title FROM calendar_sync_freeevent")
        [(stored,)] = cursor.fetchall()
    assert "Choir" not in stored
    assert FreeEvent.objects.get().title == "Choir outing"


def test_of_a_calendar_that_tells_busy_times_alone_no_event_is_kept(provider, morning, at_pretend_google):
    private = connect(provider, at_pretend_google, Profile.PRIVATE)
    put_free(at_pretend_google, morning)
    put(at_pretend_google, morning)
    read(private)
    assert shown(provider, morning, morning + HOUR) == [("", True, morning, morning + HOUR)]


def test_of_a_calendar_that_is_read_for_our_own_events_alone_nothing_is_kept(connected, morning, at_pretend_google):
    calendar = connected.calendars.get(is_primary=True)
    connected.calendars.update(counts_as_busy=False, next_read_at=clock.now())
    put_free(at_pretend_google, morning)
    reading.read_calendar(calendar.pk)
    assert not FreeEvent.objects.exists()


def test_our_own_events_are_not_shown_as_others_also_when_somebody_made_them_free(
    connected, provider, morning, at_pretend_google
):
    book(ServiceFactory(provider=provider, duration_minutes=60), morning)
    deliver()
    [ours] = entries(at_pretend_google)
    at_pretend_google.google.change(MAYA, ours["id"], FREE)
    read(connected)
    assert mirrored_between(provider.user, morning, morning + HOUR) == []


# --- Changes ----------------------------------------------------------------------------------------------------------


def test_a_free_event_becomes_busy_and_free_again_and_is_one_row_at_a_time(
    connected, provider, morning, at_pretend_google
):
    event = put_free(at_pretend_google, morning)
    read(connected)
    at_pretend_google.google.change(MAYA, event, {"transparency": "opaque"})
    read(connected)
    busy = (free_ids(), busy_times(provider))
    at_pretend_google.google.change(MAYA, event, FREE)
    read(connected)
    assert busy == (set(), [(morning, morning + HOUR)])
    assert (free_ids(), busy_times(provider)) == ({event}, [])


def test_a_free_event_follows_each_change_and_goes_with_its_event(connected, morning, at_pretend_google):
    moved, gone = put_free(at_pretend_google, morning), put_free(at_pretend_google, morning + DAY)
    read(connected)
    row = FreeEvent.objects.get(event_id=moved)
    at_pretend_google.google.change(MAYA, moved, {"summary": "Concert", **hour_from(morning + HOUR)})
    at_pretend_google.google.remove(MAYA, gone)
    read(connected)
    found = FreeEvent.objects.get()
    assert (found.pk, found.title, found.start) == (row.pk, "Concert", morning + HOUR)


def test_a_whole_reading_sweeps_the_free_events_that_are_gone(connected, morning, at_pretend_google):
    gone, kept = put_free(at_pretend_google, morning), put_free(at_pretend_google, morning + DAY)
    read(connected)
    at_pretend_google.google.remove(MAYA, gone)
    at_pretend_google.google.listing.expire_sync_tokens("")
    at_pretend_google.google.faults.add("events.list", status=500, match="timeMin", times=9)
    read(connected)
    after_failure = free_ids()
    at_pretend_google.google.faults.clear()
    read(connected)
    assert after_failure == {gone, kept}
    assert free_ids() == {kept}


def test_free_events_change_no_open_time_and_no_history(connected, provider, morning, at_pretend_google, monkeypatch):
    read(connected)
    told = []
    monkeypatch.setattr("providers.services.open_time_changed", told.append)
    put_free(at_pretend_google, morning)
    read(connected)
    assert told == []
    assert list(connected.notes.values_list("kind", "busy", "changed")) == [("read", 0, 0)]


def test_a_calendar_that_is_not_ticked_any_more_takes_its_free_events_along(
    connected, provider, morning, at_pretend_google
):
    put_free(at_pretend_google, morning)
    read(connected)
    connecting.choose_calendars(connection=connected, busy=[], write_to=None, when_stale="pause", actor=provider.user)
    assert not FreeEvent.objects.exists()


# --- Days and zones ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "America/Santiago"])
def test_a_whole_day_is_the_day_that_it_is_in_its_own_calendar(zone, connected, provider, morning, at_pretend_google):
    google = at_pretend_google.google
    google.calendar(MAYA).zone = zone
    day = morning.date()
    google.put(MAYA, {"summary": "Fair", **FREE, "start": {"date": f"{day}"}, "end": {"date": f"{day + 2 * DAY}"}})
    google.put(MAYA, {"summary": "Course", **whole_day(day)})
    connecting.read_list(connected.pk)
    read(connected)
    found = {each.title: each for each in mirrored_between(provider.user, morning - 3 * DAY, morning + 5 * DAY)}
    assert (found["Fair"].first_day, found["Fair"].last_day) == (day, day + DAY)
    assert (found["Course"].first_day, found["Course"].last_day, found["Course"].takes_time) == (day, day, True)


def test_a_day_on_which_midnight_does_not_exist_is_still_that_day(connected, provider):
    """Santiago, 6 September 2026: the clocks go from 24:00 to 01:00."""
    calendar = connected.calendars.get(is_primary=True)
    GoogleCalendar.objects.filter(pk=calendar.pk).update(time_zone="America/Santiago")
    zone, day = clock.zone("America/Santiago"), datetime(2026, 9, 6).date()
    start, end = (clock.wall_minute_to_instant(each, 0, zone) for each in (day, day + DAY))
    calendar.free_events.create(event_id="a", start=start, end=end, is_all_day=True)
    calendar.free_events.create(event_id="b", start=start - DAY, end=start, is_all_day=True)
    found = mirrored_between(provider.user, start - DAY, end)
    assert [(each.first_day, each.last_day) for each in found] == [(day - DAY, day - DAY), (day, day)]


@pytest.mark.parametrize("by_list", [True, False])
def test_a_calendar_that_gets_another_zone_is_read_whole_so_that_its_days_are_right(
    by_list, connected, provider, morning, at_pretend_google
):
    google, day = at_pretend_google.google, morning.date()
    google.put(MAYA, {"summary": "Course", **whole_day(day)})
    read(connected)
    google.calendar(MAYA).zone = "Asia/Tokyo"
    if by_list:
        connecting.read_list(connected.pk)
    read(connected)
    [(start, end)] = busy_times(provider)
    assert (start, end - start) == (clock.wall_minute_to_instant(day, 0, clock.zone("Asia/Tokyo")), DAY)
    assert connected.calendars.get(is_primary=True).time_zone == "Asia/Tokyo"
    assert mirrored_between(provider.user, start, end)[0].first_day == day


# --- The query --------------------------------------------------------------------------------------------------------


def test_busy_and_free_events_come_together_by_their_start(connected, provider, morning, at_pretend_google):
    put_free(at_pretend_google, morning + 2 * HOUR)
    put(at_pretend_google, morning)
    read(connected)
    busy, free = mirrored_between(provider.user, morning, morning + DAY)
    assert (busy.title, busy.takes_time, busy.calendar, busy.is_all_day) == ("Dentist", True, MAYA, False)
    assert (free.title, free.takes_time, free.calendar, free.first_day) == ("Choir outing", False, MAYA, None)


def test_what_the_provider_treats_as_free_takes_no_time(connected, provider, morning, at_pretend_google):
    put(at_pretend_google, morning)
    read(connected)
    free_by_choice.treat_as_free(busy=provider.busy_intervals.get(), actor=provider.user)
    [event] = mirrored_between(provider.user, morning, morning + HOUR)
    assert (event.takes_time, event.is_free_by_choice) == (False, True)


@pytest.mark.parametrize(
    ("start", "length", "is_met"),
    [(-1, 1, False), (-1, 2, True), (0, 0, True), (1, 0, True), (2, 0, False), (2, 1, False), (1, 5, True)],
)
def test_what_meets_a_time_is_shown_also_without_length(start, length, is_met, connected, provider, morning):
    calendar = connected.calendars.get(is_primary=True)
    times = {"start": morning + start * HOUR, "end": morning + (start + length) * HOUR}
    calendar.free_events.create(event_id="a", **times)
    assert bool(mirrored_between(provider.user, morning, morning + 2 * HOUR)) is is_met


def test_nobody_is_shown_what_stands_in_the_calendar_of_another(connected, morning):
    calendar = connected.calendars.get(is_primary=True)
    calendar.free_events.create(event_id="a", start=morning, end=morning + HOUR)
    calendar.busy_intervals.create(event_id="b", start=morning, end=morning + HOUR)
    other = ServiceFactory().provider.user
    assert mirrored_between(other, morning, morning + HOUR) == []


@pytest.mark.parametrize("count", [0, 1, 7])
def test_the_events_of_a_time_take_two_queries_however_many_they_are(
    count, connected, provider, morning, django_assert_num_queries
):
    calendar = connected.calendars.get(is_primary=True)
    for n in range(count):
        calendar.free_events.create(event_id=f"f{n}", start=morning, end=morning + HOUR, is_all_day=True)
        calendar.busy_intervals.create(event_id=f"b{n}", start=morning, end=morning + HOUR)
    with django_assert_num_queries(2):
        assert len(mirrored_between(provider.user, morning, morning + HOUR)) == 2 * count


def test_a_free_event_ends_no_sooner_than_it_starts(connected, morning):
    calendar = connected.calendars.get(is_primary=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        calendar.free_events.create(event_id="a", start=morning, end=morning - timedelta(seconds=1))


# --- Personal data ----------------------------------------------------------------------------------------------------


def test_free_events_are_in_the_copy_of_somebodys_data_and_are_erased(connected, provider, morning, at_pretend_google):
    put_free(at_pretend_google, morning)
    read(connected)
    person = provider.user
    [section] = [each for each in personal_data.all_sections(person) if each.name == "free_events"]
    copied = [section.write(row) for row in section.rows]
    leave(person, seen=0)
    erase(person)
    assert copied == [{"start": morning, "end": morning + HOUR, "title": "Choir outing", "calendar": MAYA}]
    assert not FreeEvent.objects.exists()
