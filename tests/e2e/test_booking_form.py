"""How the booking form and the rows of appointments stand on the page, and what the keyboard does there."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from appointments.models import Appointment
from appointments.pages import month_picker
from appointments.services import booking, transitions
from appointments.states import Role
from core import clock
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def service(db):
    """An hour, in person or online, by somebody who is open every day from 09:00 to 17:00."""
    hours = {weekday: [("09:00", "17:00")] for weekday in range(7)}
    provider = ProviderFactory(name="Vikram Raghunathan", slug="vikram", hours=hours, is_online=True)
    return ServiceFactory(provider=provider, name="Guitar lesson", slug="guitar", duration_minutes=60)


@pytest.fixture
def amara(db):
    return UserFactory(name="Amara Nwosu")


def soon(hour=10):
    zone = clock.zone("Europe/London")
    day = clock.local(clock.now(), zone).date() + timedelta(days=3)
    return clock.wall_minute_to_instant(day, hour * 60, zone)


def book(service, customer, start, **changes):
    return booking.book_appointment(
        service=service,
        start=start,
        customer=customer,
        terms=booking.terms_of(service),
        booking_key=str(start),
        **changes,
    ).appointment


def box(locator):
    return locator.bounding_box()


def test_a_choice_that_nobody_made_has_the_edge_of_a_field_with_an_error(page, service, amara, sign_in, axe):
    sign_in(page, amara)
    page.goto(f"/book/vikram/guitar/?start={month_picker.to_value(soon())}")
    page.locator("#booking").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Book this time").click()

    where = page.get_by_role("group", name="Where")
    expect(where).to_contain_text("Choose where to meet")
    assert where.evaluate("box => getComputedStyle(box).borderInlineStartWidth") == "4px"
    axe(page)


def test_the_summary_stands_beside_the_form_and_its_leaf_beside_the_words(page, service, amara, sign_in):
    sign_in(page, amara)
    page.goto(f"/book/vikram/guitar/?start={month_picker.to_value(soon())}")

    form, summary = box(page.locator(".booking__form")), box(page.locator(".booking__summary"))
    leaf, words = box(page.locator(".booking__summary .leaf")), box(page.locator(".booking__summary .appt__main"))

    assert summary["x"] - (form["x"] + form["width"]) == 32
    assert abs(leaf["y"] - words["y"]) < 2


def test_enter_in_the_form_books_and_does_not_press_another_button(page, service, amara, sign_in):
    sign_in(page, amara)
    page.goto(f"/book/vikram/guitar/?start={month_picker.to_value(soon())}")
    page.get_by_role("radio", name="Online").check()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("You are booked.")
    assert Appointment.objects.get().venue == "online"


def test_openings_that_are_offered_instead_look_like_open_time_and_can_be_chosen(page, service, amara, sign_in, axe):
    sign_in(page, amara)
    page.goto(f"/book/vikram/guitar/?start={month_picker.to_value(soon())}")
    page.get_by_label("Anything Vikram should know").fill("Left knee")
    page.get_by_role("radio", name="Online").check()
    book(service, UserFactory(), soon(), venue="online")
    page.get_by_role("button", name="Book this time").click()

    expect(page.locator(".booking__said .slot-chip")).to_have_count(3)
    chip = page.locator(".booking__said .slot-chip").first
    soft = page.evaluate(
        """() => {
            const box = document.body.appendChild(document.createElement('i'));
            box.className = 'slot-chip';
            return getComputedStyle(box).backgroundColor;
        }"""
    )
    assert chip.evaluate("box => [getComputedStyle(box).backgroundColor, getComputedStyle(box).borderTopWidth]") == [
        soft,
        "0px",
    ]
    assert box(chip)["height"] >= 44
    axe(page)
    page.get_by_role("button", name="Another day").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Vikram Raghunathan")
    page.goto(f"/book/vikram/guitar/?start={month_picker.to_value(soon(12))}")
    expect(page.get_by_label("Anything Vikram should know")).to_have_value("Left knee")
    expect(page.get_by_role("radio", name="Online")).to_be_checked()


@pytest.mark.parametrize("name", ["Vikram Raghunathan", "Wolfeschlegelsteinhausenbergerdorff"])
def test_a_row_of_the_history_stays_inside_the_narrowest_page(new_page, service, amara, sign_in, name):
    service.provider.name = name
    service.provider.save()
    appointment = book(service, amara, soon(), venue="online")
    transitions.cancel_appointment(appointment=appointment, actor=service.provider.user, role=Role.PROVIDER)
    page = new_page(viewport={"width": 320, "height": 800})
    sign_in(page, amara)
    page.goto("/my/appointments/?tab=history")

    ends = [box(part)["x"] + box(part)["width"] for part in page.locator(".appt__side > *").all()]

    assert len(ends) == 2
    assert max(ends) <= 300
