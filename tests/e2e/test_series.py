"""In a browser: a series from the booking form to its page, with and without scripts, and stopping it."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from appointments.models import Appointment, AppointmentEvent, Series
from appointments.pages import month_picker
from appointments.services import booking
from appointments.services.series_moves import move_several
from appointments.states import Role, Status
from core import clock
from tests.factories.accounts import UserFactory
from tests.factories.providers import ProviderFactory, ServiceFactory, TimeOffFactory, give_hours
from tests.factories.series import book_series

pytestmark = pytest.mark.django_db(transaction=True)

# By the number of dates once a script has asked for it.
CHECK = re.compile("^Check ")
WEEK, DAY, HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)
# After whatever came has been drawn.
A_FRAME = "() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))"


@pytest.fixture
def service(db):
    provider = ProviderFactory(name="Jonas Lindqvist", time_zone="UTC", policy__window_days=30)
    give_hours(provider, {day: [("08:00", "18:00")] for day in range(7)})
    return ServiceFactory(
        provider=provider, name="Theory", slug="theory", duration_minutes=60, price=Decimal(32), repeats=True
    )


@pytest.fixture
def first(service):
    """In three days at ten; a week later that time is taken, another week later Jonas is away."""
    day = clock.local(clock.now(), service.provider.zone).date() + timedelta(days=3)
    first = clock.wall_minute_to_instant(day, 600, service.provider.zone)
    booking.book_appointment(
        service=service,
        start=first + WEEK,
        customer=UserFactory(),
        terms=booking.terms_of(service),
        booking_key="other",
    )
    TimeOffFactory(provider=service.provider, start=first + 2 * WEEK - 10 * HOUR, end=first + 2 * WEEK + 14 * HOUR)
    return first


def open_form(page, service, first):
    page.goto(f"/book/{service.provider.slug}/{service.slug}/?start={month_picker.to_value(first)}")


def test_dates_are_settled_at_once_and_the_sum_follows(service, first, page, sign_in, axe, sideways):
    sign_in(page, UserFactory(name="Amara Nwosu", time_zone="UTC"))
    open_form(page, service, first)
    expect(page.get_by_role("button", name=CHECK)).to_be_hidden()
    page.get_by_text("Every week", exact=True).click()
    expect(page.get_by_role("button", name="Book this time")).to_be_hidden()
    axe(page)
    page.get_by_label("How many appointments").fill("6")
    expect(page.get_by_text("6 × £32 = £192.")).to_be_visible()
    expect(page.get_by_role("button", name="Check 6 dates")).to_be_visible()
    page.get_by_label("Anything Jonas should know").fill("Grade 5")
    page.get_by_role("button", name=CHECK).click()

    expect(page.get_by_role("heading", name="Check your 6 dates")).to_be_visible()
    expect(page.get_by_text("3 × £32 = £96")).to_be_visible()
    axe(page)
    assert sideways(page) == []
    page.get_by_role("group", name=day_name(first + 2 * WEEK)).get_by_label("Skip this date").check()
    expect(page.get_by_text("needs your answer")).to_have_count(0)
    page.get_by_role("group", name=day_name(first + WEEK)).get_by_label("Skip this date").check()
    expect(page.get_by_text("2 × £32 = £64")).to_be_visible()
    page.get_by_role("button", name="Book 2 dates").first.click()

    expect(page.get_by_text("All 2 dates are booked.")).to_be_visible()
    axe(page)
    assert sideways(page) == []
    assert list(Appointment.objects.exclude(series=None).values_list("note", flat=True)) == ["Grade 5"] * 2


def test_a_press_during_which_the_sum_comes_is_not_lost(service, first, page, sign_in):
    """The press itself asks for the sum, as it leaves the field; the answer replaces the number on the button."""
    sign_in(page, UserFactory(time_zone="UTC"))
    open_form(page, service, first)
    with page.expect_response(re.compile("repeat=")):
        page.get_by_text("Every day", exact=True).click()
    page.get_by_label("How many appointments").fill("4")
    page.locator("#check-dates").hover()
    with page.expect_response(lambda response: "count=4" in response.url):
        page.mouse.down()
    page.evaluate(A_FRAME)
    page.mouse.up()

    expect(page.get_by_role("heading", name="Check your 4 dates")).to_be_visible()


def test_without_scripts_the_page_keeps_everything_and_books(service, first, new_page, sign_in):
    page = new_page(java_script_enabled=False, viewport={"width": 390, "height": 844})
    sign_in(page, UserFactory(time_zone="UTC"))
    open_form(page, service, first)
    page.get_by_text("Every week", exact=True).click()
    page.get_by_label("How many appointments").fill("3")
    page.get_by_label("Anything Jonas should know").fill("Grade 5")
    page.get_by_role("button", name=CHECK).click()

    page.get_by_role("button", name="Book 2 dates").last.click()
    expect(page.get_by_role("heading", name="Nothing is booked yet")).to_be_visible()
    away = page.get_by_role("group", name=day_name(first + 2 * WEEK))
    away.get_by_role("button", name="Another day or time").click()
    away.get_by_label("Day", exact=True).fill((first + 2 * WEEK + 2 * timedelta(days=1)).date().isoformat())
    away.get_by_role("button", name="Show its times").click()
    away.get_by_label("14:00").check()
    page.get_by_role("button", name="Update").click()
    expect(page.get_by_text("3 × £32 = £96")).to_be_visible()
    page.get_by_role("button", name="Book 3 dates").last.click()

    expect(page.get_by_text("All 3 dates are booked.")).to_be_visible()
    third = Series.objects.get().appointments.get(occurrence=3)
    assert third.start == first + 2 * WEEK + timedelta(days=2, hours=4)
    assert third.note == "Grade 5"


def test_dates_are_added_to_a_running_series(service, first, page, sign_in, axe, sideways):
    sign_in(page, UserFactory(time_zone="UTC"))
    open_form(page, service, first)
    page.get_by_text("Every day", exact=True).click()
    page.get_by_label("How many appointments").fill("3")
    page.get_by_role("button", name=CHECK).click()
    page.get_by_role("button", name="Book 3 dates").first.click()

    page.get_by_role("link", name="Add dates").click()
    axe(page)
    assert sideways(page) == []
    page.get_by_label("How many more").fill("2")
    page.get_by_role("button", name="Check these dates").click()
    expect(page.get_by_role("heading", name="Check your 2 dates to add")).to_be_visible()
    page.get_by_role("button", name="Book 2 dates").first.click()

    expect(page.get_by_text("All 2 dates are booked.")).to_be_visible()
    assert sorted(Series.objects.get().appointments.values_list("occurrence", flat=True)) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_a_date_and_those_after_it_move_together(service, first, new_page, sign_in, axe, sideways, scripts):
    page = new_page(java_script_enabled=scripts)
    sign_in(page, UserFactory(time_zone="UTC"))
    open_form(page, service, first)
    page.get_by_text("Every day", exact=True).click()
    page.get_by_label("How many appointments").fill("4")
    page.get_by_role("button", name=CHECK).click()
    page.get_by_role("button", name="Book 4 dates").first.click()

    page.get_by_role("link", name="Reschedule").nth(1).click()
    page.get_by_role("link", name="Move it together with those after it").click()
    page.get_by_label("and all after it").check()
    page.get_by_label("New start").fill("14:00")
    if scripts:
        axe(page)
    assert not scripts or sideways(page) == []
    page.get_by_role("button", name="Check these dates").click()
    page.locator("#moves fieldset").nth(1).get_by_label("Leave as it is").check()
    if not scripts:
        page.get_by_role("button", name="Update").click()
    else:
        expect(page.get_by_role("button", name="Move 2 dates")).to_be_visible()
        axe(page)
        assert sideways(page) == []
    page.get_by_role("button", name="Move 2 dates").click()

    expect(page.get_by_text("2 dates are moved.")).to_be_visible()
    starts = list(Series.objects.get().appointments.order_by("occurrence").values_list("start", flat=True))
    day = timedelta(days=1)
    assert starts == [first, first + day + 4 * HOUR, first + 2 * day, first + 3 * day + 4 * HOUR]


def test_a_series_is_stopped_from_a_date_on(service, first, page, sign_in, axe, sideways):
    customer = UserFactory(time_zone="UTC")
    sign_in(page, customer)
    open_form(page, service, first)
    page.get_by_text("Every day", exact=True).click()
    page.get_by_label("How many appointments").fill("4")
    page.get_by_role("button", name=CHECK).click()
    page.get_by_role("button", name="Book 4 dates").first.click()
    expect(page.get_by_text("All 4 dates are booked.")).to_be_visible()

    page.get_by_role("link", name="Cancel", exact=False).nth(2).click()
    expect(page.get_by_role("button", name="Cancel 1 appointment")).to_be_visible()
    page.get_by_label("Reason").fill("Moving away")
    page.get_by_label("and all after it").check()
    expect(page.get_by_role("button", name="Cancel 2 appointments")).to_be_visible()
    axe(page)
    assert sideways(page) == []
    page.get_by_role("button", name="Cancel 2 appointments").click()

    expect(page.get_by_text("2 dates are cancelled.")).to_be_visible()
    statuses = list(Appointment.objects.exclude(series=None).order_by("start").values_list("status", flat=True))
    assert statuses == [Status.CONFIRMED] * 2 + [Status.CANCELLED] * 2
    assert set(AppointmentEvent.objects.filter(verb="cancel").values_list("reason", flat=True)) == {"Moving away"}


def test_a_provider_answers_a_series_in_one_press(service, first, new_page, sign_in, axe, sideways):
    service.provider.policy.accepts_at_once = False
    service.provider.policy.save()
    page = new_page(java_script_enabled=False)
    sign_in(page, UserFactory(name="Amara Nwosu", time_zone="UTC"))
    open_form(page, service, first)
    page.get_by_text("Every day", exact=True).click()
    page.get_by_label("How many appointments").fill("3")
    page.get_by_role("button", name=CHECK).click()
    page.get_by_role("button", name="Request 3 dates").first.click()
    expect(page.get_by_text("All 3 dates are requested.")).to_be_visible()

    studio = new_page()
    sign_in(studio, service.provider.user)
    studio.goto("/studio/requests/")
    studio.locator(".req__name a").first.click()
    studio.get_by_role("link", name="of a series").click()
    studio.get_by_role("link", name="Answer 3 requests").click()
    axe(studio)
    assert sideways(studio) == []
    studio.get_by_label("Decline", exact=True).last.check()
    studio.get_by_role("button", name="Send these answers").click()

    expect(studio.get_by_text("2 accepted and 1 declined.")).to_be_visible()
    axe(studio)
    assert sideways(studio) == []


def test_new_times_of_a_series_are_answered_in_one_press(service, first, new_page, sign_in, sideways):
    """On a phone: what waits for the customer stands above the dates, and is the one thing to do."""
    customer = UserFactory(name="Amara Nwosu", time_zone="UTC")
    book_series(service, customer, [first + n * DAY for n in range(3)])
    rows = list(Appointment.objects.exclude(series=None).with_people().with_proposal().order_by("start"))
    moves = [(one, one.start + 2 * HOUR) for one in rows]
    move_several(moves=moves, actor=service.provider.user, role=Role.PROVIDER, at_once=False, message="A course.")
    page = new_page(viewport={"width": 390, "height": 844})
    sign_in(page, customer)

    page.goto(f"/my/series/{Series.objects.get().uuid}/")
    way = page.get_by_role("link", name="Answer 3 new times")
    assert way.bounding_box()["y"] < page.locator(".daterow").first.bounding_box()["y"]
    assert page.locator("main .btn[data-kind=primary]").count() == 1
    assert sideways(page) == []
    way.click()
    assert sideways(page) == []
    page.get_by_role("button", name="Accept all 3 new times").click()

    expect(page.get_by_text("3 new times accepted.")).to_be_visible()
    assert list(Appointment.objects.exclude(series=None).order_by("start").values_list("start", flat=True)) == [
        start for _, start in moves
    ]


def day_name(start):
    return f"{start:%A} {start.day} {start:%B}"
