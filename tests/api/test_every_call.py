"""What holds for every call: headers, limits, conditions, versions, once, and errors that are never a page."""

import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import time_machine
from django.test import Client, RequestFactory

from api import once
from api.keys import make_key
from api.models import ApiKey, OnceRequest, Scope
from api.routes import Retirement
from api.urls import ROUTES
from api.versions import NEWEST
from api.view import respond
from api.views import people
from core import clock
from tests.api.program import Program
from tests.appointments.conftest import NOW, TUESDAY_TEN

CREATE = "/api/appointments/create/"


@pytest.fixture
def wish(service):
    return {"provider": service.provider.slug, "service": service.slug, "start": TUESDAY_TEN.isoformat()}


# --- Errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "path", "status", "name"),
    [
        ("get", "/api/", 404, "not-found"),
        ("get", "/api", 404, "not-found"),
        ("post", "/api/nothing/here/", 404, "not-found"),
        ("delete", "/api/appointments/ABCDEFGH/", 405, "wrong-verb"),
        ("get", "/api/appointments/create/", 405, "wrong-verb"),
        ("get", "/api/providers/available/slots?provider=nobody", 404, "not-found"),
        ("get", "/api/providers/available/slots?provider=%C3%BC", 404, "not-found"),
        ("get", "/api/providers/available/slots?provider=a&provider=b", 400, "unknown-field"),
        ("get", "/api/providers/available/slots?colour=red", 400, "unknown-field"),
        ("get", "/api/providers/available/slots?tz=Mars/Base", 400, "invalid"),
        ("get", "/api/providers/available/slots?date=2026-02-30", 400, "invalid"),
    ],
)
def test_an_error_is_a_problem_document(visitor, verb, path, status, name):
    answer = visitor.call(verb, path)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert (told["type"], told["status"]) == (f"/developers/problems/{name}/", status)
    assert told["request_id"] == answer.headers["X-Request-ID"]
    assert answer.headers["Dayline-Version"] == NEWEST


@pytest.mark.parametrize(
    "path",
    ["/api/providers/available/slots", "/api/appointments/", "/api/appointments/history/", "/api/events/"],
)
def test_a_range_of_63_days_is_too_long(program, service, path):
    where = {"from": "2026-03-02"} | ({"provider": service.provider.slug} if "slots" in path else {})

    assert program.get(path, {**where, "to": "2026-05-03"}).status_code == 200
    for to, name in (("2026-05-04", "range-too-long"), ("2026-03-01", "invalid")):
        answer = program.get(path, {**where, "to": to})
        assert (answer.status_code, answer.json()["type"]) == (400, f"/developers/problems/{name}/")
        assert [error["field"] for error in answer.json()["errors"]] == ["to"]


def test_a_list_is_open_at_the_end_that_is_not_named(program):
    assert [program.get("/api/appointments/", {end: "2020-01-01"}).status_code for end in ("from", "to")] == [200, 200]


def test_a_time_without_an_offset_is_no_time(program, wish):
    answer = program.post(CREATE, {**wish, "start": "2026-03-03T10:00:00"})

    assert (answer.status_code, answer.json()["type"]) == (400, "/developers/problems/time-without-offset/")
    assert answer.json()["errors"][0]["field"] == "start"


@pytest.mark.parametrize("field", ["status", "price", "fee", "customer", "is_staff", "provider_id"])
def test_nobody_writes_what_is_not_theirs_to_write(program, wish, field, customer):
    answer = program.post(CREATE, {**wish, field: "confirmed"})

    assert (answer.status_code, answer.json()["type"]) == (400, "/developers/problems/unknown-field/")
    assert not customer.appointments.exists()


def test_only_json_is_taken_and_served(program, wish):
    client = program.client
    headers = {"Authorization": f"Bearer {program.token}"}

    refused = [
        client.post(CREATE, wish, headers=headers),
        client.post(CREATE, "<a/>", content_type="application/xml", headers=headers),
        client.get("/api/welcome", headers={**headers, "Accept": "text/html"}),
        client.post(CREATE, b'{"note": "' + b"x" * 256_000 + b'"}', content_type="application/json", headers=headers),
    ]
    assert [answer.status_code for answer in refused] == [415, 415, 406, 413]
    assert refused[-1].json()["type"] == "/developers/problems/too-large/"
    assert [answer.headers["Dayline-Version"] for answer in refused] == [NEWEST] * 4


