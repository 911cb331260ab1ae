"""Becoming a provider and keeping a page, in a browser: with scripts and without."""

import pytest
from playwright.sync_api import expect

from providers import queries
from providers.models import Provider
from tests.factories.accounts import UserFactory
from tests.factories.providers import CategoryFactory, ProviderFactory, ServiceFactory, give_hours

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def maya():
    provider = ProviderFactory(name="Maya Okafor", slug="maya-okafor")
    give_hours(provider, {0: [("08:00", "12:30")], 1: [("08:00", "12:30"), ("13:30", "18:00")]})
    ServiceFactory(provider=provider, name="First assessment", slug="first-assessment")
    return provider


@pytest.mark.smoke
def test_a_person_becomes_a_provider(either, sign_in):
    page = either
    CategoryFactory(name="Physiotherapy")
    user = UserFactory(name="Zoë Müller")
    sign_in(page, user)

    page.goto("/become-a-provider/")
    page.get_by_label("What you do").fill("Physiotherapist")
    page.get_by_label("Category").select_option(label="Physiotherapy")
    page.get_by_label("In person").check()
    page.get_by_role("button", name="Save and continue").last.click()
    expect(page.get_by_text("There is 1 thing to fix")).to_be_visible()
    page.get_by_label("District or town").fill("Camden")
    page.get_by_role("button", name="Save and continue").last.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your first service")
    page.get_by_label("Name").fill("First assessment")
    page.get_by_label("Length in minutes").fill("45")
    page.get_by_label("By the hour").check()
    page.get_by_label("Amount").fill("84")
    page.get_by_role("button", name="Save and continue").last.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("When do you work?")
    page.get_by_role("checkbox", name="Friday").uncheck()
    page.get_by_role("button", name="Add a range on Saturday").click()
    expect(page.get_by_label("Saturday, range 1 from")).to_have_value("09:00")
    expect(page.get_by_label("Saturday, range 1 from")).to_be_focused()
    page.get_by_label("Saturday, range 1 to").fill("12:00")
    page.get_by_role("button", name="Save and continue").last.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Rules of booking")
    # Left and resumed.
    page.goto("/become-a-provider/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Rules of booking")
    page.get_by_role("button", name="Save and continue").last.click()
    page.get_by_role("button", name="Continue without a calendar").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Check, then go live")
    expect(page.get_by_text("£84 an hour")).to_be_visible()
    page.get_by_role("button", name="Go live").click()
    expect(page.get_by_text("Your page is live.")).to_be_visible()

    provider = Provider.objects.get(user=user)
    assert provider.is_live
    assert queries.week_of(provider)[5] == [(540, 720)]
    assert 4 not in queries.week_of(provider)


def test_working_hours_are_edited(either, sign_in, maya):
    page = either
    sign_in(page, maya.user)

    page.goto("/studio/hours/")
    page.get_by_role("button", name="Add a range on Monday").click()
    expect(page.get_by_label("Monday, range 2 from")).to_be_focused()
    page.get_by_label("Monday, range 2 from").fill("12:00")
    page.get_by_label("Monday, range 2 to").fill("00:00")
    page.get_by_role("button", name="Save hours").last.click()
    expect(page.get_by_text("There is 1 thing to fix")).to_be_visible()
    page.get_by_role("link", name="Monday’s second range starts at 12:00, before the first one ends at 12:30.").click()
    expect(page.get_by_label("Monday, range 2 from")).to_be_focused()
    page.get_by_label("Monday, range 2 from").fill("13:30")
    page.get_by_role("button", name="Remove 08:00 to 12:30 on Tuesday").click()
    expect(page.get_by_label("Tuesday, range 1 from")).to_have_value("13:30")
    page.get_by_label("Copy Monday’s hours to other days").click()
    page.get_by_role("group", name="Copy Monday to").get_by_label("Sunday").check()
    page.get_by_role("button", name="Copy", exact=True).locator("visible=true").click()
    expect(page.get_by_label("Sunday, range 2 to")).to_have_value("00:00")
    page.get_by_role("button", name="Save hours").last.click()

    expect(page.get_by_text("Working hours saved: 34 h 30 min a week.")).to_be_visible()
    assert queries.week_of(maya) == {
        0: [(480, 750), (810, 1440)],
        1: [(810, 1080)],
        6: [(480, 750), (810, 1440)],
    }


def test_hours_of_dates_are_added_where_they_stand(page, axe, sign_in, maya):
    sign_in(page, maya.user)
    page.goto("/studio/hours/dates/new/")
    page.get_by_label("Note").fill("Late opening")
    page.evaluate("window.mark = true")

    page.get_by_role("button", name="Add a range").press("Enter")

    expect(page.get_by_label("Hours, range 1 from")).to_be_focused()
    expect(page.get_by_label("Open at other hours")).to_be_checked()
    expect(page.get_by_label("Note")).to_have_value("Late opening")
    expect(page.locator("#live")).to_have_text("Range added")
    axe(page)
    page.get_by_role("button", name="Remove 09:00 to 17:00").press("Enter")
    expect(page.get_by_role("button", name="Add a range")).to_be_focused()
    assert page.evaluate("window.mark") is True


def test_enter_in_a_time_saves_and_removes_nothing(either, sign_in, maya):
    page = either
    sign_in(page, maya.user)

    page.goto("/studio/hours/")
    page.get_by_label("Tuesday, range 2 to").fill("17:00")
    page.get_by_label("Tuesday, range 2 to").press("Enter")

    expect(page.get_by_text("Working hours saved")).to_be_visible()
    assert queries.week_of(maya)[1] == [(480, 750), (810, 1020)]


def test_the_worked_example_follows_what_is_typed(page, sign_in, maya):
    sign_in(page, maya.user)

    page.goto("/studio/services/first-assessment/")
    expect(page.locator("#example")).to_have_text("45 min costs £58.")
    page.get_by_label("By the hour").check()
    page.get_by_label("Amount").fill("84")

    expect(page.locator("#example")).to_have_text("45 min at £84 an hour is £63; 8 appointments are £504.")


ADDRESSES = [
    "/studio/services/",
    "/studio/services/new/",
    "/studio/services/first-assessment/",
    "/studio/services/first-assessment/delete/",
    "/studio/hours/",
    "/studio/hours/dates/",
    "/studio/hours/dates/new/",
    "/studio/policies/",
    "/studio/profile/",
    "/studio/profile/pause/",
]
STEPS = ["about", "service", "hours", "rules", "calendar", "check"]


@pytest.mark.parametrize("kind", ["page", "phone_page"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(request, kind, sign_in, axe, maya):
    page = request.getfixturevalue(kind)
    draft = ProviderFactory(name="Zoë Müller", slug="zoe", listing="draft", steps_done=["about"])

    for user, addresses in (
        (maya.user, ADDRESSES),
        (draft.user, [f"/become-a-provider/{step}/" for step in STEPS]),
    ):
        sign_in(page, user)
        for address in addresses:
            page.goto(address)
            axe(page, in_both_schemes=kind == "page")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    page.watch.expect("422")
    sign_in(page, maya.user)
    page.goto("/studio/hours/")
    page.get_by_label("Tuesday, range 2 from").fill("12:00")
    page.get_by_role("button", name="Save hours").last.click()
    expect(page.get_by_text("There is 1 thing to fix")).to_be_visible()
    axe(page)
