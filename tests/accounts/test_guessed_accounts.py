"""An account whose password others guess: its owner comes in all the same, and a guesser learns nothing."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import get_user
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import services, tasks
from accounts.models import User
from core import clock
from notifications.models import SentMail
from outbox.models import Message
from tests.accounts.conftest import PASSWORD, sign_in
from tests.accounts.test_sign_up import sign_up, strip

pytestmark = pytest.mark.django_db

CODE_PAGE = "/accounts/login/code/confirm/"


LIMIT = 4


@pytest.fixture(autouse=True)
def _few_tries(settings, time_machine):
    """The limit of one account is met after few tries, and time stands still."""
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed_anywhere": f"{LIMIT}/15m/key"}
    time_machine.move_to(clock.now(), tick=False)


def guess_many(email="amara@example.com"):
    """Wrong passwords from as many addresses, up to the limit of one account."""
    return [
        sign_in(Client(REMOTE_ADDR=f"203.0.113.{n}"), email=email, password="guess").status_code for n in range(LIMIT)
    ]


def on_a_new_device(address="198.51.100.7") -> Client:
    return Client(REMOTE_ADDR=address)


def code_in(letter) -> str:
    [code] = re.findall(r"^Code: (\S+)$", letter.body, re.MULTILINE)
    return code


def test_the_right_password_and_a_mailed_code_let_the_owner_in_past_the_limit(person, postbox):
    assert guess_many() == [422] * LIMIT
    browser = on_a_new_device()

    answer = sign_in(browser, next="/book/maya/first/")
    [letter] = postbox.deliver()
    inside = browser.post(CODE_PAGE, {"code": code_in(letter)})

    assert (answer.status_code, answer.url) == (302, CODE_PAGE)
    assert letter.to == [person.email]
    assert (inside.status_code, inside.url) == (302, "/book/maya/first/")
    assert get_user(browser) == person


def test_a_device_that_came_in_with_a_code_needs_none_next_time(person, postbox):
    guess_many()
    browser = on_a_new_device()
    sign_in(browser)
    [letter] = postbox.deliver()
    browser.post(CODE_PAGE, {"code": code_in(letter)})
    browser.post("/accounts/logout/")

    assert sign_in(browser).url == "/my/appointments/"


def test_a_device_that_signed_in_before_needs_no_code(person):
    own = on_a_new_device()
    sign_in(own)
    own.post("/accounts/logout/")
    guess_many()

    assert sign_in(own).url == "/my/appointments/"
    assert get_user(own) == person


def test_guesses_from_the_owners_own_address_leave_their_device_its_tries(person):
    own = on_a_new_device()
    sign_in(own)
    own.post("/accounts/logout/")
    guesses = [sign_in(on_a_new_device(), password="guess").status_code for _ in range(11)]

    assert guesses[-1] == 429
    assert sign_in(own).url == "/my/appointments/"
    assert get_user(own) == person


def test_guessing_on_a_device_of_the_owner_stops_too(person):
    own = on_a_new_device()
    sign_in(own)
    own.post("/accounts/logout/")

    guesses = [sign_in(own, password="guess").status_code for _ in range(11)]

    assert guesses == [422] * 10 + [429]


def test_the_page_says_why_a_code_is_needed_and_for_how_long(person, time_machine):
    guess_many()
    browser = on_a_new_device()
    sign_in(browser)

    first = browser.get(CODE_PAGE).text
    time_machine.shift(timedelta(minutes=5))
    later = browser.get(CODE_PAGE).text

    assert "If your password was right, we sent a code to <b>amara@example.com</b>." in first
    assert "the right one alone is enough again in 15 min." in first
    assert "the right one alone is enough again in 10 min." in later


def test_the_mail_says_what_to_do_if_it_was_somebody_else(person, postbox):
    guess_many()
    sign_in(on_a_new_device())

    [letter] = postbox.deliver()

    assert "If this was not you, somebody knows your password." in letter.body
    assert "/accounts/password/reset/" in letter.body


@pytest.fixture
def unconfirmed(db):
    return User.objects.create_user("new@example.com", PASSWORD, name="New")


def everything_told(email, password):
    """Status, address, cookies and words of a try and of three wrong codes after it."""
    browser = on_a_new_device()
    answers = [sign_in(browser, email=email, password=password), browser.get(CODE_PAGE)]
    answers += [browser.post(CODE_PAGE, {"code": "nope"}) for _ in range(3)]
    answers.append(browser.get(answers[-1].url))
    return [
        (each.status_code, each.headers.get("Location"), sorted(each.cookies), strip(each.text).replace(email, "EMAIL"))
        for each in answers
    ]


def test_right_and_wrong_passwords_and_unknown_people_are_answered_alike(person, unconfirmed):
    tries = [
        (person.email, PASSWORD),
        (person.email, "wrong"),
        ("nobody@example.com", PASSWORD),
        (unconfirmed.email, PASSWORD),
    ]
    for email in {email for email, _ in tries}:
        guess_many(email)

    right, *others = [everything_told(email, password) for email, password in tries]

    assert [status for status, *_ in right] == [302, 200, 422, 422, 302, 200]
    assert right[0][1] == CODE_PAGE
    assert others == [right] * 3


def test_a_try_costs_the_same_whether_the_password_was_right(person, monkeypatch):
    guess_many()
    hashed = []
    real = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashed.append(1) or real(*args))

    costs = []
    for password in (PASSWORD, "wrong"):
        hashed.clear()
        with CaptureQueriesContext(connection) as queries:
            sign_in(on_a_new_device(), password=password)
        costs.append((len(hashed), [query["sql"].split(" ")[0] for query in queries]))

    assert costs[0] == costs[1]
    assert costs[0][0] == 1


def test_only_the_right_password_of_a_confirmed_account_is_answered_with_a_mail(person, unconfirmed, postbox):
    for email in (person.email, unconfirmed.email, "nobody@example.com"):
        guess_many(email)
    postbox.deliver()

    sign_in(on_a_new_device(), password="wrong")
    sign_in(on_a_new_device(), email="nobody@example.com")

    assert postbox.deliver() == []


def test_an_account_nobody_confirmed_gets_its_link_and_no_code(client, postbox):
    sign_up(client, email="new@example.com", password1=PASSWORD)
    guess_many("new@example.com")
    postbox.deliver()

    sign_in(on_a_new_device(), email="new@example.com")

    [letter] = postbox.deliver()
    assert "Confirm my email" in letter.body
    assert "Code:" not in letter.body


def test_the_count_of_tries_does_not_tell_which_password_was_right(person):
    guess_many()

    def twelve_tries(address, right_at):
        passwords = [PASSWORD if n == right_at else f"guess {n}" for n in range(12)]
        return [sign_in(on_a_new_device(address), password=each).status_code for each in passwords]

    assert twelve_tries("198.51.100.7", right_at=5) == twelve_tries("198.51.100.8", right_at=None)
    assert twelve_tries("198.51.100.9", right_at=5) == [302] * 10 + [429] * 2


def test_the_mailbox_of_somebody_whose_password_is_known_gets_five_codes_and_no_more(person, postbox):
    guess_many()

    for n in range(9):
        sign_in(on_a_new_device(f"198.51.100.{n}"))

    assert len(postbox.deliver()) == 5


def test_nobody_who_lacks_the_password_uses_up_the_codes_of_its_owner(person, postbox):
    guess_many()
    for n in range(30):
        sign_in(on_a_new_device(f"192.0.2.{n}"), password="wrong")
        on_a_new_device(f"192.0.2.{n}").post("/accounts/login/code/", {"email": person.email})
    postbox.deliver()

    sign_in(on_a_new_device())

    [letter] = postbox.deliver()
    assert letter.to == [person.email]


def test_the_second_step_still_follows_the_code(person, postbox):
    TOTP.activate(person, "A" * 32)
    guess_many()
    browser = on_a_new_device()
    sign_in(browser)
    [letter] = postbox.deliver()

    answer = browser.post(CODE_PAGE, {"code": code_in(letter)})

    assert answer.url == "/accounts/2fa/authenticate/"
    assert not get_user(browser).is_authenticated


def test_a_closed_account_stays_closed_with_password_and_code(person, postbox):
    services.deactivate_account(user=person)
    guess_many()
    browser = on_a_new_device()
    sign_in(browser)
    [letter] = postbox.deliver()

    answer = browser.post(CODE_PAGE, {"code": code_in(letter)})

    assert answer.url == "/accounts/inactive/"
    assert not get_user(browser).is_authenticated


def test_a_code_of_one_browser_is_worth_nothing_in_another(person, postbox):
    guess_many()
    sign_in(on_a_new_device())
    [letter] = postbox.deliver()
    thief = on_a_new_device("198.51.100.66")
    sign_in(thief, password="wrong")

    thief.post(CODE_PAGE, {"code": code_in(letter)})

    assert not get_user(thief).is_authenticated


def test_a_job_that_runs_twice_mails_its_code_once(person, postbox):
    guess_many()
    sign_in(on_a_new_device())
    [message] = Message.objects.filter(topic="accounts.mail_code")

    tasks.mail_code(message.payload, message=message)
    tasks.mail_code(message.payload, message=message)
    message.delete()

    assert [letter.to for letter in postbox.deliver()] == [[person.email]]


def test_a_code_that_waited_for_a_worker_until_it_ran_out_is_not_mailed(person, postbox, time_machine):
    guess_many()
    sign_in(on_a_new_device())

    time_machine.shift(timedelta(minutes=16))

    assert postbox.deliver() == []
    assert [(row.state, row.reason) for row in SentMail.objects.all()] == [
        ("skipped", "the link or code in it no longer works")
    ]


def test_codes_wait_encrypted(person):
    guess_many()
    sign_in(on_a_new_device())

    [message] = Message.objects.filter(topic="accounts.mail_code")

    assert list(message.payload) == ["sealed"]
    assert person.email not in str(message.payload)
