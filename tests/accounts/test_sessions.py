from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth import get_user
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import Session, User
from core import clock
from tests.accounts.conftest import PASSWORD, sign_in
from tests.accounts.test_sign_up import sign_up
from tests.providers.pages import fields_of

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "short walks up the hill"


@pytest.fixture
def here(person) -> Client:
    browser = Client()
    assert sign_in(browser).status_code == 302
    return browser


@pytest.fixture
def elsewhere(person) -> Client:
    browser = Client(HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    assert sign_in(browser).status_code == 302
    return browser


def signed_in(browser) -> bool:
    return get_user(browser).is_authenticated and browser.get("/my/settings/").status_code == 200


def test_a_new_password_ends_all_other_sessions(here, elsewhere, person, postbox):
    answer = here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW_PASSWORD})

    assert answer.status_code == 302
    assert (signed_in(here), signed_in(elsewhere)) == (True, False)
    assert UserSession.objects.filter(user=person).count() == 1
    assert sign_in(Client()).status_code == 422
    assert sign_in(Client(), password=NEW_PASSWORD).status_code == 302
    assert [letter.subject for letter in postbox.deliver()] == ["Your password was changed at Dayline"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("wrong", NEW_PASSWORD, "not your current password"),
        (PASSWORD, "short", "too short"),
        (PASSWORD, "amara@example.com", "too similar"),
    ],
)
def test_a_password_change_with_mistakes_changes_nothing(here, elsewhere, person, old, new, words):
    answer = here.post("/accounts/password/change/", {"oldpassword": old, "password1": new})

    assert answer.status_code == 422
    assert words in answer.text
    assert signed_in(elsewhere)
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_a_reset_ends_all_sessions_and_its_link_works_once(here, elsewhere, person, postbox):
    Client().post("/accounts/password/reset/", {"email": person.email})
    link = postbox.link(to=person.email)
    assert f"/{person.uuid.hex}-" in link
    visitor = Client()
    form = visitor.get(link).url
    assert "set-password" in form

    answer = visitor.post(form, {"password1": NEW_PASSWORD})

    assert answer.url == "/accounts/password/reset/key/done/"
    assert (signed_in(here), signed_in(elsewhere)) == (False, False)
    assert not UserSession.objects.filter(user=person).exists()
    assert "This link no longer works" in Client().get(link).text
    assert sign_in(Client(), password=NEW_PASSWORD).status_code == 302


def test_a_reset_also_proves_the_address(postbox):
    sign_up(Client())
    postbox.deliver()
    Client().post("/accounts/password/reset/", {"email": "amara@example.com"})
    visitor, link = Client(), postbox.link()

    visitor.post(visitor.get(link).url, {"password1": NEW_PASSWORD})

    assert User.objects.get().email_confirmed
    assert sign_in(Client(), password=NEW_PASSWORD).status_code == 302


@pytest.mark.parametrize("key", ["1-abc", "a-b-c", "0" * 32 + "-abc-def", "zz-%C3%A9"])
def test_a_made_up_reset_link_says_so(client, key):
    answer = client.get(f"/accounts/password/reset/key/{key}/")

    assert "This link no longer works" in answer.text


def test_opening_a_link_signs_nobody_out(here, other, postbox):
    """Or a picture in a mail could sign people out."""
    Client().post("/accounts/password/reset/", {"email": other.email})
    reset = postbox.link(to=other.email)
    sign_up(Client(), email="new@example.com")
    confirm = postbox.link(to="new@example.com")

    here.get(here.get(reset).url)
    here.get(confirm)

    assert signed_in(here)


def change_address(browser, email="new@example.com"):
    answer = browser.post("/accounts/email/", {"email": email, "action_add": "1"})
    if "reauthenticate" in answer.url:
        answer = browser.post(answer.url, {"password": PASSWORD})
    return answer


def test_a_new_address_counts_once_its_link_is_opened_and_ends_other_sessions(here, elsewhere, person, postbox):
    change_address(here)
    person.refresh_from_db()
    assert person.email == "amara@example.com"
    assert "new@example.com is not confirmed yet" in here.get("/accounts/email/").text
    assert "a change waits" in here.get("/my/settings/security/").text
    link = postbox.link(to="new@example.com")
    assert (signed_in(here), signed_in(elsewhere)) == (True, True)

    here.post(link)

    person.refresh_from_db()
    assert (person.email, person.email_confirmed) == ("new@example.com", True)
    assert (signed_in(here), signed_in(elsewhere)) == (True, False)
    assert [(letter.to, letter.subject) for letter in postbox.deliver()] == [
        (["amara@example.com"], "Your email was changed at Dayline")
    ]
    assert sign_in(Client()).status_code == 422
    assert sign_in(Client(), email="new@example.com").status_code == 302


