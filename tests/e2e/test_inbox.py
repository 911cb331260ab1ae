"""In a browser: what a person was told, read and answered from there, and how and when they want to be told."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from appointments.services import booking, proposals
from appointments.states import Role
from core import clock
from notifications import preferences
from notifications.models import EMAIL, INBOX, InboxItem, Topic
from notifications.rules import QuietHours
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, give_hours

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def moved(db):
    """Ann's appointment in five days, for which Maya asks for another time."""
    maya = ProviderFactory(name="Maya Okafor", time_zone="Europe/London")
    give_hours(maya, {day: [("09:00", "17:00")] for day in range(7)})
    service = ServiceFactory(provider=maya, duration_minutes=45, slot_interval_minutes=60, name="First assessment")
    day = clock.local(clock.now(), maya.zone).date() + timedelta(days=5)
    appointment = booking.book_appointment(
        service=service,
        start=clock.wall_minute_to_instant(day, 600, maya.zone),
        customer=UserFactory(name="Ann Doe", time_zone="Europe/London"),
        terms=booking.terms_of(service),
        booking_key="one",
    ).appointment
    later = appointment.start + timedelta(hours=2)
    proposals.propose_time(appointment=appointment, start=later, actor=maya.user, role=Role.PROVIDER)
    return appointment


def test_a_person_reads_what_waits_for_them_and_answers_it(either, moved, sign_in, looks_fine):
    page = either
    sign_in(page, moved.customer)
    page.goto("/my/appointments/")

    page.get_by_role("link", name="Notifications, 1 new").click()
    expect(page.get_by_role("heading", name="Notifications", exact=True)).to_be_visible()
    looks_fine(page)
    page.get_by_role("link", name="New: Maya Okafor asks for another time", exact=True).click()

    assert page.url.endswith(f"/my/appointments/{moved.reference}/answer/")
    expect(page.get_by_role("link", name="Notifications", exact=True)).to_be_visible()
    assert not InboxItem.objects.filter(reader=moved.customer, read_at=None).exists()


def test_what_waits_for_an_answer_comes_first_on_a_phone_and_stands_beside_the_list_on_a_desk(
    page, phone_page, moved, sign_in
):
    boxes = {}
    for each in (page, phone_page):
        sign_in(each, moved.customer)
        each.goto("/my/notifications/")
        waiting, told = each.locator(".inbox__waiting"), each.locator(".inbox__told")
        expect(waiting.get_by_role("link", name="A new time from Maya")).to_be_visible()
        boxes[each] = waiting.bounding_box(), told.bounding_box()

    desk_waiting, desk_told = boxes[page]
    phone_waiting, phone_told = boxes[phone_page]
    assert desk_waiting["x"] > desk_told["x"] + desk_told["width"]
    assert desk_waiting["y"] == desk_told["y"]
    assert phone_waiting["y"] + phone_waiting["height"] <= phone_told["y"]


def test_a_provider_marks_all_as_read_from_the_studio(either, moved, sign_in, looks_fine):
    page = either
    sign_in(page, moved.provider.user)
    page.goto("/studio/")

    page.get_by_role("link", name="Notifications, 1 new").click()
    page.get_by_role("link", name="New 1").click()
    expect(page.get_by_role("link", name="New: New appointment: First assessment with Ann Doe")).to_be_visible()
    page.get_by_role("button", name="Mark all as read").click()

    expect(page.get_by_text("All is marked as read.")).to_be_visible()
    expect(page.get_by_role("button", name="Mark all as read")).to_have_count(0)
    looks_fine(page)


def test_a_person_chooses_by_which_way_and_when_they_are_told(either, moved, sign_in, looks_fine):
    page, ann = either, moved.customer
    sign_in(page, ann)
    page.goto("/my/settings/notifications/")
    looks_fine(page)

    page.get_by_role("checkbox", name="What you did yourself, Here").uncheck()
    page.get_by_role("checkbox", name="Reminders, Email").uncheck()
    page.get_by_role("checkbox", name="Keep quiet, London time").check()
    page.get_by_label("From").fill("21:30")
    page.get_by_label("Until").fill("06:45")
    page.get_by_role("button", name="Save notifications").click()

    expect(page.get_by_text("What you are told about is saved.")).to_be_visible()
    expect(page.get_by_role("radio", name="My own choice")).to_be_checked()
    expect(page.get_by_text("reaches you at 06:45")).to_be_visible()
    choice = preferences.choice_of(ann)
    assert choice.off == {(INBOX, Topic.RECEIPTS), (EMAIL, Topic.REMINDERS)}
    assert choice.quiet == QuietHours(21 * 60 + 30, 6 * 60 + 45)


def test_one_name_for_many_ticks_boxes_at_once_and_leaves_the_inbox_alone(page, moved, sign_in):
    sign_in(page, moved.customer)
    page.goto("/my/settings/notifications/")

    page.get_by_role("radio", name="Nothing but essentials").check()

    expect(page.get_by_role("checkbox", name="Reminders, Email")).not_to_be_checked()
    expect(page.get_by_role("checkbox", name="Reminders, Here")).to_be_checked()


def test_a_phone_in_the_dark_shows_the_inbox_whole(new_page, moved, sign_in, axe, sideways):
    phone = new_page(viewport={"width": 320, "height": 700}, has_touch=True, is_mobile=True, color_scheme="dark")
    sign_in(phone, moved.customer)

    phone.goto("/my/notifications/")

    axe(phone)
    assert sideways(phone, [320]) == []
    expect(phone.get_by_role("link", name="Answer: Maya Okafor asks for another time")).to_be_visible()
