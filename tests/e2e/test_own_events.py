"""In a browser: an own event over an appointment, by keyboard and without scripts, and a customer's on a phone."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from appointments.models import OwnEvent
from appointments.services import booking
from core import clock
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def provider(db):
    provider = ProviderFactory(name="Maya Okafor", time_zone="Asia/Kathmandu", policy__notice_minutes=0)
    give_hours(provider, {day: [("00:00", "24:00")] for day in range(7)})
    return provider


@pytest.fixture
def day(provider):
    """The day after tomorrow, with Ann at 10:15."""
    day = clock.local(clock.now(), provider.zone).date() + timedelta(days=2)
    service = ServiceFactory(provider=provider, duration_minutes=45, slot_interval_minutes=15, name="First assessment")
    booking.book_appointment(
        service=service,
        start=clock.wall_minute_to_instant(day, 615, provider.zone),
        customer=UserFactory(name="Ann Doe"),
        terms=booking.terms_of(service),
        booking_key="ann",
    )
    return day


def add_over_ann(page, day):
    page.goto(f"/studio/events/new/?date={day}&start=10:00")
    page.get_by_label("Title").fill("School run")
    page.get_by_label("Title").press("Enter")
    expect(page.get_by_role("heading", name="It lies over something that is agreed")).to_be_visible()
    expect(page.get_by_role("link", name="Ann Doe")).to_be_visible()


def test_an_event_over_an_appointment_is_shown_first_and_saved_by_keyboard(provider, day, page, sign_in, axe, sideways):
    sign_in(page, provider.user)
    page.goto("/studio/events/new/")
    axe(page)
    page.get_by_label("All day").check()
    expect(page.get_by_label("From")).to_be_hidden()
    axe(page)
    add_over_ann(page, day)
    axe(page)
    assert sideways(page) == []
    save = page.get_by_role("button", name="Save it all the same")
    save.focus()

    page.keyboard.press("Enter")

    expect(page.get_by_text("Saved: School run")).to_be_visible()
    axe(page)
    assert sideways(page) == []
    assert OwnEvent.objects.get().title == "School run"
    page.get_by_role("link", name="School run", exact=True).click()
    page.get_by_label("Title").fill("")
    page.get_by_role("button", name="Save event").click()
    expect(page.get_by_role("link", name="Enter the title.")).to_be_visible()
    axe(page)
    assert sideways(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_an_event_lies_over_is_read_and_left_by_keyboard_on_a_phone(
    provider, day, new_page, sign_in, axe, sideways, scheme
):
    page = new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    sign_in(page, provider.user)
    add_over_ann(page, day)
    axe(page, in_both_schemes=False)
    assert sideways(page) == []
    focused = "document.activeElement.textContent.trim()"

    page.get_by_role("link", name="Ann Doe").focus()
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "Save it all the same"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "Change the event"
    page.keyboard.press("Enter")

    expect(page.get_by_label("Title")).to_have_value("School run")
    assert not OwnEvent.objects.exists()


def test_without_scripts_an_event_is_kept_changed_and_deleted(provider, day, new_page, sign_in):
    page = new_page(java_script_enabled=False)
    sign_in(page, provider.user)
    add_over_ann(page, day)
    page.get_by_role("button", name="Change the event").click()
    page.get_by_label("It takes no time").check()
    page.get_by_role("button", name="Save event").click()
    expect(page.get_by_text("Takes no time")).to_be_visible()

    page.get_by_role("link", name="School run", exact=True).click()
    page.get_by_role("link", name="Delete event").click()
    page.get_by_role("button", name="Delete event").click()

    expect(page.get_by_text("No events ahead")).to_be_visible()
    assert not OwnEvent.objects.exists()


def test_a_customer_keeps_an_event_on_a_phone(provider, new_page, sign_in, axe, sideways):
    page = new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    sign_in(page, UserFactory(time_zone="Europe/London"))
    page.goto("/my/events/")
    axe(page)
    page.get_by_role("main").get_by_role("link", name="Add event").first.click()
    page.get_by_label("Title").fill("Dentist")
    page.get_by_label("All day").check()
    axe(page)
    assert sideways(page) == []

    page.get_by_role("button", name="Save event").click()

    expect(page.get_by_role("link", name="Dentist", exact=True)).to_be_visible()
    assert sideways(page) == []
    row = OwnEvent.objects.get()
    assert (row.is_all_day, row.end - row.start >= timedelta(hours=23)) == (True, True)
