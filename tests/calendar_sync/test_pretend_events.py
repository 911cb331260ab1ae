"""Calendars and events of the pretend Google: who may do what, and what a write is held to."""

from datetime import UTC, datetime

import pytest
from googleapiclient.errors import HttpError

from calendar_sync.pretend_google import scopes
from calendar_sync.pretend_google.web.routes import API, ROUTES

from . import discovery
from .pretend import MAYA, ROBIN, calendar_api

WHEN = {
    "start": {"dateTime": "2027-03-01T10:00:00Z"},
    "end": {"dateTime": "2027-03-01T11:00:00Z"},
}
BOOKING = {"id": "booking1", "summary": "First assessment", **WHEN}


def refusal(call):
    """The status and the reason with which a call is refused."""
    with pytest.raises(HttpError) as raised:
        call.execute()
    return raised.value.status_code, raised.value.error_details[0]["reason"]


@pytest.fixture
def api(pretend_google):
    return calendar_api(pretend_google)


@pytest.fixture
def events(api):
    return api.events()


def test_routes_scopes_and_parameters_are_those_of_googles_description():
    for route in (route for route in ROUTES if route.kind == API):
        known = discovery.method(route.name)
        assert route.path.removeprefix("/calendar/v3/") == known["path"]
        assert route.verb == known["httpMethod"]
        assert route.parameters <= set(known.get("parameters", {}))
        assert scopes.ENOUGH[route.name] <= set(known["scopes"])
        # What it knows of scopes is all of it, but for those that only reach public or other people's settings.
        assert not {one for one in set(known["scopes"]) - scopes.ENOUGH[route.name] if one in scopes.KNOWN}


# --- Calendars --------------------------------------------------------------


def test_the_list_of_calendars_begins_with_the_primary_one(pretend_google, api):
    google = pretend_google.google
    other = google.add_calendar(MAYA, "Choir")
    shared = google.add_calendar(ROBIN, "Studio")
    google.share(shared, MAYA, "reader")

    listed = api.calendarList().list().execute()

    assert [(one["id"], one.get("primary", False), one["accessRole"]) for one in listed["items"]] == [
        (MAYA, True, "owner"),
        (other, False, "owner"),
        (shared, False, "reader"),
    ]
    assert api.calendarList().get(calendarId="primary").execute()["id"] == MAYA


def test_the_list_of_calendars_comes_in_pages_and_tells_what_changed(pretend_google, api):
    for number in range(3):
        pretend_google.google.add_calendar(MAYA, f"Choir {number}")
    calendars = api.calendarList()
    first = calendars.list(maxResults=3).execute()
    last = calendars.list(maxResults=3, pageToken=first["nextPageToken"]).execute()
    gone = pretend_google.google.add_calendar(ROBIN, "Studio")
    pretend_google.google.share(gone, MAYA, "reader")
    pretend_google.google.share(gone, MAYA, "")

    changed = calendars.list(syncToken=last["nextSyncToken"]).execute()

    assert (len(first["items"]), len(last["items"])) == (3, 1)
    assert [(one["id"], one["deleted"]) for one in changed["items"]] == [(gone, True)]


