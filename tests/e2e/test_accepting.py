"""A provider answers requests and says what came of an appointment, with scripts and without."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from appointments import links
from appointments.models import Appointment
from appointments.services import booking, transitions
from appointments.states import Role, Status
from core import clock
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory

ALWAYS = {weekday: [("00:00", "24:00")] for weekday in range(7)}


@pytest.fixture
def maya(transactional_db):
    """Open at any hour, answers by hand."""
    return ProviderFactory(
        name="Maya Okafor", hours=ALWAYS, policy__accepts_at_once=False, policy__answer_minutes=24 * 60
    )


@pytest.fixture
def service(maya):
    return ServiceFactory(provider=maya, name="First assessment", duration_minutes=60)


@pytest.fixture
def ask(service):
    """A request of somebody of this name, at the full hour in so many days."""

    def ask(name, *, days):
        start = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=days)
        wanted = {"service": service, "start": start, "terms": booking.terms_of(service), "note": "Lower back."}
        return booking.book_appointment(customer=UserFactory(name=name), booking_key=name, **wanted).appointment

    return ask


@pytest.fixture
def two_requests(ask):
    return ask("Yusuf Adeyemi", days=2), ask("Hugo Blanc", days=3)


def begin(appointment):
    """As if it had begun a quarter of an hour ago."""
    start = clock.now() - timedelta(minutes=15)
    Appointment.objects.filter(pk=appointment.pk).update(start=start, end=start + timedelta(hours=1))


def states(*appointments):
    return [Appointment.objects.get(pk=one.pk).status for one in appointments]


def walk(page, maya, sign_in, yusuf, hugo):
    """From Today: accept one, decline the other with a reason, mark the first as completed and correct it."""
    sign_in(page, maya.user)
    page.goto("/studio/")
    page.get_by_role("button", name="Accept Yusuf Adeyemi").click()
    page.get_by_text("Accepted: Yusuf is booked.").first.wait_for()  # it is said to assistive technology, too
    expect(page).to_have_url(re.compile("/studio/$"))

    page.get_by_role("link", name="See all").click()
    page.get_by_role("heading", name="Requests", level=1).wait_for()
    page.get_by_role("link", name="Decline Hugo Blanc").click()
    page.get_by_role("heading", name="Decline Hugo’s request?").wait_for()
    page.get_by_label("Reason").fill("I am away that day.")
    page.get_by_role("button", name="Decline request").click()
    page.get_by_text("No requests are waiting", exact=True).wait_for()
    assert states(yusuf, hugo) == [Status.CONFIRMED, Status.DECLINED]

    begin(yusuf)
    page.goto(f"/studio/appointments/{yusuf.reference}/")
    page.get_by_role("button", name="Mark as completed").click()
    page.get_by_role("heading", name="This took place.").wait_for()
    page.get_by_role("button", name="Mark as no-show").click()
    page.get_by_role("heading", name="Yusuf did not come.").wait_for()
    assert states(yusuf) == [Status.NO_SHOW]


@pytest.mark.smoke
def test_provider_answers_and_marks(page, maya, sign_in, two_requests):
    walk(page, maya, sign_in, *two_requests)


def test_provider_answers_and_marks_without_scripts(plain_page, maya, sign_in, two_requests):
    walk(plain_page, maya, sign_in, *two_requests)


def test_ticked_requests_are_counted_and_accepted_together(plain_page, maya, sign_in, two_requests):
    sign_in(plain_page, maya.user)
    plain_page.goto("/studio/requests/")
    for name in ("Yusuf Adeyemi", "Hugo Blanc"):
        plain_page.get_by_label(f"Tick {name}").check()
    counted = plain_page.eval_on_selector(".reqlist__count", "p => getComputedStyle(p, '::before').content")

    plain_page.get_by_role("button", name="Accept those ticked").click()

    plain_page.get_by_text("2 requests were accepted").wait_for()
    assert "ticked" in counted
    assert states(*two_requests) == [Status.CONFIRMED, Status.CONFIRMED]


def test_phone_shows_one_day_and_the_way_to_the_others(phone_page, maya, sign_in, ask):
    booked = ask("Dana Kowalski", days=1)
    Appointment.objects.filter(pk=booked.pk).update(status=Status.CONFIRMED, agreed_at=clock.now())
    sign_in(phone_page, maya.user)
    day = clock.local(booked.start, maya.zone).date()
    phone_page.goto(f"/studio/?week={day:%G-W%V}")

    phone_page.get_by_role("link", name=f"Show {day:%A} {day.day} {day:%B}").click()

    entry = phone_page.locator(".ev", has_text="Dana Kowalski")
    entry.wait_for(state="visible")
    expect(phone_page.locator(".wday__grid:visible")).to_have_count(1)
    phone_page.wait_for_load_state()
    assert phone_page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_press_that_comes_too_late_is_told_who_was_faster(page, axe, maya, sign_in, two_requests):
    _, hugo = two_requests
    sign_in(page, maya.user)
    page.goto("/studio/requests/")
    transitions.withdraw_request(appointment=hugo, actor=hugo.customer)

    page.get_by_role("button", name="Accept Hugo Blanc").click()

    page.get_by_role("alert").get_by_text("Hugo withdrew this a minute ago.").wait_for()
    axe(page)
    assert states(hugo) == [Status.CANCELLED]


def test_every_page_of_the_providers_work_is_accessible(page, axe, maya, sign_in, two_requests, ask):
    sign_in(page, maya.user)
    yusuf, hugo = two_requests
    booked = ask("Dana Kowalski", days=1)
    Appointment.objects.filter(pk=booked.pk).update(status=Status.CONFIRMED, agreed_at=clock.now())

    for address in (
        "/studio/",
        "/studio/requests/",
        f"/studio/requests/{yusuf.reference}/",
        f"/studio/requests/{hugo.reference}/decline/",
        f"/studio/appointments/{booked.reference}/",
        f"/studio/appointments/{booked.reference}/cancel/",
        "/studio/customers/",
        f"/studio/customers/{yusuf.customer.uuid}/",
    ):
        assert page.goto(address).status == 200
        axe(page)


# --- In place ---------------------------------------------------------------------------------------------------------


def ticked_aloud(page):
    """What assistive technology reads of the count, which a style sheet draws."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    names = [node.get("name", {}).get("value", "") for node in tree]
    return names[names.index(" ticked") - 1]


