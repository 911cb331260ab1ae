"""Changing the time of an appointment in a real browser: asking, answering, and taking back, by either side."""

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from appointments import links
from appointments.models import Appointment, Proposal
from appointments.pages import month_picker
from appointments.services import booking, proposals, transitions
from appointments.states import Role
from core import clock
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory

pytestmark = pytest.mark.django_db(transaction=True)

LONDON = ZoneInfo("Europe/London")


def day(number):
    return clock.local(clock.now(), LONDON).date() + timedelta(days=number)


def at(number, hour):
    return datetime.combine(day(number), time(hour), tzinfo=LONDON)


@pytest.fixture
def amara(db):
    return UserFactory(name="Amara Nwosu")


@pytest.fixture
def maya(db):
    hours = {weekday: [("09:00", "17:00")] for weekday in range(7)}
    return ProviderFactory(name="Maya Okafor", slug="maya-okafor", hours=hours, policy__accepts_at_once=False)


@pytest.fixture
def appointment(amara, maya):
    """Agreed for ten in the morning, in five days."""
    service = ServiceFactory(provider=maya, name="First assessment", slug="first-assessment", duration_minutes=60)
    made = booking.book_appointment(
        service=service, start=at(5, 10), customer=amara, terms=booking.terms_of(service), booking_key="one"
    ).appointment
    transitions.accept_request(appointment=made, actor=maya.user)
    return Appointment.objects.with_people().get(pk=made.pk)


@pytest.fixture
def propose(appointment):
    def propose(role, start):
        actor = appointment.customer if role is Role.CUSTOMER else appointment.provider.user
        proposals.propose_time(appointment=appointment, start=start, actor=actor, role=role, message="Sorry.")

    return propose


def choose(page, number, hour):
    """Choose a start in the picker: its day, its time, and without scripts the button that goes on."""
    if clock.local(at(number, hour), LONDON).month != clock.local(at(5, 10), LONDON).month:
        page.get_by_role("link", name=re.compile(f"^{at(number, hour):%B %Y}$")).click()
    page.get_by_role("link", name=re.compile(f"^{at(number, hour):%A} {day(number).day} ")).click()
    expect(page.get_by_role("heading", name=f"{day(number).day} {at(number, hour):%B}")).to_be_visible()
    page.locator(".slot", has_text=f"{hour:02}:00").click()
    go_on = page.get_by_role("button", name="Continue")
    if go_on.is_visible():
        go_on.click()


