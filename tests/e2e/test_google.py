"""Signing in with the pretend Google in a real browser: there, and back to where one was."""

import re

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import expect

from accounts import google_accounts
from config.environment import origin_of
from tests.calendar_sync.pretend import MAYA, ROBIN, at_pretend_google, pretend_google
from tests.e2e.test_signup import PASSWORD, confirm_password, sign_in_by_form
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["at_pretend_google", "pretend_google"]
User = get_user_model()


@pytest.fixture
def google(at_pretend_google, settings):
    """The pretend Google, to which forms may lead; what the settings say is for Google's own address."""
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    allowed = {"form-action": ["'self'", origin_of(settings.GOOGLE_AUTH_URI)]}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {**directives, **allowed}}
    return at_pretend_google


@pytest.fixture
def visitor(either, google):
    either.watch.expect(f"request to another host: {google.address}")
    return either


@pytest.fixture
def gmail(google):
    """The address of somebody whose mailbox Google hosts, so that no code is asked for."""
    google.google.add_account("robin@gmail.com", "Robin Haddad")
    return "robin@gmail.com"


def continue_with_google(page, who, *, allow=True):
    page.get_by_role("main").get_by_role("button", name="Continue with Google").click()
    page.get_by_role("button", name=who).click()
    if allow:
        page.get_by_role("button", name="Allow").click()


def test_somebody_new_comes_back_to_where_they_were_and_next_time_is_known(visitor, gmail):
    visitor.goto("/accounts/signup/?next=/my/settings/preferences/")

    continue_with_google(visitor, gmail)

    expect(visitor).to_have_url(re.compile(r"/my/settings/preferences/$"))
    user = User.objects.get()
    assert (user.email, user.name, user.email_confirmed) == (gmail, "Robin Haddad", True)
    visitor.context.clear_cookies()
    visitor.goto("/accounts/login/?next=/my/settings/")

    continue_with_google(visitor, gmail, allow=False)  # allowed before

    expect(visitor.get_by_label("Name", exact=True)).to_have_value("Robin Haddad")
    assert User.objects.count() == 1


def test_who_has_an_account_under_the_address_is_signed_in_to_it(visitor):
    maya = UserFactory(email=MAYA, name="Maya Okafor")
    visitor.goto("/accounts/login/?next=/my/settings/security/")

    continue_with_google(visitor, MAYA)
    type_code(visitor, MAYA)

    expect(visitor.get_by_role("link", name="Disconnect Google")).to_be_visible()
    assert google_accounts.of(maya)


def test_who_cancels_at_google_reads_so_and_can_go_on(visitor, gmail, looks_fine):
    visitor.goto("/accounts/login/?next=/my/settings/")
    visitor.get_by_role("button", name="Continue with Google").click()

    visitor.get_by_role("button", name="Cancel").click()

    expect(visitor.get_by_role("heading", name="You did not continue with Google")).to_be_visible()
    looks_fine(visitor)
    continue_with_google(visitor, gmail)
    expect(visitor.get_by_label("Name", exact=True)).to_have_value("Robin Haddad")


def test_google_that_fails_is_said_in_our_words(visitor, google, looks_fine):
    google.google.faults.add("token", status=500)
    visitor.goto("/accounts/login/")

    continue_with_google(visitor, ROBIN)

    expect(visitor.get_by_role("heading", name="Google did not answer")).to_be_visible()
    looks_fine(visitor)
    assert not User.objects.exists()


def test_a_mailbox_that_google_does_not_host_is_proven_by_a_code(visitor, google, looks_fine):
    google.google.add_account("ida@example.org", "Ida Holm")
    visitor.goto("/accounts/login/?next=/my/settings/")

    continue_with_google(visitor, "ida@example.org")

    expect(visitor.get_by_role("heading", name="Type the code")).to_be_visible()
    looks_fine(visitor)
    type_code(visitor, "ida@example.org")
    expect(visitor.get_by_label("Name", exact=True)).to_have_value("Ida Holm")


def type_code(page, email):
    page.get_by_label("Code from our email").wait_for()
    page.get_by_label("Code from our email").fill(code_from_mail(email))
    page.get_by_role("button", name="Continue", exact=True).click()


def code_from_mail(to: str) -> str:
    from django.core import mail

    from outbox.testing import deliver

    mail.outbox.clear()
    deliver("notifications.send_account_mail")
    [letter] = [letter for letter in mail.outbox if letter.to == [to]]
    return re.search(r"\b\d{6}\b", letter.body)[0]


def test_google_is_connected_and_disconnected_in_the_settings(visitor, looks_fine):
    person = UserFactory(email="amara@example.com", name="Amara Nwosu", password=PASSWORD)
    sign_in_by_form(visitor, "/accounts/login/?next=/my/settings/security/")
    visitor.get_by_role("button", name="Connect Google").click()
    confirm_password(visitor)
    visitor.get_by_role("button", name=ROBIN).click()
    visitor.get_by_role("button", name="Allow").click()

    expect(visitor.get_by_text("You can sign in with Google now.").first).to_be_visible()
    assert google_accounts.of(person)
    looks_fine(visitor)
    visitor.get_by_role("link", name="Disconnect Google").click()
    expect(visitor.get_by_role("heading", name="Disconnect Google?")).to_be_visible()
    looks_fine(visitor)
    visitor.get_by_role("button", name="Disconnect Google").click()

    expect(visitor.get_by_text("Google no longer signs in to your account.").first).to_be_visible()
    assert google_accounts.of(person) is None
