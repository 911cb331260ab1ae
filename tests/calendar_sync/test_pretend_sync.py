"""Lists of the pretend Google: pages, sync tokens and their rules, and series with their exceptions."""

from datetime import UTC, datetime, timedelta

import pytest

from calendar_sync.pretend_google.recurrence import HORIZON

from .pretend import MAYA, ROBIN, calendar_api
from .test_pretend_events import BOOKING, WHEN, refusal


def at(text, minutes=60, **more):
    """An event on the wall in London, such as at("2027-03-01 10:00")."""
    start = datetime.strptime(text, "%Y-%m-%d %H:%M")
    edges = {"start": start, "end": start + timedelta(minutes=minutes)}
    return {name: {"dateTime": one.isoformat(), "timeZone": "Europe/London"} for name, one in edges.items()} | more


@pytest.fixture
def google(pretend_google):
    return pretend_google.google


@pytest.fixture
def events(pretend_google):
    return calendar_api(pretend_google).events()


def all_pages(events, **how):
    """Every item of a list, and the sync token at its end; each page's number of items must fit the question."""
    items, answer = [], events.list(calendarId="primary", **how).execute()
    while True:
        items += answer["items"]
        if "nextPageToken" not in answer:
            return items, answer.get("nextSyncToken")
        assert "nextSyncToken" not in answer
        answer = events.list(calendarId="primary", pageToken=answer["nextPageToken"], **how).execute()


def ids(items):
    return [(one["id"], one.get("status")) for one in items]


# --- Pages ------------------------------------------------------------------


@pytest.mark.parametrize(("size", "most", "empty"), [(2, 2500, 0), (250, 2, 0), (250, 2500, 1)])
def test_every_event_comes_once_however_the_pages_are_cut(google, events, size, most, empty):
    made = {google.put(MAYA, WHEN)["id"] for _ in range(5)}
    google.listing.most_on_a_page, google.listing.empty_pages = most, empty

    items, token = all_pages(events, maxResults=size)

    assert {one["id"] for one in items} == made
    assert token


def test_a_page_that_is_empty_may_have_a_next_one(google, events):
    google.put(MAYA, WHEN)
    google.listing.empty_pages = 1

    first = events.list(calendarId="primary").execute()

    assert (first["items"], "nextPageToken" in first) == ([], True)


def test_a_page_token_belongs_to_its_own_question(google, events):
    for _ in range(3):
        google.put(MAYA, WHEN)
    token = events.list(calendarId="primary", maxResults=2).execute()["nextPageToken"]

    assert refusal(events.list(calendarId="primary", maxResults=1, pageToken=token)) == (400, "invalid")
    assert refusal(events.list(calendarId="primary", maxResults=2, pageToken="none")) == (400, "invalid")


def test_what_changes_between_two_pages_is_told_by_the_next_sync(google, events):
    for number in range(3):
        google.put(MAYA, WHEN | {"id": f"event{number}"})
    first = events.list(calendarId="primary", maxResults=2).execute()
    google.change(MAYA, "event0", {"summary": "Changed meanwhile"})
    last = events.list(calendarId="primary", maxResults=2, pageToken=first["nextPageToken"]).execute()

    changed, _ = all_pages(events, maxResults=2, syncToken=last["nextSyncToken"])

    assert [one["summary"] for one in changed] == ["Changed meanwhile"]


# --- Sync tokens ------------------------------------------------------------


def test_a_sync_tells_what_was_made_changed_and_deleted_and_nothing_else(google, events):
    for name in ("kept1", "moved", "deleted"):
        google.put(MAYA, WHEN | {"id": name})
    _, token = all_pages(events)
    google.put(MAYA, WHEN | {"id": "made1"})
    google.change(MAYA, "moved", at("2027-03-02 10:00"))
    google.remove(MAYA, "deleted")

    items, token = all_pages(events, syncToken=token)
    nothing, _ = all_pages(events, syncToken=token)

    assert sorted(ids(items)) == [("deleted", "cancelled"), ("made1", "confirmed"), ("moved", "confirmed")]
    assert nothing == []
    tombstone = next(one for one in items if one["status"] == "cancelled")
    assert set(tombstone) == {"kind", "etag", "id", "status"}


def test_a_list_limited_in_time_is_continued_without_the_limit(google, events):
    _, token = all_pages(events, timeMin="2027-03-01T00:00:00Z", timeMax="2027-03-08T00:00:00Z")
    google.put(MAYA, at("2028-01-01 10:00", id="farther"))

    items, _ = all_pages(events, syncToken=token)

    assert ids(items) == [("farther", "confirmed")]


