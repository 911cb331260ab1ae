"""The private profile: a calendar of our own that is made exactly once, and of all others busy times alone."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import User
from appointments.rules.own_events import Details
from appointments.services.own_events import create_own_event
from calendar_sync.google_api.errors import TryLater
from calendar_sync.models import BusyInterval, Channel, Connection, FreeEvent, GoogleCalendar, Note, WrittenEvent
from calendar_sync.queries import mirrored_between
from calendar_sync.rules import scopes
from calendar_sync.services import channels, connecting, own_calendar, reading, written
from calendar_sync.states import Edit, NoteKind, Problem, Profile, State, WhenChanged
from core import clock
from outbox import services as outbox
from outbox.testing import deliver
from providers.models import Provider
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory

from .pretend import MAYA, ROBIN, consent
from .world import DAY, HOUR, book, busy_times, cancel, connect, connect_person, hour_from, put, read, take_off

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
PAGE, CONNECT, BACK = reverse("studio_google"), reverse("google_connect"), reverse("google_come_back")
APP_CREATED = "calendar.app.created"


@pytest.fixture
def private(provider, at_pretend_google):
    """The provider's private connection, with its calendars listed, and ours not made yet."""
    return connect(provider, at_pretend_google, Profile.PRIVATE)


@pytest.fixture
def service(provider, private):
    return ServiceFactory(provider=provider, duration_minutes=60, name="Massage")


@pytest.fixture
def maya(client, provider, at_pretend_google, settings):
    settings.SITE_URL = "http://127.0.0.1:8000"  # the stand-in sends nobody to another machine
    client.force_login(provider.user)
    return client


def made(server, who=MAYA):
    """The calendars that we made in an account."""
    return [each for each in server.google.calendars_of(who) if each["summary"] == "Dayline"]


def ours(server, who=MAYA):
    """What stands in the only calendar that we made."""
    [calendar] = made(server, who)
    return server.google.entries(who, calendar["id"])


def inserts(server):
    return [call for call in server.google.calls if call.method == "calendars.insert"]


def make_in(row, minutes):
    """Try again so much later."""
    with clock.pretended(clock.now() + minutes * MINUTE):
        return own_calendar.make(row.pk)


def leave(client, **form):
    return client.post(CONNECT, form)["Location"]


def connect_by_pages(client, profile, **how):
    more = {"connection": how.pop("again")} if "again" in how else {}
    return client.get(BACK, consent(leave(client, profile=profile, **more), **how), follow=True)


def said(answer):
    return [str(message) for message in answer.context["messages"]]


# --- Choosing it ------------------------------------------------------------------------------------------------------


def test_who_chooses_a_calendar_of_its_own_gets_one_and_their_appointments_stand_there(
    maya, provider, at_pretend_google, morning
):
    answer = connect_by_pages(maya, "private")
    deliver()
    book(ServiceFactory(provider=provider, duration_minutes=60), morning)
    deliver()
    row = Connection.objects.get()
    assert said(answer) == [f"{MAYA} is connected. Its busy times are being read. A calendar “Dayline” is made there."]
    assert (row.profile, set(row.granted)) == (Profile.PRIVATE, set(scopes.scopes_of(Profile.PRIVATE)))
    [calendar] = made(at_pretend_google)
    assert (calendar["timeZone"], calendar["accessRole"]) == ("Asia/Kathmandu", "owner")
    assert len(ours(at_pretend_google)) == 1
    assert at_pretend_google.google.entries(MAYA) == []


def test_of_the_others_only_busy_times_are_read_and_no_title_ever(maya, provider, at_pretend_google, morning):
    put(at_pretend_google, morning)
    connect_by_pages(maya, "private")
    deliver()
    assert busy_times(provider) == [(morning, morning + HOUR)]
    assert list(BusyInterval.objects.values_list("title", flat=True)) == [""]
    listed = [call for call in at_pretend_google.google.calls if call.method == "events.list"]
    assert all(MAYA not in call.path for call in listed)


