"""The session names the person signed in, and one query reads both; what the session's own data say decides."""

from unittest import mock

import pytest
from django.contrib.auth import SESSION_KEY, get_user
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import services
from accounts.models import Session, User
from accounts.sessions import SessionStore, read_along
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/my/appointments/"


@pytest.fixture
def person() -> User:
    return UserFactory()


@pytest.fixture
def browser(person) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


def row_of(browser: Client) -> Session:
    return Session.objects.get(session_key=browser.session.session_key)


def test_session_and_person_are_one_query(browser, person):
    browser.get(PAGE)

    with CaptureQueriesContext(connection) as asked:
        answer = browser.get(PAGE)

    assert answer.context["user"] == person
    assert [query for query in asked if "accounts_session" in query["sql"]] == [asked[0]]
    assert not any('FROM "accounts_user"' in query["sql"] for query in asked)


def test_what_is_read_along_is_put_together_once_and_not_at_each_request(browser, person):
    browser.get(PAGE)

    with mock.patch.object(read_along, "each") as put_together:
        answer = browser.get(PAGE)

    assert answer.context["user"].new_items == 0
    assert not put_together.called


def test_a_visitors_session_names_nobody_and_signing_in_and_out_changes_that(person):
    browser = Client()
    session = browser.session
    session["kept"] = "text"
    session.save()
    assert Session.objects.get(session_key=session.session_key).person is None

    browser.force_login(person)
    assert row_of(browser).person == person

    browser.post("/accounts/logout/")
    assert not Session.objects.filter(person=person).exists()


def test_a_session_whose_data_name_somebody_else_follows_its_data(browser, person):
    other = UserFactory()
    Session.objects.update(person=other)

    assert browser.get(PAGE).context["user"] == person

    Session.objects.update(person=None)
    assert browser.get(PAGE).context["user"] == person


@pytest.mark.parametrize("change", ["closed", "password", "email", "deleted"])
def test_a_session_ends_at_the_next_request_after_a_change_of_the_account(browser, person, change):
    assert browser.get(PAGE).status_code == 200

    match change:
        case "closed":
            User.objects.filter(pk=person.pk).update(is_active=False)
        case "password":
            User.objects.filter(pk=person.pk).update(password="!")
        case "email":
            User.objects.filter(pk=person.pk).update(email="other@example.com")
        case "deleted":
            person.delete()

    assert browser.get(PAGE).status_code == 302
    assert not get_user(browser).is_authenticated


def test_signing_out_everywhere_leaves_no_session_of_the_person(browser, person):
    other, here = Client(), row_of(browser)
    other.force_login(person)

    assert services.end_sessions(user=person, keep=here.session_key) == 1
    assert Session.objects.get(person=person) == here
    assert services.end_sessions(user=person) == 1
    assert not Session.objects.filter(person=person).exists()


def test_deleting_an_account_takes_its_sessions_along(browser, person):
    key = browser.session.session_key

    person.delete()

    assert not Session.objects.filter(session_key=key).exists()


def test_a_session_may_be_saved_while_its_account_is_being_deleted(browser, person):
    store = SessionStore(browser.session.session_key)
    store["seen"] = "yes"
    User.objects.filter(pk=person.pk)._raw_delete(using="default")

    store.save()

    assert SessionStore(store.session_key)[SESSION_KEY] == str(person.pk)
    assert browser.get(PAGE).status_code == 302
