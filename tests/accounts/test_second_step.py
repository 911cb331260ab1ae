import json
import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth import get_user
from django.test import Client

from accounts import passkeys
from accounts.models import Session
from core import clock
from core.encryption import decrypt
from tests.accounts.conftest import PASSWORD, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _still(time_machine):
    """Time stands still: a code must not run out between being made and being sent."""
    time_machine.move_to(clock.now(), tick=False)


def later(time_machine, seconds: int) -> None:
    time_machine.move_to(clock.now() + timedelta(seconds=seconds), tick=False)


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


@pytest.fixture
def here(person) -> Client:
    browser = Client()
    sign_in(browser)
    assert (
        browser.get("/accounts/2fa/totp/activate/").url
        == "/accounts/reauthenticate/?next=%2Faccounts%2F2fa%2Ftotp%2Factivate%2F"
    )
    assert browser.post("/accounts/reauthenticate/", {"password": "wrong"}).status_code == 422
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return browser


@pytest.fixture
def secret(here) -> str:
    page = here.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    assert secret in page.text
    assert here.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)}).status_code == 302
    return secret


@pytest.mark.django_db(transaction=True)  # what is said waits for the commit
def test_the_first_recovery_codes_replace_none(secret, here):
    first = here.get("/accounts/2fa/").text
    again = here.post("/accounts/2fa/recovery-codes/generate/", follow=True).text

    assert "You have recovery codes. Keep them where" in first
    assert "The old ones no longer work." not in first
    assert "You have new recovery codes. The old ones no longer work." in again


def test_secrets_are_encrypted_where_they_are_stored(secret):
    stored = {row.type: row.data for row in Authenticator.objects.all()}

    assert set(stored) == {"totp", "recovery_codes"}
    assert secret not in json.dumps(stored)
    assert decrypt(stored["totp"]["secret"]) == secret
    assert len(decrypt(stored["recovery_codes"]["seed"])) > 10


def test_signing_in_then_asks_for_a_code(secret, person, time_machine):
    browser = Client()
    answer = sign_in(browser, next="/book/maya/first/")
    assert answer.url == "/accounts/2fa/authenticate/"
    assert not get_user(browser).is_authenticated
    assert browser.get("/my/settings/").status_code == 302
    assert "Second step" in browser.get(answer.url).text
    assert browser.post(answer.url, {"code": "000000"}).status_code == 422
    later(time_machine, 60)

    answer = browser.post(answer.url, {"code": code_of(secret)})

    assert answer.url == "/book/maya/first/"
    assert get_user(browser) == person


def test_a_code_of_the_app_works_once(secret, time_machine):
    later(time_machine, 60)
    code = code_of(secret)
    for expected in (True, False):
        browser = Client()
        sign_in(browser)
        browser.post("/accounts/2fa/authenticate/", {"code": code})
        assert get_user(browser).is_authenticated == expected


def test_a_recovery_code_works_once(secret, here, person):
    codes = here.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    download = here.get("/accounts/2fa/recovery-codes/download/")
    assert all(code in download.text for code in codes)
    assert download["Content-Type"].startswith("text/plain")
    for expected in (True, False):
        browser = Client()
        sign_in(browser)
        browser.post("/accounts/2fa/authenticate/", {"code": codes[0]})
        assert get_user(browser).is_authenticated == expected


def test_a_reset_password_does_not_go_round_the_second_step(secret, person, postbox):
    postbox.deliver()
    visitor = Client()
    visitor.post("/accounts/password/reset/", {"email": person.email})
    visitor.post(visitor.get(postbox.link()).url, {"password1": "short walks up the hill"})

    assert not get_user(visitor).is_authenticated
    assert sign_in(visitor, password="short walks up the hill").url == "/accounts/2fa/authenticate/"


def test_a_code_by_email_does_not_go_round_it_either(secret, person, postbox):
    import re

    postbox.deliver()
    visitor = Client()
    visitor.post("/accounts/login/code/", {"email": person.email})
    [letter] = postbox.deliver()
    [code] = re.findall(r"^Code: (\S+)$", letter.body, re.MULTILINE)

    assert visitor.post("/accounts/login/code/confirm/", {"code": code}).url == "/accounts/2fa/authenticate/"