@pytest.mark.parametrize(
    "forbidden",
    [
        {"iCalUID": "x@google.com"},
        {"orderBy": "updated"},
        {"privateExtendedProperty": "a=b"},
        {"sharedExtendedProperty": "a=b"},
        {"q": "x"},
        {"timeMin": "2027-03-01T00:00:00Z"},
        {"timeMax": "2027-03-01T00:00:00Z"},
        {"updatedMin": "2027-03-01T00:00:00Z"},
        {"showDeleted": False},
        {"singleEvents": True},
        {"eventTypes": ["default"]},
        {"maxResults": 10},
    ],
)
def test_with_a_sync_token_the_question_has_to_be_the_same(events, forbidden):
    _, token = all_pages(events)

    assert refusal(events.list(calendarId="primary", syncToken=token, **forbidden)) == (400, "badRequest")


@pytest.mark.parametrize("limit", [{"q": "x"}, {"orderBy": "updated"}, {"privateExtendedProperty": "a=b"}])
def test_a_list_that_leaves_something_out_has_no_sync_token(events, limit):
    assert all_pages(events, **limit) == ([], None)


def test_a_sync_token_that_ended_asks_for_a_full_list_which_has_no_tombstones(google, events):
    google.put(MAYA, WHEN | {"id": "deleted"})
    _, token = all_pages(events)
    google.remove(MAYA, "deleted")
    google.listing.expire_sync_tokens()

    assert refusal(events.list(calendarId="primary", syncToken=token)) == (410, "fullSyncRequired")
    assert all_pages(events)[0] == []


def test_a_sync_token_belongs_to_one_calendar(google, events):
    other = google.add_calendar(MAYA, "Choir")
    _, token = all_pages(events)

    assert refusal(events.list(calendarId=other, syncToken=token)) == (400, "invalid")


def test_a_change_of_who_may_do_what_ends_the_sync_tokens(google, events):
    _, token = all_pages(events)
    google.share(MAYA, ROBIN, "reader")

    assert refusal(events.list(calendarId="primary", syncToken=token)) == (410, "fullSyncRequired")


def test_gone_has_three_meanings(google, events):
    google.put(MAYA, WHEN | {"id": "deleted"})
    _, token = all_pages(events)
    google.remove(MAYA, "deleted")
    google.listing.expire_sync_tokens()
    long_ago = (google.clock.now() - timedelta(days=40)).strftime("%Y-%m-%dT%H:%M:%SZ")

    assert [
        refusal(events.list(calendarId="primary", syncToken=token)),
        refusal(events.delete(calendarId="primary", eventId="deleted")),
        refusal(events.list(calendarId="primary", updatedMin=long_ago)),
    ] == [(410, "fullSyncRequired"), (410, "deleted"), (410, "updatedMinTooLongAgo")]


# --- Filters ----------------------------------------------------------------


def test_filters_find_what_they_name(google, events):
    google.put(MAYA, at("2027-03-01 10:00", id="booking1", extendedProperties={"private": {"reference": "ABC"}}))
    google.put(MAYA, at("2027-03-02 10:00", id="dentist", summary="Dentist", eventType="outOfOffice"))
    google.put(MAYA, at("2027-03-03 10:00", id="deleted"))
    google.remove(MAYA, "deleted")
    questions = {
        "reference": {"privateExtendedProperty": "reference=ABC"},
        "both": {"privateExtendedProperty": ["reference=ABC", "kind=other"]},
        "text": {"q": "dent"},
        "type": {"eventTypes": ["outOfOffice"]},
        "uid": {"iCalUID": "dentist@google.com"},
        "ends after": {"timeMin": "2027-03-01T10:59:59Z"},
        "ends when it begins": {"timeMin": "2027-03-01T11:00:00Z"},
        "starts before": {"timeMax": "2027-03-02T10:00:00Z"},
        "deleted": {"showDeleted": True},
        "order": {"orderBy": "startTime", "singleEvents": True},
    }

    found = {name: [one["id"] for one in all_pages(events, **how)[0]] for name, how in questions.items()}

    assert found == {
        "reference": ["booking1"],
        "both": [],
        "text": ["dentist"],
        "type": ["dentist"],
        "uid": ["dentist"],
        "ends after": ["booking1", "dentist"],
        "ends when it begins": ["dentist"],
        "starts before": ["booking1"],
        "deleted": ["booking1", "dentist", "deleted"],
        "order": ["booking1", "dentist"],
    }


