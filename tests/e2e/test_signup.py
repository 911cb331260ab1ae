"""Signing up and in, and the account's own pages, in a real browser."""

import re
from io import BytesIO

import pytest
from django.core import mail
from PIL import Image
from playwright.sync_api import expect

from accounts.models import User
from outbox.testing import deliver
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "long walks by the river"


def link_from_mail(to: str) -> str:
    mail.outbox.clear()
    deliver("notifications.send_account_mail")
    [letter] = [letter for letter in mail.outbox if letter.to == [to]]
    [address] = set(re.findall(r"https?://[^/\s]+(/accounts/\S+)", letter.body))
    return address


@pytest.fixture
def person(db) -> User:
    return UserFactory(email="amara@example.com", name="Amara Nwosu", password=PASSWORD)


def sign_in_by_form(page, path="/accounts/login/", password=PASSWORD):
    page.goto(path)
    page.get_by_label("Email").fill("amara@example.com")
    page.locator("[name=password]").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def confirm_password(page):
    """Not before that page is there: the form of signing in has a password, too."""
    button = page.get_by_role("button", name="Continue")
    expect(button).to_be_visible()
    page.locator("[name=password]").fill(PASSWORD)
    button.click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_visitor_signs_up_confirms_and_comes_back_to_where_they_were(new_page, scripts):
    page = new_page(java_script_enabled=scripts, timezone_id="Asia/Calcutta")
    page.goto("/accounts/login/?next=/my/settings/preferences/")
    page.get_by_role("main").get_by_role("link", name="Create an account").click()
    page.get_by_role("main").get_by_role("button", name="Create an account").click()
    expect(page.get_by_text("There are 3 things to fix")).to_be_visible()
    page.get_by_label("Name").fill("Amara Nwosu")
    page.get_by_label("Email").fill("Amara@example.com")
    page.locator("[name=password1]").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Create an account").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()

    page.goto(link_from_mail("amara@example.com"))
    assert not User.objects.get().email_confirmed
    page.get_by_role("button", name="Yes, confirm it").click()

    expect(page).to_have_url(re.compile(r"/my/settings/preferences/$"))
    expect(page.get_by_role("status").get_by_text("Your email address amara@example.com is confirmed.")).to_be_visible()
    user = User.objects.get()
    assert user.email_confirmed
    # The device's zone, under the name the world uses now, where a script could tell us.
    assert user.time_zone == ("Asia/Kolkata" if scripts else "Europe/London")


