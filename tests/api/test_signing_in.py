"""Programs sign up and in. A token is a session: whatever ends the session ends both of its tokens at the next call."""

import base64
import json
from datetime import timedelta

import jwt
import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import bans, services
from accounts.models import Session, User
from accounts.services import end_sessions
from api import keys, tokens
from api.models import PageWish, Scope
from appointments.services import leaving
from core import clock
from outbox.models import Message
from providers.models import Provider
from tests.api.program import Program
from tests.appointments.conftest import NOW
from tests.factories.accounts import UserFactory

PASSWORD = "two goats in a boat"
TOKEN, REFRESH, REVOKE = "/api/token", "/api/token/refresh", "/api/token/revoke"

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    person = UserFactory(email="maya@example.com")
    person.set_password(PASSWORD)
    person.save()
    return person


@pytest.fixture
def pair(visitor, person):
    return visitor.post(TOKEN, {"username": person.email, "password": PASSWORD}).json()


def works(token: str) -> int:
    return Program(token).get("/api/welcome").status_code


def claims(token: str) -> dict:
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def resigned(token: str, *, algorithm: str = "HS256", key: str | None = None, **changes: object) -> str:
    said = {**claims(token), **changes}
    return jwt.encode(said, tokens._key(settings.SECRET_KEY) if key is None else key, algorithm=algorithm)


# --- Signing up -------------------------------------------------------------------------------------------------------


def test_a_username_alone_works_at_once_and_has_no_address(visitor):
    made = visitor.post("/api/signup", {"username": "Till.4", "password": PASSWORD})

    assert (made.status_code, made.json()["username"], made.json()["email"]) == (201, "till.4", None)
    signed_in = visitor.post(TOKEN, {"username": "till.4", "password": PASSWORD}).json()
    assert Program(signed_in["access"]).get("/api/welcome").json() == {
        "message": "Welcome, till.4.",
        "username": "till.4",
        "email": None,
    }


def test_without_an_address_no_time_is_taken(visitor, service):
    visitor.post("/api/signup", {"username": "till", "password": PASSWORD})
    till = Program(visitor.post(TOKEN, {"username": "till", "password": PASSWORD}).json()["access"])
    wish = {"provider": service.provider.slug, "service": service.slug, "start": "2026-03-03T10:00:00Z"}

    answer = till.post("/api/appointments/create/", wish)

    assert (answer.status_code, answer.json()["type"]) == (409, "/developers/problems/address-needed/")
    assert not service.appointments.exists()


def _writes(queries) -> list[str]:
    """The first words of the writes among these queries, in order; writing costs most of the time."""
    words = ("INSERT", "UPDATE", "DELETE")
    return [" ".join(each["sql"].split()[:3]) for each in queries if each["sql"].startswith(words)]


@pytest.mark.parametrize("role", ["customer", "provider"])
def test_a_known_address_is_answered_as_a_new_one_and_takes_as_much_work(visitor, person, role):
    said = {"password": PASSWORD, "name": "New", "role": role}
    with CaptureQueriesContext(connection) as for_new:
        new = visitor.post("/api/signup", {**said, "email": "new@example.com"})
    with CaptureQueriesContext(connection) as for_known:
        known = visitor.post("/api/signup", {**said, "email": person.email})

    assert _writes(for_known) == _writes(for_new)
    assert PageWish.objects.count() == (role == "provider")
    assert (new.status_code, known.status_code) == (201, 201)
    says = [{**answer.json(), "id": "", "email": ""} for answer in (new, known)]
    assert says == [says[0]] * 2
    assert Message.objects.count() == 2
    assert not User.objects.filter(uuid=known.json()["id"]).exists()
    assert visitor.post(TOKEN, {"username": "new@example.com", "password": PASSWORD}).status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"username": "till", "password": "password123"}, "password"),
        ({"username": "a", "password": PASSWORD}, "username"),
        ({"email": "no address", "password": PASSWORD, "name": "X"}, "email"),
        ({"username": "till", "password": PASSWORD, "role": "admin"}, "role"),
        ({"username": "till", "password": PASSWORD, "time_zone": "Mars/Base"}, "time_zone"),
    ],
)
def test_what_can_not_be_is_named_by_its_field(visitor, body, field):
    answer = visitor.post("/api/signup", body)

    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, [field])
    assert not User.objects.exists()


