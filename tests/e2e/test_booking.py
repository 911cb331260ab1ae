"""From a provider's page to a booked appointment: with scripts and without, by keyboard alone, on a phone."""

import re
from datetime import date, timedelta

import pytest
from django.core import mail
from django.urls import reverse
from playwright.sync_api import expect

from appointments.models import Appointment, Hold
from appointments.pages import month_picker
from appointments.search.index import refresh_stale
from appointments.services import booking
from core import clock, wording
from outbox.testing import deliver
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "long walks by the river"


@pytest.fixture
def maya(db):
    """Open every day from 09:00 to 17:00, with a service that takes an hour."""
    hours = {weekday: [("09:00", "17:00")] for weekday in range(7)}
    provider = ProviderFactory(name="Maya Okafor", slug="maya-okafor", hours=hours)
    ServiceFactory(provider=provider, name="First assessment", slug="first-assessment", duration_minutes=60)
    ServiceFactory(provider=provider, name="Home visit", slug="home-visit", duration_minutes=60, confirmation="by_hand")
    refresh_stale()
    return provider


@pytest.fixture
def amara(db):
    return UserFactory(name="Amara Nwosu", email="amara@example.com", password=PASSWORD)


def soon() -> date:
    return clock.local(clock.now(), clock.zone("Europe/London")).date() + timedelta(days=3)


def at(day: date, hour: int):
    return clock.wall_minute_to_instant(day, hour * 60, clock.zone("Europe/London"))


def choose_day(page, day: date) -> None:
    """By its name in the month, after turning the page where it is in the next one."""
    month = day.strftime("%B %Y")
    if page.locator("#mon").inner_text() != month:
        page.get_by_role("link", name=month).click()
        expect(page.locator("#mon")).to_have_text(month)
    page.get_by_role("link", name=re.compile(f"^{wording.date_text(day, long=True)}, 8 times")).click()
    # The first day of a month that was turned to is shown before it is pressed.
    expect(page).to_have_url(re.compile(f"day={day}"))
    expect(page.locator("#day")).to_contain_text(wording.date_text(day, long=True, year=False))


def confirm_address(page, address: str) -> None:
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    mail.outbox.clear()
    deliver("notifications.send_account_mail")
    [letter] = [letter for letter in mail.outbox if letter.to == [address]]
    page.goto(re.search(r"https?://[^/\s]+(/accounts/\S+)", letter.body)[1])
    page.get_by_role("button", name="Yes, confirm it").click()


@pytest.mark.smoke
@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_visitor_finds_a_time_signs_up_comes_back_books_and_cancels(new_page, maya, scripts):
    page, day = new_page(java_script_enabled=scripts), soon()
    page.goto("/providers/?q=maya")
    page.get_by_role("link", name="Maya Okafor").click()
    expect(page).to_have_url(re.compile("/providers/maya-okafor/"))
    choose_day(page, day)
    page.get_by_role("radio", name="10:00").check()
    if scripts:
        expect(page.locator("[data-fill=range]")).to_have_text("10:00 to 11:00")
    page.get_by_role("button", name="Continue").click()

    expect(page).to_have_url(re.compile("/accounts/login/"))
    expect(page.get_by_role("main")).to_contain_text("is kept for you until")
    page.get_by_role("main").get_by_role("link", name="Create an account").click()
    expect(page.get_by_role("main")).to_contain_text("is kept for you until")
    page.get_by_label("Name").fill("Amara Nwosu")
    page.get_by_label("Email").fill("amara@example.com")
    page.locator("[name=password1]").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Create an account").click()
    confirm_address(page, "amara@example.com")

    expect(page.get_by_role("heading", level=1)).to_have_text("Book your appointment")
    expect(page.get_by_role("complementary")).to_contain_text(
        f"{wording.date_text(day, long=True, year=True)}, 10:00 to 11:00"
    )
    page.get_by_label("Anything Maya should know").fill("Left knee")
    page.get_by_role("button", name="Book this time").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("You are booked.")
    appointment = Appointment.objects.get()
    assert (appointment.start, appointment.status, appointment.note) == (at(day, 10), "confirmed", "Left knee")
    assert Hold.objects.get().appointment == appointment

    page.get_by_role("link", name="See appointment").click()
    page.get_by_role("link", name="Cancel appointment").click()
    expect(page.get_by_text("Cancelling now is free and does not affect your standing.")).to_be_visible()
    page.get_by_role("button", name="Cancel appointment").click()

    expect(page.get_by_role("status").get_by_text("Your appointment is cancelled.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancelled by you.")
    assert not Hold.objects.exists()


def test_a_service_is_chosen_and_a_request_is_made_without_scripts(plain_page, maya, amara, sign_in):
    page, day = plain_page, soon()
    sign_in(page, amara)
    page.goto("/providers/maya-okafor/")
    page.get_by_role("radio", name="Home visit").check()
    page.get_by_role("button", name="Show times for this service").click()
    expect(page).to_have_url(re.compile("home-visit"))
    choose_day(page, day)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Choose a time first.")).to_be_visible()
    page.get_by_role("radio", name="15:00").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Request this time").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Maya has your request.")
    expect(page.get_by_text("It is not confirmed yet.")).to_be_visible()
    assert Appointment.objects.get().status == "requested"