def test_guessing_codes_stops(secret):
    browser = Client()
    sign_in(browser)

    statuses = [browser.post("/accounts/2fa/authenticate/", {"code": f"{n:06}"}).status_code for n in range(15)]

    assert 422 in statuses
    # Either the pages say 429 or the form refuses every further code: the right one doesn't work any more.
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert not get_user(browser).is_authenticated


def test_turning_it_off_needs_the_password_anew(secret, here, person, time_machine):
    later(time_machine, 3600)

    answer = here.post("/accounts/2fa/totp/deactivate/")

    assert "reauthenticate" in answer.url
    assert Authenticator.objects.filter(type="totp").exists()
    here.post("/accounts/reauthenticate/", {"password": PASSWORD})
    here.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("count", [1, 9])
def test_the_list_of_passkeys_costs_the_same_at_any_length(here, person, django_assert_num_queries, count):
    for number in range(count):
        Authenticator.objects.create(user=person, type="webauthn", data={"name": f"Phone {number}"})
    here.get("/accounts/2fa/webauthn/")

    with django_assert_num_queries(2):
        page = here.get("/accounts/2fa/webauthn/")

    assert page.text.count("Phone ") >= count


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "x",
        "{}",
        "[]",
        "null",
        '{"id": 1}',
        '{"id":"AA","rawId":"AA","type":"public-key","response":{}}',
        "[" * 5000,
    ],
)
def test_a_made_up_passkey_is_refused_calmly(client, person, credential):
    assert client.get("/accounts/2fa/webauthn/login/", HTTP_ACCEPT="application/json").json()["request_options"]

    answer = client.post("/accounts/2fa/webauthn/login/", {"credential": credential})

    assert answer.status_code in {302, 422}
    assert not get_user(client).is_authenticated


@pytest.fixture
def passkey(person):
    return Authenticator.objects.create(user=person, type="webauthn", data={"name": "Phone", "credential": {}})


def test_somebody_else_s_keys_do_not_exist(here, other):
    key = Authenticator.objects.create(user=other, type="webauthn", data={"name": "Phone"})

    for verb in ("edit", "remove"):
        for name in (passkeys.name_of(key), key.pk):
            assert here.get(f"/accounts/2fa/webauthn/keys/{name}/{verb}/").status_code == 404
            assert here.post(f"/accounts/2fa/webauthn/keys/{name}/{verb}/", {"name": "Mine"}).status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


def test_the_addresses_of_passkeys_tell_no_row_number(here, passkey):
    page = here.get("/accounts/2fa/webauthn/").text
    addresses = re.findall(r'href="(/accounts/2fa/webauthn/keys/[^"]*)"', page)

    assert addresses == [
        f"/accounts/2fa/webauthn/keys/{passkeys.name_of(passkey)}/{verb}/" for verb in ("edit", "remove")
    ]
    assert re.fullmatch("[0-9a-f]{32}", passkeys.name_of(passkey))
    assert [
        here.get(f"/accounts/2fa/webauthn/keys/{passkey.pk}/{verb}/").status_code for verb in ("edit", "remove")
    ] == [
        404,
        404,
    ]


def test_a_passkey_is_renamed_and_removed_at_its_address(here, passkey):
    at = f"/accounts/2fa/webauthn/keys/{passkeys.name_of(passkey)}"
    here.post("/accounts/reauthenticate/", {"password": PASSWORD})

    renamed = here.post(f"{at}/edit/", {"name": "Laptop"})
    name = Authenticator.objects.get().wrap().name
    removed = here.post(f"{at}/remove/")

    assert (renamed.url, name) == ("/accounts/2fa/webauthn/", "Laptop")
    assert (removed.url, Authenticator.objects.count()) == ("/accounts/2fa/webauthn/", 0)


def test_a_visitor_who_asks_for_challenges_without_end_gets_no_more_sessions(settings, db):
    settings.LIMITS = settings.LIMITS | {"passkey": (3, 600)}
    answers = [Client().get("/accounts/2fa/webauthn/login/", headers={"Accept": "application/json"}) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert Session.objects.count() == 3