def test_a_provider_gets_a_draft_and_no_rights(visitor):
    visitor.post("/api/signup", {"username": "doc", "password": PASSWORD, "name": "Doc Brown", "role": "doctor"})

    provider = Provider.objects.get()
    assert (provider.name, provider.trade, provider.listing, provider.is_online) == (
        "Doc Brown",
        "Appointments",
        "draft",
        True,
    )
    assert (provider.services.get().duration_minutes, provider.user.is_staff) == (60, False)


def test_the_draft_of_an_address_waits_until_it_is_confirmed(visitor):
    visitor.post("/api/signup", {"email": "doc@example.com", "password": PASSWORD, "name": "Doc", "role": "provider"})
    assert not Provider.objects.exists()

    services.confirm_address(user=User.objects.get(), email="doc@example.com", now=NOW)

    assert Provider.objects.get().user.email == "doc@example.com"


# --- Tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_says_who_and_nothing_that_opens_a_session(pair, person):
    said = claims(pair["access"])

    assert (said["sub"], said["use"], pair["expires_in"]) == (str(person.uuid), "access", 900)
    assert Session.objects.get().session_key not in json.dumps(said)
    assert UserSession.objects.get().user == person


def test_a_wrong_password_and_an_unknown_name_read_alike_and_cost_the_same(visitor, person):
    User.objects.filter(pk=person.pk).update(username="maya")
    UserFactory(email="new@example.com", email_confirmed_at=None)

    answers = []
    for name in (person.email, "maya", "nobody@example.com", "nobody", "new@example.com"):
        with CaptureQueriesContext(connection) as asked:
            answer = visitor.post(TOKEN, {"username": name, "password": "wrong horse"})
        headers = {name: text for name, text in answer.headers.items() if name not in {"X-Request-ID", "RateLimit"}}
        answers.append((answer.status_code, {**answer.json(), "request_id": ""}, headers, len(asked)))

    assert answers == [answers[0]] * 5
    assert answers[0][0] == 401
    assert not Message.objects.exists()


def test_a_key_has_no_session_to_end_and_is_told_where_it_ends(visitor, person):
    _, text = keys.make_key(person=person, name="Till", scopes=[Scope.PROFILE_READ], now=clock.now())

    answer = Program(text).post(REVOKE)

    assert (answer.status_code, "/api/me/keys/" in answer.json()["detail"]) == (401, True)
    assert Program(text).get("/api/welcome").status_code == 200


ENDINGS = {
    "new password": lambda person: services.change_password(
        user=person, actor=person, old=PASSWORD, new="three goats afloat", keep_session=None
    ),
    "new address": lambda person: User.objects.filter(pk=person.pk).update(email="other@example.com"),
    "signed out everywhere": lambda person: end_sessions(user=person),
    "ban": lambda person: bans.ban(person, now=clock.now()),
    "closing": lambda person: services.deactivate_account(user=person),
    "deletion": lambda person: leaving.leave(person=person, seen=0, shown=leaving.as_shown(person, now=clock.now())),
}


@pytest.mark.parametrize("ends", ENDINGS.values(), ids=ENDINGS)
def test_what_ends_a_session_ends_both_tokens(pair, person, visitor, ends):
    assert works(pair["access"]) == 200

    ends(person)

    assert works(pair["access"]) == 401
    assert visitor.post(REFRESH, {"refresh": pair["refresh"]}).status_code == 401


def test_an_access_token_ends_after_a_quarter_of_an_hour(pair):
    with time_machine.travel(NOW + timedelta(minutes=15, seconds=-1), tick=False):
        assert works(pair["access"]) == 200
    with time_machine.travel(NOW + timedelta(minutes=15), tick=False):
        assert works(pair["access"]) == 401


@pytest.mark.parametrize(
    "forged",
    [
        lambda pair: pair["refresh"],
        lambda pair: pair["access"][:-2] + "xx",
        lambda pair: resigned(pair["access"], key="a guess of thirty-two bytes or so"),
        lambda pair: resigned(pair["access"], algorithm="none", key=""),
        lambda pair: resigned(pair["access"], aud="another"),
        lambda pair: resigned(pair["access"], sub="0d6f2f1e-6c1b-4e39-9c63-0c2a5f8d7b11"),
        lambda pair: resigned(pair["access"], sid="x" * 80),
        lambda pair: "ü.ü.ü",
        lambda pair: "",
        lambda pair: "a" * 5000,
    ],
    ids=[
        "refresh",
        "cut",
        "other key",
        "unsigned",
        "other audience",
        "other person",
        "no session",
        "text",
        "none",
        "long",
    ],
)
def test_what_is_no_access_token_opens_nothing(pair, forged):
    answer = Program().get("/api/welcome", authorization=f"Bearer {forged(pair)}".encode().decode("latin-1"))

    assert answer.status_code == 401