def test_what_is_asked_for_is_no_more_than_that_also_where_more_was_granted_before(maya, at_pretend_google):
    at_pretend_google.google.connect(MAYA, scopes.scopes_of(Profile.FULL))
    asked = parse_qs(urlsplit(leave(maya, profile="private")).query)
    connect_by_pages(maya, "private")
    assert asked["scope"] == [" ".join(scopes.scopes_of(Profile.PRIVATE))]
    assert asked["include_granted_scopes"] == ["false"]
    assert scopes.OWNED.scope not in Connection.objects.get().granted


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        (APP_CREATED, "“Make a calendar of its own, and change events on it”"),
        ("calendar.freebusy", "“See when you are busy”"),
        ("calendarlist.readonly", "“See the list of your calendars”"),
    ],
)
def test_a_box_left_empty_is_named_and_nothing_is_connected_or_made(left_out, words, maya, at_pretend_google):
    answer = connect_by_pages(maya, "private", without=[left_out])
    deliver()
    assert said(answer) == [f"Google was not allowed to: {words}. Connect again and tick that, too."]
    assert not Connection.objects.exists()
    assert made(at_pretend_google) == []


@pytest.mark.parametrize("profile", ["", "all", "PRIVATE"])
def test_a_profile_that_nobody_knows_is_the_full_one(profile, maya):
    asked = parse_qs(urlsplit(leave(maya, profile=profile)).query)
    assert asked["scope"] == [" ".join(scopes.scopes_of(Profile.FULL))]


def test_both_profiles_stand_on_the_page_with_what_each_can_never_see(maya, client, provider):
    page = maya.get(PAGE).text
    client.force_login(UserFactory())
    settings_page = client.get(reverse("my_google")).text
    for text in (page, settings_page):
        assert "My own calendar" in text
        assert "What your other entries are: no titles, guests or places" in text
        assert text.count('name="profile"') == 2
    assert "Your appointments, time off and own events" in page
    assert "time off" not in settings_page


def test_signing_in_again_keeps_the_profile(maya, private, at_pretend_google):
    own_calendar.make(private.pk)
    connect_by_pages(maya, "", again=str(private.uuid))
    deliver()
    assert Connection.objects.get().profile == Profile.PRIVATE
    assert len(made(at_pretend_google)) == 1


def test_a_customer_gets_a_calendar_of_its_own_too(client, at_pretend_google, settings, provider, morning):
    settings.SITE_URL = "http://127.0.0.1:8000"
    robin = UserFactory(time_zone="Europe/Lisbon", email_confirmed_at=clock.now())
    client.force_login(robin)
    away = client.post(reverse("my_google_connect"), {"profile": "private"})["Location"]
    client.get(BACK, consent(away, account=ROBIN))
    deliver()
    book(ServiceFactory(provider=provider, duration_minutes=60), morning, User.objects.get(pk=robin.pk))
    deliver()
    assert [each["timeZone"] for each in made(at_pretend_google, ROBIN)] == ["Europe/Lisbon"]
    assert len(ours(at_pretend_google, ROBIN)) == 1


# --- Made exactly once ------------------------------------------------------------------------------------------------


def test_it_is_written_to_and_read_and_makes_nobody_busy_unless_that_is_chosen(private, provider, at_pretend_google):
    assert own_calendar.make(private.pk) is True
    row = private.calendars.get(is_made=True)
    assert (row.is_written_to, row.is_owned, row.counts_as_busy) == (True, True, False)
    assert GoogleCalendar.objects.read().filter(pk=row.pk).exists()
    assert User.objects.get(pk=provider.user_id).keeps_calendar
    assert Note.objects.filter(kind=NoteKind.MADE).count() == 1
    assert own_calendar.make(private.pk) is False
    assert len(inserts(at_pretend_google)) == 1


FAULTS = [
    {"status": 500},
    {"status": 503},
    {"status": 200, "body": "<html>Welcome to the hotel</html>"},
    {"status": 204, "body": ""},
    {"close": True},
]


