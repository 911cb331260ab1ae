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


@pytest.fixture(params=["page", "plain_page"])
def anyhow(request):
    """A page with scripts, then one without."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def look(request, axe, sideways):
    """Look at a page with axe and at all widths, which needs scripts."""

    def at(page):
        if request.node.callspec.params["anyhow"] == "page":
            axe(page)
            assert sideways(page) == []

    return at


def see(page):
    """With scripts the open page shows what is new once it is looked at again, without them it has a link."""
    if (link := page.get_by_role("link", name="See whether it is ready")).count():
        link.click()
    else:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.locator("#live")).to_have_text("Your copy is ready.")


def test_a_copy_is_asked_for_with_the_password_and_fetched(person, anyhow, sign_in, look):
    sign_in(anyhow, person)
    anyhow.goto("/my/settings/data/")
    anyhow.get_by_role("button", name="Prepare my copy").click()
    anyhow.get_by_label("Password", exact=True).fill(PASSWORD)
    anyhow.get_by_role("button", name="Continue").click()
    expect(anyhow.get_by_text("Being made", exact=True)).to_be_visible()
    look(anyhow)

    testing.deliver("accounts.make_copy")
    see(anyhow)
    expect(anyhow.get_by_text("Being made", exact=True)).to_have_count(0)
    look(anyhow)
    with anyhow.expect_download() as fetched:
        anyhow.get_by_role("link", name="Download").click()

    assert zipfile.ZipFile(fetched.value.path()).namelist() == ["your-data.json", "your-data.html", "appointments.ics"]


def test_an_account_is_deleted_by_enter_and_kept_by_one_press(person, anyhow, sign_in, look):
    sign_in(anyhow, person)
    anyhow.goto("/my/settings/data/")
    anyhow.get_by_role("link", name="See what deleting would do").click()
    expect(anyhow.get_by_text("This counts as one late cancellation, your 1st of 3")).to_be_visible()
    look(anyhow)

    anyhow.get_by_label("Your password").fill(PASSWORD)
    anyhow.get_by_label("Your password").press("Enter")

    expect(anyhow).to_have_url(re.compile("/leaving/$"))
    look(anyhow)
    assert {one.status for one in Appointment.objects.all()} == {"cancelled"}
    anyhow.get_by_role("link", name="Sign in to keep it").click()
    expect(anyhow).to_have_url(re.compile("/accounts/login/"))
    anyhow.wait_for_load_state()
    anyhow.get_by_label("Email").fill(person.email)
    anyhow.get_by_label("Password", exact=True).fill(PASSWORD)
    anyhow.get_by_role("button", name="Sign in", exact=True).click()
    expect(anyhow.get_by_role("heading", name="Your account is closed")).to_be_visible()
    look(anyhow)
    anyhow.get_by_role("button", name="Keep my account").click()

    expect(anyhow.get_by_text("Your account stays. What was cancelled stays cancelled.")).to_be_visible()
    assert not Departure.objects.exists()


def test_a_code_by_mail_stands_in_for_the_password(person, anyhow, sign_in, look, mailoutbox):
    sign_in(anyhow, person)
    anyhow.goto("/my/settings/data/delete/")
    anyhow.get_by_role("button", name="Use a code by email instead").click()
    expect(anyhow.get_by_label("Code from our email")).to_be_visible()
    look(anyhow)
    testing.deliver("notifications.send_account_mail")
    code = re.search(r"\b(\d{6})\b", mailoutbox[-1].body)[1]

    anyhow.get_by_label("Code from our email").fill(code)
    anyhow.get_by_role("button", name="Delete my account").click()

    expect(anyhow).to_have_url(re.compile("/leaving/$"))
    assert Departure.objects.get().user == person
