"""Own events in the stand-in for Google: written as they are, and changed here as their owner changes them there."""

from dataclasses import replace
from datetime import datetime

import pytest
from django.urls import reverse

from accounts import services as accounts
from appointments.models import Appointment, Offer, OwnEvent
from appointments.outside import own_events as source
from appointments.rules.own_events import Details, details_of
from appointments.rules.time_off import Way
from appointments.services import offers
from appointments.services.availability import may_book
from appointments.services.own_events import change_own_event, create_own_event, delete_own_event
from appointments.services.time_off import Absence, take_time_off, what_is_inside
from appointments.states import OfferState, Status
from calendar_sync.google_api.calendars import CalendarApi
from calendar_sync.models import BusyInterval, Connection, GoogleCalendar, Note, WrittenEvent
from calendar_sync.rules.read_back import plain_text
from calendar_sync.services import connecting, edits, written
from calendar_sync.states import Edit, NoteKind, WhenChanged
from core import clock
from outbox import services as outbox
from outbox.testing import deliver
from providers import services as providers
from providers.models import Listing
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory

from .pretend import MAYA, ROBIN
from .world import DAY, HOUR, book, cancel, connect, connect_person, entries, hour_from, read, writes

pytestmark = pytest.mark.django_db

FOLLOWED = [WhenChanged.ASK, WhenChanged.PROPOSE]


@pytest.fixture
def maya(service):
    return service.provider.user


@pytest.fixture
def school(maya, morning):
    """An hour in three days at 10:00 in Kathmandu, written."""
    details = Details("School run", morning, morning + HOUR, place="St Paul’s", description="Bring the bag")
    made = create_own_event(details=details, actor=maya).event
    deliver()
    return made


def choose(choice):
    Connection.objects.update(when_changed=choice)


def change(server, **fields):
    """Change the one event in Maya's calendar, as she does there, and have it read and judged."""
    [event] = entries(server)
    server.google.change(MAYA, event["id"], fields)
    settle()


def remove(server):
    [event] = entries(server)
    server.google.remove(MAYA, event["id"])
    settle()


def settle():
    for connection in Connection.objects.all():
        read(connection)
    deliver()


def stands():
    return [details_of(row) for row in OwnEvent.objects.order_by("pk")]


def notes():
    kinds = {NoteKind.TAKEN_OVER, NoteKind.PUT_BACK, NoteKind.ASKED, NoteKind.OVERWRITTEN}
    return list(Note.objects.filter(kind__in=kinds).order_by("pk").values_list("kind", flat=True))


def there(server):
    """What the one event says: title, place, description, start, end, and whether it takes no time."""
    [event] = entries(server)
    edges = [datetime.fromisoformat(event[edge].get("dateTime") or event[edge]["date"]) for edge in ("start", "end")]
    texts = [event.get(name, "") for name in ("summary", "location", "description")]
    return (*texts, *edges, event.get("transparency") == "transparent")


# --- Written ----------------------------------------------------------------------------------------------------------


def test_an_event_is_written_with_its_place_and_description(school, morning, at_pretend_google):
    assert there(at_pretend_google) == (
        "School run",
        "St Paul’s",
        "Bring the bag",
        morning,
        morning + HOUR,
        False,
    )
    [event] = entries(at_pretend_google)
    assert event["source"]["url"].endswith(reverse("studio_event", args=[school.uuid]))


def test_changed_and_deleted_here_it_follows_there(school, maya, morning, at_pretend_google):
    details = replace(details_of(school), title="Bus", start=morning + HOUR, end=morning + 2 * HOUR, is_free=True)
    change_own_event(event=school, details=details, actor=maya, version=1)
    deliver()
    assert there(at_pretend_google)[0::3] == ("Bus", morning + HOUR)
    assert there(at_pretend_google)[-1] is True

    delete_own_event(event=school, actor=maya, version=2)
    deliver()
    assert entries(at_pretend_google) == []
    assert not WrittenEvent.objects.exists()


def test_whole_days_are_written_as_dates(maya, provider, at_pretend_google):
    day = clock.local(clock.now(), provider.zone).date() + 3 * DAY
    start, end = clock.day_bounds(day, provider.zone)
    create_own_event(details=Details("Rent due", start, end + DAY, is_all_day=True), actor=maya)
    deliver()

    [event] = entries(at_pretend_google)
    assert (event["start"], event["end"]) == ({"date": f"{day}"}, {"date": f"{day + 2 * DAY}"})