def test_a_client_with_the_narrow_scope_works_only_in_calendars_it_made(pretend_google):
    narrow = calendar_api(pretend_google, scopes=("calendar.app.created", "calendar.freebusy"))

    own = narrow.calendars().insert(body={"summary": "Appointments", "timeZone": "Europe/London"}).execute()

    made = narrow.events().insert(calendarId=own["id"], body=BOOKING).execute()
    assert narrow.events().get(calendarId=own["id"], eventId=made["id"]).execute()["summary"] == "First assessment"
    assert narrow.calendars().get(calendarId=own["id"]).execute()["timeZone"] == "Europe/London"
    assert refusal(narrow.events().list(calendarId="primary")) == (403, "insufficientPermissions")
    assert refusal(narrow.calendarList().list()) == (403, "insufficientPermissions")
    narrow.calendars().delete(calendarId=own["id"]).execute()
    assert refusal(narrow.events().list(calendarId=own["id"])) == (404, "notFound")


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("calendar.events", {"events.list", "events.insert"}),
        ("calendar.events.readonly", {"events.list"}),
        ("calendar.events.owned", {"events.list", "events.insert"}),
        ("calendar.freebusy", {"freebusy.query"}),
        ("calendar.calendarlist.readonly", {"calendarList.list"}),
        ("calendar.readonly", {"events.list", "freebusy.query", "calendarList.list"}),
        ("calendar", {"events.list", "events.insert", "freebusy.query", "calendarList.list"}),
    ],
)
def test_each_method_wants_a_scope_of_its_own(pretend_google, scope, allowed):
    api = calendar_api(pretend_google, scopes=(scope,))
    asked = {"timeMin": "2027-03-01T00:00:00Z", "timeMax": "2027-03-02T00:00:00Z", "items": [{"id": MAYA}]}
    calls = {
        "events.list": api.events().list(calendarId="primary"),
        "events.insert": api.events().insert(calendarId="primary", body=WHEN),
        "freebusy.query": api.freebusy().query(body=asked),
        "calendarList.list": api.calendarList().list(),
    }
    done = set()
    for name, call in calls.items():
        try:
            call.execute()
            done.add(name)
        except HttpError as error:
            assert (error.status_code, error.error_details[0]["reason"]) == (403, "insufficientPermissions")

    assert done == allowed


def test_a_scope_for_owned_calendars_does_not_reach_shared_ones(pretend_google):
    shared = pretend_google.google.add_calendar(ROBIN, "Studio")
    pretend_google.google.share(shared, MAYA, "writer")

    owned = calendar_api(pretend_google, scopes=("calendar.events.owned",)).events()
    wide = calendar_api(pretend_google, scopes=("calendar.events",)).events()

    assert refusal(owned.insert(calendarId=shared, body=BOOKING)) == (403, "insufficientPermissions")
    assert wide.insert(calendarId=shared, body=BOOKING).execute()["id"] == "booking1"


@pytest.mark.parametrize(
    ("role", "read", "write"),
    [
        ("freeBusyReader", (403, "requiredAccessLevel"), (403, "requiredAccessLevel")),
        ("reader", None, (403, "requiredAccessLevel")),
        ("writer", None, None),
        ("", (404, "notFound"), (404, "notFound")),
    ],
)
def test_a_shared_calendar_is_used_as_far_as_the_role_goes(pretend_google, events, role, read, write):
    shared = pretend_google.google.add_calendar(ROBIN, "Studio")
    pretend_google.google.share(shared, MAYA, "reader")
    pretend_google.google.share(shared, MAYA, role)

    for call, refused in ((events.list(calendarId=shared), read), (events.insert(calendarId=shared, body=WHEN), write)):
        if refused:
            assert refusal(call) == refused
        else:
            call.execute()


def test_an_account_without_a_calendar_is_told_so(pretend_google, api):
    pretend_google.google.accounts.get(MAYA).has_calendar = False

    assert refusal(api.calendarList().list()) == (403, "notACalendarUser")
    assert refusal(api.events().list(calendarId="primary")) == (403, "notACalendarUser")


# --- Writing ----------------------------------------------------------------


def test_an_event_is_answered_with_all_that_google_adds(events):
    made = events.insert(calendarId="primary", body=BOOKING | {"location": "12 Mill Lane"}).execute()

    assert {
        name: made[name] for name in ("id", "status", "summary", "location", "iCalUID", "sequence", "eventType")
    } == {
        "id": "booking1",
        "status": "confirmed",
        "summary": "First assessment",
        "location": "12 Mill Lane",
        "iCalUID": "booking1@google.com",
        "sequence": 0,
        "eventType": "default",
    }
    assert made["creator"] == made["organizer"] == {"email": MAYA, "self": True}
    assert made["start"] == {"dateTime": "2027-03-01T10:00:00Z", "timeZone": "Europe/London"}
    assert made["etag"] and made["created"] == made["updated"]


