import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user
from django.test import Client

from accounts.models import User
from core import clock
from tests.accounts.conftest import PASSWORD, sign_in
from tests.accounts.test_sign_up import sign_up, strip

pytestmark = pytest.mark.django_db


def test_the_right_password_signs_in_and_gives_a_new_session(client, person):
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    before = client.cookies["sessionid"].value if "sessionid" in client.cookies else session.session_key

    answer = sign_in(client)

    assert (answer.status_code, answer.url) == (302, "/my/appointments/")
    assert get_user(client) == person
    assert client.session.session_key != before


def test_people_made_by_the_command_line_sign_in_too(client):
    User.objects.create_superuser("root@example.com", PASSWORD, name="Root")

    assert sign_in(client, email="root@example.com").status_code == 302
    assert get_user(client).is_superuser


def test_signed_in_people_are_sent_on_from_the_pages_for_visitors(client, person):
    client.force_login(person)

    for path in ("/accounts/login/", "/accounts/signup/", "/accounts/login/code/"):
        assert client.get(path).status_code == 302
    assert client.get("/accounts/login/?next=/book/maya/first/").url == "/book/maya/first/"


@pytest.mark.parametrize(("email", "password"), [("amara@example.com", "wrong"), ("nobody@example.com", PASSWORD)])
def test_a_failed_try_looks_the_same_for_known_and_unknown_people(client, person, email, password):
    answer = sign_in(client, email=email, password=password)

    assert answer.status_code == 422
    assert "That email and password do not match an account." in answer.text
    assert f'value="{email}"' in answer.text, "what was typed stays"
    assert PASSWORD not in answer.text


def test_a_failed_try_takes_as_long_for_unknown_people(client, person, monkeypatch):
    from django.contrib.auth.hashers import MD5PasswordHasher

    hashed = []
    real = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashed.append(1) or real(*args))
    counts = []
    for email in (person.email, "nobody@example.com"):
        hashed.clear()
        sign_in(Client(), email=email, password="wrong")
        counts.append(len(hashed))

    assert counts == [1, 1]


def test_resetting_answers_the_same_for_known_and_unknown_people(person, postbox):
    pages = []
    for email in (person.email, "nobody@example.com"):
        browser = Client()
        answer = browser.post("/accounts/password/reset/", {"email": email})
        pages.append((answer.status_code, answer.url, strip(browser.get(answer.url).text)))

    assert pages[0] == pages[1]
    assert sorted(letter.to for letter in postbox.deliver()) == [[person.email], ["nobody@example.com"]]


def test_codes_answer_the_same_for_known_and_unknown_people(person, postbox):
    pages = []
    for email in (person.email, "nobody@example.com"):
        browser = Client()
        answer = browser.post("/accounts/login/code/", {"email": email})
        pages.append((answer.status_code, answer.url, strip(browser.get(answer.url).text)))
        wrong = browser.post("/accounts/login/code/confirm/", {"code": "nope"})
        pages[-1] += (wrong.status_code, strip(wrong.text))

    assert pages[0] == pages[1]
    assert sorted(letter.to for letter in postbox.deliver()) == [[person.email], ["nobody@example.com"]]


def test_a_code_signs_in_once(client, person, postbox):
    client.post("/accounts/login/code/", {"email": person.email, "next": "/book/maya/first/"})
    [letter] = postbox.deliver()
    [code] = re.findall(r"^Code: (\S+)$", letter.body, re.MULTILINE)
    assert code not in letter.subject

    answer = client.post("/accounts/login/code/confirm/", {"code": code, "next": "/book/maya/first/"})

    assert (answer.status_code, answer.url) == (302, "/book/maya/first/")
    assert get_user(client) == person
    stranger = Client()
    stranger.post("/accounts/login/code/confirm/", {"code": code})
    assert not get_user(stranger).is_authenticated


def test_an_account_nobody_confirmed_gets_no_code(client, postbox):
    sign_up(Client(), email="new@example.com", password1="the attacker knows this")
    postbox.deliver()

    client.post("/accounts/login/code/", {"email": "new@example.com"})

    [letter] = postbox.deliver()
    assert "There is no account under this address" in letter.body


def test_closed_accounts_do_not_come_in(client, person):
    person.is_active = False
    person.save()

    answer = sign_in(client)

    assert answer.url == "/accounts/inactive/"
    assert not get_user(client).is_authenticated


def test_running_sessions_of_a_closed_account_stop(client, person):
    sign_in(client)
    User.objects.update(is_active=False)

    assert client.get("/my/settings/").url == "/accounts/login/?next=/my/settings/"


def test_a_form_from_another_site_does_nothing(person):
    strict = Client(enforce_csrf_checks=True)
    for path in ("/accounts/login/", "/accounts/signup/", "/accounts/logout/", "/accounts/password/reset/"):
        assert strict.post(path, {"login": person.email, "password": PASSWORD}).status_code == 403
    strict.force_login(person)
    for path in (
        "/my/settings/",
        "/my/settings/photo/",
        "/my/settings/photo/remove/",
        "/my/settings/zone/",
        "/accounts/logout/",
    ):
        assert strict.post(path, {}).status_code == 403
    assert get_user(strict) == person


def test_looking_at_the_sign_out_page_signs_nobody_out(client, person):
    client.force_login(person)

    assert client.get("/accounts/logout/").status_code == 200
    assert get_user(client) == person
    assert client.post("/accounts/logout/").url == "/"
    assert not get_user(client).is_authenticated