def test_its_own_reminders_at_google_stay(school, maya, at_pretend_google):
    own = {"useDefault": False, "overrides": [{"method": "popup", "minutes": 7}]}
    change(at_pretend_google, reminders=own)
    change_own_event(event=school, details=replace(details_of(school), title="Bus"), actor=maya, version=1)
    deliver()

    [event] = entries(at_pretend_google)
    assert (event["summary"], event["reminders"]) == ("Bus", own)


def test_it_makes_nobody_busy_twice(school, service, morning):
    settle()

    assert not BusyInterval.objects.exists()
    assert not may_book(service, morning, now=clock.now())


def test_a_customers_event_stands_in_their_calendar(connected, morning, at_pretend_google):
    customer = UserFactory(time_zone="Europe/London")
    connect_person(customer, at_pretend_google, ROBIN)
    create_own_event(details=Details("Dentist", morning, morning + HOUR), actor=customer)
    deliver()

    [event] = entries(at_pretend_google, ROBIN)
    assert event["summary"] == "Dentist"
    assert "/my/events/" in event["source"]["url"]
    assert entries(at_pretend_google) == []


def test_what_was_there_before_the_connection_is_written_with_it(provider, morning, at_pretend_google):
    create_own_event(details=Details("Dentist", morning, morning + HOUR), actor=provider.user)
    create_own_event(details=Details("Long ago", morning - 9 * DAY, morning - 8 * DAY), actor=provider.user)

    connect(provider, at_pretend_google)
    deliver()

    assert [event["summary"] for event in entries(at_pretend_google)] == ["Dentist"]


# --- Read otherwise ---------------------------------------------------------------------------------------------------


@pytest.fixture
def dentist(connected, morning, at_pretend_google):
    """An hour of a customer's, written into their own calendar."""
    customer = UserFactory(name="Robin", time_zone="Europe/London")
    connect_person(customer, at_pretend_google, ROBIN)
    made = create_own_event(details=Details("Dentist", morning, morning + HOUR), actor=customer).event
    deliver()
    made.user.refresh_from_db()
    return made


def zone_and_page(server, account=ROBIN):
    [event] = entries(server, account)
    return event["start"]["timeZone"], event["source"]["url"].partition("/events/")[0].rpartition("/")[2]


def test_in_another_zone_of_its_owner_it_is_written_anew_at_once(dentist, at_pretend_google):
    robin = dentist.user
    values = {"time_zone": "Europe/Berlin"}

    seen = accounts.fingerprint(robin, accounts.PREFERENCE_FIELDS)
    accounts.update_preferences(user=robin, actor=robin, values=values, seen=seen)
    deliver()
    assert zone_and_page(at_pretend_google) == ("Europe/Berlin", "my")

    accounts.answer_device_zone(user=robin, actor=robin, zone="Asia/Tokyo", follow=True)
    deliver()
    assert zone_and_page(at_pretend_google) == ("Asia/Tokyo", "my")


def test_preferences_that_leave_the_zone_compare_nothing(dentist):
    robin = dentist.user

    seen = accounts.fingerprint(robin, accounts.PREFERENCE_FIELDS)
    accounts.update_preferences(user=robin, actor=robin, values={"theme": "dark"}, seen=seen)
    accounts.answer_device_zone(user=robin, actor=robin, zone="Asia/Tokyo", follow=False)

    assert deliver() == []


def test_whole_days_in_another_zone_keep_their_moments(maya, provider, at_pretend_google):
    day = clock.local(clock.now(), provider.zone).date() + 3 * DAY
    start, end = clock.day_bounds(day, provider.zone)
    create_own_event(details=Details("Rent due", start, end, is_all_day=True), actor=maya)
    deliver()

    week = {0: [(540, 600)]}
    providers.set_working_hours(provider=provider, actor=maya, week=week, time_zone="Europe/Berlin")
    deliver()

    [event] = entries(at_pretend_google)
    assert datetime.fromisoformat(event["start"]["dateTime"]) == start
    assert event["start"]["timeZone"] == "Europe/Berlin"