def test_on_a_phone_the_week_unfolds_and_a_person_signs_in_and_comes_back(phone_page, maya, amara):
    page, day = phone_page, soon()
    page.goto(f"/providers/maya-okafor/?day={day}")
    assert page.locator(".month tbody tr:visible").count() == 1
    page.get_by_text("Show whole month").tap()
    expect(page).to_have_url(re.compile("view=month"))
    expect(page.get_by_text("Show one week")).to_be_visible()
    expect(page.locator(".month tbody tr:visible").nth(3)).to_be_visible()
    page.get_by_text("Show one week").tap()
    expect(page.get_by_text("Show whole month")).to_be_visible()
    page.get_by_role("radio", name="11:00").check()
    expect(page.get_by_role("button", name="Continue")).to_be_in_viewport()
    page.get_by_role("button", name="Continue").tap()

    page.wait_for_url("**/accounts/login/**")
    # Fonts that come late move what a finger aims at.
    page.evaluate("document.fonts.ready")
    page.get_by_label("Email").fill("amara@example.com")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).tap()

    expect(page.get_by_role("heading", level=1)).to_have_text("Book your appointment")
    page.wait_for_load_state()
    summary, button = page.locator(".booking__summary"), page.get_by_role("button", name="Book this time")
    assert summary.bounding_box()["y"] < button.bounding_box()["y"]
    button.tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are booked.")
    page.get_by_role("navigation", name="Main, small screens").get_by_role("link", name="Appointments").tap()
    days = (day - soon()).days + 3  # 3, unless it was midnight meanwhile
    expect(page.get_by_role("heading", name=f"Next, in {days} days")).to_be_visible()
    assert Appointment.objects.get().start == at(day, 11)


def test_a_day_and_a_time_are_chosen_with_the_keyboard_alone(page, maya, amara, sign_in):
    sign_in(page, amara)
    page.goto("/providers/maya-okafor/")
    tab_to(page, ".month a, .month .day")
    following = page.locator("#month-next").get_attribute("aria-label")
    page.keyboard.press("PageDown")
    expect(page.locator("#mon")).to_have_text(following)
    here = focused_day(page)
    page.keyboard.press("ArrowUp" if here > 7 else "ArrowDown")
    there = focused_day(page)
    assert abs(there - here) == 7
    assert page.evaluate("document.querySelectorAll('.month [tabindex=\"0\"]').length") == 1
    page.keyboard.press("Enter")

    expect(page.locator("#day")).to_be_focused()
    expect(page.locator("#day")).to_contain_text(f" {there} ")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="10:00")).to_be_checked()
    tab_to(page, ".chosen .btn")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Book your appointment")
    tab_to(page, ".booking__go .btn")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("You are booked.")
    start = clock.local(Appointment.objects.get().start, maya.zone)
    assert (start.day, start.hour) == (there, 10)