def test_staff_sign_in_where_everybody_does(client, person):
    assert client.get("/admin/").url.startswith("/admin/login/")
    answer = client.get("/admin/login/?next=/admin/")
    assert answer.url == "/accounts/login/?next=%2Fadmin%2F"
    assert client.post("/admin/login/", {"username": person.email, "password": PASSWORD}).status_code == 302
    assert not get_user(client).is_authenticated


# --- Where people go next ---------------------------------------------------------------------------------------------

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "////evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " https://evil.example",
    "http://testserver@evil.example/",
    "https://user:word@evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "%2f%2fevil.example",
    "http://testserver.evil.example/",
    "http:evil.example",
    "http:///evil.example",
    "ftp://testserver/",
    "/\r\nLocation: https://evil.example",
]


@pytest.mark.parametrize("where", ELSEWHERE)
def test_nobody_is_sent_to_another_site(person, postbox, where):
    browser = Client()
    assert sign_in(browser, next=where).url == "/my/appointments/"
    assert browser.get("/accounts/login/", {"next": where}).url == "/my/appointments/"
    assert browser.post("/accounts/logout/", {"next": where}).url == "/"

    newcomer = Client()
    sign_up(newcomer, email="new@example.com", next=where)
    link = postbox.link()
    assert "evil" not in link
    assert newcomer.post(link).url == "/my/appointments/"

    browser.force_login(person)
    zone = browser.post("/my/settings/zone/", {"zone": "Europe/Paris", "answer": "no", "next": where})
    assert zone.url == "/my/settings/preferences/"


@pytest.mark.parametrize(
    "where", ["/book/maya/first/?start=2026-11-21T10:00:00Z&tz=Europe/London", "http://testserver/providers/"]
)
def test_people_come_back_to_where_they_were(client, person, where):
    assert sign_in(client, next=where).url == where


def test_the_page_to_sign_up_keeps_the_way_back(client):
    page = client.get("/accounts/login/?next=/book/maya/first/").text

    assert "/accounts/signup/?next=%2Fbook%2Fmaya%2Ffirst%2F" in page
    assert '<input type="hidden" name="next" value="/book/maya/first/">' in page


# --- Limits -----------------------------------------------------------------------------------------------------------


def test_guessing_stops_with_429_and_the_time_to_wait(person, time_machine):
    time_machine.move_to(clock.now(), tick=False)
    answers = [sign_in(Client(), password=f"guess {n}") for n in range(11)]
    time_machine.shift(timedelta(seconds=100))
    answers.append(sign_in(Client(), password="guess 11"))

    assert [answer.status_code for answer in answers] == [422] * 10 + [429] * 2
    assert [answer["Retry-After"] for answer in answers[-2:]] == ["300", "200"]
    assert "Try again in 4 min." in answers[-1].text
    assert sign_in(Client()).status_code == 429, "also with the right password, or guessing would go on"


def test_a_forged_forwarded_address_does_not_help(person):
    answers = [
        Client().post(
            "/accounts/login/", {"login": person.email, "password": "guess"}, HTTP_X_FORWARDED_FOR=f"10.0.0.{n}"
        )
        for n in range(12)
    ]

    assert answers[-1].status_code == 429


def test_unknown_people_meet_the_same_limit(db):
    answers = [sign_in(Client(), email="nobody@example.com", password="guess") for _ in range(11)]

    assert [answer.status_code for answer in answers] == [422] * 10 + [429]


def test_one_address_trying_many_accounts_is_stopped(db):
    answers = [sign_in(Client(), email=f"person{n}@example.com", password="guess") for n in range(32)]

    assert answers[-1].status_code == 429


def test_one_address_signs_up_so_often_and_no_more(db):
    answers = [sign_up(Client(), email=f"person{n}@example.com") for n in range(22)]

    assert [answer.status_code for answer in answers] == [302] * 20 + [429] * 2
    assert User.objects.count() == 20


def test_nobody_is_flooded_with_mail(person, postbox):
    for n in range(30):
        Client(REMOTE_ADDR=f"203.0.113.{n}").post("/accounts/password/reset/", {"email": person.email})
        Client(REMOTE_ADDR=f"203.0.113.{n}").post("/accounts/login/code/", {"email": person.email})
        sign_up(Client(REMOTE_ADDR=f"203.0.113.{n}"), email=person.email)

    assert len(postbox.deliver()) <= 13


@pytest.mark.parametrize(
    ("path", "sent", "tries", "wait"),
    [
        ("/accounts/signup/", {"name": "N", "email": "n@example.com", "password1": PASSWORD}, 20, 60),
        ("/accounts/password/reset/", {"email": "n@example.com"}, 5, 900),
        ("/accounts/2fa/webauthn/login/", {"credential": "{}"}, 10, 60),
    ],
)
def test_a_refusal_says_how_long_it_lasts(client, time_machine, path, sent, tries, wait):
    time_machine.move_to(clock.now(), tick=False)
    for _ in range(tries):
        assert client.post(path, sent).status_code != 429

    refused = client.post(path, sent)

    assert (refused.status_code, refused["Retry-After"]) == (429, str(wait))
    assert f"Try again in {wait // 60} min." in refused.text


def test_a_person_signed_in_who_changes_the_address_too_often_reads_how_long_to_wait(client, person, time_machine):
    time_machine.move_to(clock.now(), tick=False)
    client.force_login(person)
    for _ in range(10):
        client.post("/accounts/email/", {"action_add": "", "email": "x"})

    refused = client.post("/accounts/email/", {"action_add": "", "email": "x"})

    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