def test_the_same_refresh_token_gives_one_successor_until_that_is_used(pair, visitor):
    first = visitor.post(REFRESH, {"refresh": pair["refresh"]}).json()
    again = visitor.post(REFRESH, {"refresh": pair["refresh"]}).json()

    assert claims(first["refresh"])["num"] == claims(again["refresh"])["num"] == 1
    with time_machine.travel(NOW + timedelta(days=13), tick=False):
        assert visitor.post(REFRESH, {"refresh": pair["refresh"]}).status_code == 200


def test_a_refresh_token_used_after_its_successor_ends_the_session_and_is_told(pair, visitor, person):
    second = visitor.post(REFRESH, {"refresh": pair["refresh"]}).json()
    third = visitor.post(REFRESH, {"refresh": second["refresh"]}).json()
    with time_machine.travel(NOW + timedelta(seconds=9), tick=False):
        assert visitor.post(REFRESH, {"refresh": pair["refresh"]}).status_code == 200
    Message.objects.all().delete()

    with time_machine.travel(NOW + timedelta(seconds=10), tick=False):
        assert visitor.post(REFRESH, {"refresh": pair["refresh"]}).status_code == 401
        assert works(third["access"]) == 401
        assert visitor.post(REFRESH, {"refresh": third["refresh"]}).status_code == 401
    assert Message.objects.get().topic == "notifications.send_account_mail"
    assert not UserSession.objects.filter(user=person).exists()


def test_a_session_can_be_ended_by_either_token(pair, visitor, person):
    assert Program(pair["access"]).post(REVOKE).status_code == 204
    assert (works(pair["access"]), Session.objects.count()) == (401, 0)

    pair = visitor.post(TOKEN, {"username": person.email, "password": PASSWORD}).json()
    assert visitor.post(REVOKE, {"refresh": pair["refresh"]}).status_code == 204
    assert works(pair["access"]) == 401
    assert visitor.post(REVOKE).status_code == 401


def test_a_banned_person_is_told_so_after_the_right_password_alone(visitor, person):
    bans.ban(person, now=NOW)

    right = visitor.post(TOKEN, {"username": person.email, "password": PASSWORD})
    wrong = visitor.post(TOKEN, {"username": person.email, "password": "wrong horse"})

    assert (right.status_code, right.json()["type"], wrong.status_code) == (403, "/developers/problems/suspended/", 401)
    assert right.json()["since"] == "2026-03-02T08:00:00+00:00"


# --- Browsers ---------------------------------------------------------------------------------------------------------


def test_with_a_token_no_cookie_is_looked_at(person, visitor):
    visitor.client.force_login(person)

    assert visitor.get("/api/welcome").status_code == 200
    assert visitor.get("/api/welcome", authorization="Bearer nonsense").status_code == 401
    assert visitor.get("/api/welcome", authorization="Basic bWF5YTp4").status_code == 401


def test_a_browser_needs_its_csrf_token_for_a_change(person, service):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person)
    body = {"provider": service.provider.slug, "service": service.slug, "start": "2026-03-03T10:00:00Z"}

    refused = browser.post("/api/appointments/", body, content_type="application/json")
    assert (refused.status_code, refused.json()["type"]) == (403, "/developers/problems/csrf/")
    assert not service.appointments.exists()

    browser.get(f"/{service.provider.slug}/")
    headers = {"X-CSRFToken": browser.cookies[settings.CSRF_COOKIE_NAME].value}
    taken = browser.post("/api/appointments/", body, content_type="application/json", headers=headers)
    assert taken.status_code == 201


def test_private_answers_are_kept_in_no_cache(pair):
    answer = Program(pair["access"]).get("/api/welcome")

    assert "no-store" in answer.headers["Cache-Control"]
    assert {"Authorization", "Cookie"} <= {name.strip() for name in answer.headers["Vary"].split(",")}
