"""A customer's own appointments in a real browser: finding one, reading what cancelling means, calling it off."""

import re
import uuid
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from appointments.models import Appointment, LateCancellation
from appointments.services import booking, transitions
from appointments.states import Role
from core import clock
from tests.factories.accounts import UserFactory
from tests.factories.appointments import demanded_by
from tests.factories.providers import ProviderFactory, ServiceFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def amara(db):
    return UserFactory(name="Amara Nwosu")


@pytest.fixture
def service(db):
    """At any hour, so that an appointment can be as near as a test wants."""
    hours = {weekday: [("00:00", "24:00")] for weekday in range(7)}
    provider = ProviderFactory(name="Maya Okafor", slug="maya-okafor", hours=hours, policy__notice_minutes=0)
    return ServiceFactory(provider=provider, name="First assessment", slug="first-assessment", duration_minutes=60)


@pytest.fixture
def book(amara, service):
    def book(*, hours: int, by_hand: bool = False) -> Appointment:
        service.confirmation = "by_hand" if by_hand else "at_once"
        service.save()
        start = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)
        terms = booking.terms_of(service)
        return booking.book_appointment(
            service=service, start=start, customer=amara, terms=terms, booking_key=f"in {hours} h"
        ).appointment

    return book


@pytest.mark.smoke
def test_the_next_appointment_is_cancelled_from_the_list(either, amara, book, sign_in):
    page, appointment = either, book(hours=50)
    sign_in(page, amara)
    page.goto("/my/appointments/")
    page.get_by_role("link", name="Cancel appointment").click()
    expect(page.get_by_text("Cancelling now is free and does not affect your standing.")).to_be_visible()
    page.get_by_label("Reason").fill("I am ill")
    page.get_by_role("button", name="Cancel appointment").click()

    expect(page.get_by_role("status").get_by_text("Your appointment is cancelled.")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Cancelled for")).to_contain_text("“I am ill”")
    page.goto("/my/appointments/")
    expect(page.get_by_text("Nothing is booked")).to_be_visible()
    expect(page.get_by_role("link", name="Book Maya again")).to_be_visible()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("listitem").filter(has_text="Cancelled by you")).to_have_count(1)
    appointment.refresh_from_db()
    assert appointment.status == "cancelled"


@pytest.fixture
def late_before(amara):
    """Late cancellations of the last days, as many as asked for."""

    def late_before(number: int) -> None:
        for n in range(number):
            at = clock.now() - timedelta(days=n + 1)
            LateCancellation.objects.create(person=amara, occasion=uuid.uuid4(), at=at)

    return late_before


def test_cancelling_late_says_what_it_counts_as_and_asks_again_when_that_grew(
    either, amara, book, sign_in, late_before
):
    page, appointment = either, book(hours=6)
    late_before(1)
    sign_in(page, amara)
    page.goto(reverse("my_appointment", args=[appointment.reference]))
    page.get_by_role("link", name="Cancel appointment").click()
    expect(page.get_by_text("This is a late cancellation.")).to_be_visible()
    expect(page.get_by_role("img", name="1 of 3 used, this would be the 2nd")).to_be_visible()
    LateCancellation.objects.create(person=amara, occasion=uuid.uuid4(), at=clock.now())  # in another tab
    page.get_by_label("Reason").fill("I am ill")
    page.get_by_role("button", name="Cancel and use my 2nd of 3").click()

    expect(page.get_by_role("alert")).to_contain_text("Nothing is cancelled yet.")
    expect(page.locator(":focus")).to_contain_text("Nothing is cancelled yet.")
    expect(page.get_by_text("This will be your 3rd late cancellation of 3.")).to_be_visible()
    expect(page.get_by_label("Reason")).to_have_value("I am ill")
    appointment.refresh_from_db()
    assert appointment.status == "confirmed"


@pytest.mark.smoke
def test_a_late_cancellation_is_called_that_afterwards(either, amara, book, sign_in):
    page, appointment = either, book(hours=6)
    sign_in(page, amara)
    page.goto(reverse("cancel_appointment", args=[appointment.reference]))
    expect(page.get_by_text("1st of 3", exact=True)).to_be_visible()
    page.get_by_role("button", name="Cancel and use my 1st of 3").click()

    expect(page.get_by_role("status").get_by_text("Your appointment is cancelled.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancelled by you.")
    expect(page.locator(".badge", has_text="Late cancellation")).to_be_visible()
    assert LateCancellation.objects.filter(person=amara).count() == 1


def test_the_third_signs_out_and_says_so_without_javascript(plain_page, amara, book, sign_in, late_before):
    # With it: tests/e2e/test_suspension.py, which goes on from there.
    page, appointment, other = plain_page, book(hours=6), book(hours=50)
    late_before(2)
    sign_in(page, amara)
    page.goto(reverse("cancel_appointment", args=[appointment.reference]))
    expect(page.get_by_text("your other appointment is cancelled")).to_be_visible()
    page.get_by_role("button", name="Cancel and be suspended").click()

    expect(page).to_have_url(re.compile(f"{reverse('suspended')}$"))
    page.goto("/my/appointments/")
    expect(page).to_have_url(re.compile("/accounts/login/"))
    other.refresh_from_db()
    assert other.status == "cancelled"


def test_what_cancelling_means_is_asked_on_top_of_the_page_and_left_again(page, amara, book, sign_in, axe):
    appointment = book(hours=50)
    sign_in(page, amara)
    for address in ("/my/appointments/", reverse("my_appointment", args=[appointment.reference])):
        page.goto(address)
        opener, dialog = page.get_by_role("link", name="Cancel appointment"), page.get_by_role("dialog")
        opener.click()
        expect(dialog.get_by_role("heading", name="Cancel this appointment?")).to_be_focused()
        expect(dialog.get_by_text("Cancelling now is free and does not affect your standing.")).to_be_visible()
        axe(page)
        dialog.get_by_role("link", name="Keep appointment").click()
        expect(dialog).to_have_count(0)
        expect(opener).to_be_focused()
        opener.press("Enter")
        expect(dialog.get_by_label("Reason")).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)

        expect(page).to_have_url(re.compile(f"{address}$"))