def test_the_events_of_who_goes_live_lead_to_the_studio_at_once(dentist, at_pretend_google):
    robin = dentist.user
    page = ProviderFactory(user=robin, time_zone="Europe/Berlin", listing=Listing.DRAFT)
    ServiceFactory(provider=page)
    deliver()
    assert zone_and_page(at_pretend_google) == ("Europe/London", "my")

    page = providers.go_live(provider=page, actor=robin)
    deliver()
    assert zone_and_page(at_pretend_google) == ("Europe/Berlin", "studio")

    providers.pause_page(provider=page, actor=robin)
    providers.resume_page(provider=page, actor=robin)
    assert "calendar_sync.compare_person" not in {message.topic for message in deliver()}


def test_a_zone_changed_by_staff_is_written_at_once(dentist, client, at_pretend_google):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    address = reverse("admin:accounts_user_change", args=[dentist.user_id])

    client.post(address, {"name": "Robin", "time_zone": "Europe/Berlin", "is_active": "on"})
    deliver()

    assert zone_and_page(at_pretend_google) == ("Europe/Berlin", "my")


# --- Taken over -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", FOLLOWED)
def test_moved_and_renamed_there_it_follows_here_and_is_not_written_again(
    choice, school, morning, service, at_pretend_google
):
    choose(choice)
    sent = len(writes(at_pretend_google))

    change(at_pretend_google, **hour_from(morning + 3 * HOUR), summary="Bus", location="Stop 4", description="Line 2")
    settle()

    start = morning + 3 * HOUR
    assert stands() == [Details("Bus", start, start + HOUR, place="Stop 4", description="Line 2")]
    assert OwnEvent.objects.get().version == 2
    assert len(writes(at_pretend_google)) == sent
    assert notes() == [NoteKind.TAKEN_OVER]
    assert list(edits.open_for(school.user)) == []
    assert may_book(service, morning, now=clock.now()) and not may_book(service, start, now=clock.now())


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        ({"summary": "Bus"}, {"title": "Bus"}),
        ({"summary": ""}, {"title": ""}),
        ({"location": "Stop 4"}, {"place": "Stop 4"}),
        ({"description": "a <b>big</b> bag<br>and lunch &amp; tea"}, {"description": "a big bag\nand lunch & tea"}),
        ({"transparency": "transparent"}, {"is_free": True}),
        ({"summary": "Bus\x07\nstop"}, {"title": "Bus  stop"}),
    ],
)
def test_each_change_there_is_taken_over_alone(fields, changes, school, at_pretend_google):
    before = details_of(school)

    change(at_pretend_google, **fields)

    assert stands() == [replace(before, **changes)]
    assert notes() == [NoteKind.TAKEN_OVER]


def test_a_colour_is_no_edit(school, at_pretend_google):
    sent = len(writes(at_pretend_google))

    change(at_pretend_google, colorId="5")

    assert (OwnEvent.objects.get().version, notes(), len(writes(at_pretend_google))) == (1, [], sent)


def test_a_resized_event_keeps_its_words(school, morning, at_pretend_google):
    change(at_pretend_google, end={"dateTime": (morning + 2 * HOUR).isoformat()})

    assert stands() == [replace(details_of(school), end=morning + 2 * HOUR)]


def test_made_a_whole_day_there_it_is_that_day_in_its_owners_zone(school, provider, morning, at_pretend_google):
    """Maya's calendar at Google is in London, she works in Kathmandu."""
    day = clock.local(morning, provider.zone).date()
    gone = {"dateTime": None, "timeZone": None}

    change(at_pretend_google, start={"date": f"{day}", **gone}, end={"date": f"{day + DAY}", **gone})

    start, end = clock.day_bounds(day, provider.zone)
    assert stands() == [replace(details_of(school), start=start, end=end, is_all_day=True)]
    settle()
    assert notes() == [NoteKind.TAKEN_OVER]


def test_moved_whole_days_follow(maya, provider, at_pretend_google):
    day = clock.local(clock.now(), provider.zone).date() + 3 * DAY
    start, end = clock.day_bounds(day, provider.zone)
    create_own_event(details=Details("Rent due", start, end, is_all_day=True), actor=maya)
    deliver()

    change(at_pretend_google, start={"date": f"{day + DAY}"}, end={"date": f"{day + 3 * DAY}"})

    assert stands() == [Details("Rent due", start + DAY, end + 2 * DAY, is_all_day=True)]


@pytest.mark.parametrize("choice", FOLLOWED)
def test_deleted_there_it_is_deleted_here(choice, school, morning, service, at_pretend_google):
    choose(choice)

    remove(at_pretend_google)
    settle()

    assert (stands(), notes()) == ([], [NoteKind.TAKEN_OVER])
    assert not WrittenEvent.objects.exists()
    assert may_book(service, morning, now=clock.now())