def test_every_address_answers_with_and_without_its_last_slash(program, confirmed):
    for path in ("/api/welcome", f"/api/appointments/{confirmed.reference}"):
        assert program.get(path).content == program.get(f"{path}/").content


class NeverRead(BytesIO):
    def read(self, *args):
        raise AssertionError("somebody read the body")


@pytest.mark.parametrize("route", ROUTES, ids=[route.name for route in ROUTES])
def test_what_can_not_be_read_is_refused_at_every_route_before_anything_is_looked_at(route):
    path = re.sub("<[^>]+>", "x", route.path)

    far_too_long = {"CONTENT_LENGTH": "200000000", "CONTENT_TYPE": "application/json", "wsgi.input": NeverRead()}
    answers = [(400, getattr(Client(), route.verb.lower())(f"{path}?{'a=&' * 600}", content_type="application/json"))]
    if route.verb != "GET":
        answers.append((413, getattr(Client(), route.verb.lower())(path, **far_too_long)))

    for status, answer in answers:
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
        assert answer.headers["Dayline-Version"] == NEWEST


# --- Times and money --------------------------------------------------------------------------------------------------


def test_times_are_told_in_the_zone_asked_for(program, confirmed):
    told = program.get(f"/api/appointments/{confirmed.reference}/?tz=America/New_York").json()

    assert (told["start"], told["time_zone"]) == ("2026-03-03T05:00:00-05:00", "America/New_York")


def a_guess(service):
    price = {"amount": "1.00", "currency": service.currency}
    return {"price": price, "minutes": 60, "confirms_at_once": True, "cancellation_cutoff_minutes": 0}


def test_terms_that_are_not_those_in_force_refuse_a_booking(program, wish, service, customer):
    told = program.post(CREATE, {**wish, "terms": a_guess(service)})
    answer = program.post(CREATE, {**wish, "terms": {**told.json()["terms"], "minutes": 30}})

    assert (answer.status_code, answer.json()["type"]) == (409, "/developers/problems/terms-changed/")
    assert not customer.appointments.exists()
    assert program.post(CREATE, {**wish, "terms": answer.json()["terms"]}).status_code == 201


# --- Conditions, versions, limits -------------------------------------------------------------------------------------


def test_what_has_not_changed_is_not_sent_again(program, confirmed):
    path = f"/api/appointments/{confirmed.reference}/"
    tag = program.get(path).headers["ETag"]

    again = program.get(path, if_none_match=tag)

    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert program.get(path, if_none_match='"another"').status_code == 200


def test_a_version_that_never_was_is_refused(program):
    assert program.get("/api/welcome", dayline_version="2026-12-01").headers["Dayline-Version"] == "2026-12-01"
    never = program.get("/api/welcome", dayline_version="2020-01-01")
    assert (never.status_code, never.headers["Dayline-Version"]) == (400, NEWEST)


def test_a_limit_says_what_is_left_and_how_long_to_wait(program, settings):
    settings.LIMITS = {**settings.LIMITS, "api_read": (2, 60)}

    first, second, third = (program.get("/api/welcome") for _ in range(3))

    assert first.headers["RateLimit-Policy"] == '"read";q=2;w=60'
    assert first.headers["RateLimit"].startswith('"read";r=1;t=')
    assert (second.status_code, third.status_code) == (200, 429)
    assert 0 < int(third.headers["Retry-After"]) <= 60


def test_bookings_of_pages_and_programs_count_together(program, wish, settings):
    settings.LIMITS = {**settings.LIMITS, "book": (1, 600)}

    assert program.post(CREATE, wish).status_code == 201
    assert program.post(CREATE, wish).status_code == 429


@pytest.mark.parametrize(
    ("path", "origin", "allowed"),
    [
        ("/api/providers/available/slots", "https://anywhere.example", True),
        ("/api/schema/", "https://anywhere.example", True),
        ("/api/welcome", "https://anywhere.example", False),
        ("/api/welcome", "https://shop.example", True),
        ("/api/nothing", "https://anywhere.example", False),
        ("/my/appointments/", "https://shop.example", False),
    ],
)
def test_other_pages_read_what_is_open_to_all_and_the_rest_from_named_origins(path, origin, allowed, settings, db):
    settings.CORS_ALLOWED_ORIGINS = ["https://shop.example"]

    answers = [Client().get(path, headers={"Origin": origin})]
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    answers += [Client().options(path, headers=asked)] if path.startswith("/api/") else []

    for answer in answers:
        assert (answer.headers.get("Access-Control-Allow-Origin") == origin) is allowed
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_the_view_of_a_page_is_looked_for_once(client, monkeypatch, db):
    monkeypatch.setattr("api.cors.resolve", None)

    assert client.get("/help/").status_code == 200
    # Of what may be read from elsewhere, caches keep apart who asked.
    assert "origin" in Client().get("/api/categories/").headers["Vary"]