def test_confirmed_on_another_device_a_new_address_ends_every_session(here, elsewhere, person, postbox):
    change_address(here)

    Client().post(postbox.link())

    assert (signed_in(here), signed_in(elsewhere)) == (False, False)


def test_somebody_else_s_address_gets_the_same_answer_and_tells_its_owner(here, other, person, postbox):
    answers = [change_address(here, email) for email in ("new@example.com", other.email)]

    assert answers[0].status_code == answers[1].status_code == 302
    assert answers[0].url == answers[1].url
    letters = {letter.to[0]: letter.subject for letter in postbox.deliver()}
    assert letters[other.email] == "You have an account at Dayline"
    other.refresh_from_db()
    person.refresh_from_db()
    assert (person.email, other.email) == ("amara@example.com", "ben@example.com")


def test_an_address_taken_meanwhile_is_refused_calmly(here, person, postbox):
    change_address(here)
    link = postbox.link()
    User.objects.create_user("new@example.com", PASSWORD, name="Quick", email_confirmed_at="2026-01-01T00:00Z")

    answer = here.post(link)

    assert answer.status_code == 410
    person.refresh_from_db()
    assert person.email == "amara@example.com"


def test_an_unconfirmed_sign_up_does_not_hold_an_address_against_its_owner(here, person, postbox):
    sign_up(Client(), email="new@example.com")
    postbox.deliver()
    change_address(here)

    assert here.post(postbox.link(to="new@example.com")).status_code == 302
    person.refresh_from_db()
    assert person.email == "new@example.com"


def test_a_wish_to_move_to_an_address_does_not_keep_its_owner_from_signing_up(here, postbox):
    change_address(here)
    postbox.deliver()

    newcomer = Client()
    sign_up(newcomer, email="new@example.com")

    assert newcomer.post(postbox.link(to="new@example.com")).status_code == 302
    assert get_user(newcomer).email == "new@example.com"


def test_people_see_where_they_are_signed_in_and_end_the_rest(here, elsewhere):
    page = here.get("/accounts/sessions/").text
    assert "Firefox on Linux" in page
    assert "This device" in page

    assert here.post("/accounts/sessions/").status_code == 302

    assert (signed_in(here), signed_in(elsewhere)) == (True, False)
    assert Session.objects.count() == 1


@pytest.mark.parametrize("devices", [1, 12])
def test_the_list_of_sessions_costs_the_same_at_any_length(here, person, django_assert_num_queries, devices):
    for _ in range(devices - 1):
        sign_in(Client())
    here.get("/accounts/sessions/")

    # Session and user, and the list.
    with django_assert_num_queries(2):
        page = here.get("/accounts/sessions/")

    assert page.text.count("<td>127.0.0.1</td>") == devices


def test_an_account_that_staff_close_has_no_sessions_left(here, elsewhere, person, client):
    client.force_login(User.objects.create_superuser("staff@example.com", PASSWORD, name="Sam"))
    address = reverse("admin:accounts_user_change", args=[person.pk])
    shown = fields_of(client.get(address), "name")
    fields = {name: shown[name] for name in shown if name not in {"is_active", "groups", "user_permissions"}}
    assert client.post(address, fields).status_code == 302

    assert (signed_in(here), signed_in(elsewhere)) == (False, False)
    assert not UserSession.objects.exists()


def test_a_cookie_of_nobody_is_worth_nothing(client, person):
    client.cookies["sessionid"] = "x" * 32
    assert client.get("/my/settings/").status_code == 302
    client.cookies["sessionid"] = "x" * 4000
    assert client.get("/my/settings/").status_code == 302


def test_what_nobody_can_use_any_more_is_purged_and_nothing_else(here, elsewhere, person, other):
    fresh = User.objects.create_user("fresh@example.com", PASSWORD, name="Fresh")
    stale = User.objects.create_user("stale@example.com", PASSWORD, name="Stale")
    used = User.objects.create_user("used@example.com", PASSWORD, name="Used", last_login=clock.now())
    User.objects.exclude(pk=fresh.pk).update(joined_at=clock.now() - timedelta(days=40))
    ended = elsewhere.cookies["sessionid"].value
    Session.objects.filter(session_key=ended).update(expire_date=clock.now() - timedelta(seconds=1))

    services.purge(now=clock.now())

    assert set(User.objects.all()) == {person, other, fresh, used}
    assert stale.pk not in User.objects.values_list("pk", flat=True)
    assert (signed_in(here), signed_in(elsewhere)) == (True, False)
    assert not Session.objects.filter(session_key=ended).exists()
    assert list(UserSession.objects.values_list("session_key", flat=True)) == [here.cookies["sessionid"].value]