def test_one_that_is_over_follows_too(school, morning, at_pretend_google):
    OwnEvent.objects.update(start=clock.now() - 2 * HOUR, end=clock.now() - HOUR)
    source.write([school.uuid], owner=school.user_id)
    deliver()
    before = stands()

    change(at_pretend_google, summary="Bus")

    assert stands() == [replace(before[0], title="Bus")]


def test_with_put_back_it_is_put_back(school, morning, at_pretend_google):
    choose(WhenChanged.PUT_BACK)
    before, stood = stands(), there(at_pretend_google)

    change(at_pretend_google, **hour_from(morning + 3 * HOUR), summary="Bus")
    assert (stands(), there(at_pretend_google)) == (before, stood)
    remove(at_pretend_google)

    assert (stands(), there(at_pretend_google)) == (before, stood)
    assert notes() == [NoteKind.PUT_BACK, NoteKind.PUT_BACK]


def test_changed_on_both_sides_what_was_changed_here_stands_and_that_is_noted(school, maya, morning, at_pretend_google):
    [event] = entries(at_pretend_google)
    at_pretend_google.google.change(MAYA, event["id"], {"summary": "Train"})
    details = replace(details_of(school), title="Bus")
    change_own_event(event=school, details=details, actor=maya, version=1)
    settle()
    settle()

    assert (stands(), there(at_pretend_google)[0]) == ([details], "Bus")
    assert notes() == [NoteKind.OVERWRITTEN]


def test_deleted_there_and_changed_here_it_stands_again(school, maya, at_pretend_google):
    [event] = entries(at_pretend_google)
    at_pretend_google.google.remove(MAYA, event["id"])
    details = replace(details_of(school), title="Bus")
    change_own_event(event=school, details=details, actor=maya, version=1)
    settle()
    settle()

    assert (stands(), there(at_pretend_google)[0]) == ([details], "Bus")


def test_deleted_on_both_sides_nothing_is_left(school, maya, at_pretend_google):
    [event] = entries(at_pretend_google)
    at_pretend_google.google.remove(MAYA, event["id"])
    delete_own_event(event=school, actor=maya, version=1)
    settle()

    assert (stands(), entries(at_pretend_google), notes()) == ([], [], [])
    assert not WrittenEvent.objects.exists()


def test_a_change_here_while_the_edit_is_judged_is_not_lost(school, maya, morning, at_pretend_google, monkeypatch):
    decide, details = edits.decide, replace(details_of(school), title="Bus")

    def changed_meanwhile(*args):
        monkeypatch.setattr(edits, "decide", decide)
        change_own_event(event=school, details=details, actor=maya, version=1)
        return decide(*args)

    monkeypatch.setattr(edits, "decide", changed_meanwhile)
    change(at_pretend_google, summary="Train")
    settle()

    assert (stands(), there(at_pretend_google)[0]) == ([details], "Bus")
    assert notes() == [NoteKind.OVERWRITTEN]


def test_a_tab_that_is_open_meanwhile_is_told(school, maya, client, at_pretend_google):
    client.force_login(maya)
    address = reverse("studio_event", args=[school.uuid])
    typed = {name: value for name, value in client.get(address).context["form"].initial.items() if value}
    change(at_pretend_google, summary="Train")

    page = client.post(address, typed | {"title": "Bus"})

    assert page.status_code == 409
    assert "Train" in page.text and OwnEvent.objects.get().title == "Train"
    remove(at_pretend_google)
    gone = client.post(address, typed | {"title": "Bus"})
    assert gone.status_code == 409
    assert "in Google" in gone.text and OwnEvent.objects.count() == 0


def move_to_berlin(provider):
    provider.time_zone = "Europe/Berlin"
    provider.save()


def test_in_another_zone_a_move_is_taken_over_and_the_zone_written(school, provider, morning, at_pretend_google):
    move_to_berlin(provider)
    change(at_pretend_google, **hour_from(morning + 3 * HOUR))

    assert stands() == [replace(details_of(school), start=morning + 3 * HOUR, end=morning + 4 * HOUR)]
    assert notes() == [NoteKind.TAKEN_OVER]
    [event] = entries(at_pretend_google)
    assert event["start"]["timeZone"] == "Europe/Berlin"


