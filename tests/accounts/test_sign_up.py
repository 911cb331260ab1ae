import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from outbox.models import Message
from tests.accounts.conftest import PASSWORD, sign_in, written_by

pytestmark = pytest.mark.django_db

NEW = {"name": "Amara Nwosu", "email": "Amara@Example.com", "password1": PASSWORD}


def sign_up(client, **changes):
    return client.post("/accounts/signup/", {**NEW, **changes})


def test_signing_up_confirming_and_booking_take_one_browser(client, postbox):
    client.cookies["tz"] = "Asia%2FCalcutta"

    answer = sign_up(client, next="/book/maya/first/?start=2026-11-21T10:00:00Z")

    assert (answer.status_code, answer.url) == (302, "/accounts/confirm-email/")
    user = User.objects.get()
    assert (user.name, user.email, user.time_zone, user.email_confirmed) == (
        "Amara Nwosu",
        "amara@example.com",
        "Asia/Kolkata",
        False,
    )
    assert "Check your email" in client.get(answer.url).text

    link = postbox.link(to="amara@example.com")
    page = client.get(link)
    assert "Is <b>amara@example.com</b> your address?" in page.text
    assert not User.objects.get().email_confirmed, "opening the link changes nothing"

    answer = client.post(link)

    assert (answer.status_code, answer.url) == (302, "/book/maya/first/?start=2026-11-21T10:00:00Z")
    assert User.objects.get().email_confirmed
    assert get_user(client).email == "amara@example.com"


def test_the_link_works_on_another_device_which_is_not_signed_in_by_it(client, postbox):
    sign_up(client, next="/book/maya/first/")
    link, phone = postbox.link(), Client()

    answer = phone.post(link)

    assert answer.url == "/book/maya/first/"
    assert User.objects.get().email_confirmed
    assert not get_user(phone).is_authenticated
    assert sign_in(phone, next="/book/maya/first/").url == "/book/maya/first/"


def test_a_link_works_once_and_holds_no_row_number(client, postbox):
    sign_up(client)
    link = postbox.link()
    assert EmailAddress.objects.get().pk is not None
    client.post(link)

    again = Client().post(link)

    assert again.status_code == 410
    assert "This link no longer works" in again.text


@pytest.mark.parametrize("key", ["x", "Mg:1abc:def", "gAAAAABk" * 12, "a" * 3000])
def test_a_made_up_link_is_gone(client, key):
    assert client.get(f"/accounts/confirm-email/{key}/").status_code == 410
    assert client.post(f"/accounts/confirm-email/{key}/").status_code == 410


def test_nobody_signs_in_before_confirming_and_the_answer_does_not_say_why(client, postbox, person):
    sign_up(client, email="new@example.com")
    postbox.deliver()

    right = sign_in(Client(), email="new@example.com")
    wrong = sign_in(Client(), email=person.email, password="something else")
    unknown = sign_in(Client(), email="nobody@example.com")

    texts = [answer.text for answer in (right, wrong, unknown)]
    assert [answer.status_code for answer in (right, wrong, unknown)] == [422] * 3
    assert len({strip(text) for text in texts}) == 1
    [letter] = postbox.deliver()
    assert letter.to == ["new@example.com"]
    assert "Confirm it to finish your account" in letter.body


def strip(text: str) -> str:
    """A page without what differs for everybody: the form's protection and what was typed."""
    import re

    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)
    return re.sub(r"[\w.+-]+@example\.com", "@", text)


def test_signing_up_with_a_known_address_gets_the_same_answer_and_tells_its_owner(person, postbox):
    new, known = Client(), Client()

    answers = [sign_up(new, email="new@example.com"), sign_up(known, email=person.email, password1="quite another one")]

    assert [(answer.status_code, answer.url) for answer in answers] == [(302, "/accounts/confirm-email/")] * 2
    assert [sorted(answer.cookies) for answer in answers][0] == [sorted(answer.cookies) for answer in answers][1]
    pages = [strip(browser.get("/accounts/confirm-email/").text) for browser in (new, known)]
    assert pages[0] == pages[1]
    letters = {letter.to[0]: letter.subject for letter in postbox.deliver()}
    assert letters == {
        "new@example.com": "Confirm your email for Dayline",
        person.email: "You have an account at Dayline",
    }
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_a_known_address_takes_as_long_as_a_new_one(person, monkeypatch):
    from django.contrib.auth.hashers import MD5PasswordHasher

    hashed, costs = [], []
    real = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashed.append(1) or real(*args))
    for email in ("new@example.com", person.email):
        hashed.clear()
        with CaptureQueriesContext(connection) as asked:
            sign_up(Client(), email=email)
        costs.append((len(hashed), written_by(asked)))

    assert costs[0] == costs[1]
    assert costs[0][0] == 1 and User._meta.db_table in costs[0][1]
    assert User.objects.count() == 2


def test_a_later_sign_up_takes_the_place_of_one_nobody_confirmed(postbox):
    attacker, owner = Client(), Client()
    sign_up(attacker, password1="the attacker knows this")
    old_link = postbox.link()

    sign_up(owner)

    assert owner.post(old_link).status_code == 410
    assert owner.post(postbox.link()).status_code == 302
    [user] = User.objects.all()
    assert user.check_password(PASSWORD)
    assert not get_user(attacker).is_authenticated


def test_two_sign_ups_at_once_make_one_account(client, monkeypatch):
    from accounts import queries

    sign_up(Client())
    User.objects.update(last_login="2026-01-01T00:00Z")
    monkeypatch.setattr(queries, "is_address_taken", lambda email: False)  # as the slower one saw it
    monkeypatch.setattr("accounts.services.addresses.discard_unconfirmed_account", lambda email: True)

    answer = sign_up(client)

    assert answer.url == "/accounts/confirm-email/"
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Enter your name."),
        ({"name": "\u3164"}, "Enter your name."),
        ({"name": "Ann\r\nBcc: x@y.z"}, "Keep this on one line."),
        ({"name": "x" * 121}, "at most 120"),
        ({"email": "nonsense"}, "Enter an email address, like name@example.com."),
        ({"email": "a@b.com,c@d.com"}, "Enter an email address, like name@example.com."),
        ({"email": "a@b.com\r\nBcc: c@d.com"}, "Enter an email address, like name@example.com."),
        ({"email": '"a\r\n"@b.com'}, "Enter an email address, like name@example.com."),
        ({"email": "a" * 60 + "@" + "b." * 120 + "com"}, "at most 254 characters"),
        ({"email": "a\x00@b.com"}, "Null characters"),
        ({"password1": "short"}, "too short"),
        ({"password1": "password123"}, "too common"),
        ({"password1": ""}, "Choose a password."),
        ({"password1": "Amara Nwosu"}, "must not be your name"),
    ],
)
def test_a_form_with_mistakes_says_what_to_do_and_makes_nothing(client, changes, words):
    answer = sign_up(client, **changes)

    assert answer.status_code == 422
    assert words in answer.text
    assert (User.objects.count(), Message.objects.count()) == (0, 0)


def test_only_the_form_s_own_fields_count(client):
    extra = {
        "is_staff": "on",
        "is_superuser": "1",
        "email_confirmed_at": "2020-01-01",
        "uuid": "0" * 32,
        "username": "root",
        "id": "1",
    }

    sign_up(client, **extra)

    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.email_confirmed_at, user.username) == (False, False, None, None)