def test_on_a_phone_cancelling_has_its_own_page(phone_page, amara, book, sign_in):
    appointment = book(hours=50)
    sign_in(phone_page, amara)
    phone_page.goto("/my/appointments/")
    phone_page.get_by_role("link", name="Cancel appointment").tap()

    expect(phone_page).to_have_url(re.compile(reverse("cancel_appointment", args=[appointment.reference])))
    phone_page.get_by_role("link", name="Keep appointment").tap()
    expect(phone_page.get_by_role("heading", level=1)).to_have_text("You are booked.")


def _walk_to(page, name):
    """Tab by tab, as somebody without a mouse would."""
    page.wait_for_load_state()
    for _ in range(60):
        page.keyboard.press("Tab")
        here = page.evaluate("document.activeElement.innerText || document.activeElement.name || ''").strip()
        if here == name:
            return
    raise AssertionError(f"The keyboard does not reach {name}")


def test_an_appointment_is_found_and_cancelled_with_the_keyboard_alone(page, amara, book, sign_in):
    appointment = book(hours=50)
    sign_in(page, amara)
    page.goto("/my/appointments/")
    _walk_to(page, "See details")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are booked.")
    _walk_to(page, "Cancel appointment")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Cancelling now is free and does not affect your standing.")).to_be_visible()
    _walk_to(page, "reason")
    page.keyboard.type("I am ill")
    _walk_to(page, "Cancel appointment")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status").get_by_text("Your appointment is cancelled.")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Cancelled for")).to_contain_text("“I am ill”")
    appointment.refresh_from_db()
    assert appointment.status == "cancelled"


def test_a_request_is_withdrawn(either, amara, book, sign_in):
    page, appointment = either, book(hours=50, by_hand=True)
    sign_in(page, amara)
    page.goto("/my/appointments/?tab=waiting")
    page.get_by_role("link", name="First assessment").click()
    expect(page.get_by_text("It is not confirmed yet.")).to_be_visible()
    page.get_by_role("link", name="Withdraw request").click()
    page.get_by_role("button", name="Withdraw request").click()

    expect(page.get_by_role("status").get_by_text("Your request is withdrawn.")).to_be_visible()
    appointment.refresh_from_db()
    assert appointment.status == "cancelled"


def test_a_window_that_closed_while_reading_is_said_instead_of_acting(either, amara, book, sign_in, service):
    page, appointment = either, book(hours=50)
    sign_in(page, amara)
    page.goto(reverse("cancel_appointment", args=[appointment.reference]))
    policy = service.provider.policy
    policy.cancellation_cutoff_minutes = 60 * 24 * 7
    policy.save()
    page.get_by_role("button", name="Cancel appointment").click()

    expect(page.get_by_role("alert")).to_contain_text("so nothing was cancelled.")
    expect(page.locator(":focus")).to_contain_text("so nothing was cancelled.")
    expect(page.get_by_role("link", name=service.provider.user.email)).to_be_visible()
    expect(page.get_by_role("button", name="Cancel appointment")).to_have_count(0)
    appointment.refresh_from_db()
    assert appointment.status == "confirmed"


def test_a_page_left_open_shows_how_it_stands_now(page, amara, book, sign_in, service):
    appointment = book(hours=50, by_hand=True)
    sign_in(page, amara)
    page.goto(reverse("withdraw_request", args=[appointment.reference]))
    transitions.accept_request(appointment=appointment, actor=service.provider.user)
    page.get_by_role("button", name="Withdraw request").click()

    expect(page.get_by_role("alert")).to_contain_text("This appointment is already confirmed.")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are booked.")


def test_the_calendar_entry_is_a_file(page, amara, book, sign_in):
    appointment = book(hours=50)
    sign_in(page, amara)
    page.goto(reverse("my_appointment", args=[appointment.reference]))

    with page.expect_download() as download:
        page.get_by_role("link", name="Add to calendar").click()

    assert download.value.suggested_filename == f"appointment-{appointment.reference}.ics"