@pytest.mark.parametrize(
    ("how", "refused"),
    [
        ({"orderBy": "startTime"}, (400, "invalid")),
        ({"timeMin": "2027-03-01T00:00:00"}, (400, "badRequest")),
        ({"timeMin": "tomorrow"}, (400, "invalid")),
        ({"timeMin": "2027-03-02T00:00:00Z", "timeMax": "2027-03-01T00:00:00Z"}, (400, "timeRangeEmpty")),
        ({"timeZone": "Mars/Olympus"}, (400, "invalid")),
    ],
)
def test_a_question_without_sense_is_refused(events, how, refused):
    assert refusal(events.list(calendarId="primary", **how)) == refused


def test_a_question_too_long_for_an_address_is_asked_all_the_same(events):
    assert all_pages(events, q="x" * 3000) == ([], None)


# --- Series -----------------------------------------------------------------


def starts(items):
    return [one["start"].get("dateTime", one["start"].get("date")) for one in items]


@pytest.mark.parametrize(
    ("first", "rules", "expected"),
    [
        ("2027-03-01 10:00", ["RRULE:FREQ=DAILY;COUNT=2"], ["2027-03-01T10:00:00Z", "2027-03-02T10:00:00Z"]),
        # The clock goes forward on 28 March: the hour on the wall stays.
        (
            "2027-03-22 10:00",
            ["RRULE:FREQ=WEEKLY;COUNT=2"],
            ["2027-03-22T10:00:00Z", "2027-03-29T10:00:00+01:00"],
        ),
        (
            "2027-03-01 10:00",
            ["RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;UNTIL=20270317T235959Z"],
            ["2027-03-01T10:00:00Z", "2027-03-03T10:00:00Z", "2027-03-15T10:00:00Z", "2027-03-17T10:00:00Z"],
        ),
        (
            "2027-01-31 10:00",
            ["RRULE:FREQ=MONTHLY;COUNT=2"],
            ["2027-01-31T10:00:00Z", "2027-03-31T10:00:00+01:00"],
        ),
        (
            "2027-03-01 10:00",
            ["RRULE:FREQ=MONTHLY;BYDAY=1MO;COUNT=2"],
            ["2027-03-01T10:00:00Z", "2027-04-05T10:00:00+01:00"],
        ),
        (
            "2027-03-01 10:00",
            ["RRULE:FREQ=DAILY;COUNT=4", "EXDATE;TZID=Europe/London:20270302T100000", "EXDATE:20270303T100000Z"],
            ["2027-03-01T10:00:00Z", "2027-03-04T10:00:00Z"],
        ),
        (
            "2027-03-01 10:00",
            ["RRULE:FREQ=DAILY;COUNT=1", "RDATE;TZID=Europe/Paris:20270305T120000"],
            ["2027-03-01T10:00:00Z", "2027-03-05T11:00:00Z"],
        ),
    ],
)
def test_a_series_has_the_times_of_its_rules_in_its_own_zone(google, events, first, rules, expected):
    google.put(MAYA, at(first, recurrence=rules, id="series"))

    assert starts(all_pages(events, singleEvents=True)[0]) == expected
    assert starts(events.instances(calendarId="primary", eventId="series").execute()["items"]) == expected