def test_turning_the_month_keeps_the_focus_on_the_arrow_and_says_the_month(page, maya):
    page.goto("/providers/maya-okafor/")
    arrow = page.locator("#month-next")
    month = arrow.get_attribute("aria-label")
    arrow.focus()
    page.keyboard.press("Enter")

    expect(page.locator("#mon")).to_have_text(month)
    expect(page.locator("#month-next")).to_be_focused()
    expect(page.locator("#live")).to_have_text(f"{month}, London time")


def tab_to(page, selector: str) -> None:
    page.wait_for_load_state()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached with Tab.")


def focused_day(page) -> int:
    expect(page.locator(".month :focus")).to_have_count(1)
    return int(re.match(r"\d+", page.locator(".month :focus").inner_text())[0])


def test_a_time_that_went_meanwhile_keeps_what_was_typed(page, maya, amara, sign_in):
    day, service = soon(), maya.services.get(slug="first-assessment")
    sign_in(page, amara)
    page.goto(f"/book/maya-okafor/first-assessment/?start={month_picker.to_value(at(day, 10))}")
    page.get_by_label("Anything Maya should know").fill("Left knee")
    booking.book_appointment(
        service=service,
        start=at(day, 10),
        customer=UserFactory(),
        terms=booking.terms_of(service),
        booking_key="faster",
    )
    page.get_by_role("button", name="Book this time").click()

    expect(page.get_by_text("10:00 is no longer open.")).to_be_visible()
    page.get_by_role("button", name=re.compile("11:00$")).click()
    expect(page.get_by_label("Anything Maya should know")).to_have_value("Left knee")
    page.get_by_role("button", name="Book this time").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("You are booked.")
    assert Appointment.objects.get(customer=amara).start == at(day, 11)


def test_a_kept_time_that_runs_out_is_warned_of_and_loses_nothing(page, maya, amara, sign_in, axe):
    day = soon()
    sign_in(page, amara)
    page.clock.install()
    page.goto(f"/providers/maya-okafor/?start={month_picker.to_value(at(day, 10))}")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Anything Maya should know").fill("Left knee")
    alert = page.get_by_role("alert").filter(has_text="no longer kept for you")
    warning = page.get_by_text("This time is kept for less than two minutes more.")
    expect(warning).to_be_hidden()

    page.clock.fast_forward("08:05")
    expect(warning).to_be_visible()
    expect(alert).to_be_hidden()
    page.clock.fast_forward("02:00")
    expect(alert).to_be_visible()
    expect(warning).to_be_hidden()
    axe(page)
    page.clock.resume()
    expect(page.get_by_label("Anything Maya should know")).to_have_value("Left knee")
    page.get_by_role("button", name="Book this time").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("You are booked.")
    assert Appointment.objects.get().note == "Left knee"


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_choosing_another_time_from_the_form_frees_the_first(new_page, maya, amara, sign_in, scripts):
    page, day = new_page(java_script_enabled=scripts), soon()
    sign_in(page, amara)
    page.goto(f"/providers/maya-okafor/?start={month_picker.to_value(at(day, 10))}")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Anything Maya should know").fill("Left knee")
    page.get_by_role("button", name="Choose another time").click()

    expect(page.get_by_role("radio", name="10:00")).to_be_checked()
    assert not Hold.objects.exists()
    page.get_by_role("radio", name="11:00").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Anything Maya should know")).to_have_value("Left knee")
    assert Hold.objects.get().start == at(day, 11)


def test_leaving_the_form_frees_the_kept_time_and_loading_it_again_does_not(page, maya, amara, sign_in):
    day = soon()
    sign_in(page, amara)
    page.goto(f"/providers/maya-okafor/?start={month_picker.to_value(at(day, 10))}")
    page.get_by_role("button", name="Continue").click()
    page.evaluate("document.body.id = 'before'; location.reload()")
    expect(page.locator("#before")).to_have_count(0)
    expect(page.get_by_text("Kept for you until")).to_be_visible()
    page.get_by_role("button", name="Keep it ten minutes longer").click()
    expect(page.get_by_role("button", name="Keep it ten minutes longer")).to_have_count(0)
    expect(page.get_by_text("Kept for you until")).to_be_visible()

    page.get_by_role("link", name="Help", exact=True).click()
    expect(page).to_have_url(re.compile("/help/"))

    for _ in range(100):  # what a page sends as it goes, nobody sees arrive
        if not Hold.objects.exists():
            break
        page.wait_for_timeout(100)
    assert not Hold.objects.exists()