def test_in_another_zone_a_deletion_is_taken_over(school, provider, at_pretend_google):
    move_to_berlin(provider)
    remove(at_pretend_google)

    assert (stands(), entries(at_pretend_google), notes()) == ([], [], [NoteKind.TAKEN_OVER])


def test_deleted_here_and_changed_there_its_owner_is_told(school, maya, at_pretend_google):
    [event] = entries(at_pretend_google)
    at_pretend_google.google.change(MAYA, event["id"], {"summary": "Train"})
    delete_own_event(event=school, actor=maya, version=1)
    settle()

    assert (stands(), entries(at_pretend_google), notes()) == ([], [], [NoteKind.OVERWRITTEN])


def test_deleted_here_and_recoloured_there_nothing_is_told(school, maya, at_pretend_google):
    [event] = entries(at_pretend_google)
    at_pretend_google.google.change(MAYA, event["id"], {"colorId": "5"})
    delete_own_event(event=school, actor=maya, version=1)
    settle()

    assert (entries(at_pretend_google), notes()) == ([], [])


# --- Repeated at Google -----------------------------------------------------------------------------------------------


def test_what_its_owner_made_repeat_there_closes_the_other_dates(school, service, morning, at_pretend_google):
    change(at_pretend_google, recurrence=["RRULE:FREQ=DAILY;COUNT=3"])

    starts = [each.start for each in BusyInterval.objects.order_by("start")]
    assert (starts, stands()) == ([morning + DAY, morning + 2 * DAY], [details_of(school)])
    for start in (morning, morning + DAY, morning + 2 * DAY):
        assert not may_book(service, start, now=clock.now())