def test_times_come_back_in_the_calendars_zone_or_in_the_one_that_is_asked_for(events):
    in_summer = {"dateTime": "2027-07-01T10:00:00", "timeZone": "America/New_York"}
    body = {"start": in_summer, "end": in_summer | {"dateTime": "2027-07-01T11:00:00"}}
    made = events.insert(calendarId="primary", body=body).execute()

    asked = events.get(calendarId="primary", eventId=made["id"], timeZone="Asia/Kathmandu").execute()

    assert made["start"] == {"dateTime": "2027-07-01T15:00:00+01:00", "timeZone": "America/New_York"}
    assert asked["start"] == {"dateTime": "2027-07-01T19:45:00+05:45", "timeZone": "America/New_York"}


def test_whole_days_are_dates_with_the_last_one_excluded(events):
    body = {"start": {"date": "2027-03-01"}, "end": {"date": "2027-03-03"}}

    made = events.insert(calendarId="primary", body=body).execute()

    assert (made["start"], made["end"]) == ({"date": "2027-03-01"}, {"date": "2027-03-03"})


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"start": WHEN["start"]}, 400, "required"),
        ({"start": WHEN["end"], "end": WHEN["start"]}, 400, "timeRangeEmpty"),
        ({"start": {"date": "2027-03-01"}, "end": {"date": "2027-03-01"}}, 400, "timeRangeEmpty"),
        ({"start": {"date": "2027-03-01"}, "end": WHEN["end"]}, 400, "invalid"),
        ({"start": {"dateTime": "2027-03-01T10:00:00"}, "end": WHEN["end"]}, 400, "required"),
        ({"start": {"dateTime": "2027-02-30T10:00:00Z"}, "end": WHEN["end"]}, 400, "invalid"),
        ({"start": WHEN["start"] | {"timeZone": "Mars/Olympus"}, "end": WHEN["end"]}, 400, "invalid"),
        (WHEN | {"id": "UPPER"}, 400, "invalid"),
        (WHEN | {"id": "wxyz0"}, 400, "invalid"),
        (WHEN | {"id": "abcd"}, 400, "invalid"),
        (WHEN | {"id": "a" * 1025}, 400, "invalid"),
        (WHEN | {"recurrence": ["RRULE:FREQ=WEEKLY"]}, 400, "required"),
        (WHEN | {"status": "perhaps"}, 400, "invalid"),
        (WHEN | {"eventType": "fromGmail"}, 400, "invalid"),
        (WHEN | {"attendees": [{"displayName": "Amara"}]}, 400, "required"),
        (WHEN | {"reminders": {"overrides": [{"method": "popup", "minutes": 40_321}]}}, 400, "invalid"),
        (WHEN | {"reminders": {"overrides": [{"method": "popup", "minutes": 1}] * 6}}, 400, "invalid"),
        (
            WHEN | {"reminders": {"useDefault": True, "overrides": [{"method": "popup", "minutes": 1}]}},
            400,
            "cannotUseDefaultRemindersAndSpecifyOverride",
        ),
        (WHEN | {"extendedProperties": {"private": {"reference": "x" * 1025}}}, 400, "invalid"),
    ],
)
def test_what_google_refuses_is_refused(events, body, status, reason):
    assert refusal(events.insert(calendarId="primary", body=body)) == (status, reason)


def test_an_id_is_taken_once_also_by_an_event_that_was_deleted(events):
    events.insert(calendarId="primary", body=BOOKING).execute()
    again = events.insert(calendarId="primary", body=BOOKING)

    assert refusal(again) == (409, "duplicate")
    events.delete(calendarId="primary", eventId="booking1").execute()
    assert refusal(again) == (409, "duplicate")
    assert refusal(events.delete(calendarId="primary", eventId="booking1")) == (410, "deleted")
    back = events.patch(calendarId="primary", eventId="booking1", body={"status": "confirmed"}).execute()
    assert (back["status"], back["summary"]) == ("confirmed", "First assessment")