@pytest.mark.smoke
def test_a_customer_asks_for_another_time_and_the_provider_accepts(either, amara, maya, appointment, sign_in):
    page = either
    sign_in(page, amara)
    page.goto(reverse("my_appointment", args=[appointment.reference]))
    page.get_by_role("link", name="Reschedule").click()
    expect(page.get_by_text("Choose a new time")).to_be_visible()
    page.goto(f"{page.url}?day={day(6)}")
    choose(page, 6, 14)
    expect(page.get_by_text("Maya must accept").first).to_be_visible()
    page.get_by_label("Note to Maya").fill("My train is late.")
    page.get_by_role("button", name="Request this time").click()

    expect(page.get_by_role("status").get_by_text("Maya has your proposal")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Maya has your new time.")
    sign_in(page, maya.user)
    page.goto("/studio/requests/")
    expect(page.get_by_text("“My train is late.”")).to_be_visible()
    page.get_by_role("link", name="Amara asks for another time").click()
    page.get_by_role("button", name="Accept new time").click()
    expect(page.get_by_role("status").get_by_text("Accepted: it is now")).to_be_visible()
    appointment.refresh_from_db()
    assert appointment.start == at(6, 14)


def test_a_typed_note_outlives_another_day_and_a_time_that_was_taken(page, amara, appointment, sign_in):
    sign_in(page, amara)
    page.goto(f"{reverse('reschedule_appointment', args=[appointment.reference])}?day={day(5)}")
    choose(page, 5, 12)
    expect(page).to_have_url(re.compile(r"\?start="))
    expect(page).to_have_title(re.compile("12:00 – Reschedule"))
    page.get_by_label("Note to Maya").fill("My train is late.")
    page.locator(".slot", has_text="13:00").click()
    expect(page.locator("#move")).to_contain_text("13:00 to 14:00")
    expect(page.get_by_label("Note to Maya")).to_have_value("My train is late.")
    service = appointment.service
    booking.book_appointment(
        service=service, start=at(5, 13), customer=UserFactory(), terms=booking.terms_of(service), booking_key="x"
    )
    page.get_by_role("button", name="Request this time").click()

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("13:00 was just taken. Your present time and your note are kept.")
    expect(page.locator(":focus")).to_contain_text("was just taken")
    page.locator(".openings .slot-chip").first.click()
    expect(page.get_by_label("Note to Maya")).to_have_value("My train is late.")
    page.get_by_role("button", name="Request this time").click()
    expect(page.get_by_role("status").get_by_text("Maya has your proposal")).to_be_visible()
    assert Proposal.objects.get().message == "My train is late."


@pytest.mark.smoke
def test_a_customer_keeps_the_original_time_from_the_list(either, amara, appointment, propose, sign_in):
    page = either
    propose(Role.PROVIDER, at(6, 11))
    sign_in(page, amara)
    page.goto("/my/appointments/")
    expect(page.get_by_role("heading", name="Waiting for you")).to_be_visible()
    page.get_by_role("button", name="Keep original time").click()

    expect(page.get_by_role("status").get_by_text("The original time stays")).to_be_visible()
    appointment.refresh_from_db()
    assert (appointment.start, Proposal.objects.get().state) == (at(5, 10), "declined")


def test_neither_suits_so_another_time_is_suggested_and_taken_back(either, amara, appointment, propose, sign_in):
    page = either
    propose(Role.PROVIDER, at(6, 11))
    sign_in(page, amara)
    page.goto(reverse("answer_time", args=[appointment.reference]))
    page.get_by_role("link", name="Suggest another time").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Suggest another time")
    page.goto(f"{page.url}?start={month_picker.to_value(at(6, 15))}")
    page.get_by_role("button", name="Suggest this time").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Maya has your new time.")
    page.get_by_role("link", name="See both times").click()
    page.get_by_role("button", name="Withdraw the new time").click()

    expect(page.get_by_role("status").get_by_text("You took it back")).to_be_visible()
    assert set(Proposal.objects.values_list("state", flat=True)) == {"replaced", "withdrawn"}


def test_a_provider_proposes_a_time_outside_the_hours(either, maya, appointment, sign_in):
    page = either
    sign_in(page, maya.user)
    page.goto(reverse("studio_appointment", args=[appointment.reference]))
    page.get_by_role("link", name="Reschedule").click()
    page.get_by_text("A time that is not among your openings").click()
    page.get_by_label("Date").fill(day(6).isoformat())
    page.get_by_label("Start").fill("19:30")
    page.get_by_role("button", name="Use this time").click()
    expect(page.get_by_text("That is outside your working hours.")).to_be_visible()
    page.get_by_label("Note to Amara").fill("The only free hour.")
    page.get_by_role("button", name="Propose this time").click()

    expect(page.get_by_role("status").get_by_text("Amara has your proposal")).to_be_visible()
    assert Proposal.objects.get().start == at(6, 19) + timedelta(minutes=30)


def test_the_link_of_a_mail_answers_without_signing_in(either, appointment, propose):
    page = either
    propose(Role.PROVIDER, at(6, 11))
    token = links.token_for(appointment, Role.CUSTOMER, now=clock.now())
    page.goto(reverse("link", args=[token]))
    page.get_by_role("link", name="Answer the new time").click()
    page.get_by_role("button", name="Accept new time").click()

    expect(page.get_by_role("status").get_by_text("Accepted: it is now")).to_be_visible()
    page.goto(reverse("link_answer_time", args=[token]))
    expect(page.get_by_text("This has been settled.")).to_be_visible()
    expect(page.get_by_text("You accepted the new time.")).to_be_visible()


def test_every_page_of_a_change_reads_well(page, amara, maya, appointment, propose, sign_in, axe, sideways):
    mine, theirs = [appointment.reference], month_picker.to_value(at(6, 14))
    pages = [
        (amara, f"{reverse('reschedule_appointment', args=mine)}?start={theirs}"),
        (amara, reverse("reschedule_appointment", args=mine)),
        (maya.user, f"{reverse('studio_reschedule', args=mine)}?on={day(6)}&at=19:30"),
    ]
    asked = [
        (amara, reverse("answer_time", args=mine)),
        (amara, reverse("my_appointment", args=mine)),
        (amara, "/my/appointments/"),
        (maya.user, reverse("studio_answer_time", args=mine)),
        (maya.user, f"/studio/?day={day(6)}"),
    ]
    for who, address in pages:
        sign_in(page, who)
        page.goto(address)
        axe(page)
        assert sideways(page) == [], address
        page.set_viewport_size({"width": 1280, "height": 900})
    propose(Role.PROVIDER, at(6, 11))
    for who, address in asked:
        sign_in(page, who)
        page.goto(address)
        axe(page)
        assert sideways(page) == [], address
        page.set_viewport_size({"width": 1280, "height": 900})
    proposals.decline_time(proposal=Proposal.objects.with_appointment().get(), actor=amara, role=Role.CUSTOMER)
    propose(Role.CUSTOMER, at(6, 11))
    sign_in(page, maya.user)
    for address in (reverse("studio_answer_time", args=mine), "/studio/requests/", "/studio/"):
        page.goto(address)
        axe(page)
        assert sideways(page) == [], address
        page.set_viewport_size({"width": 1280, "height": 900})