def test_what_its_owner_made_repeat_there_stays_when_it_is_deleted_here(school, maya, morning, at_pretend_google):
    change(at_pretend_google, recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    delete_own_event(event=school, actor=maya, version=1)
    deliver()
    settle()

    [left] = entries(at_pretend_google)
    starts = [each.start for each in BusyInterval.objects.order_by("start")]
    assert (left["summary"], stands()) == ("School run", [])
    assert starts == [morning, morning + DAY, morning + 2 * DAY]
    assert not WrittenEvent.objects.exists()


def disconnect(client, connection):
    client.force_login(connection.user)
    client.post(reverse("google_disconnect", args=[connection.uuid]), {"written": "remove"})


def test_what_its_owner_made_repeat_there_stays_when_all_else_is_removed(
    school, maya, morning, connected, client, at_pretend_google
):
    create_own_event(details=Details("Dentist", morning + 5 * HOUR, morning + 6 * HOUR), actor=maya)
    deliver()
    [event] = [each for each in entries(at_pretend_google) if each["summary"] == "School run"]
    at_pretend_google.google.change(MAYA, event["id"], {"recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]})

    disconnect(client, connected)
    deliver()

    [left] = entries(at_pretend_google)
    assert (left["summary"], left["recurrence"]) == ("School run", ["RRULE:FREQ=DAILY;COUNT=3"])
    assert not Connection.objects.exists()


def test_what_its_owner_makes_repeat_while_it_is_removed_stays(
    school, connected, client, at_pretend_google, monkeypatch
):
    look = CalendarApi.event

    def changed_meanwhile(api, calendar, event_id):
        event = look(api, calendar, event_id)
        if not event.get("recurrence"):
            at_pretend_google.google.change(MAYA, event_id, {"recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]})
        return event

    monkeypatch.setattr(CalendarApi, "event", changed_meanwhile)
    disconnect(client, connected)
    with pytest.raises(outbox.Retry):
        deliver()
    connecting.revoke(connected.pk, is_last_try=False)

    assert [each["summary"] for each in entries(at_pretend_google)] == ["School run"]
    assert not Connection.objects.exists()


# --- Asked ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def over(school, service, morning, at_pretend_google):
    """The event, moved in Google onto an appointment of Mina Sato's."""
    made = book(service, morning + 2 * HOUR)
    deliver()
    [event] = [each for each in entries(at_pretend_google) if each["summary"] == "School run"]
    at_pretend_google.google.change(MAYA, event["id"], hour_from(morning + 2 * HOUR))
    settle()
    return made


def test_moved_onto_an_appointment_its_owner_is_asked_and_nothing_changes(over, school, morning, mailoutbox):
    [row] = edits.open_for(school.user)

    assert (row.edit, row.edit_start) == (Edit.MOVED, morning + 2 * HOUR)
    assert row.refusal.startswith("There it lies over something that is agreed or asked for, ")
    assert "Mina" not in row.refusal  # it is kept, and her name is not ours to keep
    assert stands() == [details_of(school)]
    assert Appointment.objects.get().status == Status.CONFIRMED
    assert notes() == [NoteKind.ASKED]
    assert "Moved in Google: School run" in [mail.subject for mail in mailoutbox]


def test_the_question_leads_to_the_form_with_the_times_of_google(over, school, client, morning, at_pretend_google):
    client.force_login(school.user)
    [row] = edits.open_for(school.user)

    page = client.get(reverse("google_edit", args=[row.uuid]))
    address = page.context["question"].address
    form = client.get(address).context["form"]

    assert page.context["question"].follow == ""
    assert "It could not be done here by itself: There it lies over something" in page.text
    zone = over.provider.zone
    assert form.initial["start_on"] == clock.local(morning + 2 * HOUR, zone).date()
    assert f"{form.initial['start_at']:%H:%M}" == f"{clock.local(morning + 2 * HOUR, zone):%H:%M}"
    typed = {name: value for name, value in form.initial.items() if value}
    check = client.post(address, typed)
    assert "Mina Sato" in check.text
    client.post(address, typed | {"shown": check.context["form"]["shown"].value()})
    settle()
    assert stands()[0].start == morning + 2 * HOUR
    assert list(edits.open_for(school.user)) == []


def test_put_back_it_stands_where_it_was(over, school, morning, at_pretend_google):
    [row] = edits.open_for(school.user)

    edits.put_back(event=row, actor=school.user)
    settle()

    [event] = [each for each in entries(at_pretend_google) if each["summary"] == "School run"]
    assert datetime.fromisoformat(event["start"]["dateTime"]) == morning
    assert list(edits.open_for(school.user)) == []


def test_once_nothing_lies_there_it_can_be_followed(over, school, morning):
    cancel(over)
    deliver()
    [row] = edits.open_for(school.user)
    asked = edits.ask_about(row)

    assert asked.follow == "Move it here, too"
    assert edits.follow(event=row, actor=school.user) == "The event is moved."
    settle()
    assert stands() == [replace(details_of(school), start=morning + 2 * HOUR, end=morning + 3 * HOUR)]


def test_what_was_renamed_besides_follows_with_the_move(over, school, morning, at_pretend_google):
    cancel(over)
    deliver()
    [row] = edits.open_for(school.user)
    at_pretend_google.google.change(MAYA, row.event_id, {"summary": "Bus trip", "description": "New words"})

    edits.follow(event=row, actor=school.user)
    settle()

    assert [(each.title, each.description, each.start) for each in stands()] == [
        ("Bus trip", "New words", morning + 2 * HOUR)
    ]
    assert "Bus trip" in [each["summary"] for each in entries(at_pretend_google)]
    assert list(edits.open_for(school.user)) == []


def test_what_was_changed_between_the_question_and_put_back_is_told(over, school, at_pretend_google):
    [row] = edits.open_for(school.user)
    edits.put_back(event=row, actor=school.user)
    at_pretend_google.google.change(MAYA, row.event_id, {"summary": "Bus trip"})
    settle()

    assert "School run" in [each["summary"] for each in entries(at_pretend_google)]
    assert notes() == [NoteKind.ASKED, NoteKind.OVERWRITTEN]


def test_in_another_zone_the_question_stays(over, school, provider, morning, at_pretend_google):
    move_to_berlin(provider)
    written.compare(school.user, now=clock.now())
    deliver()

    [row] = edits.open_for(school.user)
    assert (row.edit, row.edit_start) == (Edit.MOVED, morning + 2 * HOUR)


def test_what_cannot_be_kept_here_is_asked_about(school, at_pretend_google):
    change(at_pretend_google, summary="x" * 301)

    [row] = edits.open_for(school.user)
    assert (row.edit, row.refusal) == (Edit.CHANGED, "Shorten the title to 300 characters: it has 301.")
    assert stands() == [details_of(school)]
    change(at_pretend_google, summary="Bus")
    assert (stands()[0].title, list(edits.open_for(school.user))) == ("Bus", [])


def test_what_cannot_be_so_here_is_not_offered_to_be_followed(school, morning, at_pretend_google):
    moment = {"dateTime": (morning + 2 * HOUR).isoformat()}
    change(at_pretend_google, start=moment, end=moment)

    [row] = edits.open_for(school.user)
    asked = edits.ask_about(row)
    assert (asked.follow, asked.meaning) == ("", "It ends before it begins.")


def test_moved_onto_a_time_that_is_offered_its_owner_is_asked(school, service, provider, morning, at_pretend_google):
    offer = offer_instead(provider, book(service, morning + 3 * HOUR))
    deliver()
    [event] = [each for each in entries(at_pretend_google) if each["summary"] == "School run"]
    at_pretend_google.google.change(MAYA, event["id"], hour_from(offer.start))
    settle()

    [row] = edits.open_for(school.user)
    assert row.refusal.startswith("There it lies over a time that you offer to somebody, ")
    offer.refresh_from_db()
    assert (stands(), offer.state) == ([details_of(school)], OfferState.OPEN)


def offer_instead(provider, appointment):
    """The first of the times that are offered instead of the appointment, which is called off."""
    span = (appointment.start, appointment.end)
    claims = [claim.appointment for claim in what_is_inside(provider, span, now=clock.now()).claims]
    found = offers.times_to_offer(provider, claims, away=span, ending=claims, now=clock.now())
    take_time_off(
        provider=provider,
        absence=Absence(*span),
        actor=provider.user,
        ways={appointment.reference: Way.OFFER},
        offered={reference: times.starts for reference, times in found.items()},
    )
    return Offer.objects.filter(instead_of=appointment).order_by("start")[0]


def test_moved_to_another_calendar_it_is_that_calendars_and_no_more_ours(school, service, morning, at_pretend_google):
    [event] = entries(at_pretend_google)
    family = at_pretend_google.google.add_calendar(MAYA, "Family")
    connecting.refresh_all_lists()
    deliver()
    GoogleCalendar.objects.filter(google_id=family).update(counts_as_busy=True)
    at_pretend_google.google.remove(MAYA, event["id"])
    at_pretend_google.google.put(MAYA, {name: event[name] for name in MOVED_FIELDS}, family)
    settle()
    settle()

    assert (stands(), entries(at_pretend_google)) == ([], [])
    [left] = at_pretend_google.google.entries(MAYA, family)
    assert (left["summary"], left["status"]) == ("School run", "confirmed")
    assert [(each.start, each.end) for each in BusyInterval.objects.all()] == [(morning, morning + HOUR)]
    assert not may_book(service, morning, now=clock.now())


MOVED_FIELDS = ("id", "summary", "description", "location", "start", "end", "extendedProperties")


def test_what_is_gone_without_a_word_is_asked_about_and_not_deleted(school, at_pretend_google):
    """As where the whole calendar was deleted at Google, of which it says the same as of one event."""
    [event] = entries(at_pretend_google)
    at_pretend_google.google.change(MAYA, event["id"], {"summary": "Bus"})
    at_pretend_google.google.faults.add("events.get", status=404, reason="notFound")
    settle()

    [row] = edits.open_for(school.user)
    assert (row.edit, stands()) == (Edit.DELETED, [details_of(school)])
    assert edits.follow(event=row, actor=school.user) == "The event is deleted."
    assert stands() == []


# --- Texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        ("2 < 3 and 5 > 4", "2 < 3 and 5 > 4"),
        ("a &amp; b", "a & b"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<p>a</p><p>b</p>c", "a\nb\nc"),
        ("<ul><li>a</li><li>b</li></ul>c", "a\nb\nc"),
        ('<a href="https://example.com">there</a>', "there"),
        ("<b>a</b><![foo]>b", "ab"),
        ("<b>a</b><![1", "a<![1"),
        ("<b>a</b><!--b", "a<!--b"),
        ("<b>a</b><?b", "a<?b"),
        ("<b>a</b><!-- b -->c<?d>", "ac"),
    ],
)
def test_a_description_is_read_as_people_read_it(html, text):
    assert plain_text(html) == text


def test_a_text_that_looks_like_markup_is_not_taken_for_a_change(maya, morning, at_pretend_google):
    details = Details("Code", morning, morning + HOUR, description="Use <b>bold</b> & <br>")
    create_own_event(details=details, actor=maya)
    deliver()

    change(at_pretend_google, colorId="5")
    change(at_pretend_google, **hour_from(morning + HOUR))

    assert stands() == [replace(details, start=morning + HOUR, end=morning + 2 * HOUR)]
