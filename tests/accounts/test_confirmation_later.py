"""EMAIL_CONFIRMATION=later: an account works at once, and nothing that needs a proven address happens before it is."""

import pytest
from django.contrib.auth import get_user
from django.test import Client

from accounts import ban_marks, google_accounts, services
from accounts.exceptions import AddressNotConfirmed, FieldsRefused
from accounts.google_oauth import Identity
from accounts.models import Ban, User
from core import clock
from outbox.models import Message
from tests.accounts.conftest import PASSWORD, sign_in
from tests.accounts.test_sign_up import sign_up
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _later(settings):
    settings.EMAIL_CONFIRMATION, settings.ACCOUNT_EMAIL_VERIFICATION = "later", "optional"


def test_signing_up_signs_in_and_leads_on_and_the_link_confirms_later(client, postbox):
    answer = sign_up(client, next="/book/maya/first/")

    user = User.objects.get()
    assert (answer.status_code, answer.url, get_user(client)) == (302, "/book/maya/first/", user)
    assert (user.email_confirmed, user.may_take_time) == (False, True)
    link = postbox.link(to="amara@example.com")
    assert sign_in(Client()).status_code == 302
    assert client.post(link).status_code == 302
    assert User.objects.get().email_confirmed and get_user(client) == user


def test_a_known_address_is_said_on_the_field(client, person):
    answer = sign_up(client, email=person.email)

    assert answer.status_code == 422 and "There is an account under this address already." in answer.text
    with pytest.raises(FieldsRefused) as refusal:
        services.sign_up(
            email=person.email, username=None, password=PASSWORD, name="A", zone="", asked_from="203.0.113.7"
        )
    assert [error.code for error in refusal.value.errors["email"]] == ["taken"]
    assert (User.objects.count(), Message.objects.count()) == (1, 0)


def test_an_address_taken_while_the_form_was_sent_leads_to_signing_in(client, person, monkeypatch):
    monkeypatch.setattr("accounts.queries.is_address_taken", lambda email: False)
    monkeypatch.setattr("accounts.services.addresses.discard_unconfirmed_account", lambda email: False)

    answer = sign_up(client, email=person.email)

    assert (answer.status_code, answer.url) == (302, "/accounts/login/")


def test_a_username_is_taken_at_once_and_said_on_the_field():
    def made(email):
        return services.sign_up(
            email=email, username="maya", password=PASSWORD, name="A", zone="", asked_from="203.0.113.7"
        )

    assert made("a@example.com").works and User.objects.get().username == "maya"
    with pytest.raises(FieldsRefused) as refusal:
        made("b@example.com")
    assert list(refusal.value.errors) == ["username"]


def test_an_unproven_address_links_no_google_account_and_inherits_no_suspension():
    holder = UserFactory(email="old@example.com")
    ban = Ban.objects.create(user=holder, since=clock.now())
    ban_marks.keep(ban, "amara@example.com")
    sign_up(Client())
    user = User.objects.get(email="amara@example.com")
    identity = Identity(subject="1", email="amara@example.com", name="A", is_checked=True, is_hosted=False)

    with pytest.raises(AddressNotConfirmed):
        google_accounts.connect(user=user, identity=identity)

    assert user.banned_at is None and ban_marks.kept_for("amara@example.com") is not None


def test_who_moves_before_confirming_keeps_the_address_until_the_link_is_opened(client, postbox):
    sign_up(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    first = postbox.link()

    page = client.get("/accounts/email/").text
    client.post("/accounts/email/", {"action_add": "1", "email": "new@example.com"})
    client.post("/accounts/email/", {"action_add": "1", "email": "newer@example.com"})

    assert "It is not confirmed yet." in page
    assert User.objects.get().email == "amara@example.com"
    assert client.post(first).status_code == 302
    assert User.objects.get().email_confirmed
