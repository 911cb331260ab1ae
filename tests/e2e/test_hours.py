"""In a browser: what typed working hours would leave outside, told at each change and without scripts by Check."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from appointments.models import Appointment
from appointments.services import booking
from appointments.states import Status
from core import clock
from providers import queries
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def provider(db):
    provider = ProviderFactory(name="Maya Okafor", policy__notice_minutes=0)
    give_hours(provider, {day: [("08:00", "18:00")] for day in range(7)})
    return provider


@pytest.fixture
def weekday(provider):
    """The weekday after tomorrow's, on which Ann is booked from 08:00 on."""
    day = clock.local(clock.now(), provider.zone).date() + timedelta(days=2)
    service = ServiceFactory(provider=provider, duration_minutes=60, name="First assessment")
    booking.book_appointment(
        service=service,
        start=clock.wall_minute_to_instant(day, 480, provider.zone),
        customer=UserFactory(name="Ann Doe"),
        terms=booking.terms_of(service),
        booking_key="ann",
    )
    return day.weekday()


def nothing_happened(provider):
    assert queries.week_of(provider) == {day: [(480, 1080)] for day in range(7)}
    assert Appointment.objects.get().status == Status.CONFIRMED


def test_each_change_of_a_field_tells_what_would_lie_outside(provider, weekday, page, sign_in, axe, sideways):
    sign_in(page, provider.user)
    page.goto("/studio/hours/")
    effect = page.get_by_role("complementary", name="Your week")
    expect(effect).to_contain_text("Your week as saved")

    start = page.locator(f"#start-{weekday}-0")
    start.fill("10:00")
    start.blur()

    expect(effect).to_contain_text("Booked outside the new hours")
    expect(effect.get_by_role("link", name="Ann Doe")).to_be_visible()
    expect(page.get_by_role("button", name="Check")).to_be_hidden()
    assert sideways(page) == []
    axe(page)
    page.locator(f"#add-{weekday}").click()
    expect(page.locator(f"#start-{weekday}-1")).to_be_focused()
    expect(effect).to_contain_text("Booked outside the new hours")
    nothing_happened(provider)


def test_without_scripts_check_tells_it(provider, weekday, new_page, sign_in):
    page = new_page(java_script_enabled=False, viewport={"width": 320, "height": 800})
    sign_in(page, provider.user)
    page.goto("/studio/hours/")
    page.locator(f"#start-{weekday}-0").fill("10:00")

    page.get_by_role("button", name="Check").click()

    expect(page.locator("#effect")).to_contain_text("It stays as agreed.")
    expect(page.locator(f"#start-{weekday}-0")).to_have_value("10:00")
    nothing_happened(provider)
