"""Signing in by a program: the page's limits, second step and silence."""

from datetime import timedelta

import pytest
from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.conf import settings as configured
from django.contrib.auth import get_user
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory

from accounts import exceptions, services, sign_in, sign_in_limits
from accounts.models import Session, User
from core import clock
from tests.accounts.conftest import PASSWORD
from tests.accounts.conftest import sign_in as sign_in_on_the_page
from tests.accounts.test_second_step import code_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _still(time_machine):
    time_machine.move_to(clock.now(), tick=False)


def enter(login="amara@example.com", password=PASSWORD, code=None, address="198.51.100.7") -> User:
    request = RequestFactory().post("/api/token", REMOTE_ADDR=address)
    request.user, request.session = AnonymousUser(), Client().session
    with request_context(request):
        return sign_in.sign_in_program(request, login=login, password=password, code=code)


def refusal(**said) -> str:
    try:
        enter(**said)
    except exceptions.DomainError as error:
        return f"{error.problem} {error.status}"
    return "in"


@pytest.fixture
def named(person) -> User:
    User.objects.filter(pk=person.pk).update(username="amara")
    return person


@pytest.fixture
def secret(named) -> str:
    secret = generate_totp_secret()
    with request_context(RequestFactory().get("/")):
        TOTP.activate(named, secret)
    return secret


def test_a_username_or_a_confirmed_address_opens_the_account_in_any_case(named):
    robot = User.objects.create_user(None, PASSWORD, username="robot", name="Robot")

    assert [enter(), enter("AMARA@Example.com "), enter("Amara"), enter("robot")] == [named, named, named, robot]


WRONG = "bad-credentials 401"


@pytest.mark.parametrize(
    ("fields", "said", "answer"),
    [
        ({}, {"password": "wrong"}, WRONG),
        ({}, {"password": ""}, WRONG),
        ({}, {"login": "nobody"}, WRONG),
        ({}, {"login": "nobody@example.com"}, WRONG),
        ({}, {"login": ""}, WRONG),
        ({}, {"login": "a\x00b"}, WRONG),
        ({"is_active": False}, {}, WRONG),
        ({"leaves_at": "2030-01-01T00:00Z"}, {}, WRONG),
        ({"email_confirmed_at": None}, {}, WRONG),
        ({"email_confirmed_at": None}, {"login": "amara"}, WRONG),
        ({"banned_at": "2026-01-01T00:00Z"}, {}, "suspended 403"),
        ({"banned_at": "2026-01-01T00:00Z"}, {"password": "wrong"}, WRONG),
    ],
)
def test_whatever_opens_nothing_reads_as_a_wrong_password(named, fields, said, answer):
    User.objects.filter(pk=named.pk).update(**fields)

    assert refusal(**said) == answer


def test_an_unconfirmed_account_is_mailed_its_link_again_and_opens_where_the_house_says_so(named, postbox, settings):
    User.objects.filter(pk=named.pk).update(email_confirmed_at=None)

    assert (refusal(), refusal(password="wrong")) == (WRONG, WRONG)
    assert [letter.to for letter in postbox.deliver()] == [[named.email]]
    settings.EMAIL_CONFIRMATION = "later"
    assert enter() == named


def test_an_unknown_login_takes_as_long_as_a_known_one(named, monkeypatch):
    hashed, counts = [], []
    real = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashed.append(1) or real(*args))
    for login in ("amara@example.com", "amara", "nobody@example.com", "nobody", "a\x00b"):
        hashed.clear()
        refusal(login=login, password="wrong")
        counts.append(len(hashed))

    assert counts == [1] * 5