def test_pressing_twice_books_once(page, maya, amara, sign_in):
    sign_in(page, amara)
    page.goto(f"/book/maya-okafor/first-assessment/?start={month_picker.to_value(at(soon(), 10))}")

    page.get_by_role("button", name="Book this time").dblclick()

    expect(page.get_by_role("heading", level=1)).to_have_text("You are booked.")
    assert Appointment.objects.count() == 1


def test_changing_the_zone_keeps_the_chosen_moment(new_page, maya):
    page = new_page(timezone_id="America/New_York")
    chosen = month_picker.to_value(at(soon(), 16))
    page.goto("/providers/maya-okafor/")  # the script tells the zone, and the page is drawn again
    expect(page.locator("#tz option:checked")).to_contain_text("New York, now")
    page.wait_for_load_state()
    page.goto(f"/providers/maya-okafor/?start={chosen}")
    expect(page.locator(".chosen__sub")).to_contain_text("New York time")
    zones = page.get_by_label("Time zone for all times on this page")
    zones.focus()
    zones.select_option("Europe/London")

    expect(page.locator(".chosen__sub")).to_contain_text("London time")
    expect(page.locator(".chosen__time")).to_have_text("16:00 to 17:00")
    expect(page.locator("#day")).to_contain_text(wording.date_text(soon(), long=True, year=False))
    expect(page.locator(f"input[name=start][value='{chosen}']")).to_be_checked()
    expect(zones).to_be_focused()
    expect(zones.locator("option")).to_contain_text(["New York, now", "London, now", "All time zones…"])


def test_a_time_chosen_just_now_stays_chosen_in_another_zone_service_and_the_whole_month(new_page, maya):
    page = new_page(viewport={"width": 390, "height": 844})
    page.goto(f"/providers/maya-okafor/?day={soon()}")
    page.get_by_role("radio", name="16:00").check()
    chosen = page.locator(f"input[type=radio][value='{month_picker.to_value(at(soon(), 16))}']")

    page.get_by_label("Time zone for all times on this page").select_option("All time zones…")
    expect(page.get_by_label("City, country, abbreviation or offset")).to_be_focused()
    expect(chosen).to_be_checked()
    page.get_by_role("radio", name="15:00").check()
    page.get_by_role("radio", name="16:00").check()
    page.keyboard.press("Home")
    page.get_by_role("link", name="Tokyo, Japan, now").click()
    expect(page.locator(".chosen__sub")).to_contain_text("Tokyo time (16:00")
    expect(chosen).to_be_checked()

    page.get_by_role("radio", name="Home visit").check()
    expect(page.locator(".chosen__sub")).to_contain_text("Home visit")
    expect(page.locator(".chosen__sub")).to_contain_text("Tokyo time (16:00")
    expect(chosen).to_be_checked()
    page.get_by_text("Show whole month").click()
    expect(page.get_by_text("Show one week")).to_be_visible()
    expect(chosen).to_be_checked()
    page.reload()
    expect(chosen).to_be_checked()
    expect(page.get_by_role("radio", name="Home visit")).to_be_checked()
    assert page.url.count("start=") == 1


def test_a_time_chosen_just_now_stays_chosen_where_the_zone_of_the_list_changes(new_page, maya):
    page = new_page(timezone_id="America/New_York")
    page.goto("/providers/maya-okafor/")
    expect(page.locator("#tz option:checked")).to_contain_text("New York, now")
    page.wait_for_load_state()
    page.goto(f"/providers/maya-okafor/?day={soon()}&tz=Europe/London")
    page.get_by_role("radio", name="16:00").check()
    zones = page.get_by_label("Time zone for all times on this page")
    zones.focus()
    zones.select_option("America/New_York")

    expect(page.locator(".chosen__sub")).to_contain_text("New York time (16:00 for Maya in London)")
    expect(page.locator(f"input[name=start][value='{month_picker.to_value(at(soon(), 16))}']")).to_be_checked()
    expect(zones).to_be_focused()
    page.get_by_role("radio", checked=False).and_(page.locator("[name=start]")).first.check()
    expect(page.locator(".chosen__sub")).to_contain_text("New York time (09:00 for Maya in London)")