def test_a_patch_keeps_what_it_does_not_name_and_an_update_does_not(events):
    body = BOOKING | {"location": "Here", "extendedProperties": {"private": {"reference": "ABC", "kind": "booking"}}}
    events.insert(calendarId="primary", body=body).execute()
    change = {"summary": "Moved", "extendedProperties": {"private": {"kind": "moved"}}, "location": None}

    patched = events.patch(calendarId="primary", eventId="booking1", body=change).execute()
    updated = events.update(calendarId="primary", eventId="booking1", body=WHEN).execute()

    assert patched["extendedProperties"] == {"private": {"reference": "ABC", "kind": "moved"}}
    assert (patched["summary"], "location" in patched) == ("Moved", False)
    assert {"summary", "extendedProperties"} & set(updated) == set()


def test_an_etag_that_is_out_of_date_stops_the_write(events):
    made = events.insert(calendarId="primary", body=BOOKING).execute()
    now = events.patch(calendarId="primary", eventId="booking1", body={"summary": "By hand"}).execute()
    late = events.patch(calendarId="primary", eventId="booking1", body={"summary": "By us"})
    late.headers["If-Match"] = made["etag"]
    on_time = events.delete(calendarId="primary", eventId="booking1")
    on_time.headers["If-Match"] = now["etag"]

    assert refusal(late) == (412, "conditionNotMet")
    on_time.execute()


def test_reminders_alone_are_no_change_of_the_event(events):
    made = events.insert(calendarId="primary", body=BOOKING).execute()

    after = events.patch(calendarId="primary", eventId="booking1", body={"reminders": {"useDefault": False}}).execute()

    assert after["updated"] == made["updated"]
    assert after["etag"] != made["etag"]


def test_the_type_of_an_event_stays(pretend_google, events):
    mailed = pretend_google.google.invite(MAYA, WHEN | {"summary": "Flight", "eventType": "fromGmail"}, MAYA)
    patch = {"calendarId": "primary", "eventId": mailed["id"]}

    assert events.patch(body={"summary": "Flight to Oslo"}, **patch).execute()["eventType"] == "fromGmail"
    assert events.update(body=WHEN, **patch).execute()["eventType"] == "fromGmail"
    assert events.patch(body={"eventType": None}, **patch).execute()["eventType"] == "fromGmail"
    assert refusal(events.patch(body={"eventType": "default"}, **patch)) == (400, "invalid")


def test_what_guests_would_be_told_is_noted(pretend_google, events):
    body = BOOKING | {"attendees": [{"email": "amara@example.com"}]}
    events.insert(calendarId="primary", body=body, sendUpdates="all").execute()
    events.patch(calendarId="primary", eventId="booking1", body={"summary": "Moved"}).execute()
    events.delete(calendarId="primary", eventId="booking1", sendUpdates="none").execute()

    assert [(one.verb, one.send_updates, one.recipients) for one in pretend_google.google.events.sent] == [
        ("insert", "all", ("amara@example.com",)),
        ("patch", "none", ()),
        ("delete", "none", ()),
    ]


def test_a_guests_answer_comes_back(pretend_google, events):
    events.insert(calendarId="primary", body=BOOKING | {"attendees": [{"email": "amara@example.com"}]}).execute()

    pretend_google.google.answer(MAYA, "booking1", "amara@example.com", "declined")

    attendees = events.get(calendarId="primary", eventId="booking1").execute()["attendees"]
    assert attendees == [{"email": "amara@example.com", "responseStatus": "declined"}]


def test_only_its_organizer_changes_what_is_shared(pretend_google, events):
    guest = {"email": MAYA, "responseStatus": "needsAction"}
    invited = pretend_google.google.invite(MAYA, {"summary": "Party", "attendees": [guest], **WHEN}, "host@example.com")
    patch = {"eventId": invited["id"], "calendarId": "primary"}

    answered = events.patch(body={"attendees": [guest | {"responseStatus": "declined"}]}, **patch).execute()
    private = events.patch(body={"transparency": "transparent"}, **patch).execute()

    assert answered["attendees"] == [{"email": MAYA, "responseStatus": "declined", "self": True}]
    assert private["transparency"] == "transparent"
    assert refusal(events.patch(body={"summary": "Mine"}, **patch)) == (403, "forbiddenForNonOrganizer")
    assert refusal(events.update(body=WHEN, **patch)) == (403, "forbiddenForNonOrganizer")