def test_tries_are_counted_with_those_of_the_page(named, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed": "3/5m/key"}
    page = Client(REMOTE_ADDR="198.51.100.7")

    assert [refusal() for _ in range(4)] == ["in"] * 4, "a right password is not counted"
    assert [refusal(password="wrong"), sign_in_on_the_page(page, password="wrong").status_code] == [WRONG, 422]
    assert refusal(password="wrong") == WRONG
    assert refusal() == "too-many 429" and sign_in_on_the_page(page).status_code == 429
    assert enter(address="198.51.100.8") == named, "one guesser locks out nobody else"


def test_past_the_wider_limit_a_program_waits_and_is_told_how_long(named, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed_anywhere": "2/15m/key"}
    for number in range(2):
        refusal(password="wrong", address=f"203.0.113.{number}")

    with pytest.raises(exceptions.TooManyTries) as refused:
        enter()
    assert (refused.value.seconds, refused.value.status) == (900, 429)


NAMES = ["amara", "amara@example.com"]


@pytest.mark.parametrize("first", NAMES)
def test_two_names_give_no_more_guesses_than_one_and_no_try_tells_that_they_are_one_person_s(named, settings, first):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed": "3/5m/key"}
    [second] = {*NAMES} - {first}
    for login in (first, "nobody", "nobody@example.com"):
        assert [refusal(login=login, password="wrong") for _ in range(4)] == [WRONG] * 3 + ["too-many 429"]

    for login in (second, "somebody", "somebody@example.com"):
        assert [refusal(login=login) for _ in range(4)] == [WRONG] * 3 + ["too-many 429"]
    assert enter(login=second, address="198.51.100.8") == named


def test_no_name_that_somebody_makes_up_tells_how_often_an_account_was_tried_by_all_its_names(named, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | dict.fromkeys(
        ("login_failed", "login_failed_anywhere"), "2/5m/key"
    )
    [_, (_, together)] = sign_in_limits._together(RequestFactory().get("/"), named.email)
    for _ in range(2):
        refusal(login="amara", password="wrong")

    assert refusal(login=together) == WRONG


def test_what_was_guessed_by_a_username_is_not_guessed_on_the_page_again(named, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed": "3/5m/key"}
    for _ in range(3):
        refusal(login="amara", password="wrong")
    page = Client(REMOTE_ADDR="198.51.100.7")

    assert [sign_in_on_the_page(page).status_code for _ in range(4)] == [422] * 3 + [429]
    assert sign_in_on_the_page(Client(REMOTE_ADDR="198.51.100.8")).status_code == 302


def test_an_owner_whose_username_is_guessed_from_everywhere_comes_in_with_a_mailed_code(named, settings, postbox):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed_anywhere": "3/15m/key"}
    for number in range(3):
        refusal(login="amara", password="wrong", address=f"203.0.113.{number}")

    assert refusal() == WRONG, "a program learns no more of its address than of any other"
    assert sign_in_on_the_page(Client(), password="wrong").status_code == 422
    assert sign_in_on_the_page(Client()).url == "/accounts/login/code/confirm/"
    assert [letter.to for letter in postbox.deliver()] == [[named.email]]


def test_a_second_step_is_asked_after_the_right_password_only_and_its_code_works_once(named, secret, time_machine):
    assert refusal(password="wrong") == refusal(password="wrong", code=code_of(secret)) == WRONG
    assert refusal() == "second-step-needed 401"
    assert refusal(code="000000") == WRONG
    assert enter(code=code_of(secret)) == named
    assert refusal(code=code_of(secret)) == WRONG
    time_machine.move_to(clock.now() + timedelta(seconds=60), tick=False)
    assert enter(login="amara", code=code_of(secret)) == named


def test_a_recovery_code_works_once(named, secret):
    with request_context(RequestFactory().get("/")):
        code = RecoveryCodes.activate(named).get_unused_codes()[0]

    assert enter(code=code) == named
    assert refusal(code=code) == WRONG


def test_wrong_codes_count_as_wrong_passwords_and_with_those_of_the_page(named, secret, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed": "3/5m/key"}

    assert [refusal() for _ in range(5)] == ["second-step-needed 401"] * 5
    assert [refusal(code="000000") for _ in range(4)] == [WRONG] * 3 + ["too-many 429"]
    assert refusal(password="wrong") == "too-many 429"
    assert refusal(code=code_of(secret), address="203.0.113.9") == "too-many 429", (
        "whatever network the codes come from"
    )


def test_a_passkey_is_used_in_a_browser(named):
    Authenticator.objects.create(user=named, type=Authenticator.Type.WEBAUTHN, data={})

    with pytest.raises(exceptions.SecondStepNeeded, match="make a key for your program"):
        enter()


def test_a_password_asked_again_counts_as_a_try_and_needs_no_address(settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed": "2/5m/key"}
    robot = User.objects.create_user(None, PASSWORD, username="robot", name="Robot")
    request = RequestFactory().post("/api/", REMOTE_ADDR="198.51.100.7")
    request.user = robot

    def asked(password):
        return sign_in.is_own_password(request, user=robot, password=password)

    with request_context(request):
        assert [asked(PASSWORD), asked(PASSWORD), asked(PASSWORD)] == [True] * 3
        assert [asked("wrong"), asked("wrong")] == [False] * 2
        with pytest.raises(exceptions.TooManyTries):
            asked(PASSWORD)


def test_who_is_signed_in_is_told_to_wait_whatever_name_was_guessed(named, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed": "2/5m/key"}
    request = RequestFactory().post("/api/", REMOTE_ADDR="198.51.100.7")
    request.user = named
    for _ in range(2):
        refusal(login="amara", password="wrong")

    with request_context(request), pytest.raises(exceptions.TooManyTries) as refused:
        sign_in.is_own_password(request, user=named, password=PASSWORD)

    assert refused.value.seconds == 300


@pytest.mark.parametrize(
    ("action", "of_the_page", "form"),
    [
        ("signup", "/accounts/signup/", {}),
        ("change_password", "/accounts/password/change/", {"oldpassword": "wrong"}),
        ("manage_email", "/accounts/email/", {}),
    ],
)
def test_what_programs_do_to_an_account_is_counted_with_the_page(person, settings, action, of_the_page, form):
    per = "ip" if action == "signup" else "user"
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {action: f"2/m/{per}"}
    page = Client(REMOTE_ADDR="198.51.100.7")
    if per == "user":
        page.force_login(person)
    request = RequestFactory().post("/api/", REMOTE_ADDR="198.51.100.7")
    request.user = AnonymousUser()

    with request_context(request):
        sign_in_limits.count_for_program(request, action, user=person)
        assert page.post(of_the_page, form).status_code != 429
        with pytest.raises(exceptions.TooManyTries) as refused:
            sign_in_limits.count_for_program(request, action, user=person)

    assert refused.value.seconds == 60 and page.post(of_the_page, form).status_code == 429


# --- The session ------------------------------------------------------------------------------------------------------


def start(user, **changes):
    said = {"ip": "198.51.100.7", "user_agent": "robot/1.0", "lasts": 14 * DAY}
    return sign_in.start_session_for_program(user=user, **said | changes)


def browser_with(key) -> Client:
    browser = Client()
    browser.cookies[configured.SESSION_COOKIE_NAME] = key
    return browser


def test_a_session_of_a_program_is_listed_with_the_devices_and_ends_with_them(person):
    session = start(person, user_agent="robot/1.0" + "x" * 500)

    person.refresh_from_db()
    row = Session.objects.get()
    assert (row.session_key, row.person, row.expire_date) == (session.session_key, person, clock.now() + 14 * DAY)
    assert person.last_login == clock.now()
    browser = browser_with(session.session_key)
    assert get_user(browser) == person
    page = browser.get("/accounts/sessions/").text
    assert "A program: robot/1.0" in page and "198.51.100.7" in page
    sign_in_on_the_page(Client())
    assert UserSession.objects.count() == 2, "signing in elsewhere leaves it"
    services.end_sessions(user=person)
    assert not UserSession.objects.exists() and not get_user(browser_with(session.session_key)).is_authenticated


@pytest.mark.parametrize("fields", [{"is_active": False}, {"leaves_at": "2030-01-01T00:00Z"}, {"password": "other"}])
def test_none_begins_for_an_account_that_changed_since_it_signed_in(person, fields):
    User.objects.filter(pk=person.pk).update(**fields)

    with pytest.raises(exceptions.BadCredentials):
        start(person)

    assert not Session.objects.exists() and not UserSession.objects.exists()