@pytest.mark.parametrize("after", [True, False], ids=["after the effect", "before it"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_lost_answer_leaves_one_calendar(fault, after, private, at_pretend_google):
    at_pretend_google.google.faults.add("calendars.insert", after=after, **fault)
    with pytest.raises(TryLater):
        own_calendar.make(private.pk)
    made_by_then = len(made(at_pretend_google))
    with pytest.raises(TryLater) if not after else _nothing():
        own_calendar.make(private.pk)  # at once: what was asked for may still come
    make_in(private, 2)
    assert made_by_then == after
    assert len(made(at_pretend_google)) == 1
    assert private.calendars.get(is_made=True).google_id == made(at_pretend_google)[0]["id"]
    assert len(inserts(at_pretend_google)) == (1 if after else 2)


class _nothing:
    def __enter__(self):
        return self

    def __exit__(self, *args):
        return False


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 429, "reason": "rateLimitExceeded"}, TryLater),
        ({"status": 403, "reason": "quotaExceeded"}, TryLater),
    ],
)
def test_an_answer_that_nothing_was_made_lets_it_be_asked_for_again_at_once(fault, error, private, at_pretend_google):
    at_pretend_google.google.faults.add("calendars.insert", **fault)
    with pytest.raises(error):
        own_calendar.make(private.pk)
    Connection.objects.update(wait_until=None)  # it may be asked again; that it was asked is no reason to wait
    assert own_calendar.make(private.pk) is True
    assert len(made(at_pretend_google)) == 1


def test_what_google_refuses_for_good_is_noted_and_said_and_tried_again_by_a_press(
    private, at_pretend_google, maya, provider
):
    at_pretend_google.google.faults.add("calendars.insert", status=400, reason="invalid")
    assert own_calendar.make(private.pk) is False
    private.refresh_from_db()
    page = maya.get(PAGE).text
    maya.post(reverse("google_sync", args=[private.uuid]))
    deliver()
    assert private.problem == Problem.REFUSED
    assert "Dayline, being made" in page
    assert "Google did not understand us." in page
    assert len(made(at_pretend_google)) == 1


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", ["_find", "_ask", "_save"])
@pytest.mark.parametrize("after", [True, False], ids=["after it", "before it"])
def test_a_worker_that_is_killed_at_any_step_leaves_one_calendar(step, after, private, at_pretend_google, monkeypatch):
    original = getattr(own_calendar, step)

    def die(*args):
        if after:
            original(*args)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(own_calendar, step, die)
        with pytest.raises(Killed):
            own_calendar.make(private.pk)
    make_in(private, 3)
    assert len(made(at_pretend_google)) == 1
    assert private.calendars.filter(is_made=True, is_written_to=True).count() == 1


def test_a_killed_workers_turn_ends_by_itself(private, at_pretend_google):
    taken = own_calendar._take_turn(private.pk)
    with pytest.raises(own_calendar.BeingMade):
        own_calendar.make(private.pk)
    assert taken is not None
    assert make_in(private, 3) is True


def test_a_worker_that_lost_its_turn_asks_for_nothing(private, at_pretend_google):
    slow = own_calendar._take_turn(private.pk)
    make_in(private, 3)
    assert own_calendar._ask(slow) is None
    assert len(made(at_pretend_google)) == 1


def test_a_calendar_from_before_is_found_by_its_mark_and_its_events_are_adopted(
    private, provider, service, at_pretend_google, morning
):
    own_calendar.make(private.pk)
    book(service, morning)
    deliver()
    Connection.objects.all().delete()
    connect(Provider.objects.select_related("user").get(pk=provider.pk), at_pretend_google, Profile.PRIVATE)
    deliver()
    assert len(made(at_pretend_google)) == 1
    assert len(ours(at_pretend_google)) == 1
    assert WrittenEvent.objects.get().written_at is not None


def test_it_is_found_under_another_name_and_hidden_from_the_list(private, at_pretend_google):
    own_calendar.make(private.pk)
    [calendar] = made(at_pretend_google)
    entry = at_pretend_google.google.calendars.entry(at_pretend_google.google.accounts.get(MAYA), calendar["id"])
    entry.calendar.summary, entry.hidden = "Practice", True
    connecting.read_list(private.pk)
    row = private.calendars.get(is_made=True)
    row.delete()
    own_calendar.make(private.pk)
    found = private.calendars.get(is_made=True)
    assert row.gone_since is None
    assert (found.google_id, found.name) == (calendar["id"], "Practice")


