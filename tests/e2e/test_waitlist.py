"""In a browser: a place on a waitlist from joining to the appointment, with and without scripts."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from playwright.sync_api import expect

from appointments.models import Appointment, Offer, WaitlistPlace
from appointments.services import booking, transitions
from appointments.states import OfferState, PlaceState, Role, Status
from core import clock
from outbox.testing import deliver
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours
from tests.factories.waitlist import join, on

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def taken(db):
    """Maya’s only opening of the next two months, booked by somebody else. Who waits is asked at any hour."""
    policy = {"policy__window_days": 6, "policy__waitlist_at_night": True}
    maya = ProviderFactory(name="Maya Okafor", time_zone="Europe/London", **policy)
    day = clock.local(clock.now(), maya.zone).date() + timedelta(days=5)
    give_hours(maya, {day.weekday(): [("10:00", "10:45")]})
    service = ServiceFactory(provider=maya, duration_minutes=45, name="First assessment", slug="first-assessment")
    return booking.book_appointment(
        service=service,
        start=clock.wall_minute_to_instant(day, 600, maya.zone),
        customer=UserFactory(name="Ben Adeyemi"),
        terms=booking.terms_of(service),
        booking_key="one",
    ).appointment


@pytest.fixture
def ann(db):
    return UserFactory(name="Ann Doe", time_zone="Europe/London")


def cancel(one):
    transitions.cancel_appointment(appointment=one, actor=one.customer, role=Role.CUSTOMER)


def test_a_place_from_the_booked_up_page_to_the_appointment(either, taken, ann, sign_in, looks_fine):
    page = either
    sign_in(page, ann)
    page.goto(f"/providers/{taken.provider.slug}/")
    page.get_by_role("link", name="Join the waitlist").click()
    expect(page.get_by_role("heading", name="Join the waitlist")).to_be_visible()
    looks_fine(page)
    page.get_by_role("checkbox", name="Evening").uncheck()
    page.get_by_role("button", name="Join the waitlist").click()

    expect(page.get_by_text("You are on the waitlist of Maya.")).to_be_visible()
    expect(page.get_by_text("1st of 1 for First assessment: you are next")).to_be_visible()
    looks_fine(page)
    assert WaitlistPlace.objects.get().parts == 0b011

    cancel(taken)
    page.goto("/my/waitlist/")
    expect(page.get_by_role("heading", name="A place opened with Maya Okafor")).to_be_visible()
    looks_fine(page)
    page.get_by_role("link", name="See the time with Maya Okafor").click()
    expect(page.get_by_role("heading", name="A place opened.")).to_be_visible()
    looks_fine(page)
    page.get_by_role("button", name="Book this time").click()

    expect(page.get_by_role("heading", name="You are booked.")).to_be_visible()
    assert Appointment.objects.get(status=Status.CONFIRMED).customer == ann


def test_a_visitor_signs_in_on_the_way_and_finds_the_form_filled_in(either, taken, ann):
    page = either
    page.goto(f"/waitlist/{taken.provider.slug}/first-assessment/")
    page.get_by_role("checkbox", name="Evening").uncheck()
    page.get_by_role("button", name="Join the waitlist").click()
    expect(page.get_by_text("press Join once more")).to_be_visible()


def test_the_mail_takes_it_without_signing_in(either, taken, ann, looks_fine):
    page = either
    place = join(taken.service, ann, **on(taken.start.date()))
    cancel(taken)
    deliver()
    letter = [each for each in mail.outbox if each.subject.startswith("A place opened")][-1]

    page.goto(re.search(r"See the time:\n(\S+)", letter.body)[1])
    looks_fine(page)
    page.get_by_role("button", name="Book this time").click()

    expect(page.get_by_role("heading", name="You have taken this time.")).to_be_visible()
    looks_fine(page)
    place.refresh_from_db()
    assert place.state == PlaceState.BOOKED


def test_passing_on_a_phone_in_the_dark(new_page, taken, ann, sign_in, axe):
    join(taken.service, ann, **on(taken.start.date()))
    cancel(taken)
    phone = new_page(viewport={"width": 320, "height": 700}, has_touch=True, is_mobile=True, color_scheme="dark")
    sign_in(phone, ann)
    phone.goto("/my/appointments/")
    axe(phone)
    phone.get_by_role("link", name="See the time").tap()

    phone.get_by_role("button", name="Pass, and keep my place").tap()

    expect(phone.get_by_text("You keep your place for the next time that opens.")).to_be_visible()
    axe(phone)
    assert Offer.objects.get().state == OfferState.PASSED


def test_a_provider_offers_a_time_by_hand_and_removes_somebody(either, taken, ann, sign_in, looks_fine):
    page, maya = either, taken.provider
    join(taken.service, ann, **on(taken.start.date()))
    ben = join(taken.service, UserFactory(name="Cleo Ashby"), **on(taken.start.date()))
    give_hours(maya, {taken.start.weekday(): [("10:00", "12:00")]})
    sign_in(page, maya.user)
    page.goto("/studio/waitlist/")
    looks_fine(page)

    page.get_by_role("link", name="Offer a time to Cleo Ashby").click()
    looks_fine(page)
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Offer this time").click()
    expect(page.get_by_text("is held for Cleo until")).to_be_visible()
    assert Offer.objects.get().place_id == ben.pk

    page.get_by_role("link", name="Remove Ann Doe").click()
    looks_fine(page)
    page.get_by_label("Why?").fill("Please call me first")
    page.get_by_role("button", name="Take off the waitlist").click()
    expect(page.get_by_text("Ann Doe is off your waitlist.")).to_be_visible()
