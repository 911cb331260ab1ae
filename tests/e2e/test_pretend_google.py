"""The pages of the pretend Google as a newcomer meets them: consent, and a calendar to be busy in."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from calendar_sync.pretend_google.consent import PRETEND_CLIENT
from tests.calendar_sync.pretend import MAYA, pretend_google  # noqa: F401 - a fixture

SCOPES = "openid email https://www.googleapis.com/auth/calendar.events.owned https://www.googleapis.com/auth/calendar.freebusy"

# No page of ours is looked at: it says so only in order to run where every browser test does.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def site(pretend_google):  # noqa: F811
    return pretend_google.address


def test_an_account_is_chosen_and_a_box_left_out_by_keyboard(either, site, looks_fine):
    page = either
    asked = {"client_id": PRETEND_CLIENT.id, "redirect_uri": f"{site}/", "scope": SCOPES, "response_type": "code"}
    page.goto(f"/o/oauth2/v2/auth?{urlencode(asked)}")
    expect(page.get_by_text("Pretend Google (demo)")).to_be_visible()
    looks_fine(page)

    page.get_by_role("button", name="Maya Okafor").press("Enter")
    expect(page.get_by_role("heading", name="Dayline wants access to your Google Account")).to_be_visible()
    looks_fine(page)
    page.get_by_role("checkbox", name="View your availability").press("Space")
    page.get_by_role("button", name="Allow").press("Enter")

    expect(page.get_by_role("heading", name="Calendars")).to_be_visible()
    granted = parse_qs(urlsplit(page.url).query)["scope"][0]
    assert "calendar.events.owned" in granted and "freebusy" not in granted


def test_an_entry_is_added_moved_and_deleted(either, looks_fine):
    page = either
    page.goto(f"/calendar/{MAYA}?week=2027-03-01")
    page.get_by_label("Title").fill("Dentist")
    page.get_by_role("button", name="Add").click()

    monday = page.locator("section", has_text="Monday 1 March")
    expect(monday.get_by_text("10:00–11:00 Dentist")).to_be_visible()
    monday.get_by_text("Move or delete").press("Enter")
    looks_fine(page)
    monday.get_by_label("Date").fill("2027-03-03")
    monday.get_by_role("button", name="Move Dentist").press("Enter")

    wednesday = page.locator("section", has_text="Wednesday 3 March")
    expect(wednesday.get_by_text("10:00–11:00 Dentist")).to_be_visible()
    wednesday.get_by_text("Move or delete").press("Enter")
    wednesday.get_by_role("button", name="Delete Dentist").press("Enter")
    expect(wednesday.get_by_text("Nothing")).to_be_visible()