def test_services_are_walked_with_the_arrow_keys_and_keep_zone_and_day(page, maya):
    ServiceFactory(provider=maya, name="Evening call", slug="evening-call", duration_minutes=60, description="We talk.")
    day = soon() + timedelta(days=1)
    page.goto("/providers/maya-okafor/")
    page.get_by_label("Time zone for all times on this page").select_option("All time zones…")
    page.get_by_role("link", name="New York").click()
    expect(page.locator(".chosen__sub")).to_contain_text("First assessment")
    expect(page.locator(".chosen__sub")).to_contain_text("New York time")
    choose_day(page, day)
    expect(page.locator("#day")).to_be_focused()
    page.evaluate("window.stayed = true")
    page.get_by_role("radio", name="First assessment").focus()

    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Home visit")).to_be_focused()
    expect(page.locator(".chosen__sub")).to_contain_text("Home visit")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")  # around to the last, faster than any answer

    last = page.get_by_role("radio", name="Evening call")
    expect(page.locator(".chosen__sub")).to_contain_text("Evening call")
    expect(last).to_be_focused()
    expect(last).to_be_checked()
    expect(page.locator("#live")).to_contain_text("Evening call, £58")
    expect(page.get_by_text("We talk.")).to_be_visible()
    expect(page.locator("#day")).to_contain_text(wording.date_text(day, long=True))
    expect(page.locator("#tz option:checked")).to_contain_text("New York, now")
    expect(page).to_have_url(re.compile(rf"\?service=evening-call&tz=America%2FNew_York&day={day}$"))
    assert page.evaluate("window.stayed")
    page.go_back()
    expect(page.locator(".service :checked")).to_have_value(re.compile("home-visit|first-assessment"))


def test_a_service_whose_times_did_not_arrive_is_not_ticked(page, maya):
    page.watch.expect("500")
    page.goto("/providers/maya-okafor/")
    page.route("**/*service=home-visit*", lambda route: route.fulfill(status=500))
    page.get_by_role("radio", name="Home visit").click()

    expect(page.get_by_text("That did not load.")).to_be_visible()
    expect(page.get_by_role("radio", name="First assessment")).to_be_checked()


def test_what_was_pressed_last_is_shown_though_its_answer_came_first(page, maya):
    page.goto("/providers/maya-okafor/")
    waiting = []
    page.route("**/*service=home-visit*", lambda route: waiting.append(route))
    page.get_by_role("radio", name="Home visit").check()
    choose_day(page, soon())
    assert len(waiting) == 1
    with page.expect_response("**/*service=home-visit*"):
        waiting[0].continue_()

    expect(page.locator("#picker")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator(".chosen__sub")).to_contain_text("First assessment")
    expect(page.locator("#day")).to_contain_text(wording.date_text(soon(), long=True))
    expect(page.get_by_role("radio", name="First assessment")).to_be_checked()
    assert "service=" not in page.url


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_long_words_break_instead_of_pushing_the_page_wide(new_page, maya, width):
    ServiceFactory(provider=maya, name="Schwangerschaftsrückbildungsgymnastik", slug="long")
    maya.services.exclude(slug="long").delete()
    ServiceFactory(provider=maya, name="Home visit", slug="home-visit", position=3)
    maya.user.name = "Bartholomew Featherstonehaugh-Cholmondeley"
    maya.user.save()
    page = new_page(viewport={"width": width, "height": 800})
    inside = """([inner, outer]) => [...document.querySelectorAll(inner)].every((each) =>
        each.getBoundingClientRect().right <= each.closest(outer).getBoundingClientRect().right + 1
        && each.scrollWidth <= each.clientWidth + 1)"""

    for address, inner, outer in (
        (f"/providers/maya-okafor/?day={soon()}", ".service, .who__head", ".who"),
        ("/providers/", ".pcard__who, .pcard__facts li", ".pcard__in"),
    ):
        page.goto(address)
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        assert page.evaluate(inside, [inner, outer]), address