def test_a_route_that_will_go_says_so(db):
    since, until = datetime(2026, 3, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)
    retired = replace(people.ROUTES[0], retires=Retirement(since, until, "/api/me/"))

    answer = respond(retired, RequestFactory().get("/api/welcome"), {})

    assert (answer.headers["Deprecation"], answer.headers["Sunset"], answer.headers["Link"]) == (
        "@1772323200",
        "Mon, 01 Mar 2027 00:00:00 GMT",
        '</api/me/>; rel="successor-version"',
    )


# --- Once -------------------------------------------------------------------------------------------------------------


def test_the_same_request_twice_books_once(program, wish, customer):
    first = program.post(CREATE, wish, idempotency_key="till 4")
    again = program.post(CREATE, wish, idempotency_key="till 4")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert customer.appointments.count() == 1


def test_a_key_stands_for_one_body(program, wish, customer):
    program.post(CREATE, wish, idempotency_key="till 4")

    other = program.post(CREATE, {**wish, "note": "Left knee"}, idempotency_key="till 4")

    assert (other.status_code, other.json()["type"]) == (422, "/developers/problems/key-reused/")
    assert customer.appointments.count() == 1


def test_a_refused_request_may_be_sent_again_with_its_key(program, wish, service, customer):
    service.is_active = False
    service.save()
    assert program.post(CREATE, wish, idempotency_key="k").status_code == 409
    service.is_active = True
    service.save()

    assert program.post(CREATE, wish, idempotency_key="k").status_code == 201


