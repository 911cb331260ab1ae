"""Finding a provider in a browser: with scripts, without them, and for who doesn't see the page."""

import re

import pytest
from playwright.sync_api import expect

from appointments.search.index import measure_figures, refresh_stale
from tests.factories.providers import CategoryFactory, ProviderFactory, ServiceFactory


@pytest.fixture
def town(transactional_db):
    health, music = CategoryFactory(name="Health"), CategoryFactory(name="Music")
    for name, category, trade, hours in [
        ("Maya Okafor", health, "Physiotherapist", {day: [("06:00", "23:00")] for day in range(7)}),
        ("Jonas Lindqvist", music, "Cello", {day: [("18:00", "21:00")] for day in range(7)}),
        ("Bea Busy", health, "Osteopath", {}),
    ]:
        person = ProviderFactory(name=name, slug=name.split()[0].lower(), category=category, trade=trade, hours=hours)
        ServiceFactory(provider=person, slug="main", name="Assessment")
    refresh_stale()
    measure_figures()


def expect_names(page, *names):
    expect(page.locator(".pcard h3")).to_have_text(names)


@pytest.mark.smoke
def test_a_search_without_scripts_leads_to_the_booking_form(town, plain_page):
    plain_page.goto("/")
    plain_page.get_by_label("Service or name").fill("physio")
    plain_page.get_by_role("button", name="Search").click()

    expect(plain_page).to_have_url(re.compile(r"/providers/\?q=physio$"))
    expect_names(plain_page, "Maya Okafor")
    plain_page.get_by_role("checkbox", name="Evening").uncheck()
    plain_page.get_by_role("combobox", name="Sort by").select_option("Name")
    plain_page.get_by_role("button", name="Show").click()
    expect(plain_page).to_have_url(re.compile(r"/providers/\?q=physio&part=am&part=pm&sort=name$"))

    time = plain_page.locator(".slot-chip").first
    address = time.get_attribute("href")
    time.click()
    assert "/book/maya/main/?start=" in address
    expect(plain_page).to_have_url(re.compile("/accounts/login/"))


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("address", ["/", "/providers/maya/"])
def test_a_first_visit_shows_the_times_of_the_device(town, new_page, address, zone):
    page = new_page(timezone_id=zone)

    page.goto(address)

    city = zone.rpartition("/")[2].replace("_", " ")
    expect(page.locator("#tz option:checked")).to_contain_text(f"{city}, now")
    page.wait_for_load_state()
    expect(page.locator("[data-assumed]")).to_have_count(0)
    assert page.evaluate("performance.getEntriesByType('navigation')[0].type") == "reload"
    assert "tz=" not in page.url
    assert "tz=" not in (page.locator(".slot-chip, .month a").first.get_attribute("href"))


@pytest.mark.parametrize("address", ["/", "/providers/maya/"])
def test_a_first_visit_without_scripts_says_whose_time_it_is(town, new_page, address):
    page = new_page(timezone_id="Asia/Kolkata", java_script_enabled=False)

    page.goto(address)

    expect(page.get_by_text("Times are in London time")).to_be_visible()


def test_a_first_visit_from_the_same_zone_is_not_drawn_twice(town, page):
    page.goto("/")

    assert page.evaluate("performance.getEntriesByType('navigation')[0].type") == "navigate"
    expect(page.get_by_text("Times are in London time")).to_be_visible()


def test_a_browser_that_keeps_no_cookies_is_not_drawn_over_and_over(town, new_page):
    page = new_page(timezone_id="Asia/Kolkata")
    page.add_init_script("Object.defineProperty(Document.prototype, 'cookie', { get: () => '', set() {} })")

    page.goto("/providers/")

    assert page.evaluate("performance.getEntriesByType('navigation')[0].type") == "navigate"
    expect(page.get_by_text("Times are in London time")).to_be_visible()


def test_filters_swap_the_results_in_place_and_go_into_the_address(town, page):
    page.goto("/providers/")
    expect(page.locator(".pcard")).to_have_count(3)
    page.evaluate("window.stayed = true")

    page.get_by_role("checkbox", name="Music").check()
    page.wait_for_url("**/providers/?category=music")
    expect_names(page, "Jonas Lindqvist")
    page.get_by_role("checkbox", name="Morning").uncheck()
    page.wait_for_url("**/providers/?part=pm&part=eve&category=music")

    expect(page.locator("#live")).to_have_text("1 provider with openings in the afternoon or evening")
    expect_names(page, "Jonas Lindqvist")
    assert page.evaluate("window.stayed")
    page.go_back()
    expect(page.get_by_role("checkbox", name="Morning")).to_be_checked()
    expect(page).to_have_url(re.compile(r"/providers/\?category=music$"))
    expect(page.get_by_role("checkbox", name="Music")).to_be_checked()


def test_nothing_found_offers_a_way_out(town, page):
    page.goto("/providers/?q=cello&category=health")

    page.get_by_role("link", name="Every category 1").click()

    expect_names(page, "Jonas Lindqvist")


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_another_zone_is_looked_up_among_all(town, new_page, axe, scripts):
    page = new_page(java_script_enabled=scripts)
    page.goto("/providers/?q=cello")
    page.get_by_role("combobox", name="Time zone").select_option("All time zones…")
    if not scripts:
        page.get_by_role("button", name="Show").click()
    field = page.get_by_label("City, country, abbreviation or offset")
    if scripts:
        expect(field).to_be_focused()
        axe(page)
    field.fill("nepal")
    field.press("Enter")
    page.get_by_role("link", name="Kathmandu, Nepal, now").click()

    page.wait_for_url("**/providers/?q=cello&tz=Asia%2FKathmandu")
    expect(page.locator("#tz option:checked")).to_contain_text("Kathmandu, now")


@pytest.mark.parametrize(
    "address", ["/", "/providers/?part=eve", "/providers/?q=nobody&part=am", "/providers/?from=abc"]
)
def test_assistive_technology_finds_nothing_wrong(town, page, phone_page, axe, address):
    for each in (page, phone_page):
        each.goto(address)
        axe(each, in_both_schemes=each is page)


@pytest.mark.parametrize("address", ["/", "/providers/"])
def test_nothing_scrolls_sideways_at_320_pixels(town, new_page, address):
    narrow = new_page(viewport={"width": 320, "height": 640})
    narrow.goto(address)

    assert narrow.evaluate("document.documentElement.scrollWidth") == 320


def test_a_phone_folds_the_filters_and_says_how_many_are_on(town, phone_page):
    phone_page.goto("/providers/?category=music&instant=1")

    expect(phone_page.locator(".filters summary")).to_have_text("Filters2 on")
    expect(phone_page.get_by_role("checkbox", name="Music")).to_be_hidden()
    phone_page.locator(".filters summary").click()
    expect(phone_page.get_by_role("checkbox", name="Music")).to_be_checked()
