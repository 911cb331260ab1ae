"""Every page that allauth can show is one of ours."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts import after_login
from tests.accounts.conftest import PASSWORD, sign_in
from tests.accounts.test_second_step import code_of
from tests.accounts.test_sign_up import sign_up

pytestmark = pytest.mark.django_db

ARGUMENTS = {
    "account_confirm_email": ["x"],
    "account_reset_password_from_key": ["a", "b"],
    "mfa_remove_webauthn": ["x"],
    "mfa_edit_webauthn": ["x"],
    "settings_api_end": ["00000000-0000-4000-8000-000000000000"],
    "settings_data_file": ["00000000-0000-4000-8000-000000000000"],
}
NOT_PAGES = {"mfa_login_webauthn", "mfa_download_recovery_codes"}


def names(patterns) -> set[str]:
    found = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name:
            found.add(pattern.name)
    return found


def account_pages() -> list[str]:
    everything = names(get_resolver().url_patterns)
    return sorted(name for name in everything if name.startswith(("account_", "mfa_", "usersessions_", "settings_")))


def sign_in_anew(browser) -> None:
    sign_in(browser)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})


def is_ours(answer) -> bool:
    used = {template.name for template in answer.templates}
    return "base.html" in used and not any("allauth/elements" in (name or "") for name in used)


@pytest.mark.parametrize("name", sorted(set(account_pages()) - NOT_PAGES))
@pytest.mark.parametrize("who", ["visitor", "customer"])
def test_a_page_wears_our_frame_and_holds_no_inline_style_or_script(name, who, person):
    browser = Client()
    if who == "customer":
        sign_in_anew(browser)

    answer = browser.get(reverse(name, args=ARGUMENTS.get(name)))

    if answer.status_code in {302, 404, 405}:
        return  # which is not often, see below
    assert answer.status_code in {200, 410}
    assert is_ours(answer), [template.name for template in answer.templates]
    text = answer.text
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)
    for tag in re.findall(r"<script[^>]*>", text):
        assert "src=" in tag or 'type="application/json"' in tag
    [title] = re.findall(r"<title>(.*?)</title>", text, re.DOTALL)
    assert title.endswith("– Dayline")
    assert len(re.findall(r"<h1[\s>]", text)) == 1
    assert "no-store" in answer.get("Cache-Control", "") or who == "visitor"


def test_most_pages_were_seen(person):
    """The walk above must not pass because everything redirects."""
    visitor, customer = Client(), Client()
    sign_in_anew(customer)
    shown = {
        name
        for browser in (visitor, customer)
        for name in set(account_pages()) - NOT_PAGES - {"mfa_remove_webauthn", "mfa_edit_webauthn"}
        if browser.get(reverse(name, args=ARGUMENTS.get(name))).status_code in {200, 410}
    }

    assert set(account_pages()) - shown <= NOT_PAGES | {
        "account_confirm_login_code",  # needs a code that was asked for
        "account_set_password",  # has a password
        "mfa_authenticate",  # needs a sign-in under way
        "mfa_reauthenticate", "mfa_reauthenticate_webauthn",  # nothing set up
        "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
        "mfa_remove_webauthn", "mfa_edit_webauthn",
        "settings_photo", "settings_photo_remove", "settings_zone",
        "settings_data_copy", "settings_data_file",
        "settings_api_end",
        "settings_google_connect", "settings_google_disconnect",
    }  # fmt: skip


def test_pages_that_need_a_start_are_ours_too(person):
    browser = Client()
    sign_in_anew(browser)
    secret = browser.get("/accounts/2fa/totp/activate/").context["form"].secret
    browser.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    for path in ("totp/deactivate/", "recovery-codes/", "recovery-codes/generate/", "reauthenticate/", ""):
        assert is_ours(browser.get(f"/accounts/2fa/{path}")), path
    visitor = Client()
    sign_in(visitor)
    assert is_ours(visitor.get("/accounts/2fa/authenticate/"))
    browser = Client()
    browser.post("/accounts/login/code/", {"email": person.email})
    assert is_ours(browser.get("/accounts/login/code/confirm/"))
    person.set_unusable_password()
    person.save()
    browser = Client()
    browser.force_login(person)
    assert is_ours(browser.get("/accounts/password/set/", follow=True))  # who it is is asked first


def test_no_mistake_of_a_visitor_leads_to_an_error_page(db):
    for name in set(account_pages()) - NOT_PAGES:
        answer = Client().post(
            reverse(name, args=ARGUMENTS.get(name)),
            {"email": "\x00", "code": "\x00", "login": "é" * 5000, "name": "\ud800".encode("utf-8", "surrogatepass")},
        )
        assert answer.status_code < 500, name


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_other_verbs_are_refused(method, person):
    browser = Client()
    browser.force_login(person)
    for name in set(account_pages()) - NOT_PAGES:
        answer = getattr(browser, method)(reverse(name, args=ARGUMENTS.get(name)))
        assert answer.status_code in {302, 403, 404, 405, 410, 422}, name


@pytest.mark.parametrize("name", ["settings_profile", "account_email", "usersessions_list"])
def test_the_bar_of_a_phone_knows_that_it_is_at_the_account(name, person):
    browser = Client()
    sign_in(browser)

    bar = browser.get(reverse(name)).content.decode().partition('<nav class="tabbar"')[2]

    assert re.search(r'<a href="/my/settings/" aria-current="(page|true)">', bar)
    assert bar.count("aria-current") == 1


def test_a_visitor_finds_every_place_in_the_foot_of_a_page(client, person):
    """On a phone the bar on top has room for signing in only."""

    def foot() -> list[str]:
        return re.findall(
            r'<a href="([^"]*)"', client.get("/help/").text.partition("<footer")[2].partition("</footer")[0]
        )

    help_pages = ["/help/", "/developers/", "/help/terms/", "/help/privacy/", "/help/accessibility/"]
    assert foot() == ["/providers/", "/become-a-provider/", *help_pages]
    client.force_login(person)
    assert foot() == help_pages


def test_the_chosen_time_is_shown_on_every_page_on_the_way_to_it(client, postbox, monkeypatch):
    chosen = after_login.ChosenTime(
        provider="Maya Okafor",
        service="First assessment",
        start=datetime(2099, 3, 12, 14, 20, tzinfo=UTC),
        kept_until=datetime(2099, 3, 12, 14, tzinfo=UTC),
        zone="Europe/London",
        chosen_in="Europe/London",
    )
    books_it = lambda request, address: chosen if address == "/book/maya/first/" else None  # noqa: E731
    monkeypatch.setattr(after_login.chosen_time, "_answers", [books_it])

    for path in ("/accounts/login/", "/accounts/signup/", "/accounts/login/code/"):
        page = client.get(path + "?next=/book/maya/first/").text
        assert "Thu 12 March 2099, 14:20" in page
        assert "with Maya Okafor is kept for you until" in page
        assert "14:00" in page
        assert "14:20" not in client.get(path).text, "only on the way to the booking page"
    sign_up(client, next="/book/maya/first/")
    assert "Thu 12 March 2099, 14:20" in client.get("/accounts/confirm-email/").text
