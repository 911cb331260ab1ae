"""A provider asks why a time is not offered: by a click into the week, and by the form without scripts."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from appointments.services import booking
from core import clock
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory

ALWAYS = {weekday: [("00:00", "24:00")] for weekday in range(7)}


@pytest.fixture
def maya(transactional_db):
    return ProviderFactory(name="Maya Okafor", hours=ALWAYS)


@pytest.fixture
def service(maya):
    return ServiceFactory(
        provider=maya, name="First assessment", slug="first", duration_minutes=60, buffer_after_minutes=20
    )


@pytest.fixture
def omar(service):
    """An appointment at a full hour, in a week that shows nothing else."""
    start = clock.now().replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=7)
    terms = booking.terms_of(service)
    person = UserFactory(name="Omar Aziz")
    return booking.book_appointment(
        service=service, start=start, customer=person, terms=terms, booking_key="omar"
    ).appointment


def local_day(appointment):
    return clock.local(appointment.start, appointment.provider.zone)


def test_a_click_into_the_week_asks_about_that_quarter_of_an_hour(page, sign_in, axe, sideways, maya, omar):
    sign_in(page, maya.user)
    there = local_day(omar)
    page.goto(f"/studio/?day={there:%Y-%m-%d}")
    day = page.locator(".wday__grid", has=page.locator(".ev"))

    # Five minutes after the end of the appointment, in a week that shows whole days.
    day.click(position={"x": 20, "y": day.bounding_box()["height"] * (there.hour * 60 + 65) / (24 * 60)})

    expect(page).to_have_url(re.compile(rf"/studio/why-not/\?date={there:%Y-%m-%d}&time={there.hour + 1}:00$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{there.hour + 1}:00 not offered?")
    expect(page.get_by_text("Free time after Omar Aziz")).to_be_visible()
    axe(page)
    assert sideways(page) == []

    page.get_by_role("link", name="See the appointment").click()
    expect(page.get_by_role("heading", name="First assessment")).to_be_visible()


def test_a_click_on_an_appointment_still_opens_it(page, sign_in, maya, omar):
    sign_in(page, maya.user)
    page.goto(f"/studio/?day={local_day(omar):%Y-%m-%d}")

    page.locator(".ev").click()

    expect(page).to_have_url(re.compile(omar.reference))


def test_without_scripts_the_link_below_the_week_leads_to_the_form(plain_page, sign_in, maya, omar):
    sign_in(plain_page, maya.user)
    plain_page.goto("/studio/")
    expect(plain_page.get_by_text("Or click into the week.")).to_be_hidden()
    plain_page.get_by_role("link", name="Why is a time not offered?").click()

    plain_page.get_by_role("button", name="Ask").click()
    expect(plain_page.get_by_role("heading", level=1)).to_have_text("Why is a time not offered?")
    there = local_day(omar)
    plain_page.get_by_label("Date").fill(f"{there:%Y-%m-%d}")
    plain_page.get_by_label("Start").fill(f"{there:%H:%M}")
    plain_page.get_by_role("button", name="Ask").click()

    expect(plain_page.get_by_text("Appointment of Omar Aziz")).to_be_visible()


def test_a_phone_reads_the_reasons_first(phone_page, sign_in, axe, maya, omar):
    sign_in(phone_page, maya.user)
    there = local_day(omar)
    phone_page.goto(f"/studio/why-not/?date={there:%Y-%m-%d}&time={there:%H:%M}")

    tops = [phone_page.locator(part).bounding_box()["y"] for part in (".whycard", ".whyok", ".side form")]
    assert tops == sorted(tops)
    axe(phone_page)
