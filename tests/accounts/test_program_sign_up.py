"""Signing up, a new password and a new address by the services that programs call, which know no request."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import services
from accounts.exceptions import FieldsRefused
from accounts.models import Session, User
from outbox.models import Message
from tests.accounts.conftest import PASSWORD, sign_in, written_by

pytestmark = pytest.mark.django_db


def sign_up(**changes):
    said = {"email": "Maya@Example.com", "username": "Maya.1", "password": PASSWORD, "name": "Maya Okafor"}
    return services.sign_up(**said | {"zone": "Asia/Kolkata", "asked_from": "203.0.113.7"} | changes)


def refused(**changes) -> dict[str, list[str]]:
    with pytest.raises(FieldsRefused) as refusal:
        sign_up(**changes)
    return {field: [error.code for error in errors] for field, errors in refusal.value.errors.items()}


def test_an_account_with_an_address_waits_for_its_link_and_then_has_the_username(postbox):
    made = sign_up(way_back="/book/maya/first/")

    user = User.objects.get()
    assert (made.id, made.user, made.email, made.username, made.works) == (
        (user.uuid, user, "maya@example.com", "maya.1", False)
    )
    assert (user.username, user.wanted_username, user.name, user.time_zone, user.email_confirmed) == (
        (None, "maya.1", "Maya Okafor", "Asia/Kolkata", False)
    )
    link = postbox.link(to="maya@example.com")
    assert Client().get(link).status_code == 200
    assert Client().post(link).url == "/book/maya/first/"
    user.refresh_from_db()
    assert (user.username, user.wanted_username, user.email_confirmed) == ("maya.1", "", True)


def test_a_known_address_is_answered_as_a_new_one_in_the_same_time_and_tells_its_owner(person, postbox, monkeypatch):
    hashed = []
    real = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashed.append(1) or real(*args))
    with CaptureQueriesContext(connection) as for_new:
        new = sign_up(email="new@example.com")
    work, jobs = len(hashed), Message.objects.count()
    with CaptureQueriesContext(connection) as for_known:
        known = sign_up(email=person.email)

    assert (len(hashed), Message.objects.count()) == (2 * work, 2 * jobs)
    assert written_by(for_known) == written_by(for_new) != []
    assert (User.objects.count(), EmailAddress.objects.count()) == (2, 1)
    assert (known.user, known.username, known.works) == (None, new.username, new.works)
    assert not User.objects.filter(uuid=known.id).exists()
    assert {letter.to[0]: letter.subject for letter in postbox.deliver()} == {
        "new@example.com": "Confirm your email for Dayline",
        person.email: "You have an account at Dayline",
    }


def test_a_username_sent_with_an_address_is_no_way_to_learn_who_has_an_account(person):
    User.objects.filter(pk=person.pk).update(username="maya.1")

    assert sign_up().user and sign_up(email=person.email).user is None


def test_a_username_alone_makes_an_account_that_works_at_once_and_mails_nobody():
    made = sign_up(email=None, name="")

    user = User.objects.get()
    assert (made.user, made.works, user.email, user.username, user.name) == (user, True, None, "maya.1", "maya.1")
    assert not Message.objects.exists() and not EmailAddress.objects.exists()
    assert refused(email=None, username="MAYA.1") == {"username": ["taken"]}


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"email": None, "username": None}, {"username": ["required"]}),
        ({"email": "nonsense"}, {"email": ["invalid"]}),
        ({"email": "a\r\nBcc: c@d.com"}, {"email": ["invalid"]}),
        ({"email": f"{'a' * 60}@{'b.' * 120}com"}, {"email": ["max_length"]}),
        ({"username": "ma ya"}, {"username": ["invalid"]}),
        ({"username": "m@ya.com"}, {"username": ["invalid"]}),
        ({"username": "m" * 41}, {"username": ["max_length"]}),
        ({"username": None, "name": " "}, {"name": ["required"]}),
        ({"name": "x" * 121}, {"name": ["max_length"]}),
        ({"password": ""}, {"password": ["required"]}),
        ({"password": "password123"}, {"password": ["password_too_common"]}),
        ({"password": "kite"}, {"password": ["password_too_short"]}),
        ({"password": "maya okafor"}, {"password": ["password_is_name"]}),
        ({"password": "maya@example.com"}, {"password": ["password_too_similar"]}),
        ({"email": "nonsense", "password": "kite"}, {"email": ["invalid"], "password": ["password_too_short"]}),
    ],
)  # fmt: skip
def test_what_can_t_be_used_is_said_by_field_and_makes_nothing(changes, codes):
    assert refused(**changes) == codes
    assert not User.objects.exists() and not Message.objects.exists()


def test_the_rules_of_a_password_are_one_function():
    with pytest.raises(FieldsRefused, match="must not be your name") as refusal:
        services.check_password("robot 77", name="Robot 77", username="robot", email="r@example.com")

    assert (refusal.value.status, refusal.value.problem) == (422, "invalid")
    services.check_password(PASSWORD, name="Robot 77")


def test_a_new_password_ends_every_other_session_and_tells_the_person(person, postbox):
    here, elsewhere = Client(), Client()
    sign_in(here), sign_in(elsewhere)
    kept = here.session.session_key

    with pytest.raises(FieldsRefused, match="not your current password"):
        services.change_password(user=person, actor=person, old="wrong", new="a quite new one", keep_session=kept)
    with pytest.raises(FieldsRefused, match="too common"):
        services.change_password(user=person, actor=person, old=PASSWORD, new="password123", keep_session=kept)
    assert Session.objects.count() == 2
    services.change_password(user=person, actor=person, old=PASSWORD, new="a quite new one", keep_session=kept)

    assert [row.session_key for row in Session.objects.all()] == [kept]
    assert get_user(here) == person and not get_user(elsewhere).is_authenticated
    [letter] = postbox.deliver()
    assert (letter.to, letter.subject) == ([person.email], "Your password was changed at Dayline")
    services.change_password(user=person, actor=person, old="a quite new one", new=PASSWORD, keep_session=None)
    assert not Session.objects.exists()
    assert not get_user(here).is_authenticated


def test_a_session_of_somebody_else_is_not_made_theirs(person, other):
    stranger = Client()
    sign_in(stranger, email=other.email)
    before = stranger.session.session_key

    services.change_password(
        user=person, actor=person, old=PASSWORD, new="a quite new one", keep_session=stranger.session.session_key
    )

    assert stranger.session.session_key == before and get_user(stranger) == other


def test_a_new_address_waits_for_its_link_and_a_known_one_tells_its_owner(person, other, postbox):
    def ask(email):
        services.ask_for_new_address(user=person, actor=person, email=email, asked_from="203.0.113.7")

    for email, code in ((person.email, "yours"), ("nonsense", "invalid")):
        with pytest.raises(FieldsRefused) as refusal:
            ask(email)
        assert refusal.value.errors["email"][0].code == code
    ask(other.email)
    [letter] = postbox.deliver()
    assert (letter.to, letter.subject) == ([other.email], "You have an account at Dayline")
    ask("New@Example.com")
    assert list(EmailAddress.objects.filter(user=person, verified=False).values_list("email", flat=True)) == [
        "new@example.com"
    ]

    Client().post(postbox.link(to="new@example.com"))

    person.refresh_from_db()
    assert person.email == "new@example.com"


def test_a_first_address_ends_the_sessions_of_an_account_that_had_none(postbox):
    robot = sign_up(email=None).user
    browser = Client()
    browser.force_login(robot)
    services.ask_for_new_address(user=robot, actor=robot, email="robot@example.com", asked_from="203.0.113.7")

    Client().post(postbox.link(to="robot@example.com"))

    robot.refresh_from_db()
    assert (robot.email, robot.username, robot.may_take_time) == ("robot@example.com", "maya.1", True)
    assert not Session.objects.filter(person=robot).exists() and not get_user(browser).is_authenticated


# --- The username that was wanted ------------------------------------------------------------------------------------


@pytest.fixture
def link(postbox):
    """The link of a sign-up whose username somebody else has taken since."""
    sign_up()
    link = postbox.link()
    sign_up(email=None)
    return link


def of_the_link() -> User:
    return User.objects.get(email="maya@example.com")


def test_lost_meanwhile_the_link_s_page_asks_for_another_username(client, link):
    assert 'name="username"' in client.get(link).text

    again = client.post(link)
    wrong = client.post(link, {"username": "no way"})

    assert [answer.status_code for answer in (again, wrong)] == [422, 422]
    assert "Somebody has this username already." in again.text and "Use 3 to 40" in wrong.text
    assert not of_the_link().email_confirmed
    assert client.post(link, {"username": "Maya.2"}).status_code == 302
    assert (of_the_link().username, of_the_link().wanted_username, of_the_link().email_confirmed) == (
        "maya.2",
        "",
        True,
    )


def test_or_the_address_is_confirmed_without_one(client, link):
    assert client.post(link, {"do": "without"}).status_code == 302

    assert (of_the_link().username, of_the_link().wanted_username, of_the_link().email_confirmed) == (None, "", True)


def test_a_link_of_somebody_who_wanted_none_asks_for_none(client, postbox):
    sign_up(username=None)
    link = postbox.link()

    assert 'name="username"' not in client.get(link).text
    client.post(link, {"username": "root"})
    assert of_the_link().username is None


def test_a_reset_confirms_the_address_with_the_wanted_username_or_without_one(postbox, link):
    for email, username in (("maya@example.com", None), ("ben@example.com", "ben")):
        if username:
            sign_up(email=email, username=username)
        user = User.objects.get(email=email)
        services.confirm_address(user=user, email=email, now=user.joined_at)
        user.refresh_from_db()
        assert (user.username, user.wanted_username) == (username, "")