def test_a_meet_link_is_pending_first_and_then_ready(pretend_google, events):
    request = {"createRequest": {"requestId": "r1", "conferenceSolutionKey": {"type": "hangoutsMeet"}}}
    body = BOOKING | {"conferenceData": request}
    without = events.insert(calendarId="primary", body=body | {"id": "plain1"}).execute()

    made = events.insert(calendarId="primary", body=body, conferenceDataVersion=1).execute()
    pretend_google.google.clock.advance(2)
    ready = events.get(calendarId="primary", eventId="booking1").execute()

    assert "conferenceData" not in without
    assert made["conferenceData"]["createRequest"]["status"] == {"statusCode": "pending"}
    assert "hangoutLink" not in made
    assert ready["conferenceData"]["createRequest"]["status"] == {"statusCode": "success"}
    assert ready["hangoutLink"].startswith("https://meet.google.com/")
    assert ready["etag"] != made["etag"]


def test_a_conference_stays_unless_a_write_with_the_version_takes_it_away(pretend_google, events):
    request = {"createRequest": {"requestId": "r1", "conferenceSolutionKey": {"type": "hangoutsMeet"}}}
    events.insert(calendarId="primary", body=BOOKING | {"conferenceData": request}, conferenceDataVersion=1).execute()
    pretend_google.google.clock.advance(2)
    patch = {"calendarId": "primary", "eventId": "booking1"}

    said_nothing = events.patch(**patch, body={"summary": "Other"}).execute()
    without_version = events.patch(**patch, body={"conferenceData": None}).execute()
    taken_away = events.patch(**patch, body={"conferenceData": None}, conferenceDataVersion=1).execute()

    assert said_nothing["hangoutLink"] == without_version["hangoutLink"]
    assert {"hangoutLink", "conferenceData"}.isdisjoint(taken_away)


def test_a_conference_may_fail_or_be_refused(pretend_google, events):
    request = {"createRequest": {"requestId": "r1", "conferenceSolutionKey": {"type": "hangoutsMeet"}}}
    body = BOOKING | {"conferenceData": request}
    pretend_google.google.meets.fails = True
    events.insert(calendarId="primary", body=body, conferenceDataVersion=1).execute()
    pretend_google.google.clock.advance(2)
    pretend_google.google.meets.refuses = True

    failed = events.get(calendarId="primary", eventId="booking1").execute()

    assert failed["conferenceData"]["createRequest"]["status"] == {"statusCode": "failure"}
    assert "hangoutLink" not in failed
    assert refusal(events.insert(calendarId="primary", body=body | {"id": "booking2"}, conferenceDataVersion=1)) == (
        400,
        "invalid",
    )


def test_an_answer_has_only_the_fields_that_are_asked_for(events):
    events.insert(calendarId="primary", body=BOOKING).execute()

    listed = events.list(calendarId="primary", fields="items(id,start/dateTime),nextSyncToken").execute()
    one = events.get(calendarId="primary", eventId="booking1", fields="summary").execute()

    assert listed["items"] == [{"id": "booking1", "start": {"dateTime": "2027-03-01T10:00:00Z"}}]
    assert set(listed) == {"items", "nextSyncToken"}
    assert one == {"summary": "First assessment"}


# --- Free and busy ----------------------------------------------------------


def busy(api, *calendars, start="2027-03-01T00:00:00Z", end="2027-03-02T00:00:00Z"):
    body = {"timeMin": start, "timeMax": end, "items": [{"id": one} for one in calendars or (MAYA,)]}
    return api.freebusy().query(body=body).execute()["calendars"]


