"""In a browser: the third late cancellation suspends, its person signs in again, reads why, and appeals."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from accounts.models import Appeal, Ban
from appointments.models import Appointment, LateCancellation
from appointments.services import booking
from core import clock
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "correct horse battery"


@pytest.fixture
def person(db):
    """A customer with two late cancellations, who has an appointment in six hours and one next week."""
    person = UserFactory(name="Amara Nwosu", email="amara@example.com", time_zone="UTC")
    provider = ProviderFactory(time_zone="UTC", name="Maya Okafor", policy__cancellation_cutoff_minutes=0)
    provider.policy.notice_minutes = 0
    provider.policy.save()
    give_hours(provider, {day: [("00:00", "24:00")] for day in range(7)})
    service = ServiceFactory(provider=provider, duration_minutes=30, name="First assessment")
    soon = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=6)
    for start in (soon, soon + timedelta(days=7)):
        booking.book_appointment(
            service=service,
            start=start,
            customer=person,
            terms=booking.terms_of(service),
            booking_key=f"{start:%d%H}",
        )
    for days in (1, 2):
        at = clock.now() - timedelta(days=days)
        LateCancellation.objects.create(person=person, occasion=uuid4(), at=at)
    return person


def test_the_third_late_cancellation_signs_out_says_why_and_takes_an_appeal(person, page, sign_in, axe, sideways):
    sign_in(page, person)
    page.goto("/my/standing/")
    expect(page.get_by_role("img", name="2 of 3 used")).to_be_visible()
    axe(page)
    assert sideways(page) == []

    soonest, other = Appointment.objects.filter(customer=person).order_by("start")
    page.goto(f"/my/appointments/{soonest.reference}/cancel/")
    expect(page.get_by_text("your other appointment is cancelled")).to_be_visible()
    page.get_by_role("button", name="Cancel and be suspended").click()

    expect(page).to_have_url(re.compile("/suspended/$"))
    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible()
    axe(page)
    page.goto("/my/appointments/")
    expect(page).to_have_url(re.compile("/accounts/login/"))
    other.refresh_from_db()
    assert other.status == "cancelled"
    page.goto("/suspended/")
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    page.get_by_label("Email").fill(person.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("heading", name="Booking is suspended.")).to_be_visible()
    expect(page.get_by_text("Your upcoming appointment was cancelled.")).to_be_visible()
    axe(page)
    assert sideways(page) == []
    page.goto("/my/appointments/")
    expect(page.get_by_role("heading", name="Booking is suspended.")).to_be_visible()

    page.get_by_label("What should we know?").fill("My train was late.")
    page.get_by_role("button", name="Send appeal").click()
    expect(page.get_by_text("is with our staff.")).to_be_visible()
    axe(page)
    appeal = Appeal.objects.get()
    assert (appeal.ban, appeal.text) == (Ban.objects.get(), "My train was late.")

    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.goto("/my/appointments/")
    expect(page.get_by_role("main").get_by_role("button", name="Sign in", exact=True)).to_be_visible()
