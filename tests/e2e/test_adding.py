"""A provider adds an appointment for a customer: found while typing, with what it overrides named at once, and by the
form alone without scripts."""

from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from appointments.models import Appointment
from appointments.services import booking
from core import clock
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory

DAYS = {weekday: [("09:00", "17:00")] for weekday in range(7)}


@pytest.fixture
def maya(transactional_db):
    return ProviderFactory(name="Maya Okafor", time_zone="Europe/London", hours=DAYS)


@pytest.fixture
def tess(maya):
    """A customer who has booked, and whom a search by name finds."""
    service = ServiceFactory(
        provider=maya, name="First assessment", slug="first", duration_minutes=60, price=Decimal(58)
    )
    start = clock.now().replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=7)
    start = start - (clock.local(start, maya.zone).utcoffset() or timedelta())
    tess = UserFactory(name="Tess Byrne", email="tess@example.com")
    terms = booking.terms_of(service)
    booking.book_appointment(service=service, start=start, customer=tess, terms=terms, booking_key="tess")
    return tess


def test_what_it_overrides_is_named_while_the_form_is_filled_in(page, sign_in, axe, sideways, maya, tess):
    sign_in(page, maya.user)
    page.goto("/studio/")
    page.get_by_role("link", name="Add appointment").click()
    day = clock.local(clock.now(), maya.zone) + timedelta(days=7)

    page.get_by_label("Customer", exact=True).press_sequentially("tess")
    page.get_by_role("radio", name="Tess Byrne").check()
    page.get_by_label("Date").fill(f"{day:%Y-%m-%d}")
    page.get_by_label("Start").fill("10:30")
    page.get_by_label("Start").blur()
    expect(page.get_by_text("Another appointment’s time can never be overridden.")).to_be_visible()

    page.get_by_label("Start").fill("18:15")
    page.get_by_label("Price in").fill("50")
    page.get_by_label("Price in").blur()
    expect(page.get_by_role("heading", name="You override 2 of your rules")).to_be_visible()
    expect(page.get_by_text("£50 instead of £58")).to_be_visible()
    axe(page)
    assert sideways(page) == []
    page.get_by_role("button", name="Add appointment, override 2 rules").click()

    expect(page.get_by_text("Tess is told by email.")).to_be_visible()
    expect(page.get_by_text("Overridden: Outside working hours")).to_be_visible()
    added = Appointment.objects.get(entered_by="provider")
    assert (added.customer, added.price) == (tess, 50)


def test_without_scripts_somebody_new_is_invited_by_the_same_form(plain_page, sign_in, maya, tess):
    page = plain_page
    sign_in(page, maya.user)
    page.goto("/studio/appointments/new/")
    day = clock.local(clock.now(), maya.zone) + timedelta(days=7)

    page.get_by_label("Customer", exact=True).fill("nora@example.com")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("radio", name="Invite somebody new").check()
    page.get_by_label("Their name").fill("Nora Finch")
    page.get_by_label("Date").fill(f"{day:%Y-%m-%d}")
    page.get_by_label("Start").fill("14:00")
    page.get_by_role("button", name="Add appointment").click()

    expect(page.get_by_text("Nora is told by email.")).to_be_visible()
    assert Appointment.objects.get(entered_by="provider").customer.invited_email == "nora@example.com"