def test_whole_days_repeat_as_dates(google, events):
    body = {"start": {"date": "2027-03-01"}, "end": {"date": "2027-03-02"}, "id": "series"}
    google.put(MAYA, body | {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;VALUE=DATE:20270308"]})

    items = all_pages(events, singleEvents=True)[0]

    assert [(one["id"], one["start"]) for one in items] == [
        ("series_20270301", {"date": "2027-03-01"}),
        ("series_20270315", {"date": "2027-03-15"}),
    ]


@pytest.mark.parametrize(
    "rules",
    [["FREQ=DAILY"], ["RRULE:FREQ=SOMETIMES"], ["RRULE:COUNT=2"], ["EXDATE:yesterday"], ["DTSTART:20270301"], [7]],
)
def test_a_rule_that_cannot_be_followed_is_refused(events, rules):
    body = at("2027-03-01 10:00", recurrence=rules)

    assert refusal(events.insert(calendarId="primary", body=body)) == (400, "invalid")


def test_an_endless_series_is_told_far_ahead_but_not_for_ever(google, events):
    google.put(MAYA, at("2027-03-01 10:00", recurrence=["RRULE:FREQ=WEEKLY"]))

    last = starts(all_pages(events, singleEvents=True)[0])[-1]

    ahead = datetime.fromisoformat(last) - google.clock.now()
    assert HORIZON - timedelta(days=7) <= ahead <= HORIZON


@pytest.fixture
def series(google):
    """Four Mondays at ten."""
    google.put(MAYA, at("2027-03-01 10:00", recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"], id="series", summary="Choir"))
    return "series"


SECOND = "series_20270308T100000Z"


def test_one_occurrence_is_moved_under_its_own_id(google, events, series):
    moved = google.change(MAYA, SECOND, at("2027-03-09 15:00"))

    items = all_pages(events, singleEvents=True)[0]

    assert moved["recurringEventId"] == "series"
    assert moved["originalStartTime"] == {"dateTime": "2027-03-08T10:00:00Z", "timeZone": "Europe/London"}
    assert {one["id"]: one["start"]["dateTime"] for one in items}[SECOND] == "2027-03-09T15:00:00Z"
    assert len(items) == 4
    as_series = all_pages(events)[0]
    assert sorted(one["id"] for one in as_series) == ["series", SECOND]


def test_one_occurrence_is_cancelled_and_stays_so_in_lists_of_series(google, events, series):
    google.remove(MAYA, SECOND)

    single, as_series = (all_pages(events, singleEvents=one)[0] for one in (True, False))

    assert len(single) == 3
    cancelled = next(one for one in as_series if one["id"] == SECOND)
    assert (cancelled["status"], cancelled["recurringEventId"]) == ("cancelled", "series")
    assert cancelled["originalStartTime"]["dateTime"] == "2027-03-08T10:00:00Z"
    assert refusal(events.delete(calendarId="primary", eventId=SECOND)) == (410, "deleted")


@pytest.mark.parametrize(
    "how", ["the series ends earlier", "the series moves", "the series is deleted", "it repeats no more"]
)
def test_a_sync_of_single_events_tells_which_occurrences_are_gone(google, events, series, how):
    before, token = all_pages(events, singleEvents=True)
    if how == "the series ends earlier":
        google.change(MAYA, series, {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=2"]})
    elif how == "the series moves":
        google.change(MAYA, series, at("2027-03-01 11:00"))
    elif how == "it repeats no more":
        google.change(MAYA, series, {"recurrence": None})
    else:
        google.remove(MAYA, series)

    items, _ = all_pages(events, singleEvents=True, syncToken=token)

    known = {one["id"]: one for one in before} | {one["id"]: one for one in items}
    left = sorted(key for key, one in known.items() if one["status"] != "cancelled")
    now = sorted(one["id"] for one in all_pages(events, singleEvents=True)[0])
    assert left == now
    gone = [one for one in items if one["status"] == "cancelled"]
    assert all(one["recurringEventId"] == "series" and one["originalStartTime"] for one in gone) and gone


def test_an_event_that_begins_to_repeat_is_told_as_its_occurrences(google, events):
    google.put(MAYA, at("2027-03-01 10:00", id="single"))
    before, token = all_pages(events, singleEvents=True)
    google.change(MAYA, "single", {"recurrence": ["RRULE:FREQ=DAILY;COUNT=2"]})

    items, _ = all_pages(events, singleEvents=True, syncToken=token)

    assert ids(items) == [
        ("single", "cancelled"),
        ("single_20270301T100000Z", "confirmed"),
        ("single_20270302T100000Z", "confirmed"),
    ]


def test_an_occurrence_that_differs_goes_with_its_series(google, events, series):
    google.change(MAYA, SECOND, {"summary": "Choir, with guests"})
    _, token = all_pages(events)
    google.remove(MAYA, series)

    items, _ = all_pages(events, syncToken=token)

    assert ids(items) == [("series", "cancelled")]
    assert all_pages(events)[0] == []


def test_instances_are_asked_for_by_time_and_by_their_first_start(google, events, series):
    google.change(MAYA, SECOND, at("2027-03-09 15:00"))
    google.remove(MAYA, "series_20270315T100000Z")
    how = {"calendarId": "primary", "eventId": "series"}

    by_time = events.instances(timeMin="2027-03-09T00:00:00Z", timeMax="2027-03-22T10:00:00Z", **how).execute()
    by_start = events.instances(originalStart="2027-03-08T10:00:00Z", **how).execute()
    deleted = events.instances(showDeleted=True, **how).execute()

    assert [one["id"] for one in by_time["items"]] == [SECOND]
    assert [one["id"] for one in by_start["items"]] == [SECOND]
    assert len(deleted["items"]) == 4
    google.put(MAYA, BOOKING)
    assert refusal(events.instances(calendarId="primary", eventId="booking1")) == (400, "invalid")
    assert refusal(events.get(calendarId="primary", eventId="series_20270302T100000Z")) == (404, "notFound")


def test_a_series_takes_time_where_its_occurrences_do(google, pretend_google, series):
    google.remove(MAYA, SECOND)

    taken = google.busy(MAYA, "primary", datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 3, 16, tzinfo=UTC))

    assert [start.day for start, _ in taken] == [1, 15]
