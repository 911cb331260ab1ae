"""Faults on purpose, and the door through which other processes arrange them."""

import time

import httplib2
import pytest
import requests
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from .pretend import MAYA, ROBIN, calendar_api, credentials
from .test_pretend_events import BOOKING, WHEN, refusal


@pytest.fixture
def google(pretend_google):
    return pretend_google.google


@pytest.fixture
def events(pretend_google):
    return calendar_api(pretend_google).events()


@pytest.mark.parametrize(
    ("status", "reason", "again"),
    [
        (403, "rateLimitExceeded", True),
        (403, "userRateLimitExceeded", True),
        (429, "rateLimitExceeded", True),
        (500, "backendError", True),
        (503, "backendError", True),
        (403, "quotaExceeded", False),
        (403, "insufficientPermissions", False),
        (404, "notFound", False),
    ],
)
def test_a_fault_is_answered_once_and_the_library_tries_again_where_it_should(google, events, status, reason, again):
    google.faults.add("events.insert", status=status, reason=reason)
    call = events.insert(calendarId="primary", body=BOOKING)
    call._sleep = lambda seconds: None

    if again:
        assert call.execute(num_retries=1)["id"] == "booking1"
    else:
        with pytest.raises(HttpError) as raised:
            call.execute(num_retries=1)
        assert (raised.value.status_code, raised.value.error_details[0]["reason"]) == (status, reason)
        assert google.entries(MAYA) == []


def test_a_fault_comes_so_often_and_only_where_it_was_planned(google, events):
    google.faults.add("events.*", times=2, status=503, match="booking1")
    get = events.get(calendarId="primary", eventId="booking1")

    assert events.insert(calendarId="primary", body=BOOKING).execute()
    assert [refusal(get)[0] for _ in range(2)] == [503, 503]
    assert get.execute()["id"] == "booking1"


def test_an_answer_that_got_lost_left_its_effect(google, events):
    google.faults.add("events.insert", status=500, after=True)
    insert = events.insert(calendarId="primary", body=BOOKING)

    assert refusal(insert)[0] == 500
    assert refusal(insert) == (409, "duplicate")


def test_a_connection_that_dies_is_tried_again_by_the_library_itself(google, events):
    google.faults.add("events.insert", close=True, after=True)

    # Not even `num_retries` was asked for: httplib2 sends the POST again, and meets what it made.
    assert refusal(events.insert(calendarId="primary", body=BOOKING)) == (409, "duplicate")


def test_a_limit_says_when_to_come_again(google, events):
    google.faults.add("events.list", status=429, reason="rateLimitExceeded", retry_after="30")

    with pytest.raises(HttpError) as raised:
        events.list(calendarId="primary").execute()

    assert raised.value.resp["retry-after"] == "30"


@pytest.mark.parametrize(("body", "content_type"), [("<h1>Error</h1>", "text/html"), ("", "application/json")])
def test_an_answer_that_is_no_json_reaches_the_client(google, events, body, content_type):
    google.faults.add("events.list", status=502, body=body, content_type=content_type)

    with pytest.raises(HttpError) as raised:
        events.list(calendarId="primary").execute()

    assert raised.value.content == body.encode()


def test_a_slow_answer_is_given_up_by_whoever_does_not_wait(pretend_google, google):
    owner = credentials(pretend_google, google.connect(MAYA, ["https://www.googleapis.com/auth/calendar"]))
    http = AuthorizedHttp(owner, http=httplib2.Http(timeout=0.2))
    endpoint = {"api_endpoint": pretend_google.settings()["GOOGLE_CALENDAR_ENDPOINT"]}
    impatient = build("calendar", "v3", http=http, static_discovery=True, client_options=endpoint).events()
    google.faults.add("events.list", times=3, delay=1)
    begun = time.monotonic()

    with pytest.raises(TimeoutError):
        impatient.list(calendarId="primary").execute()

    assert time.monotonic() - begun < 1


@pytest.mark.parametrize(
    ("fault", "can_be_tried_again"),
    [({"status": 400, "error": "invalid_grant"}, False), ({"status": 500, "error": "internal_failure"}, True)],
)
def test_the_token_endpoint_fails_for_good_or_for_a_while(
    pretend_google, google, monkeypatch, fault, can_be_tried_again
):
    one = credentials(pretend_google, google.connect(MAYA, ["openid"]))
    google.faults.add("token", times=9, **fault)

    monkeypatch.setattr("time.sleep", lambda seconds: None)

    with pytest.raises(RefreshError) as raised:
        one.refresh(Request())

    assert raised.value.retryable is can_be_tried_again


