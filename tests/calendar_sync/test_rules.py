"""What Google's events, scopes and failures mean, without a database and without Google."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from calendar_sync.rules import pauses, scopes
from calendar_sync.rules.events import busy_of, busy_ranges, free_of, zone_name
from calendar_sync.rules.standing import Copy, Standing, standing_of
from calendar_sync.states import Profile, State, WhenStale
from core import clock
from providers.models import CalendarState

KOLKATA = clock.zone("Asia/Kolkata")
OWNED = "https://www.googleapis.com/auth/calendar.events.owned"


def at(day, hour, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def event(**fields):
    times = {
        "start": {"dateTime": "2026-03-09T10:00:00+05:30", "timeZone": "Asia/Kolkata"},
        "end": {"dateTime": "2026-03-09T11:15:00+05:30", "timeZone": "Asia/Kolkata"},
    }
    return {"id": "e1", "etag": '"1"', "status": "confirmed", "summary": "Dentist", **times, **fields}


def guest(answer, **fields):
    return {"email": "maya@example.com", "self": True, "responseStatus": answer, **fields}


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "cancelled"},
        {"transparency": "transparent"},
        {"eventType": "workingLocation"},
        {"eventType": "birthday"},
        {"attendees": [guest("declined")]},
        {"attendees": [{"email": "x@example.com", "responseStatus": "accepted"}, guest("declined")]},
    ],
)
def test_an_event_that_takes_no_time(fields):
    assert busy_of(event(**fields), KOLKATA) is None


@pytest.mark.parametrize(
    ("fields", "is_kept"),
    [
        ({"transparency": "transparent"}, True),
        ({"eventType": "workingLocation"}, True),
        ({"eventType": "birthday"}, True),
        ({"transparency": "transparent", "attendees": [guest("accepted")]}, True),
        ({"end": {"dateTime": "2026-03-09T10:00:00+05:30"}}, True),  # without length
        ({}, False),
        ({"eventType": "outOfOffice"}, False),
        ({"status": "cancelled", "transparency": "transparent"}, False),
        ({"transparency": "transparent", "attendees": [guest("declined")]}, False),
        ({"transparency": "transparent", "end": {"dateTime": "2026-03-09T09:00:00+05:30"}}, False),
        ({"transparency": "transparent", "end": {}}, False),
    ],
)
def test_an_event_that_stands_in_the_calendar_and_takes_no_time(fields, is_kept):
    assert bool(free_of(event(**fields), KOLKATA)) is is_kept


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Asia/Kolkata", "Asia/Kolkata"),
        ("Etc/GMT+5", "Etc/GMT+5"),
        ("Nowhere", "UTC"),
    ],
)
def test_the_zone_of_a_calendar_is_kept_by_our_name_for_it(name, kept):
    assert zone_name(name) == kept


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"transparency": "opaque"},
        {"status": "tentative"},
        {"eventType": "outOfOffice"},
        {"eventType": "focusTime"},
        {"eventType": "fromGmail"},
        {"attendees": [guest("needsAction")]},
        {"attendees": [guest("tentative")]},
        # Somebody else declined, who is not the owner of this calendar.
        {"attendees": [guest("accepted"), {"email": "x@example.com", "responseStatus": "declined"}]},
    ],
)
def test_an_event_that_makes_busy(fields):
    busy = busy_of(event(**fields), KOLKATA)
    assert (busy.start, busy.end, busy.title, busy.is_all_day) == (at(9, 4, 30), at(9, 5, 45), "Dentist", False)


def test_a_cancelled_event_may_have_nothing_but_its_id():
    assert busy_of({"id": "e1", "status": "cancelled"}, KOLKATA) is None


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("Asia/Kolkata", at(8, 18, 30), at(10, 18, 30)),
        ("UTC", at(9, 0), at(11, 0)),
        # The clocks go forward on the 8th there, which the 9th does not feel.
        ("America/New_York", at(9, 4), at(11, 4)),
        # On the 29th the day has 23 hours.
        ("Pacific/Chatham", at(8, 10, 15), at(10, 10, 15)),
    ],
)
def test_a_whole_day_is_one_of_the_calendars_own_zone(zone, start, end):
    whole = event(start={"date": "2026-03-09"}, end={"date": "2026-03-11"})
    busy = busy_of(whole, clock.zone(zone))
    assert (busy.start, busy.end, busy.is_all_day) == (start, end, True)


def test_a_whole_day_is_as_long_as_the_clocks_make_it():
    day = event(start={"date": "2026-03-29"}, end={"date": "2026-03-30"})
    busy = busy_of(day, clock.zone("Europe/London"))
    assert (busy.start, busy.end) == (at(29, 0), at(29, 23))


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Asia/Kathmandu", "Etc/GMT+12"])
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-09T10:00:00Z", "9999-12-31T23:59:59Z"),
        ("2026-03-09T10:00:00Z", "9999-12-31T23:59:59-12:00"),
        ("0001-01-01T00:00:00+14:00", "2026-03-09T10:00:00Z"),
        ("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"),
        ("2026-03-09", "9999-12-31"),
        ("0001-01-01", "2026-03-09"),
    ],
)
def test_what_reaches_beyond_every_calendar_is_busy_until_its_edge(start, end, zone):
    kind = "date" if len(start) == 10 else "dateTime"
    busy = busy_of(event(start={kind: start}, end={kind: end}), clock.zone(zone))
    assert busy.start < busy.end
    for moment in (busy.start, busy.end):  # as pages show it, in whatever zone
        assert [moment.astimezone(clock.zone(each)) for each in ("Etc/GMT+12", "Pacific/Kiritimati")]
    assert (busy.start.year == 1, busy.end.year == 9999) == (start.startswith("0001"), end.startswith("9999"))


def test_a_time_without_an_offset_is_one_of_the_zone_beside_it():
    bare = event(
        start={"dateTime": "2026-03-09T10:00:00", "timeZone": "Asia/Tokyo"}, end={"dateTime": "2026-03-09T12:00:00"}
    )
    busy = busy_of(bare, KOLKATA)
    assert (busy.start, busy.end) == (at(9, 1), at(9, 6, 30))


def test_an_event_without_length_takes_no_time():
    same = {"dateTime": "2026-03-09T10:00:00+05:30"}
    assert busy_of(event(start=same, end=same), KOLKATA) is None


def test_free_busy_ranges_that_touch_are_one_and_known_by_their_start():
    ranges = [("2026-03-09T10:00:00Z", "2026-03-09T11:00:00Z"), ("2026-03-09T13:00:00+02:00", "2026-03-09T12:00:00Z")]
    [busy] = busy_ranges(ranges)
    assert (busy.event_id, busy.start, busy.end, busy.title) == ("20260309T100000Z", at(9, 10), at(9, 12), "")


def test_an_event_out_of_all_calendars_takes_no_time():
    assert busy_of(event(start={"dateTime": "10000-01-01T00:00:00Z"}), KOLKATA) is None


# --- How connections stand together -----------------------------------------------------------------------------------

NOW, GOOD_FOR = at(9, 12), timedelta(hours=2)
FRESH, OLD = at(9, 11), at(9, 9)


def copy(state="working", *, problem=False, stale="pause", read=FRESH, known=None):
    return Copy(State(state), problem, WhenStale(stale), read, known or read)


@pytest.mark.parametrize(
    ("copies", "state", "read_at", "stops"),
    [
        ([], "", None, False),
        ([copy()], "working", FRESH, False),
        ([copy(read=OLD)], "working", OLD, True),
        ([copy(read=OLD, stale="go_on")], "working", OLD, False),
        # Exactly as old as is allowed.
        ([copy(read=NOW - GOOD_FOR)], "working", NOW - GOOD_FOR, False),
        ([copy(problem=True)], "failing", FRESH, False),
        ([copy(problem=True, read=OLD)], "failing", OLD, True),
        ([copy("sign_in_again")], "sign_in_again", FRESH, True),
        ([copy("sign_in_again", stale="go_on")], "sign_in_again", FRESH, False),
        # Never read yet: for as long as it may be, nothing stops.
        ([copy(read=None, known=FRESH)], "working", None, False),
        ([copy(read=None, known=OLD)], "working", None, True),
        # No calendar of it counts.
        ([Copy(State.WORKING, False, WhenStale.PAUSE, None, None)], "working", None, False),
        ([Copy(State.SIGN_IN_AGAIN, False, WhenStale.PAUSE, None, None)], "sign_in_again", None, False),
        # Of two the worse, and the older copy.
        ([copy(), copy("sign_in_again", stale="go_on", read=OLD)], "sign_in_again", OLD, False),
        ([copy(), copy(read=OLD)], "working", OLD, True),
        ([copy(), copy(read=None, known=FRESH)], "working", None, False),
    ],
)
def test_how_connections_stand_together(copies, state, read_at, stops):
    assert standing_of(copies, now=NOW, good_for=GOOD_FOR) == Standing(CalendarState(state), read_at, stops)


def test_what_was_left_out_is_told_from_what_else_was_granted_before():
    asked = scopes.scopes_of(Profile.FULL)
    assert scopes.left_out(Profile.FULL, [*asked, "https://www.googleapis.com/auth/drive"]) == []
    missing = scopes.left_out(Profile.FULL, [scope for scope in asked if scope != OWNED])
    assert [need.words for need in missing] == ["See and change events on calendars you own"]
    # The other profile's scope is no substitute.
    private = scopes.scopes_of(Profile.PRIVATE)
    assert [need.scope for need in scopes.left_out(Profile.FULL, private)] == [OWNED]


def test_no_scope_is_wider_than_the_feature_needs():
    assert {*scopes.scopes_of(Profile.FULL), *scopes.scopes_of(Profile.PRIVATE)} == {
        "openid",
        "https://www.googleapis.com/auth/userinfo.email",
        "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
        "https://www.googleapis.com/auth/calendar.freebusy",
        "https://www.googleapis.com/auth/calendar.events.owned",
        "https://www.googleapis.com/auth/calendar.app.created",
    }


def test_polls_are_spread_over_ten_to_fourteen_minutes():
    pick = random.Random(7)
    waits = {pauses.until_next_poll(pick) for _ in range(200)}
    assert timedelta(minutes=10) <= min(waits) < timedelta(minutes=10, seconds=20)
    assert timedelta(minutes=13, seconds=40) < max(waits) <= timedelta(minutes=14)


def test_pauses_double_up_to_an_hour_and_never_undercut_what_google_asks():
    pick = random.Random(7)
    for failures, longest in [(1, 30), (2, 60), (3, 120), (7, 1920), (8, 3600), (400, 3600)]:
        pause = pauses.until_next_try(failures, pick).total_seconds()
        assert longest / 2 <= pause <= longest
    assert pauses.until_next_try(1, pick, asked=timedelta(minutes=5)) == timedelta(minutes=5)