def test_a_request_whose_process_was_killed_is_done_when_it_is_sent_again(program, wish, customer, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(once.Once, "finish", lambda self, **terms: None)
        program.post(CREATE, wish, idempotency_key="k")
    assert program.post(CREATE, wish, idempotency_key="k").status_code == 409

    with time_machine.travel(NOW + once.RUNS_AT_MOST, tick=False):
        again = program.post(CREATE, wish, idempotency_key="k")

    assert (again.status_code, customer.appointments.count()) == (201, 1)


def test_a_key_is_one_persons(program, studio, wish, customer):
    program.post(CREATE, wish, idempotency_key="k")

    assert studio.post(CREATE, wish, idempotency_key="k").status_code == 409  # their own page takes none of theirs
    assert OnceRequest.objects.get(done_at__isnull=False).person == customer


def test_an_act_sent_again_undoes_nothing_that_came_after_it(studio, provider):
    live, pause = "/api/provider/live/", "/api/provider/pause/"
    assert studio.post(live, idempotency_key="morning").status_code == 200
    assert studio.post(pause).status_code == 200

    again = studio.post(live, idempotency_key="morning")

    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    provider.refresh_from_db()
    assert provider.listing == "paused"


def test_the_answer_of_a_request_with_if_match_can_be_asked_for_again(program, confirmed):
    path = f"/api/appointments/{confirmed.reference}/"
    terms = {"if_match": program.get(path).headers["ETag"], "idempotency_key": "k"}

    answers = [program.post(f"{path}cancel/", {}, **terms) for _ in range(2)]

    assert [(each.status_code, each.json()["status"]) for each in answers] == [(200, "cancelled")] * 2


def test_every_request_that_is_sent_again_is_answered_without_doing_it_again():
    """Those without an answer of their own only look, or begin a way by a browser."""
    acts = [route for route in ROUTES if route.verb == "POST" and route.needs_person]

    assert {route.path for route in acts if not (route.again or route.state)} == {
        "/api/appointments/check/",
        "/api/series/preview/",
        "/api/calendar/reconnect/",
    }


def test_a_copy_is_asked_for_once_by_one_key(program, customer):
    first = program.post("/api/me/export/", idempotency_key="k").json()
    customer.data_copies.update(ready_at=NOW, ends_at=NOW + timedelta(days=7), file="x.zip")

    assert program.post("/api/me/export/", idempotency_key="k").json()["id"] == first["id"]
    assert customer.data_copies.count() == 1


def test_if_match_where_nothing_can_be_read_changes_nothing(program, customer):
    key = program.post("/api/me/keys/", {"name": "Till", "scopes": ["profile:read"]}).json()["id"]

    refused = program.delete(f"/api/me/keys/{key}/", if_match='"abc"')

    assert (refused.status_code, refused.json()["type"]) == (412, "/developers/problems/changed-meanwhile/")
    assert customer.api_keys.exists()


def test_no_body_can_be_guessed_from_what_is_kept_of_it(program, wish):
    program.post(CREATE, wish, idempotency_key="k")

    row = OnceRequest.objects.get()
    body = json.dumps(wish).encode()
    for plain in (b"POST\n/api/appointments/create\n" + body, b"k"):
        assert hashlib.sha256(plain).hexdigest() not in {row.request_hash, row.key_hash}


def test_the_cursor_of_another_list_is_refused(program, confirmed, book):
    book(TUESDAY_TEN + timedelta(hours=3))
    cursor = program.get("/api/appointments/?limit=1").json()["next"].partition("cursor=")[2]

    assert program.get(f"/api/appointments/?limit=1&cursor={cursor}").status_code == 200
    for path in ("/api/providers/", "/api/categories/", "/api/appointments/history/", "/api/me/keys/"):
        assert program.get(f"{path}?cursor={cursor}").status_code == 400, path


def test_guessing_tokens_is_counted(visitor, settings):
    settings.LIMITS = {**settings.LIMITS, "api_visit": (2, 60)}

    answers = [visitor.get("/api/welcome", authorization="Bearer dl_x").status_code for _ in range(3)]

    assert answers == [401, 401, 429]


def test_a_key_that_was_forgotten_makes_another_thing(program, wish, customer):
    program.post(CREATE, wish, idempotency_key="k")
    once.forget_old(now=NOW + timedelta(hours=25))
    later = (TUESDAY_TEN + timedelta(days=1)).isoformat()

    again = program.post(CREATE, {**wish, "start": later}, idempotency_key="k")

    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (201, None)
    assert {each.start.day for each in customer.appointments.all()} == {3, 4}


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there"])
def test_a_key_is_printable_and_short(program, wish, key):
    assert program.post(CREATE, wish, idempotency_key=key).status_code == 400


def test_keys_are_forgotten_after_a_day(program, wish):
    program.post(CREATE, wish, idempotency_key="k")

    assert once.forget_old(now=NOW + timedelta(hours=23)) == 0
    assert once.forget_old(now=NOW + timedelta(hours=25)) == 1


# --- Keys of programs -------------------------------------------------------------------------------------------------


def with_key(person, *scopes):
    key, text = make_key(person=person, name="Till", scopes=scopes, ends_at=NOW + timedelta(days=30), now=clock.now())
    return key, Program(text)


def test_a_key_does_what_its_scopes_name_and_nothing_else(customer, confirmed, wish):
    _, reader = with_key(customer, Scope.APPOINTMENTS_READ)

    assert reader.get(f"/api/appointments/{confirmed.reference}/").status_code == 200
    for answer in (reader.get("/api/welcome"), reader.post(CREATE, wish)):
        assert (answer.status_code, answer.json()["type"]) == (403, "/developers/problems/scope-needed/")


def test_a_key_is_kept_as_a_hash_and_found_by_its_beginning(customer):
    key, program = with_key(customer, Scope.PROFILE_READ)

    assert program.get("/api/welcome").status_code == 200
    key.refresh_from_db()
    assert program.token.startswith(f"dl_{key.prefix}")
    assert program.token not in str(ApiKey.objects.values_list())
    assert (key.used_on, key.used_from) == (NOW.date(), "127.0.0.1")


@pytest.mark.parametrize(
    "forge", [lambda text: text[:-1] + "!", lambda text: text[:-1], lambda text: text[:11] + "0" * 38]
)
def test_a_key_that_is_none_opens_nothing(customer, forge):
    _, program = with_key(customer, Scope.PROFILE_READ)

    assert Program(forge(program.token)).get("/api/welcome").status_code == 401


def test_a_key_ends_in_its_time_and_outlives_a_new_password(customer):
    _, program = with_key(customer, Scope.PROFILE_READ)
    customer.set_password("three goats afloat")
    customer.save()
    assert program.get("/api/welcome").status_code == 200

    with time_machine.travel(NOW + timedelta(days=30), tick=False):
        assert program.get("/api/welcome").status_code == 401


def test_head_says_what_get_would_and_options_what_may_be_asked():
    client = Client()

    assert client.options("/api/appointments/create/").headers["Allow"] == "POST, OPTIONS"
    assert client.head("/api/schema/").content == b""
