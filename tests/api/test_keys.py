"""Keys of programs: made and ended by their person alone, good for what their scopes name, and ended for good when the
person stops taking part."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import bans, leaving, services
from api import keys
from api.exceptions import NoKeysAnyMore
from api.models import ApiKey, Scope
from api.routes import ANYBODY, NO_KEY
from api.urls import ROUTES
from core import clock
from tests.api.program import Program
from tests.appointments.conftest import NOW
from tests.factories.accounts import UserFactory

KEYS = "/api/me/keys/"
WELCOME = "/api/welcome"


def make(person, *scopes, **terms):
    return keys.make_key(person=person, name="Till", scopes=scopes or [Scope.PROFILE_READ], now=clock.now(), **terms)


def with_key(person, *scopes):
    return Program(make(person, *scopes)[1])


def test_a_key_is_shown_once_and_works_within_its_scopes(program, customer):
    made = program.post(KEYS, {"name": " Clinic website ", "scopes": ["profile:read"]})

    assert made.status_code == 201
    told = made.json()
    text = told.pop("key")
    row = customer.api_keys.get()
    assert told == {
        "id": str(row.uuid),
        "name": "Clinic website",
        "begins_with": text[:11],
        "scopes": ["profile:read"],
        "version": "2026-12-01",
        "created_at": "2026-03-02T08:00:00+00:00",
        "ends_at": "2027-03-02T08:00:00+00:00",
        "last_used_on": None,
        "last_used_from": "",
        "time_zone": "Europe/London",
    }
    assert program.get(KEYS).json() == {"results": [told], "next": None, "previous": None}
    assert text not in str(list(ApiKey.objects.values()))
    bearer = Program(text)
    assert bearer.get(WELCOME).status_code == 200
    refused = bearer.get(f"/api/appointments/{'A' * 8}/")
    assert (refused.status_code, refused.json()["scope"]) == (403, "appointments:read")


def test_no_key_reads_makes_or_ends_keys(customer):
    row, text = make(customer, *Scope)
    bearer = Program(text)

    answers = [bearer.get(KEYS), bearer.post(KEYS, {}), bearer.delete(f"{KEYS}{row.uuid}/")]

    assert [(each.status_code, each.json()["scope"]) for each in answers] == [(403, None)] * 3
    assert customer.api_keys.count() == 1


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"scopes": ["profile:read"]}, "name", "required"),
        ({"name": "\u200b", "scopes": ["profile:read"]}, "name", "blank"),
        ({"name": "x" * 61, "scopes": ["profile:read"]}, "name", "max_length"),
        ({"name": "Till", "scopes": []}, "scopes", "min_length"),
        ({"name": "Till", "scopes": ["profile"]}, "scopes.0", "invalid_choice"),
        ({"name": "Till", "scopes": ["profile:read"], "ends_at": "2026-03-02T08:00:00Z"}, "ends_at", "out_of_range"),
        ({"name": "Till", "scopes": ["profile:read"], "ends_at": "2032-03-02T08:00:00Z"}, "ends_at", "out_of_range"),
        ({"name": "Till", "scopes": ["profile:read"], "version": "2026-12-01"}, "version", "unknown-field"),
    ],
)
def test_what_makes_no_key_is_said_of_its_field(program, customer, body, field, code):
    answer = program.post(KEYS, body)

    assert (answer.status_code, [(each["field"], each["code"]) for each in answer.json()["errors"]]) == (
        400,
        [(field, code)],
    )
    assert not customer.api_keys.exists()


def test_a_lost_answer_asked_for_again_makes_no_second_key_and_shows_no_text(program, customer):
    wish = {"name": "Till", "scopes": ["profile:read"]}

    first, again = (program.post(KEYS, wish, idempotency_key="one") for _ in range(2))

    assert (first.status_code, again.status_code, customer.api_keys.count()) == (201, 201, 1)
    assert again.json() == {**first.json(), "key": None}


def test_a_killed_request_that_comes_again_finds_the_key_it_made(customer):
    uuid = uuid4()
    made, text = make(customer, uuid=uuid)

    assert make(customer, uuid=uuid) == (made, "")
    assert text


def test_twenty_keys_are_the_most(program, customer, monkeypatch):
    monkeypatch.setattr(keys, "MOST_KEYS", 2)
    make(customer, ends_at=NOW + timedelta(hours=1))
    make(customer)

    refused = program.post(KEYS, {"name": "Till", "scopes": ["profile:read"]})

    assert (refused.status_code, refused.json()["type"]) == (409, "/developers/problems/policy-refused/")
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):  # one has ended by itself
        make(customer)


def test_a_key_ends_at_its_end_and_at_once_when_it_is_ended(program, customer):
    row, text = make(customer, ends_at=NOW + timedelta(hours=1))
    bearer = Program(text)
    assert bearer.get(WELCOME).status_code == 200
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        assert bearer.get(WELCOME).status_code == 401

    assert program.delete(f"{KEYS}{row.uuid}/").status_code == 204
    assert bearer.get(WELCOME).status_code == 401
    assert program.delete(f"{KEYS}{row.uuid}/").status_code == 404


def test_foreign_random_and_malformed_keys_are_not_found_alike(program, customer):
    foreign, _ = make(UserFactory())
    ids = [foreign.uuid, uuid4(), str(make(customer)[0].uuid).upper(), "x", foreign.pk]

    answers = [program.delete(f"{KEYS}{each}/") for each in ids]

    assert {(each.status_code, each.json()["detail"]) for each in answers} == {(404, answers[0].json()["detail"])}
    assert ApiKey.objects.count() == 2


ENDS_FOR_GOOD = {
    "ban": lambda person: bans.ban(person, now=clock.now()),
    "closing": lambda person: services.deactivate_account(user=person),
    "deletion": lambda person: leaving.close(person, now=clock.now()),
}
COMES_BACK = {
    "ban": lambda person: bans.lift(person.bans.get(), actor=person, reason="x"),
    "closing": lambda person: type(person).objects.filter(pk=person.pk).update(is_active=True),
    "deletion": lambda person: leaving.keep(person=person),
}


@pytest.mark.parametrize("way", ENDS_FOR_GOOD)
def test_a_key_ends_for_good_with_its_persons_taking_part(customer, way):
    bearer = with_key(customer)

    ENDS_FOR_GOOD[way](customer)

    assert bearer.get(WELCOME).status_code == 401
    with pytest.raises(NoKeysAnyMore):
        make(customer)
    COMES_BACK[way](customer)
    assert bearer.get(WELCOME).status_code == 401


def test_a_key_outlives_a_new_password(customer):
    bearer = with_key(customer)

    services.store_password(user=customer, password="another one of theirs")
    services.end_sessions(user=customer)

    assert bearer.get(WELCOME).status_code == 200


@pytest.mark.parametrize("change", [lambda text: text[:-1], lambda text: text[:-7] + "~" + text[-6:], str.upper])
def test_a_key_copied_wrongly_is_refused_without_a_question_to_the_database(customer, change):
    text = make(customer)[1]

    with CaptureQueriesContext(connection) as asked:
        assert keys.find_key(change(text), network="192.0.2.0", now=clock.now()) is None

    assert len(asked) == 0


def test_a_text_of_the_same_beginning_is_another_key(customer):
    text = make(customer)[1]
    body = text[3:-38] + "0" * 32
    forged = f"dl_{body}{keys._check_digits(body)}"

    assert Program(forged).get(WELCOME).status_code == 401
    assert Program(text).get(WELCOME).status_code == 200


def test_use_is_noted_once_a_day_and_network(customer):
    row, text = make(customer)

    for network in ("192.0.2.0", "192.0.2.0", "198.51.100.0"):
        keys.find_key(text, network=network, now=clock.now())

    row.refresh_from_db()
    assert (row.used_on, row.used_from) == (NOW.date(), "198.51.100.0")


def test_a_list_of_keys_costs_the_same_for_one_and_for_many(program, customer):
    costs = []
    for _ in range(2):
        make(customer), make(customer)
        with CaptureQueriesContext(connection) as asked:
            program.get(KEYS)
        costs.append(len(asked))

    assert costs[0] == costs[1]


def test_who_signed_in_a_while_ago_makes_no_key_without_their_password(program, customer):
    UserSession.objects.update(created_at=NOW - timedelta(hours=1))

    answer = program.post("/api/me/keys/", {"name": "Till", "scopes": ["profile:read"]})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "password")
    assert not ApiKey.objects.exists()


def test_a_key_can_be_given_no_scope_that_opens_nothing():
    assert {route.scope for route in ROUTES} - {ANYBODY, NO_KEY} == set(Scope)