def test_access_tokens_end_for_one_account_and_are_refreshed(google, pretend_google):
    maya, robin = (calendar_api(pretend_google, who).events() for who in (MAYA, ROBIN))
    google.tokens.expire_access(google.accounts.get(MAYA).sub)

    for events in (maya, robin):
        events.list(calendarId="primary").execute()

    assert [(call.method, call.status) for call in google.calls] == [
        ("events.list", 401),
        ("token", 200),
        ("events.list", 200),
        ("events.list", 200),
    ]


def test_what_was_called_is_noted_with_what_was_sent(google, events):
    events.insert(calendarId="primary", body=BOOKING).execute()

    call = google.calls[-1]
    assert (call.method, call.status, call.email, call.body) == ("events.insert", 200, MAYA, BOOKING)


def test_a_mistake_of_the_stand_ins_own_is_not_taken_for_google(pretend_google, google, events, capsys):
    google.events = None

    assert refusal(events.get(calendarId="primary", eventId="booking1")) == (500, "pretendGoogleFailed")
    assert "AttributeError" in capsys.readouterr().err


# --- The door ---------------------------------------------------------------


def knock(server, action, **what):
    return requests.post(f"{server.address}/pretend/{action}", json=what)


def test_another_process_arranges_through_the_door_what_a_test_arranges_by_calls(pretend_google, events):
    def done(action, **what):
        answer = knock(pretend_google, action, **what)
        assert answer.status_code == 200, answer.text
        return answer.json()["done"]

    done("add_account", email="sam@example.com", name="Sam Rivera")
    assert done("connect", who="sam@example.com", scopes=["openid"])["refresh_token"]
    made = done("put", who=MAYA, body=WHEN)
    done("change", who=MAYA, event_id=made["id"], body={"summary": "Dentist"})
    assert [one["summary"] for one in done("entries", who=MAYA)] == ["Dentist"]
    done("remove", who=MAYA, event_id=made["id"])
    done("fault", method="events.list", status=503)
    assert refusal(events.list(calendarId="primary"))[0] == 503
    token = events.list(calendarId="primary").execute()["nextSyncToken"]
    done("expire", what="sync_tokens")
    assert refusal(events.list(calendarId="primary", syncToken=token)) == (410, "fullSyncRequired")
    done("lists", empty_pages=1)
    assert "nextPageToken" in events.list(calendarId="primary").execute()
    done("expire", what="refresh_tokens", who=MAYA)
    with pytest.raises(RefreshError, match="invalid_grant"):
        events.list(calendarId="primary").execute()
    done("change_account", who=MAYA, email_verified=False)
    done("advance", seconds=60)

    state = requests.get(f"{pretend_google.address}/pretend/state").json()
    assert [account["email"] for account in state["accounts"]] == [MAYA, ROBIN, "sam@example.com"]
    assert state["calls"][-1] == {"method": "token", "status": 400, "email": ""}


@pytest.mark.parametrize(
    ("action", "what", "status"),
    [
        ("fault", {"method": "*", "nonsense": 1}, 400),
        ("fault", {}, 400),
        ("expire", {"what": "milk"}, 400),
        ("put", {"who": "nobody@example.com", "body": {}}, 404),
        ("put", {"who": MAYA, "body": {}}, 400),
        ("change_account", {"who": MAYA, "sub": "1"}, 400),
        ("nothing", {}, 404),
    ],
)
def test_the_door_says_what_it_does_not_understand(pretend_google, action, what, status):
    assert knock(pretend_google, action, **what).status_code == status


def test_a_page_of_somebody_elses_opens_nothing(pretend_google):
    address = f"{pretend_google.address}/pretend/advance"

    foreign = requests.post(address, json={"seconds": 1}, headers={"Origin": "https://evil.example.com"})
    renamed = requests.post(address, json={"seconds": 1}, headers={"Host": "evil.example.com"})
    as_form = requests.post(address, data={"seconds": 1})

    assert [answer.status_code for answer in (foreign, renamed, as_form)] == [421, 421, 415]
    assert not pretend_google.google.clock.ahead


def test_it_answers_on_this_machine_alone(pretend_google):
    assert pretend_google._http.server_address[0] == "127.0.0.1"
