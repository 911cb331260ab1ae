"""In a browser: other times offered instead of an appointment, and one of them taken, with and without scripts."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from playwright.sync_api import expect

from appointments.models import Appointment, Offer
from appointments.services import booking
from appointments.states import OfferState, Status
from core import clock
from outbox.testing import deliver
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def maya(db):
    provider = ProviderFactory(name="Maya Okafor", time_zone="Asia/Kathmandu", policy__accepts_at_once=False)
    give_hours(provider, {day: [("09:00", "17:00")] for day in range(7)})
    return provider


@pytest.fixture
def appointment(maya):
    """Ann's request in five days at ten in the morning, by a clock that is a quarter apart from hers."""
    day = clock.local(clock.now(), maya.zone).date() + timedelta(days=5)
    service = ServiceFactory(provider=maya, duration_minutes=45, slot_interval_minutes=60, name="First assessment")
    return booking.book_appointment(
        service=service,
        start=clock.wall_minute_to_instant(day, 600, maya.zone),
        customer=UserFactory(name="Ann Doe", time_zone="Europe/London"),
        terms=booking.terms_of(service),
        booking_key="one",
    ).appointment


def call_off(page, appointment, maya, sign_in):
    """Cancel the whole day with three other times for Ann."""
    day = clock.local(appointment.start, maya.zone).date()
    sign_in(page, maya.user)
    page.goto(f"/studio/cancel-day/{day.isoformat()}/")
    expect(page.get_by_role("radio", name="Offer 3 times")).to_be_checked()
    expect(page.locator(".offers3 .slot-chip")).to_have_count(3)


def test_a_provider_looks_for_other_times_and_offers_them(either, appointment, maya, sign_in, looks_fine):
    page = either
    call_off(page, appointment, maya, sign_in)
    looks_fine(page)
    first = page.locator(".offers3 .slot-chip").all_inner_texts()

    page.get_by_role("button", name="Change the times for Ann Doe").click()
    expect(page.locator(".offers3 .slot-chip").first).not_to_have_text(first[0])
    page.get_by_role("button", name="Decline 1").click()

    expect(page.get_by_text("1 request declined, 3 other times offered. We tell Ann.")).to_be_visible()
    assert Offer.objects.count() == 3
    page.goto(f"/studio/appointments/{appointment.reference}/")
    expect(page.get_by_role("heading", name="Offered instead")).to_be_visible()
    looks_fine(page)
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("You no longer offer another time.")).to_be_visible()
    assert {each.state for each in Offer.objects.all()} == {OfferState.WITHDRAWN}


def test_a_customer_takes_one_from_the_mail(either, appointment, maya, sign_in, looks_fine):
    page = either
    call_off(page, appointment, maya, sign_in)
    page.get_by_role("button", name="Decline 1").click()
    expect(page.get_by_text("1 request declined")).to_be_visible()
    page.context.clear_cookies()
    deliver()
    letter = [each for each in mail.outbox if "Three other times" in each.subject][-1]

    page.goto(re.search(r"Choose a time:\n(\S+)", letter.body)[1])
    expect(page.get_by_role("heading", name="Maya offers you three other times")).to_be_visible()
    expect(page.get_by_text("for you in London").first).to_be_visible()
    looks_fine(page)
    page.get_by_role("radio").nth(1).check()
    page.get_by_role("button", name="Book this time").click()

    expect(page.get_by_text("You are booked:")).to_be_visible()
    expect(page.get_by_text("You chose")).to_be_visible()
    looks_fine(page)
    made = Appointment.objects.get(status=Status.CONFIRMED)
    assert made.start == Offer.objects.get(state=OfferState.TAKEN).start


def test_a_customer_passes_them_on_a_phone_in_the_dark(new_page, page, appointment, maya, sign_in, axe):
    call_off(page, appointment, maya, sign_in)
    page.get_by_role("button", name="Decline 1").click()
    expect(page.get_by_text("1 request declined")).to_be_visible()
    phone = new_page(viewport={"width": 320, "height": 700}, has_touch=True, is_mobile=True, color_scheme="dark")
    sign_in(phone, appointment.customer)
    phone.goto("/my/appointments/")
    axe(phone)

    phone.get_by_role("link", name="Choose a time").tap()
    phone.get_by_role("button", name="None of these suit me").tap()

    expect(phone.get_by_text("These times are open to others again.")).to_be_visible()
    assert {each.state for each in Offer.objects.all()} == {OfferState.PASSED}
