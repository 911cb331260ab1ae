"""In a browser: time off with appointments inside, with and without scripts, and a day cancelled on a phone."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from appointments.models import Appointment
from appointments.services import booking
from appointments.states import Status
from core import clock
from providers.models import TimeOff
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
    """The day after tomorrow, with Ann at 10:15 and Ben at 12:15, in a zone whose clocks are a quarter apart."""
    day = clock.local(clock.now(), provider.zone).date() + timedelta(days=2)
    service = ServiceFactory(provider=provider, duration_minutes=45, slot_interval_minutes=15, name="First assessment")
    for name, minute in (("Ann Doe", 615), ("Ben Doe", 735)):
        booking.book_appointment(
            service=service,
            start=clock.wall_minute_to_instant(day, minute, provider.zone),
            customer=UserFactory(name=name, time_zone="Europe/London"),
            terms=booking.terms_of(service),
            booking_key=name,
        )
    return day


def ask(page, day):
    page.goto("/studio/time-off/")
    page.get_by_role("main").get_by_role("link", name="Add time off").first.click()
    page.get_by_label("First day").fill(day.isoformat())
    page.get_by_label("Last day").fill(day.isoformat())
    page.get_by_label("Reason").fill("Ill")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Check your time off")).to_be_visible()


def statuses():
    return list(Appointment.objects.order_by("start").values_list("status", flat=True))


def test_each_choice_is_weighed_at_once_by_keyboard_and_saving_does_it(provider, day, page, sign_in, axe, sideways):
    sign_in(page, provider.user)
    page.goto("/studio/time-off/new/")
    axe(page)
    assert sideways(page) == []
    ask(page, day)
    expect(page.get_by_role("button", name="Save and cancel 2")).to_be_visible()
    axe(page)
    assert sideways(page) == []

    page.get_by_label("A word to those").fill("Sorry, Ben.")
    cancel_ann = page.get_by_role("group", name="Ann Doe").get_by_role("radio", name="Cancel")
    cancel_ann.focus()
    page.keyboard.press("ArrowRight")

    expect(page.get_by_role("button", name="Save and cancel 1")).to_be_visible()
    expect(page.get_by_text("Keeps 1: Ann")).to_be_visible()
    expect(page.get_by_role("group", name="Ann Doe").get_by_role("radio", name="Keep")).to_be_focused()
    expect(page.get_by_label("A word to those")).to_have_value("Sorry, Ben.")
    page.get_by_role("button", name="Save and cancel 1").click()

    expect(page.get_by_text("1 appointment cancelled, 3 other times offered. We tell Ben.")).to_be_visible()
    axe(page)
    assert sideways(page) == []
    assert statuses() == [Status.CONFIRMED, Status.CANCELLED]

    page.goto(f"/studio/?day={day.isoformat()}")
    expect(page.locator('.ev[data-state="off"]').first).to_be_visible()
    axe(page)


def test_without_scripts_the_button_does_what_was_chosen(provider, day, plain_page, sign_in):
    sign_in(plain_page, provider.user)
    ask(plain_page, day)

    plain_page.get_by_role("group", name="Ben Doe").get_by_text("Keep").click()
    plain_page.get_by_role("button", name="Save and cancel 2").click()

    expect(plain_page.get_by_text("1 appointment cancelled, 3 other times offered. We tell Ann.")).to_be_visible()
    assert statuses() == [Status.CANCELLED, Status.CONFIRMED]
    assert TimeOff.objects.get().all_day


def test_a_whole_day_is_cancelled_on_a_phone_in_the_dark(provider, day, new_page, sign_in, axe):
    page = new_page(viewport={"width": 320, "height": 700}, has_touch=True, is_mobile=True, color_scheme="dark")
    sign_in(page, provider.user)
    page.goto(f"/studio/cancel-day/{day.isoformat()}/")
    axe(page)

    page.get_by_role("button", name="Cancel 2").tap()

    expect(page.get_by_text("2 appointments cancelled, 6 other times offered. We tell Ann, Ben.")).to_be_visible()
    assert statuses() == [Status.CANCELLED, Status.CANCELLED]
    assert not TimeOff.objects.exists()