@pytest.mark.parametrize(
    ("body", "taken"),
    [
        ({}, True),
        ({"status": "tentative"}, True),
        ({"status": "cancelled"}, False),
        ({"transparency": "transparent"}, False),
        ({"attendees": [{"email": MAYA, "responseStatus": "declined"}]}, False),
        ({"attendees": [{"email": MAYA, "responseStatus": "needsAction"}]}, True),
        ({"attendees": [{"email": ROBIN, "responseStatus": "declined"}]}, True),
        ({"eventType": "outOfOffice"}, True),
        ({"eventType": "focusTime"}, True),
        ({"eventType": "fromGmail"}, True),
        ({"eventType": "workingLocation"}, False),
        ({"eventType": "birthday"}, False),
    ],
)
def test_what_takes_time(pretend_google, api, body, taken):
    pretend_google.google.invite(MAYA, WHEN | body, MAYA)

    expected = [{"start": "2027-03-01T10:00:00Z", "end": "2027-03-01T11:00:00Z"}] if taken else []
    assert busy(api)[MAYA] == {"busy": expected}


def test_whole_days_are_busy_in_the_calendars_zone(pretend_google, api):
    google = pretend_google.google
    tokyo = google.add_calendar(MAYA, "Tokyo", timeZone="Asia/Tokyo")
    google.put(MAYA, {"start": {"date": "2027-03-01"}, "end": {"date": "2027-03-02"}}, tokyo)

    found = busy(api, tokyo, start="2027-02-27T00:00:00Z")

    assert found[tokyo]["busy"] == [{"start": "2027-02-28T15:00:00Z", "end": "2027-03-01T15:00:00Z"}]


def test_busy_times_are_joined_and_cut_at_the_ends_of_the_question(pretend_google, api):
    for first, last in (("09:00", "10:30"), ("10:00", "11:00"), ("11:00", "12:00"), ("13:00", "14:00")):
        edges = {name: {"dateTime": f"2027-03-01T{at}:00Z"} for name, at in (("start", first), ("end", last))}
        pretend_google.google.put(MAYA, edges)

    found = busy(api, start="2027-03-01T09:30:00Z", end="2027-03-01T13:30:00Z")[MAYA]["busy"]

    assert found == [
        {"start": "2027-03-01T09:30:00Z", "end": "2027-03-01T12:00:00Z"},
        {"start": "2027-03-01T13:00:00Z", "end": "2027-03-01T13:30:00Z"},
    ]


def test_what_is_wrong_with_one_calendar_stands_in_its_own_part_of_the_answer(pretend_google, api):
    pretend_google.google.freebusy_errors[MAYA] = "internalError"

    found = busy(api, MAYA, "nobody@example.com")

    assert found == {
        MAYA: {"busy": [], "errors": [{"domain": "global", "reason": "internalError"}]},
        "nobody@example.com": {"busy": [], "errors": [{"domain": "global", "reason": "notFound"}]},
    }


@pytest.mark.parametrize(
    ("end", "calendars", "reason"),
    [
        ("2027-06-10T00:00:00Z", 1, "timeRangeTooLong"),
        ("2027-03-01T00:00:00Z", 1, "timeRangeEmpty"),
        ("2027-03-02T00:00:00Z", 51, "tooManyCalendarsRequested"),
    ],
)
def test_a_question_that_is_too_large_is_refused(api, end, calendars, reason):
    items = [{"id": f"{number}@example.com"} for number in range(calendars)]
    body = {"timeMin": "2027-03-01T00:00:00Z", "timeMax": end, "items": items}

    assert refusal(api.freebusy().query(body=body)) == (400, reason)


def test_people_find_their_day_in_order(pretend_google):
    google = pretend_google.google
    for hour in (14, 9):
        edges = {name: {"dateTime": f"2027-03-01T{hour + add:02}:00:00Z"} for name, add in (("start", 0), ("end", 1))}
        google.put(MAYA, {"summary": str(hour), **edges})

    found = google.between(MAYA, datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 3, 2, tzinfo=UTC))

    assert [event.fields["summary"] for event in found] == ["9", "14"]
