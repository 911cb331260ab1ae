"""In a browser: a copy of one's data is fetched; an account is deleted and kept again, with and without scripts."""

import re
import zipfile

import pytest
from playwright.sync_api import expect

from accounts.models import Departure
from appointments.models import Appointment
from outbox import testing
from tests.factories.accounts import UserFactory
from tests.race.test_ban_races import booked, make_service, soon

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "correct horse battery"


@pytest.fixture
def person(db):
    person = UserFactory(name="Amara Nwosu", email="amara@example.com", time_zone="UTC")
    booked(make_service(), person, soon(6))
    booked(make_service(), person, soon(60))
    return person


def see(page):
    """With scripts the open page shows what is new once it is looked at again, without them it has a link."""
    if (link := page.get_by_role("link", name="See whether it is ready")).count():
        link.click()
    else:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.locator("#live")).to_have_text("Your copy is ready.")


def test_a_copy_is_asked_for_with_the_password_and_fetched(person, either, sign_in, looks_fine):
    sign_in(either, person)
    either.goto("/my/settings/data/")
    either.get_by_role("button", name="Prepare my copy").click()
    either.get_by_label("Password", exact=True).fill(PASSWORD)
    either.get_by_role("button", name="Continue").click()
    expect(either.get_by_text("Being made", exact=True)).to_be_visible()
    looks_fine(either)

    testing.deliver("accounts.make_copy")
    see(either)
    expect(either.get_by_text("Being made", exact=True)).to_have_count(0)
    looks_fine(either)
    with either.expect_download() as fetched:
        either.get_by_role("link", name="Download").click()

    assert zipfile.ZipFile(fetched.value.path()).namelist() == ["your-data.json", "your-data.html", "appointments.ics"]


def test_an_account_is_deleted_by_enter_and_kept_by_one_press(person, either, sign_in, looks_fine):
    sign_in(either, person)
    either.goto("/my/settings/data/")
    either.get_by_role("link", name="See what deleting would do").click()
    expect(either.get_by_text("This counts as one late cancellation, your 1st of 3")).to_be_visible()
    looks_fine(either)

    either.get_by_label("Your password").fill(PASSWORD)
    either.get_by_label("Your password").press("Enter")

    expect(either).to_have_url(re.compile("/leaving/$"))
    looks_fine(either)
    assert {one.status for one in Appointment.objects.all()} == {"cancelled"}
    either.get_by_role("link", name="Sign in to keep it").click()
    expect(either).to_have_url(re.compile("/accounts/login/"))
    either.wait_for_load_state()
    either.get_by_label("Email").fill(person.email)
    either.get_by_label("Password", exact=True).fill(PASSWORD)
    either.get_by_role("button", name="Sign in", exact=True).click()
    expect(either.get_by_role("heading", name="Your account is closed")).to_be_visible()
    looks_fine(either)
    either.get_by_role("button", name="Keep my account").click()

    expect(either.get_by_text("Your account stays. What was cancelled stays cancelled.")).to_be_visible()
    assert not Departure.objects.exists()


def test_a_code_by_mail_stands_in_for_the_password(person, either, sign_in, looks_fine, mailoutbox):
    sign_in(either, person)
    either.goto("/my/settings/data/delete/")
    either.get_by_role("button", name="Use a code by email instead").click()
    expect(either.get_by_label("Code from our email")).to_be_visible()
    looks_fine(either)
    testing.deliver("notifications.send_account_mail")
    code = re.search(r"\b(\d{6})\b", mailoutbox[-1].body)[1]

    either.get_by_label("Code from our email").fill(code)
    either.get_by_role("button", name="Delete my account").click()

    expect(either).to_have_url(re.compile("/leaving/$"))
    assert Departure.objects.get().user == person