@pytest.mark.smoke
@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_signing_in_and_out(new_page, person, scripts):
    page = new_page(java_script_enabled=scripts)
    sign_in_by_form(page, "/accounts/login/?next=/my/settings/", password="wrong")
    expect(page.get_by_text("That email and password do not match an account.").first).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value("amara@example.com")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()

    page.goto("/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page).not_to_have_url(re.compile("/accounts/logout/"))

    page.goto("/my/settings/")
    expect(page).to_have_url(re.compile("/accounts/login/"))


def test_a_password_can_be_looked_at(page):
    page.goto("/accounts/login/")
    page.locator("[name=password]").fill("secret")

    page.get_by_role("button", name="Show password").click()

    expect(page.locator("[name=password]")).to_have_attribute("type", "text")


def test_the_question_about_the_device_s_zone_is_asked_once(new_page, person, sign_in):
    page = new_page(timezone_id="Europe/Paris")
    sign_in(page, person)
    page.goto("/my/settings/")  # the script tells the zone
    page.goto("/my/settings/")
    expect(page.get_by_text("Your device is on Paris time. Show times in Paris time?")).to_be_visible()

    page.get_by_role("button", name="Keep London").click()

    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    expect(page.get_by_text("Your device is on Paris time.")).to_have_count(0)
    person.refresh_from_db()
    assert (person.time_zone, person.declined_time_zone) == ("Europe/London", "Europe/Paris")


def test_a_photo_is_uploaded_shown_and_removed(plain_page, person, sign_in, tmp_path):
    picture = BytesIO()
    Image.new("RGB", (600, 400), (20, 120, 110)).save(picture, "JPEG")
    sign_in(plain_page, person)
    plain_page.goto("/my/settings/")

    file = {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}
    plain_page.locator("input[type=file]").set_input_files(file)
    plain_page.get_by_role("button", name="Upload the photo").click()

    shown = plain_page.get_by_role("main").locator("img")
    expect(shown).to_have_count(1)
    assert shown.evaluate("img => img.decode().then(() => img.naturalWidth)") == 400
    plain_page.get_by_role("button", name="Remove the photo").click()
    expect(plain_page.get_by_text("Your photo is removed.")).to_be_visible()


def test_a_passkey_is_added_and_signs_in(new_page, person, settings):
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
    page = new_page()
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**options, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )
    sign_in_by_form(page, "/accounts/login/?next=/accounts/2fa/webauthn/add/")
    confirm_password(page)
    page.get_by_label("Name of this key").fill("Laptop")
    page.get_by_label("Let this key sign me in without a password").check()
    page.get_by_role("button", name="Add the key").click()
    expect(page.get_by_text("The key is added.")).to_be_visible()
    page.goto("/accounts/2fa/webauthn/")
    expect(page.get_by_role("main").get_by_text("Laptop").first).to_be_visible()
    page.context.clear_cookies()

    page.goto("/accounts/login/?next=/my/settings/")
    page.get_by_role("button", name="Use a passkey").click()

    expect(page).to_have_url(re.compile(r"^[^?]*/my/settings/$"))
    expect(page.get_by_label("Name")).to_have_value("Amara Nwosu")


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/2fa/webauthn/add/"])
def test_where_passkeys_cannot_work_the_page_says_so_instead_of_offering_one(new_page, person, sign_in, site, path):
    page = new_page()
    by_number = site.replace("localhost", "127.0.0.1")
    page.watch.expect(f"request to another host: {by_number}")
    if path != "/accounts/login/":
        page.goto(by_number + f"/accounts/login/?next={path}")
        page.get_by_label("Email").fill(person.email)
        page.locator("[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        confirm_password(page)
    else:
        page.goto(by_number + path)

    expect(page.get_by_text("Passkeys need a secure address with a name")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("passkey|Add the key"))).to_have_count(0)


def test_a_passkey_that_is_not_there_is_said_on_the_page_and_nothing_is_logged(new_page):
    page = new_page()
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "automaticPresenceSimulation": True}})
    page.goto("/accounts/login/")

    page.get_by_role("button", name="Use a passkey").click()

    expect(page.get_by_text("No passkey was used. Try again")).to_be_visible()


def test_axe_finds_nothing_on_the_pages_of_the_account_that_the_walk_of_all_pages_cannot_come_to(
    new_page, person, axe, sideways
):
    page = new_page(timezone_id="Europe/Paris")
    page.goto("/accounts/confirm-email/x/")
    axe(page)
    page.goto("/accounts/signup/")
    page.get_by_role("main").get_by_role("button", name="Create an account").click()
    expect(page.get_by_text("There are 3 things to fix")).to_be_visible()
    axe(page)
    sign_in_by_form(page, "/accounts/login/?next=/accounts/2fa/totp/activate/")
    confirm_password(page)
    expect(page).to_have_url(re.compile("/accounts/2fa/totp/activate/$"))
    axe(page)
    assert sideways(page) == []


def test_the_button_in_the_bar_keeps_its_shape_on_its_own_page(page):
    shapes = []
    for path in ("/accounts/login/", "/accounts/signup/"):
        page.goto(path)
        button = page.get_by_role("navigation", name="Account").get_by_role("link", name="Create an account")
        shapes.append(button.evaluate("it => [getComputedStyle(it).borderRadius, getComputedStyle(it).boxShadow]"))

    assert shapes[0] == shapes[1]
