"""In a browser: the studio's calendar in all its views, by keyboard, on a phone, and without scripts."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from appointments.models import OwnEvent
from appointments.services import booking
from core import clock
from providers.models import Listing, Provider, TimeOff
from tests.factories.accounts import UserFactory
from tests.factories.calendars import connect, put
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

pytestmark = pytest.mark.django_db(transaction=True)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def provider(db):
    provider = ProviderFactory(name="Maya Okafor", time_zone="Asia/Kathmandu", policy__notice_minutes=0)
    give_hours(provider, {day: [("09:00", "17:00")] for day in range(7)})
    return provider


@pytest.fixture
def day(provider):
    """The day after tomorrow with Ann at 10:15 and a Google event over her, Ben at 12:15, a block, an own event and
    something that lasts all day."""
    day = clock.local(clock.now(), provider.zone).date() + 2 * DAY
    service = ServiceFactory(
        provider=provider, duration_minutes=45, buffer_after_minutes=15, slot_interval_minutes=15, name="Assessment"
    )

    def at(minute):
        return clock.wall_minute_to_instant(day, minute, provider.zone)

    for name, minute in (("Ann Doe", 615), ("Ben Doe", 735)):
        booking.book_appointment(
            service=service,
            start=at(minute),
            customer=UserFactory(name=name, time_zone="Europe/London"),
            terms=booking.terms_of(service),
            booking_key=name,
        )
    put(connect(provider), at(600), at(645), title="School play with a very long title indeed")
    TimeOff.objects.create(provider=provider, start=at(840), end=at(900), reason="Accounts")
    OwnEvent.objects.create(user=provider.user, title="Supervision", start=at(900), end=at(960))
    OwnEvent.objects.create(user=provider.user, title="Rent due", start=at(0), end=at(1440), is_all_day=True)
    return day


@pytest.mark.parametrize("view", ["list", "day", "week", "month"])
def test_every_view_is_clean_and_fits(provider, day, page, sign_in, axe, sideways, view):
    sign_in(page, provider.user)
    page.goto(f"/studio/calendar/{view}/{day}/")

    expect(page.get_by_role("main").get_by_text("Ann Doe").first).to_be_visible()
    axe(page)
    assert sideways(page) == []


def test_calendar_leads_through_its_views_and_dates_and_keeps_choices(provider, day, either, sign_in):
    page = either
    sign_in(page, provider.user)
    page.goto("/studio/")
    page.get_by_role("navigation", name="Provider", exact=True).get_by_role("link", name="Calendar", exact=True).click()
    views, dates = page.get_by_role("navigation", name="View"), page.get_by_role("navigation", name="Dates")
    expect(views.get_by_role("link", name="Week")).to_have_attribute("aria-current", "true")

    page.get_by_label("Jump to a date").fill(day.isoformat())
    if page.evaluate("!document.documentElement.hasAttribute('data-js')"):
        page.get_by_role("button", name="Go").click()
    expect(page).to_have_url(f"{page.url.partition('/studio/')[0]}/studio/calendar/week/{day}/")
    expect(page.locator(".ev", has_text="School play")).to_be_visible()
    page.get_by_label("Google").click()
    if page.evaluate("!document.documentElement.hasAttribute('data-js')"):
        page.get_by_role("button", name="Show").click()
    expect(page.locator(".ev", has_text="School play")).to_have_count(0)
    expect(page.get_by_text("Both stand until you decide.")).to_be_visible()

    views.get_by_role("link", name="Day").click()
    expect(views.get_by_role("link", name="Day")).to_have_attribute("aria-current", "true")
    dates.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{(day - DAY).day} ")
    page.goto("/studio/calendar/")
    expect(views.get_by_role("link", name="Day")).to_have_attribute("aria-current", "true")


def test_dates_and_views_change_in_place_with_title_focus_and_history(provider, day, page, sign_in):
    sign_in(page, provider.user)
    page.goto(f"/studio/calendar/day/{day}/")
    page.evaluate("window.isSame = true")
    live, views = page.locator("#live"), page.get_by_role("navigation", name="View")
    dates, head = page.get_by_role("navigation", name="Dates"), page.get_by_role("heading", level=1)
    expect(page.get_by_role("button", name="Go")).to_be_hidden()

    dates.get_by_role("link").last.focus()
    page.keyboard.press("Enter")

    expect(head).to_contain_text(f"{(day + DAY).day} ")
    expect(page).to_have_url(f"{page.url.partition('/studio/')[0]}/studio/calendar/day/{day + DAY}/")
    expect(page).to_have_title(re.compile(f"^{head.text_content()} – Calendar"))
    expect(live).to_contain_text(head.text_content())
    expect(dates.get_by_role("link").last).to_be_focused()

    views.get_by_role("link", name="Week").click()
    expect(views.get_by_role("link", name="Week")).to_have_attribute("aria-current", "true")
    expect(views.get_by_role("link", name="Week")).to_be_focused()
    page.locator(".ev", has_text="School play").wait_for()
    page.get_by_label("Google").click()
    expect(page.locator(".ev", has_text="School play")).to_have_count(0)
    expect(page.get_by_label("Google")).to_be_focused()
    page.locator(f"#d{day:%m%d} .wday__head").click()
    expect(page.locator(f"#d{day:%m%d}")).to_be_attached()
    expect(page.locator(".daystrip")).to_be_visible()
    expect(head).to_be_focused()
    assert page.evaluate("window.isSame")

    page.go_back()
    expect(views.get_by_role("link", name="Week")).to_have_attribute("aria-current", "true")
    page.go_back()
    expect(page.locator(".week")).to_be_visible()


def test_what_leads_elsewhere_is_gone_to(provider, day, page, sign_in):
    sign_in(page, provider.user)
    page.goto(f"/studio/calendar/day/{day}/")
    Provider.objects.update(listing=Listing.DRAFT)

    page.get_by_role("navigation", name="View").get_by_role("link", name="Week").click()

    expect(page).to_have_url(re.compile("/become-a-provider/"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_typed_date_is_gone_to_when_it_is_whole(provider, day, page, sign_in):
    sign_in(page, provider.user)
    page.goto(f"/studio/calendar/day/{day}/")
    page.evaluate("window.isSame = true")

    page.get_by_label("Jump to a date").focus()
    page.keyboard.type("02/03/2027" if page.evaluate("navigator.language") != "en-GB" else "03022027")

    expect(page.get_by_role("heading", level=1)).to_contain_text("2027")
    assert page.evaluate("window.isSame")


def test_phone_opens_the_list_and_shows_one_day_of_the_week(provider, day, phone_page, sign_in):
    page = phone_page
    sign_in(page, provider.user)
    page.goto("/studio/")
    page.get_by_role("navigation", name="Provider, small screens").get_by_role("link", name="Calendar").tap()
    views = page.get_by_role("navigation", name="View")
    expect(views.get_by_role("link", name="List")).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("link", name="Ann Doe")).to_be_visible()

    page.goto(f"/studio/calendar/week/{day}/")
    expect(page.locator(".ev", has_text="Ann Doe")).to_be_visible()
    expect(page.get_by_text("Rent due").first).to_be_visible()
    other = day + DAY if (day + DAY).isocalendar().week == day.isocalendar().week else day - DAY
    page.locator(f"#g{other:%m%d}").tap()
    expect(page).to_have_url(f"{page.url.partition('/studio/')[0]}/studio/calendar/week/{other}/#calendar")
    expect(page.locator(".ev", has_text="Ann Doe")).to_be_hidden()


def test_entries_are_reached_by_keyboard_in_the_order_of_time(provider, day, page, sign_in):
    sign_in(page, provider.user)
    page.goto(f"/studio/calendar/day/{day}/")
    page.locator(".ev", has_text="Ann Doe").focus()

    page.keyboard.press("Tab")
    assert "Ben Doe" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ben")


def test_click_on_free_time_opens_the_short_form_there(provider, day, page, sign_in, axe, sideways):
    sign_in(page, provider.user)
    page.goto(f"/studio/calendar/day/{day}/")
    grid = page.locator(".wday__grid")
    hours = int(page.locator(".week").get_attribute("data-hours"))
    box = grid.bounding_box()
    # Two and a half hours after the first, 09:00.
    grid.click(position={"x": box["width"] / 2, "y": box["height"] * 2.5 / hours + 2})

    expect(page.get_by_label("Start")).to_have_value("11:30")
    expect(page.get_by_label("Customer")).to_be_focused()
    axe(page)
    assert sideways(page) == []
    page.keyboard.press("Escape")
    expect(page.locator(".quick")).to_have_count(0)
    grid.click(position={"x": box["width"] / 2, "y": box["height"] * 2.5 / hours + 2})
    page.get_by_label("Start").fill("11:45")
    page.get_by_role("link", name="Event", exact=True).click()
    expect(page.get_by_label("From", exact=True)).to_have_value("11:45")
    expect(page.locator(".quickat .ev__w")).to_have_text("11:45 to 12:45")
    page.get_by_label("Until", exact=True).fill("12:15")
    expect(page.locator(".quickat .ev__w")).to_have_text("11:45 to 12:15")
    axe(page)
    page.get_by_label("Title").fill("Call the lab")
    page.get_by_label("Title").press("Enter")
    expect(page.get_by_text("Saved: Call the lab")).to_be_visible()
    page.goto(f"/studio/calendar/day/{day}/")
    expect(page.locator(".ev", has_text="Call the lab")).to_be_visible()


def test_block_is_added_from_the_head_of_a_day(provider, day, either, sign_in):
    page = either
    sign_in(page, provider.user)
    page.goto(f"/studio/calendar/week/{day}/")
    plus = page.locator(f"#d{day:%m%d} .wday__add")
    plus.focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Block", exact=True).click()
    page.locator("input[name=start_at]").fill("16:00")
    page.locator("input[name=end_at]").fill("16:30")
    page.get_by_label("Reason").fill("Errand")
    page.get_by_role("button", name="Block time").click()
    expect(page.get_by_text("Time off saved")).to_be_visible()


def test_escape_gives_the_focus_back_and_more_options_keep_what_was_typed(provider, day, page, sign_in):
    sign_in(page, provider.user)
    page.goto(f"/studio/calendar/week/{day}/")
    plus = page.locator(f"#d{day:%m%d} .wday__add")
    plus.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Customer").press("Escape")
    expect(page.locator(".quick")).to_have_count(0)
    expect(plus).to_be_focused()

    page.keyboard.press("Enter")
    page.get_by_label("Customer").press_sequentially("Ann")
    page.get_by_role("radio", name="Ann Doe").check()
    page.get_by_label("Start").fill("16:00")
    page.get_by_label("Length in minutes").fill("25")
    page.get_by_role("button", name="More options").click()

    expect(page.get_by_role("heading", level=1, name="Add appointment")).to_be_visible()
    expect(page.get_by_role("radio", name="Ann Doe")).to_be_checked()
    expect(page.get_by_label("Start")).to_have_value("16:00")
    expect(page.get_by_label("Length in minutes")).to_have_value("25")
    expect(page.get_by_label("Date")).to_have_value(day.isoformat())