def test_answering_in_place_keeps_the_page_and_hands_on_the_focus(page, axe, maya, sign_in, two_requests):
    yusuf, hugo = two_requests
    sign_in(page, maya.user)
    page.goto("/studio/requests/")
    page.evaluate("window.mark = true")

    page.get_by_role("button", name="Accept Yusuf Adeyemi").press("Enter")

    expect(page.locator(f"#r-{hugo.reference}")).to_be_focused()
    expect(page.locator("#live")).to_have_text(
        "Accepted: Yusuf is booked. We email you both. 1 request waits for your answer."
    )
    expect(page.locator("#rail-waiting")).to_have_text("1 waiting")
    expect(page).to_have_title(re.compile(r"^\(1\) Requests"))
    axe(page)
    page.get_by_role("link", name="Decline Hugo Blanc").press("Enter")
    expect(page.get_by_role("dialog").get_by_role("heading", level=1)).to_be_focused()
    axe(page)
    page.get_by_role("dialog").get_by_role("button", name="Decline request").press("Enter")
    expect(page.get_by_role("heading", name="Requests", level=1)).to_be_focused()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("No requests are waiting", exact=True)).to_be_visible()
    assert page.evaluate("window.mark") is True
    assert states(yusuf, hugo) == [Status.CONFIRMED, Status.DECLINED]


@pytest.mark.smoke
def test_two_devices_see_each_others_answers(new_page, maya, sign_in, two_requests, ask):
    desk, phone = new_page(), new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    for page in (desk, phone):
        sign_in(page, maya.user)
    desk.clock.install()
    desk.goto("/studio/")
    phone.goto("/studio/requests/")
    row = desk.locator(".req", has_text="Yusuf Adeyemi")
    before = row.bounding_box()

    phone.get_by_role("button", name="Accept Yusuf Adeyemi").tap()
    expect(phone.locator(".toast")).to_be_visible()
    ask("Tess Byrne", days=4)
    desk.clock.fast_forward(31_000)

    expect(row.get_by_text("Confirmed")).to_be_visible()
    expect(row.get_by_role("button")).to_have_count(0)
    expect(desk.locator(".req", has_text="Tess Byrne")).to_have_count(0)
    assert row.bounding_box() == before
    desk.get_by_role("link", name="Show 1 more request").click()
    expect(desk.locator(".req", has_text="Tess Byrne").get_by_role("heading")).to_be_focused()


def test_a_hidden_page_asks_nothing_until_it_is_seen_again(page, maya, sign_in, two_requests):
    asked = []
    page.on("request", lambda request: "seen=" in request.url and asked.append(request.url))
    sign_in(page, maya.user)
    page.clock.install()
    page.goto("/studio/requests/")
    hide = "hidden => Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden})"
    page.evaluate(hide, True)

    page.clock.fast_forward(120_000)
    assert asked == []
    page.evaluate(hide, False)
    with page.expect_response(lambda response: "seen=" in response.url) as answer:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    assert answer.value.status in {200, 204}


def test_ticks_are_counted_aloud(plain_page, maya, sign_in, two_requests):
    sign_in(plain_page, maya.user)
    plain_page.goto("/studio/requests/")

    plain_page.get_by_label("Tick Hugo Blanc").check()

    assert ticked_aloud(plain_page) == "1"


def test_cancelling_asks_on_top_of_a_wide_page(page, maya, sign_in, ask):
    booked = ask("Dana Kowalski", days=1)
    Appointment.objects.filter(pk=booked.pk).update(status=Status.CONFIRMED, agreed_at=clock.now())
    sign_in(page, maya.user)
    page.goto(f"/studio/appointments/{booked.reference}/")

    page.get_by_role("link", name="Cancel appointment").click()
    page.get_by_role("dialog").get_by_role("link", name="Keep appointment").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("link", name="Cancel appointment").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel appointment").click()

    expect(page.get_by_role("heading", name="Cancelled by you.")).to_be_visible()
    assert states(booked) == [Status.CANCELLED]


def test_a_request_is_accepted_from_its_mail_without_signing_in(plain_page, ask):
    request = ask("Yusuf Adeyemi", days=2)
    plain_page.goto(f"/a/{links.token_for(request, Role.PROVIDER, now=clock.now())}/")
    expect(plain_page.get_by_role("heading", name="Yusuf asks for this time.")).to_be_visible()

    plain_page.get_by_role("link", name="Accept request").click()
    plain_page.get_by_role("button", name="Accept request").click()

    expect(plain_page.get_by_role("heading", name="Yusuf is booked.")).to_be_visible()
    assert states(request) == [Status.CONFIRMED]