def test_nothing_to_book_shows_a_week_and_leaves_room_below(phone_page, maya):
    maya.working_hours.all().delete()
    phone_page.goto("/providers/maya-okafor/")
    phone_page.wait_for_load_state()

    expect(phone_page.get_by_text("Nothing to book right now")).to_be_visible()
    assert phone_page.locator(".month tbody tr:visible").count() == 1
    card, panel = phone_page.locator("#picker").bounding_box(), phone_page.locator(".picker .empty").bounding_box()
    assert card["y"] + card["height"] - panel["y"] - panel["height"] >= 16


@pytest.mark.parametrize("width", [320, 1280])
def test_a_zone_is_looked_up_with_the_chosen_moment_kept(new_page, maya, axe, width):
    page = new_page(viewport={"width": width, "height": 900})
    chosen = month_picker.to_value(at(soon(), 16))
    page.goto(f"/providers/maya-okafor/?start={chosen}")
    page.get_by_label("Time zone for all times on this page").select_option("All time zones…")
    field = page.get_by_label("City, country, abbreviation or offset")
    expect(field).to_be_focused()
    page.keyboard.type("+5:45")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 time zone for “+5:45”")).to_be_visible()
    expect(field).to_be_focused()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="Kathmandu, Nepal, now").press("Enter")

    expect(page.locator(".chosen__sub")).to_contain_text("Kathmandu time")
    expect(page.locator(f"input[name=start][value='{chosen}']")).to_be_checked()
    expect(field).to_be_hidden()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_where_to_meet_is_asked_of_two_places_and_told(new_page, maya, amara, sign_in, axe, scripts):
    page = new_page(java_script_enabled=scripts)
    maya.is_online = True
    maya.save()
    sign_in(page, amara)
    page.goto(f"/book/maya-okafor/first-assessment/?start={month_picker.to_value(at(soon(), 10))}")
    if scripts:
        axe(page)
    where = page.get_by_role("group", name="Where")
    expect(where.get_by_role("radio", checked=True)).to_have_count(0)
    page.get_by_role("button", name="Book this time").click()  # the browser itself asks for a place
    where.get_by_role("radio", name="In Camden").focus()
    page.keyboard.press("ArrowDown")
    expect(where.get_by_role("radio", name="Online")).to_be_checked()
    page.get_by_role("button", name="Book this time").click()

    expect(page.get_by_text("Maya expects you online.")).to_be_visible()
    assert Appointment.objects.get().venue == "online"


def test_axe_finds_nothing_on_the_way_to_an_appointment(page, maya, amara, sign_in, axe):
    chosen = month_picker.to_value(at(soon(), 10))
    for address in ("/providers/maya-okafor/", f"/providers/maya-okafor/?start={chosen}", "/help/", "/help/booking/"):
        page.goto(address)
        axe(page)
    for name in ("help_terms", "help_privacy", "help_accessibility"):
        page.goto(reverse(name))
        axe(page)
    sign_in(page, amara)
    page.goto(f"/book/maya-okafor/first-assessment/?start={chosen}")
    axe(page)
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are booked.")
    axe(page)
    page.goto(f"/book/maya-okafor/first-assessment/?start={chosen}")  # taken, by this very person
    axe(page)


def test_nothing_scrolls_sideways_on_the_way_to_an_appointment(page, maya, amara, sign_in, sideways):
    sign_in(page, amara)
    chosen = month_picker.to_value(at(soon(), 10))

    for address in (
        f"/providers/maya-okafor/?start={chosen}",
        f"/book/maya-okafor/first-assessment/?start={chosen}",
        "/help/accessibility/",
    ):
        page.goto(address)
        assert sideways(page) == [], address