def test_history_is_searched_and_paged_without_scripts(plain_page, amara, service, sign_in):
    start = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=60)
    Appointment.objects.bulk_create(
        Appointment(
            customer=amara,
            provider=service.provider,
            service=service,
            status="no_show" if n == 3 else "completed",
            start=start + timedelta(days=n),
            end=start + timedelta(days=n, hours=1),
            price=40,
            currency="GBP",
            booking_key=f"row {n}",
            **demanded_by("completed", start + timedelta(days=n)),
        )
        for n in range(25)
    )
    page = plain_page
    sign_in(page, amara)
    page.goto("/my/appointments/?tab=history")
    expect(page.get_by_text("Showing 1 to 20 of 25")).to_be_visible()
    page.get_by_role("link", name="Next", exact=True).click()
    expect(page.get_by_text("Showing 21 to 25 of 25")).to_be_visible()
    page.get_by_label("State", exact=True).select_option("No-show")
    page.get_by_role("button", name="Search").click()

    expect(page.get_by_text("Showing 1 to 1 of 1")).to_be_visible()
    page.get_by_label("Search", exact=True).fill("cello")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="Nothing in your history fits")).to_be_visible()
    page.get_by_role("link", name="Clear filters").first.click()
    expect(page.get_by_text("Showing 1 to 20 of 25")).to_be_visible()


@pytest.fixture
def every_page(amara, book, service):
    """The addresses of a customer's pages, with one appointment of each kind behind them."""
    # Not the next full hour, which may have come before all is booked.
    near, late, far, waiting = book(hours=2), book(hours=8), book(hours=50), book(hours=70, by_hand=True)
    over = book(hours=90, by_hand=True)
    transitions.withdraw_request(appointment=over, actor=amara, reason="Found another time")
    called_off = book(hours=95, by_hand=True)
    transitions.decline_request(appointment=called_off, actor=service.provider.user, reason="I am away.")
    cancelled = book(hours=100)
    transitions.cancel_appointment(appointment=cancelled, actor=service.provider.user, role=Role.PROVIDER)
    pages = [f"/my/appointments/?tab={tab}" for tab in ("upcoming", "waiting", "history")]
    pages += ["/my/appointments/?tab=history&q=zzz"]
    pages += [
        reverse("my_appointment", args=[each.reference]) for each in (near, far, waiting, over, called_off, cancelled)
    ]
    pages += [reverse("appointment_done", args=[each.reference]) for each in (far, waiting, cancelled)]
    pages += [reverse("cancel_appointment", args=[each.reference]) for each in (near, late, far)]
    return [*pages, reverse("withdraw_request", args=[waiting.reference])]


def test_axe_finds_nothing_and_nothing_scrolls_sideways_on_a_customers_pages(
    page, amara, sign_in, axe, every_page, sideways
):
    sign_in(page, amara)
    for address in every_page:
        page.goto(address)
        axe(page)
        assert sideways(page, [320, 390, 768, 1280]) == [], address


def test_an_appointment_that_ends_on_another_day_fits_on_a_narrow_phone(page, amara, book, sign_in, sideways):
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    at_eleven = datetime.combine(now.date() + timedelta(days=2), time(23), tzinfo=ZoneInfo("Europe/London"))
    book(hours=(at_eleven - now) // timedelta(hours=1))
    sign_in(page, amara)
    page.goto("/my/appointments/")

    assert page.locator(".next__end").text_content().count(",") == 1
    assert sideways(page, [320]) == []


def test_targets_on_a_customers_pages_are_large_enough(phone_page, amara, sign_in, every_page):
    sign_in(phone_page, amara)
    for address in every_page:
        phone_page.goto(address)
        small = phone_page.evaluate(
            """[...document.querySelectorAll('main a, main button, main select, main input:not([type=hidden])')]
            .filter((each) => !each.closest('p, .prose') && each.checkVisibility())
            .map((each) => [each.textContent || each.name, each.getBoundingClientRect().height])
            .filter(([, height]) => height < 24)"""
        )
        assert small == [], address


def test_an_appointment_prints_dark_on_white_and_within_the_paper(page, amara, book, sign_in):
    amara.theme = "dark"
    amara.save()
    appointment = book(hours=50)
    sign_in(page, amara)
    page.goto(reverse("my_appointment", args=[appointment.reference]))

    page.emulate_media(media="print")

    expect(page.get_by_role("link", name="Cancel appointment")).to_be_hidden()
    expect(page.get_by_role("heading", name="First assessment")).to_have_css("color", "rgb(16, 32, 30)")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_the_title_says_what_and_where(page, amara, sign_in, book):
    appointment = book(hours=50)
    sign_in(page, amara)
    page.goto("/my/appointments/?tab=history")
    expect(page).to_have_title(re.compile("^History – Your appointments – "))

    page.goto(reverse("my_appointment", args=[appointment.reference]))

    expect(page).to_have_title(re.compile("^Confirmed: First assessment with Maya Okafor – "))