def test_a_calendar_of_another_site_or_person_is_not_taken_for_ours(private, at_pretend_google):
    at_pretend_google.google.add_calendar(MAYA, "Dayline", description="example.org 0123456789abcdef")
    own_calendar.make(private.pk)
    assert len(made(at_pretend_google)) == 2
    assert "example.org 0123" not in str(private.calendars.get(is_made=True).google_id)
    assert len(inserts(at_pretend_google)) == 1


def test_an_older_list_does_not_call_the_new_calendar_gone(private, at_pretend_google):
    asked_at = clock.now()
    own_calendar.make(private.pk)
    connecting._save_list(private, [], asked_at=asked_at)
    assert private.calendars.get(is_made=True).gone_since is None
    assert private.calendars.get(is_primary=True).gone_since is not None


def test_a_connection_has_one_calendar_of_ours(private, at_pretend_google):
    own_calendar.make(private.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        private.calendars.create(google_id="another", is_made=True)


@pytest.mark.parametrize("change", [{"profile": Profile.FULL}, {"state": State.LEAVING}])
def test_none_is_made_for_who_has_chosen_otherwise_meanwhile(change, private, at_pretend_google, monkeypatch):
    original = own_calendar._find

    def changed_meanwhile(connection):
        Connection.objects.update(**change)
        return original(connection)

    monkeypatch.setattr(own_calendar, "_find", changed_meanwhile)
    own_calendar.make(private.pk)
    assert made(at_pretend_google) == []


def test_the_job_comes_again_where_google_does_not_answer(private, at_pretend_google):
    at_pretend_google.google.faults.add("calendarList.list", status=503)
    with pytest.raises(outbox.Retry):
        deliver(own_calendar.MAKE)


def test_what_is_written_elsewhere_stays_there(provider, at_pretend_google):
    connect_person(provider.user, at_pretend_google, ROBIN)
    second = connect(provider, at_pretend_google, Profile.PRIVATE)
    own_calendar.make(second.pk)
    assert GoogleCalendar.objects.get(is_written_to=True).google_id == ROBIN


# --- Its life ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def appointment(service, private, morning):
    own_calendar.make(private.pk)
    row = book(service, morning)
    deliver()
    return row


def read_own(row):
    row.calendars.update(next_read_at=clock.now(), reading_until=None)
    reading.read_calendar(row.calendars.get(is_made=True).pk)


def test_what_is_booked_moved_off_and_cancelled_stands_there_alone(
    appointment, private, provider, morning, at_pretend_google
):
    take_off(Provider.objects.select_related("user").get(pk=provider.pk), morning + DAY, morning + DAY + HOUR)
    deliver()
    both = len(ours(at_pretend_google))
    cancel(appointment)
    deliver()
    assert (both, len(ours(at_pretend_google))) == (2, 1)
    assert at_pretend_google.google.entries(MAYA) == []


def test_an_event_that_is_moved_there_is_asked_about(appointment, private, morning, at_pretend_google):
    [calendar], [event] = made(at_pretend_google), ours(at_pretend_google)
    read_own(private)
    at_pretend_google.google.change(MAYA, event["id"], hour_from(morning + HOUR), calendar["id"])
    read_own(private)
    deliver()
    assert WrittenEvent.objects.get().edit == Edit.MOVED
    assert appointment.start == morning


def test_what_else_stands_there_makes_busy_only_once_that_is_chosen(
    appointment, private, provider, morning, at_pretend_google
):
    [calendar] = made(at_pretend_google)
    row = private.calendars.get(is_made=True)
    at_pretend_google.google.put(MAYA, {"summary": "Dentist", **hour_from(morning + DAY)}, calendar["id"])
    read_own(private)
    before = busy_times(provider)
    connecting.choose_calendars(connection=private, busy=[row], write_to=row, when_stale="pause", actor=provider.user)
    read_own(private)
    assert before == []
    assert busy_times(provider) == [(morning + DAY, morning + DAY + HOUR)]
    assert mirrored_between(provider.user, morning, morning + 2 * DAY)[0].title == "Dentist"


def test_google_tells_of_changes_in_it_and_in_no_other(private, settings, at_pretend_google):
    settings.GOOGLE_PUSH_ADDRESS = "https://day.example/google/push/"
    own_calendar.make(private.pk)
    channels.look_after(private.pk)
    assert [each.calendar.is_made for each in Channel.objects.all()] == [True]


@pytest.mark.parametrize("found_by", ["list", "reading"])
def test_deleted_in_google_it_is_said_and_made_again_by_a_press_with_all_that_lies_ahead(
    found_by, appointment, private, maya, at_pretend_google
):
    [before] = made(at_pretend_google)
    at_pretend_google.google.remove_calendar(MAYA, before["id"])
    if found_by == "list":
        connecting.read_list(private.pk)
    else:
        read_own(private)
    deliver()
    page = maya.get(PAGE).text
    by_itself = made(at_pretend_google)
    answer = maya.post(reverse("google_calendar_again", args=[private.uuid]), follow=True)
    deliver()
    assert "The calendar “Dayline” was deleted in Google." in page
    assert by_itself == []
    assert said(answer) == ["A calendar “Dayline” is made in Google, and all that lies ahead written into it."]
    assert len(ours(at_pretend_google)) == 1
    assert made(at_pretend_google)[0]["id"] != before["id"]
    assert "was deleted in Google" not in maya.get(PAGE).text
    assert type(appointment).objects.get(pk=appointment.pk).status == "confirmed"
    assert not WrittenEvent.objects.exclude(edit="").exists()


def test_a_deleted_calendar_is_no_deletion_of_each_event_in_it(appointment, private, at_pretend_google):
    [calendar] = made(at_pretend_google)
    Connection.objects.update(when_changed=WhenChanged.ASK)
    at_pretend_google.google.remove_calendar(MAYA, calendar["id"])
    with transaction.atomic():
        written.look_at(list(WrittenEvent.objects.values_list("pk", flat=True)), now=clock.now())
    deliver()
    assert WrittenEvent.objects.get().edit == ""
    assert WrittenEvent.objects.get().problem == Problem.GONE


def test_with_full_access_our_deleted_calendar_is_one_that_is_gone(appointment, private, maya, at_pretend_google):
    Connection.objects.update(profile=Profile.FULL)
    private.calendars.filter(is_made=True).update(gone_since=clock.now())
    page = maya.get(PAGE).text
    assert "Dayline: gone at Google, or no longer shared." in page
    assert "Make it again" not in page


def test_a_press_on_what_is_there_changes_nothing(appointment, private, maya, at_pretend_google):
    answer = maya.post(reverse("google_calendar_again", args=[private.uuid]), follow=True)
    deliver()
    assert said(answer) == ["That calendar is there, or is being made."]
    assert len(made(at_pretend_google)) == 1


def test_it_stops_no_booking_that_it_was_deleted(appointment, private, provider, at_pretend_google):
    read(private)
    at_pretend_google.google.remove_calendar(MAYA, made(at_pretend_google)[0]["id"])
    read_own(private)
    provider.refresh_from_db()
    assert provider.takes_bookings


def test_no_other_calendar_can_be_chosen_to_be_written_to(private, provider, maya, at_pretend_google):
    own_calendar.make(private.pk)
    page = maya.get(reverse("google_calendars", args=[private.uuid])).text
    with pytest.raises(connecting.NotConnected):
        connecting.choose_calendars(
            connection=private,
            busy=[],
            write_to=private.calendars.get(is_primary=True),
            when_stale="pause",
            actor=provider.user,
        )
    assert page.count('name="write_to"') == 2  # ours, and none
    assert private.calendars.get(is_written_to=True).is_made


def test_disconnecting_removes_what_lies_ahead_and_leaves_the_calendar(appointment, private, maya, at_pretend_google):
    maya.post(reverse("google_disconnect", args=[private.uuid]), {"written": "remove"})
    deliver()
    assert ours(at_pretend_google) == []
    assert not Connection.objects.exists()


# --- From one to the other --------------------------------------------------------------------------------------------


def in_full(server):
    return len(server.google.entries(MAYA))


def test_changed_to_the_private_one_all_that_lies_ahead_moves_into_the_new_calendar(
    maya, provider, morning, at_pretend_google
):
    full = connect(provider, at_pretend_google)
    service = ServiceFactory(provider=provider, duration_minutes=60)
    book(service, morning)
    book(service, morning + 2 * HOUR)
    at_pretend_google.google.put(MAYA, {"summary": "Fair", "transparency": "transparent", **hour_from(morning)})
    foreign = put(at_pretend_google, morning + DAY)
    deliver()
    read(full)
    before = (in_full(at_pretend_google), made(at_pretend_google))
    connect_by_pages(maya, "private", again=str(full.uuid))
    deliver()
    full.refresh_from_db()
    assert before == (4, [])
    assert len(ours(at_pretend_google)) == 2
    assert {each["id"] for each in at_pretend_google.google.entries(MAYA)} >= {foreign}
    assert in_full(at_pretend_google) == 2
    assert (full.profile, full.former_token) == (Profile.PRIVATE, "")
    assert scopes.OWNED.scope not in full.granted
    assert [each.is_made for each in GoogleCalendar.objects.filter(is_written_to=True)] == [True]
    assert not WrittenEvent.objects.filter(calendar__is_made=False).exists()
    assert (busy_times(provider), FreeEvent.objects.count()) == ([(morning + DAY, morning + DAY + HOUR)], 0)
    assert set(BusyInterval.objects.values_list("title", flat=True)) == {""}
    assert Note.objects.filter(kind=NoteKind.CHANGED).count() == 1


def school(provider, start):
    """An event of the provider's own, written."""
    made = create_own_event(details=Details("School run", start, start + HOUR), actor=provider.user).event
    deliver()
    return made


def test_own_events_move_along_and_back_and_lose_nothing(maya, provider, morning, at_pretend_google):
    full = connect(provider, at_pretend_google)
    event = school(provider, morning)
    counts = []
    for profile in ("private", "full", "private"):
        connect_by_pages(maya, profile, again=str(full.uuid))
        deliver()
        full.refresh_from_db()
        counts.append((in_full(at_pretend_google), len(ours(at_pretend_google)), full.state, full.former_token))
    assert counts == [(0, 1, State.WORKING, ""), (1, 0, State.WORKING, ""), (0, 1, State.WORKING, "")]
    event.refresh_from_db()
    assert (event.version, event.title) == (1, "School run")
    assert busy_times(provider) == []


def test_own_events_outlive_the_calendar_in_which_they_stood(maya, private, provider, morning, at_pretend_google):
    own_calendar.make(private.pk)
    event = school(provider, morning)
    read_own(private)
    at_pretend_google.google.remove_calendar(MAYA, made(at_pretend_google)[0]["id"])
    read_own(private)
    with transaction.atomic():
        written.look_at(list(WrittenEvent.objects.values_list("pk", flat=True)), now=clock.now())
    deliver()
    event.refresh_from_db()
    maya.post(reverse("google_calendar_again", args=[private.uuid]))
    deliver()
    assert event.version == 1
    assert [each["summary"] for each in ours(at_pretend_google)] == ["School run"]


def test_what_stood_in_a_calendar_that_is_deleted_waits_for_nothing(
    appointment, maya, private, provider, morning, at_pretend_google
):
    school(provider, morning + 2 * HOUR)
    at_pretend_google.google.remove_calendar(MAYA, made(at_pretend_google)[0]["id"])
    connect_by_pages(maya, "full", again=str(private.uuid))
    deliver()
    assert in_full(at_pretend_google) == 2
    assert not WrittenEvent.objects.filter(calendar__is_made=True).exists()


def test_until_it_is_removed_what_we_wrote_ourselves_is_no_conflict(provider, morning, at_pretend_google, maya):
    full = connect(provider, at_pretend_google)
    book(ServiceFactory(provider=provider, duration_minutes=60), morning)
    put(at_pretend_google, morning + HOUR)
    deliver()
    connect_by_pages(maya, "private", again=str(full.uuid))
    read(Connection.objects.get())
    assert in_full(at_pretend_google) == 2
    assert busy_times(provider) == [(morning + HOUR, morning + 2 * HOUR)]


def test_changed_back_all_that_lies_ahead_moves_back(appointment, private, maya, at_pretend_google, provider):
    connect_by_pages(maya, "full", again=str(private.uuid))
    deliver()
    private.refresh_from_db()
    assert private.profile == Profile.FULL
    assert ours(at_pretend_google) == []
    assert in_full(at_pretend_google) == 1
    assert private.calendars.get(is_written_to=True).is_primary


def test_there_and_back_and_there_leaves_one_calendar_and_one_event(appointment, private, maya, at_pretend_google):
    for profile in ("full", "private", "full", "private"):
        connect_by_pages(maya, profile, again=str(private.uuid))
        deliver()
    private.refresh_from_db()
    assert len(ours(at_pretend_google)) == 1
    assert in_full(at_pretend_google) == 0
    assert private.former_token == ""


def test_removing_with_the_former_grant_is_tried_again_until_google_answers(maya, provider, morning, at_pretend_google):
    full = connect(provider, at_pretend_google)
    book(ServiceFactory(provider=provider, duration_minutes=60), morning)
    deliver()
    at_pretend_google.google.faults.add("events.delete", status=503, times=9)
    connect_by_pages(maya, "private", again=str(full.uuid))
    deliver()
    full.refresh_from_db()
    kept = bool(full.former_token)
    at_pretend_google.google.faults.clear()
    WrittenEvent.objects.exclude(write_at=None).update(write_at=clock.now())
    written.publish_due(now=clock.now())
    deliver()
    full.refresh_from_db()
    assert kept
    assert (in_full(at_pretend_google), full.former_token) == (0, "")


def test_what_no_grant_reaches_any_more_is_said_and_stays_and_closes_no_time(
    maya, provider, morning, at_pretend_google
):
    full = connect(provider, at_pretend_google)
    book(ServiceFactory(provider=provider, duration_minutes=60), morning)
    deliver()
    at_pretend_google.google.revoke(MAYA)
    connect_by_pages(maya, "private", again=str(full.uuid))
    deliver()
    page = maya.get(PAGE).text
    assert (in_full(at_pretend_google), len(ours(at_pretend_google))) == (1, 1)
    assert "1 of your entries still stands in your own calendar." in page
    assert "not written yet" not in page
    assert busy_times(provider) == []
    assert Connection.objects.get().state == State.WORKING
    assert Connection.objects.get().former_token == ""


def test_a_change_that_brings_no_lasting_grant_changes_nothing(maya, provider, at_pretend_google, monkeypatch):
    full = connect(provider, at_pretend_google)
    token = full.refresh_token
    exchange = at_pretend_google.google.tokens.exchange
    monkeypatch.setattr(
        at_pretend_google.google.tokens,
        "exchange",
        lambda code: {name: each for name, each in exchange(code).items() if name != "refresh_token"},
    )
    answer = connect_by_pages(maya, "private", again=str(full.uuid))
    full.refresh_from_db()
    assert said(answer) == ["Google granted access for an hour only. Connect again and allow it to stay."]
    assert (full.profile, full.refresh_token) == (Profile.FULL, token)


def test_disconnecting_while_it_moves_removes_it_from_both(maya, provider, morning, at_pretend_google):
    full = connect(provider, at_pretend_google)
    service = ServiceFactory(provider=provider, duration_minutes=60)
    book(service, morning)
    deliver()
    connect_by_pages(maya, "private", again=str(full.uuid))
    own_calendar.make(full.pk)
    maya.post(reverse("google_disconnect", args=[full.uuid]), {"written": "remove"})
    deliver()
    assert in_full(at_pretend_google) == 0
    assert ours(at_pretend_google) == []
    assert not Connection.objects.exists()


def test_the_page_of_the_access_says_which_it_is_and_what_a_change_means(maya, private):
    page = maya.get(reverse("google_access", args=[private.uuid])).text
    assert "Now: a calendar of its own" in page
    assert 'value="private" aria-describedby="profile-private" checked' in page
    assert "removed from the calendar in which it stands now" in page
