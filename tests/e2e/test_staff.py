"""Staff look after the place: overview, lists, an appointment and its acts, by keyboard, with scripts and without."""

from datetime import timedelta

import pytest
from django.contrib.admin import site
from playwright.sync_api import expect

from appointments.models import Appointment
from appointments.services import booking
from core import clock
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory

ALWAYS = {weekday: [("00:00", "24:00")] for weekday in range(7)}
# What axe finds in the theme's own markup, and nothing of ours: its switches and read-only fields have labels without
# a field, and its lists of rights have selects that scripts name.
OF_THE_THEME = ("label", "select-name", "form-field-multiple-labels", "empty-table-header")


@pytest.fixture
def sam(transactional_db):
    return UserFactory(name="Sam Otieno", is_staff=True, is_superuser=True, time_zone="Asia/Kathmandu")


@pytest.fixture
def appointment(transactional_db):
    service = ServiceFactory(provider=ProviderFactory(name="Maya Okafor", hours=ALWAYS), duration_minutes=60)
    start = clock.now().replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=7)
    return booking.book_appointment(
        service=service, start=start, customer=UserFactory(name="Ana Costa"), terms=None, booking_key="one"
    ).appointment


def test_staff_find_an_appointment_and_cancel_it_with_a_reason(either, sign_in, sam, appointment):
    page = either
    sign_in(page, sam)
    page.goto("/admin/")

    page.get_by_label("Search by reference").fill(appointment.reference)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=f"Appointment {appointment.reference}").click()
    expect(page.get_by_text("15:45 to 16:45, Kathmandu time")).to_be_visible()
    page.get_by_role("link", name="Cancel for the customer").click()
    page.get_by_label("Reason").fill("Train strike")
    page.get_by_role("button", name="Cancel for the customer").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text(appointment.reference)
    expect(page.get_by_text("“On behalf of the customer: Train strike”")).to_be_visible()
    assert Appointment.objects.get().status == "cancelled"


def test_the_pages_of_staff_are_sound_in_both_schemes_and_at_every_width(
    page, sign_in, axe, sideways, sam, appointment
):
    sign_in(page, sam)
    wrong = {}
    for address in (
        "/admin/",
        "/admin/search/?q=maya",
        "/admin/appointments/appointment/",
        f"/admin/appointments/appointment/{appointment.pk}/change/?act=cancel",
        f"/admin/accounts/user/{appointment.customer_id}/change/?act=suspend",
        f"/admin/providers/provider/{appointment.provider_id}/change/",
        "/admin/appointments/appointment/why-not/",
    ):
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(address)
        axe(page, but=OF_THE_THEME)
        if found := sideways(page):
            wrong[address] = found

    assert wrong == {}


def test_every_list_works_without_scripts_and_is_reached_by_the_menu(plain_page, sign_in, sam, appointment):
    page = plain_page
    sign_in(page, sam)
    page.goto("/admin/")
    links = [link.get_attribute("href") for link in page.locator(".rail__group a").all()]

    for address in dict.fromkeys(links):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()

    assert len(set(links)) > 15 and len(site._registry) > 20
