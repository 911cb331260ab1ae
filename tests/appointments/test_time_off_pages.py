"""The studio's pages of time off and of a cleared day, and what the public page says.

It is Monday 2 March 2026, 08:00 UTC, in London; appointments are on Tuesday 3 March.
"""

import re
from datetime import date, timedelta
from html import unescape
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments.models import Appointment, Hold, LateCancellation, Proposal
from appointments.services import fair_use, holds, proposals, transitions
from appointments.states import ProposalState, Role, Status
from providers.exceptions import TimeOffRefused
from providers.models import Provider, TimeOff
from tests.factories.accounts import UserFactory
from tests.factories.providers import ServiceFactory, TimeOffFactory

from .conftest import NOW, TUESDAY_TEN
from .test_customer_pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_london")]

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
MIDNIGHT = TUESDAY_TEN - 10 * HOUR
LATE = TUESDAY_TEN - 12 * HOUR
A_TUESDAY = date(2026, 3, 3)
TUESDAY = {"start_on": "2026-03-03", "end_on": "2026-03-03", "reason": "Ill", "public_word": "Back on Wednesday"}
LIST, CHECK = reverse("studio_time_off"), reverse("studio_time_off_check")


@pytest.fixture
def studio(client, provider):
    client.force_login(provider.user)
    return client


@pytest.fixture
def two(book):
    """Ann at 10:00 and Ben at 12:00, both confirmed."""
    return [
        book(TUESDAY_TEN + n * 2 * HOUR, customer=UserFactory(name=f"{name} Doe")).appointment
        for n, name in enumerate(["Ann", "Ben"])
    ]


def ways(*pairs):
    return {f"way-{one.reference}": way for one, way in pairs}


def button_of(page):
    return re.search(r'name="do" value="save">([^<]*)<', page.text)[1]


def hidden_in(page):
    """The hidden fields of the page's form."""
    form = page.text.split('action="/studio/', 1)[1].split("</form>")[0]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


def states(appointments):
    return [Appointment.objects.get(pk=one.pk).status for one in appointments]


# --- The list -------------------------------------------------------------------------------------------------------


def test_the_list_tells_whole_days_by_date_and_hours_by_time(studio, provider):
    TimeOffFactory(provider=provider, start=MIDNIGHT, end=MIDNIGHT + 2 * DAY, reason="Course", public_word="Back soon")
    TimeOffFactory(provider=provider, start=NOW - HOUR, end=NOW + HOUR)
    TimeOffFactory(provider=provider, start=NOW - 3 * DAY, end=NOW - 2 * DAY, reason="Dentist")
    TimeOffFactory(start=NOW, end=NOW + DAY, reason="Somebody else’s")

    text = text_of(studio.get(LIST))

    told = [
        "Mon 2 March, 07:00 to 09:00",
        "Away now",
        "Tue 3 March to Wed 4 March",
        "Course",
        "Customers read: Back soon",
        "Ahead",
        "Fri 27 February, 08:00 to Sat 28 February, 08:00",
        "Dentist",
    ]
    places = [text.find(words) for words in told]
    assert -1 not in places and places == sorted(places)
    assert "Somebody" not in text


def test_the_list_without_any_says_what_will_be_there(studio):
    assert "No time off ahead" in text_of(studio.get(LIST))


def test_the_list_costs_the_same_for_one_row_and_for_many(studio, provider):
    costs = []
    for number in (1, 5):
        for n in range(number):
            TimeOffFactory(
                provider=provider, start=NOW + (10 * number + n) * DAY, end=NOW + (10 * number + n + 1) * DAY
            )
        with CaptureQueriesContext(connection) as queries:
            studio.get(LIST)
        costs.append(len(queries))

    assert costs[0] == costs[1]


def test_removing_explains_and_opens_the_time_once(studio, provider):
    row = TimeOffFactory(provider=provider, start=MIDNIGHT, end=MIDNIGHT + DAY, reason="Course")
    address = reverse("studio_time_off_remove", args=[row.uuid])

    assert "Tue 3 March, Course" in text_of(studio.get(address))
    first, second = (studio.post(address, follow=True) for _ in range(2))

    assert not TimeOff.objects.exists()
    assert "Removed: Tue 3 March. Your hours hold again." in text_of(first)
    assert "The time off, Tue 3 March, was already removed." in text_of(second)


# --- The form -------------------------------------------------------------------------------------------------------


def test_with_nothing_inside_it_is_saved_at_once(studio, provider):
    page = studio.post(CHECK, TUESDAY, follow=True)

    assert "Time off saved: Tue 3 March." in text_of(page)
    row = TimeOff.objects.get()
    assert (row.start, row.end, row.all_day) == (MIDNIGHT, MIDNIGHT + DAY, True)
    assert (row.reason, row.public_word) == ("Ill", "Back on Wednesday")


@pytest.mark.parametrize(
    ("typed", "start", "end"),
    [
        ({"start_at": "15:00"}, MIDNIGHT + 15 * HOUR, MIDNIGHT + DAY),
        ({"end_at": "12:30"}, MIDNIGHT, MIDNIGHT + 12.5 * HOUR),
        ({"start_at": "15:00", "end_at": "00:00"}, MIDNIGHT + 15 * HOUR, MIDNIGHT + DAY),
        ({"end_on": "2026-03-05", "start_at": "15:00", "end_at": "09:00"}, MIDNIGHT + 15 * HOUR, MIDNIGHT + 57 * HOUR),
    ],
)
def test_times_make_a_part_of_the_days(studio, typed, start, end):
    studio.post(CHECK, TUESDAY | typed)

    row = TimeOff.objects.get()
    assert (row.start, row.end, row.all_day) == (start, end, False)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/London", "2026-03-29", 23),
        ("Europe/London", "2026-10-25", 25),
        ("Asia/Kathmandu", "2026-03-29", 24),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
    ],
)
def test_a_day_is_as_long_as_its_clocks_say_and_is_told_as_a_date(studio, provider, zone, day, hours):
    provider.time_zone = zone
    provider.save()

    page = studio.post(CHECK, {"start_on": day, "end_on": day}, follow=True)

    row = TimeOff.objects.get()
    assert row.end - row.start == hours * HOUR
    assert re.search(r"Time off saved: \w+ \d+ \w+\.", text_of(page))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"start_on": ""}, "Enter the first day."),
        ({"end_on": "2026-03-02"}, "It ends before it begins."),
        ({"start_at": "12:00", "end_at": "11:00"}, "It ends before it begins."),
        ({"start_on": "2026-02-01", "end_on": "2026-02-02"}, "That time is over."),
        ({"start_on": "2026-02-30"}, "Enter a date, like 12 March 2026."),
        ({"start_at": "25:00"}, "Enter a time, like 14:20."),
        ({"end_on": "2027-03-05"}, "One entry covers at most a year."),
        ({"start_on": "9999-12-31", "end_on": "9999-12-31"}, "Choose a time within the next three years."),
        ({"start_on": "0001-01-01", "end_on": "0001-01-01"}, "That time is over."),
        ({"reason": "x" * 501}, "500"),
        ({"public_word": "x" * 121}, "120"),
    ],
)
def test_what_can_not_be_taken_off_is_said_beside_what_was_typed(studio, typed, words):
    page = studio.post(CHECK, TUESDAY | typed)

    assert page.status_code == 422
    assert words in text_of(page)
    assert "Add time off" in text_of(page)
    assert not TimeOff.objects.exists()


def test_reasons_that_do_not_fit_together_come_back_to_the_form_with_all_that_was_typed(studio, provider, two):
    TimeOffFactory(provider=provider, start=MIDNIGHT, end=MIDNIGHT + HOUR, reason="y" * 300)
    typed = ways((two[0], "keep"), (two[1], "cancel")) | {"word": "So sorry,\n<b>all</b> of you"}

    page = studio.post(CHECK, TUESDAY | typed | {"reason": "x" * 300, "do": "save"})

    assert page.status_code == 422
    assert "Shorten it." in text_of(page)
    again = studio.post(CHECK, hidden_in(page) | TUESDAY)
    assert [row.way for row in again.context["check"].rows] == ["keep", "cancel"]
    assert "So sorry,\n&lt;b&gt;all&lt;/b&gt; of you</textarea>" in again.text


def test_a_zone_that_changed_meanwhile_comes_back_and_saves_nothing(studio, provider, two):
    opened = studio.get(reverse("studio_time_off_new"))
    checked = studio.post(CHECK, hidden_in(opened) | TUESDAY)
    Provider.objects.filter(pk=provider.pk).update(time_zone="America/New_York")
    chosen = ways((two[0], "cancel"), (two[1], "keep")) | {"word": "So sorry", "do": "save"}

    pages = [studio.post(CHECK, hidden_in(opened) | TUESDAY), studio.post(CHECK, hidden_in(checked) | chosen)]

    for page in pages:
        assert page.status_code == 422
        assert "Your time zone has changed: it is New York time now." in text_of(page)
        assert 'value="2026-03-03"' in page.text and 'value="Ill"' in page.text
    assert states(two) == [Status.CONFIRMED] * 2
    assert not TimeOff.objects.exists()
    again = studio.post(CHECK, hidden_in(pages[1]) | TUESDAY)
    assert (again.status_code, button_of(again)) == (200, "Save and cancel 1")
    assert "So sorry</textarea>" in again.text


def test_a_day_is_not_cancelled_in_another_zone_than_the_page_showed(studio, provider, two):
    page = studio.get(day_address())
    Provider.objects.filter(pk=provider.pk).update(time_zone="America/New_York")

    answer = studio.post(
        day_address(), hidden_in(page) | ways((two[0], "cancel"), (two[1], "cancel")) | {"do": "save", "word": "Sorry"}
    )

    assert answer.status_code == 409
    assert "Nothing is cancelled yet. Your time zone has changed since you opened this page" in text_of(answer)
    assert "Sorry</textarea>" in answer.text
    assert states(two) == [Status.CONFIRMED] * 2
    assert hidden_in(answer)["zone_shown"] == "America/New_York"


@pytest.mark.parametrize(
    ("number", "headline", "effect"),
    [
        (1, "Somebody is booking a time inside right now.", "Releases a time that somebody is booking now"),
        (2, "2 people are booking times inside right now.", "Releases 2 times that people are booking now"),
    ],
)
def test_times_that_people_keep_are_told_before_they_are_released_where_nothing_else_lies_inside(
    studio, service, number, headline, effect
):
    for n in range(number):
        holds.keep_time(service=service, start=TUESDAY_TEN + 2 * n * HOUR, browser=str(n) * 64)

    page = studio.post(CHECK, TUESDAY)

    assert (page.status_code, button_of(page)) == (200, "Save")
    assert f"{headline} Nothing is released before you save." in text_of(page)
    assert effect in text_of(page) and "Emails nobody" in text_of(page)
    assert "A word to those" not in text_of(page)
    assert Hold.objects.count() == number and not TimeOff.objects.exists()
    assert studio.post(CHECK, hidden_in(page) | {"do": "save"}).status_code == 302
    assert not Hold.objects.exists() and TimeOff.objects.exists()


def test_the_form_starts_on_the_day_of_the_address(studio):
    for query, day in (({"day": "2026-05-01"}, "2026-05-01"), ({"day": "nonsense"}, "2026-03-02"), ({}, "2026-03-02")):
        page = studio.get(reverse("studio_time_off_new"), query)
        assert page.text.count(f'value="{day}"') == 2


def test_opening_the_check_by_its_address_leads_to_the_form(studio):
    assert studio.get(CHECK).url == reverse("studio_time_off_new")


# --- What becomes of what lies inside -------------------------------------------------------------------------------


def test_the_page_lists_each_and_nothing_has_happened(studio, two, book, by_hand, service):
    request = book(TUESDAY_TEN + 4 * HOUR, customer=UserFactory(name="Cat Doe")).appointment
    holds.keep_time(service=service, start=TUESDAY_TEN + 6 * HOUR, browser="b" * 64)

    page = studio.post(CHECK, TUESDAY)

    text = text_of(page)
    assert "3 things lie inside. Nothing is cancelled before you save." in text
    assert [name in text for name in ("Ann Doe", "Ben Doe", "Cat Doe, request")] == [True] * 3
    assert "26 h left" in text and "Declining never counts" in text
    assert "Cancels 2 appointments: Ann, Ben" in text
    assert "Declines 1 request: Cat" in text
    assert "Releases a time that somebody is booking now" in text
    assert "Emails 3 people" in text
    assert "7 h of your working hours" not in text and "8 h of your working hours" in text
    assert "Cancelling these is free." in text
    assert button_of(page) == "Save and cancel 2"
    assert states([*two, request]) == [Status.CONFIRMED, Status.CONFIRMED, Status.REQUESTED]
    assert not TimeOff.objects.exists()


def test_saving_does_what_was_chosen_and_says_so(studio, two):
    page = studio.post(
        CHECK, TUESDAY | ways((two[0], "cancel"), (two[1], "keep")) | {"do": "save", "seen": "0"}, follow=True
    )

    assert "Time off saved: Tue 3 March. 1 appointment cancelled. We tell Ann." in text_of(page)
    assert states(two) == [Status.CANCELLED, Status.CONFIRMED]
    assert TimeOff.objects.count() == 1


def test_pressing_twice_saves_once(studio, two):
    data = TUESDAY | ways((two[0], "cancel"), (two[1], "keep")) | {"do": "save", "seen": "0"}
    studio.post(CHECK, data)

    page = studio.post(CHECK, data, follow=True)

    assert "That was already saved. Nothing changed." in text_of(page)
    assert TimeOff.objects.count() == 1


def test_merging_is_said(studio, provider):
    TimeOffFactory(provider=provider, start=MIDNIGHT - HOUR, end=MIDNIGHT + HOUR)

    page = studio.post(CHECK, TUESDAY, follow=True)

    assert "It is one entry now with the time off that it meets." in text_of(page)


@pytest.mark.parametrize(
    ("chosen", "button", "says"),
    [
        (("cancel", "cancel"), "Save, cancel 2 and use my 1st of 3", "Only Ann’s starts within 12 hours."),
        (("cancel", "keep"), "Save, cancel 1 and use my 1st of 3", "Only Ann’s starts within 12 hours."),
        (("keep", "cancel"), "Save and cancel 1", "Cancelling these is free."),
        (("keep", "keep"), "Save", "Keeps 2: Ann, Ben"),
    ],
)
def test_each_choice_is_weighed_before_anything_happens(studio, two, chosen, button, says):
    with time_machine.travel(LATE, tick=False):
        studio.force_login(two[0].provider.user)
        page = studio.post(CHECK, TUESDAY | ways(*zip(two, chosen, strict=True)) | {"do": "weigh"})

    assert (page.status_code, button_of(page)) == (200, button)
    assert says in text_of(page)
    assert states(two) == [Status.CONFIRMED] * 2


def test_htmx_gets_the_form_alone(studio, two):
    page = studio.post(CHECK, TUESDAY | {"do": "weigh"}, headers={"HX-Request": "true", "HX-Target": "check"})

    assert page.text.lstrip().startswith('<form class="check2" id="check"')
    assert "HX-Target" in page.headers["Vary"]


@pytest.mark.parametrize(
    ("pressed", "chosen"),
    [("end-all", ["cancel", "cancel"]), ("keep-all", ["keep", "keep"]), ("keep-late", ["keep", "cancel"])],
)
def test_a_button_chooses_for_many(studio, two, pressed, chosen):
    before = "keep" if pressed == "end-all" else "cancel"
    with time_machine.travel(LATE, tick=False):
        studio.force_login(two[0].provider.user)
        page = studio.post(CHECK, TUESDAY | ways(*((one, before) for one in two)) | {"do": pressed})

    assert [row.way for row in page.context["check"].rows] == chosen


def test_changing_the_dates_keeps_what_was_typed(studio, two):
    page = studio.post(CHECK, TUESDAY | {"do": "change"})

    assert "Add time off" in text_of(page)
    assert 'value="Ill"' in page.text and 'value="Back on Wednesday"' in page.text


def test_what_counts_for_more_than_shown_is_shown_first_with_all_that_was_typed(studio, two):
    data = TUESDAY | ways((two[0], "cancel"), (two[1], "cancel")) | {"do": "save", "seen": "0", "word": "So sorry"}
    with time_machine.travel(LATE, tick=False):
        studio.force_login(two[0].provider.user)
        page = studio.post(CHECK, data)
        assert page.status_code == 409
        assert "Nothing is cancelled yet." in text_of(page) and "So sorry" in page.text
        assert button_of(page) == "Save, cancel 2 and use my 1st of 3"
        assert states(two) == [Status.CONFIRMED] * 2

        studio.post(CHECK, data | {"seen": "1"})

    assert states(two) == [Status.CANCELLED] * 2
    assert LateCancellation.objects.count() == 1


def test_what_came_in_meanwhile_is_asked_about_first(studio, two):
    page = studio.post(CHECK, TUESDAY | ways((two[0], "cancel")) | {"do": "save", "seen": "0"})

    assert page.status_code == 409
    assert "Something in this time has changed" in text_of(page)
    assert states(two) == [Status.CONFIRMED] * 2


def test_nonsense_for_ways_is_no_choice(studio, two):
    typed = ways((two[0], "destroy"), (two[1], "decline")) | {"way-": "cancel", "way-XX": "keep"}

    page = studio.post(CHECK, TUESDAY | typed | {"do": "save", "seen": "x"})

    assert page.status_code == 409
    assert states(two) == [Status.CONFIRMED] * 2


def test_a_word_that_is_too_long_comes_back(studio, two):
    page = studio.post(
        CHECK, TUESDAY | ways((two[0], "cancel"), (two[1], "keep")) | {"do": "save", "seen": "0", "word": "x" * 501}
    )

    assert page.status_code == 422
    assert states(two) == [Status.CONFIRMED] * 2


def test_the_third_says_what_it_ends_and_leads_to_the_page_of_the_suspended(studio, provider, two, book):
    book(TUESDAY_TEN + 2 * DAY, customer=UserFactory())
    elsewhere = book(TUESDAY_TEN + DAY, service=ServiceFactory(duration_minutes=60), customer=UserFactory()).appointment
    for hours, one in ((1, two[0]), (2, elsewhere)):
        fair_use.note_late(provider.user, occasion=one.uuid, now=LATE - hours * HOUR)
    data = TUESDAY | ways((two[0], "cancel"), (two[1], "keep"))
    with time_machine.travel(LATE, tick=False):
        studio.force_login(provider.user)
        page = studio.post(CHECK, data | {"do": "weigh"})
        text = text_of(page)
        assert button_of(page) == "Save, cancel 1 and be suspended"
        assert "This will be your 3rd late cancellation of 3." in text
        assert "your other 2 appointments are cancelled" in text
        assert "Keep Ann’s appointment" in text

        answer = studio.post(CHECK, data | {"do": "save", "seen": "3"})

    assert answer.url == reverse("suspended")
    assert states(two) == [Status.CANCELLED] * 2


def test_a_time_is_told_in_the_customers_zone_too(studio, book):
    book(customer=UserFactory(name="Kit Doe", time_zone="Asia/Kathmandu"))

    assert "15:45 for Kit in Kathmandu" in text_of(studio.post(CHECK, TUESDAY))


def test_the_check_costs_the_same_for_one_and_for_many(studio, book):
    costs = []
    for day, number in (("2026-03-03", 1), ("2026-03-04", 6)):
        for n in range(number):
            book(TUESDAY_TEN + (DAY if number > 1 else 0 * DAY) + n * HOUR, customer=UserFactory())
        with CaptureQueriesContext(connection) as queries:
            page = studio.post(CHECK, TUESDAY | {"start_on": day, "end_on": day})
        costs.append(len(queries))
        assert len(page.context["check"].rows) == number

    assert costs[0] == costs[1]


def test_a_proposed_time_is_told_as_such(studio, provider, book):
    inside, elsewhere = book().appointment, book(TUESDAY_TEN + DAY, customer=UserFactory(name="Eve Doe")).appointment
    for one, start in ((inside, TUESDAY_TEN + 2 * DAY), (elsewhere, TUESDAY_TEN + 3 * HOUR)):
        proposals.propose_time(appointment=one, start=start, actor=provider.user, role=Role.PROVIDER, message="x")

    page = studio.post(CHECK, TUESDAY)
    text = text_of(page)

    assert button_of(page) == "Save"
    assert "You proposed Thu 5 March, 10:00." in text
    assert "Eve Doe, new time proposed" in text and "13:00 to 14:00" in text
    assert "Taking it back never counts" in text and "Stays proposed." in text
    taken_back = studio.post(CHECK, TUESDAY | ways((inside, "keep"), (elsewhere, "take-back")) | {"do": "weigh"})
    assert button_of(taken_back) == "Save and take back 1"
    assert "Takes back 1 proposed time: Eve" in text_of(taken_back)


# --- A day ----------------------------------------------------------------------------------------------------------


def day_address(day=A_TUESDAY, customer=None):
    address = reverse("studio_cancel_day", args=[day])
    return address if customer is None else f"{address}?customer={customer}"


def test_a_day_is_cancelled_without_being_taken_off(studio, two):
    page = studio.get(day_address())
    assert "Cancel Tuesday 3 March?" in text_of(page)
    assert button_of(page) == "Cancel 2"

    done = studio.post(
        day_address(), ways((two[0], "cancel"), (two[1], "keep")) | {"do": "save", "seen": "0"}, follow=True
    )

    assert "1 appointment cancelled. We tell Ann." in text_of(done)
    assert states(two) == [Status.CANCELLED, Status.CONFIRMED]
    assert not TimeOff.objects.exists()


def test_a_day_of_one_customer_leaves_the_others_alone(studio, two):
    address = day_address(customer=two[1].customer.uuid)
    page = studio.get(address)
    assert "Cancel Ben on Tuesday 3 March?" in text_of(page)
    assert "Ann Doe" not in text_of(page)

    studio.post(address, ways((two[0], "cancel"), (two[1], "cancel")) | {"do": "save", "seen": "0"})

    assert states(two) == [Status.CONFIRMED, Status.CANCELLED]


def test_nobody_elses_customer_has_a_day_here(studio, two):
    for customer in (UserFactory().uuid, "nonsense"):
        assert studio.get(day_address(customer=customer)).status_code == 404


def test_an_empty_day_and_keeping_all_say_that_nothing_was_cancelled(studio, two):
    assert "Nothing to cancel on Thursday 5 March" in text_of(studio.get(day_address(date(2026, 3, 5))))

    kept = studio.post(
        day_address(), ways((two[0], "keep"), (two[1], "keep")) | {"do": "save", "seen": "0"}, follow=True
    )

    assert "Nothing was cancelled." in text_of(kept)


def test_a_day_that_does_not_exist_is_no_page(studio):
    assert studio.get("/studio/cancel-day/2026-02-30/").status_code == 404


def test_cancelling_one_offers_to_cancel_all_of_the_customers_day(studio, book, customer):
    one = book().appointment
    address = reverse("studio_cancel", args=[one.reference])
    assert "Cancel them together" not in text_of(studio.get(address))
    book(TUESDAY_TEN + 2 * HOUR)

    page = studio.get(address)

    assert "2 appointments and requests on this day. Cancel them together" in text_of(page)
    assert day_address(customer=customer.uuid) in page.text


# --- Elsewhere ------------------------------------------------------------------------------------------------------


def test_the_week_draws_time_off_within_its_hours_and_leads_to_the_day(studio, provider, two):
    TimeOffFactory(provider=provider, start=MIDNIGHT + DAY, end=MIDNIGHT + 3 * DAY)
    TimeOffFactory(provider=provider, start=TUESDAY_TEN + 4 * HOUR, end=TUESDAY_TEN + 5 * HOUR)

    page = studio.get(reverse("studio_today"), {"day": "2026-03-03"})

    week = page.context["week"]
    off = {column.day.day: [(p.at, p.rows) for p in column.pieces if p.is_off] for column in week.columns}
    assert off == {2: [], 3: [(60, 12)], 4: [(0, 108)], 5: [(0, 108)], 6: []}
    assert (week.first_hour, week.hours) == (9, 9)
    drawn = re.findall(r'data-state="off">(.*?)<span class="visually', page.text)
    assert [re.sub("<[^>]*>", "", words) for words in drawn] == ["Time off14:00", "Time off", "Time off"]
    assert 'data-state="off"' in page.text and '<i class="kf"></i>Time off' in page.text
    assert day_address() in page.text
    assert "cancel-day" not in studio.get(reverse("studio_today"), {"day": "2026-02-25"}).text


def test_today_says_until_when_the_provider_is_off(studio, provider, book):
    book(NOW + 6 * HOUR)
    row = TimeOffFactory(provider=provider, start=NOW - HOUR, end=NOW + 2 * HOUR)

    page = studio.get(reverse("studio_today"))
    assert "You are off until 10:00." in text_of(page)
    assert "time off 09:00 to 10:00" in page.context["day"].line_words
    row.end = NOW + DAY
    row.save()
    assert "You are off until Tue 3 March, 08:00." in text_of(studio.get(reverse("studio_today")))


def test_the_public_page_has_the_word_only_where_it_has_no_openings(client, provider, service):
    address = reverse("provider_page", args=[provider.slug])
    row = TimeOffFactory(provider=provider, start=MIDNIGHT + DAY, end=MIDNIGHT + 2 * DAY, public_word="Back <soon>")
    assert "Back <soon>" not in text_of(client.get(address))
    row.end = MIDNIGHT + 300 * DAY
    row.start = NOW - DAY
    row.save()

    page = client.get(address)

    assert "A word from Maya: Back &lt;soon&gt;" in re.sub(r"</?(b|bdi)>", "", page.text)
    provider.working_hours.all().delete()
    with time_machine.travel(row.end, tick=False):
        assert "Nothing to book" in client.get(address).text
        assert "A word from" not in client.get(address).text


def test_what_time_off_cancelled_stays_cancelled_when_it_is_removed(studio, provider, two):
    studio.post(CHECK, TUESDAY | ways((two[0], "cancel"), (two[1], "keep")) | {"do": "save", "seen": "0"})
    row = TimeOff.objects.get()

    studio.post(reverse("studio_time_off_remove", args=[row.uuid]))

    assert states(two) == [Status.CANCELLED, Status.CONFIRMED]
    with pytest.raises(Exception, match="cancelled"):
        transitions.accept_request(appointment=two[0], actor=provider.user, role=Role.PROVIDER)


# --- Pages that were opened before a change -------------------------------------------------------------------------


def shown_by(page):
    return {"shown": re.search(r'name="shown" value="([^"]*)"', page.text)[1]}


@pytest.mark.parametrize("pressed", ["weigh", "keep-all", "end-all", "keep-late"])
def test_weighing_a_time_in_which_nothing_lies_any_more_saves_nothing(studio, book, pressed):
    one = book().appointment
    studio.post(CHECK, TUESDAY)
    transitions.cancel_appointment(appointment=one, actor=one.customer, role=Role.CUSTOMER)

    page = studio.post(CHECK, TUESDAY | ways((one, "keep")) | {"do": pressed})

    assert (page.status_code, button_of(page)) == (200, "Save")
    assert not TimeOff.objects.exists()
    assert studio.post(CHECK, TUESDAY | {"do": "save"}).status_code == 302
    assert TimeOff.objects.exists()


@pytest.mark.parametrize("address", [CHECK, reverse("studio_cancel_day", args=[A_TUESDAY])])
def test_an_old_page_cancels_nothing_at_another_time_than_it_showed(studio, book, address):
    one = book(customer=UserFactory(name="Ann Doe")).appointment
    old = shown_by(studio.post(address, TUESDAY | {"do": "weigh"}))
    proposals.propose_time(appointment=one, start=TUESDAY_TEN + 5 * HOUR, actor=one.customer, role=Role.CUSTOMER)

    page = studio.post(address, TUESDAY | ways((one, "cancel")) | old | {"do": "save", "word": "Ill, sorry."})

    assert page.status_code == 409
    assert "Something in this time has changed" in text_of(page) and "Ill, sorry.</textarea>" in page.text
    assert states([one]) == [Status.CONFIRMED] and not TimeOff.objects.exists()
    again = studio.post(address, TUESDAY | ways((one, "cancel")) | shown_by(page) | {"do": "save"})
    assert (again.status_code, states([one])) == (302, [Status.CANCELLED])


def test_an_old_page_declines_no_other_new_time_than_it_showed(studio, provider, book, by_hand):
    one = book(TUESDAY_TEN + 2 * DAY).appointment
    transitions.accept_request(appointment=one, actor=provider.user)

    def propose(start):
        proposals.propose_time(appointment=one, start=start, actor=one.customer, role=Role.CUSTOMER)

    propose(TUESDAY_TEN)
    old = shown_by(studio.post(CHECK, TUESDAY))
    propose(TUESDAY_TEN + 5 * HOUR)

    page = studio.post(CHECK, TUESDAY | ways((one, "decline")) | old | {"do": "save"})

    assert page.status_code == 409
    assert Proposal.objects.latest("pk").state == ProposalState.OPEN


def test_an_old_page_removes_no_more_days_than_it_showed(studio, provider):
    row = TimeOffFactory(provider=provider, start=MIDNIGHT, end=MIDNIGHT + DAY)
    address = reverse("studio_time_off_remove", args=[row.uuid])
    old = shown_by(studio.get(address))
    studio.post(CHECK, TUESDAY | {"end_on": "2026-03-20"})

    page = studio.post(address, old, follow=True)

    assert "This time off has changed since you opened the page. Nothing is removed yet." in text_of(page)
    assert TimeOff.objects.get().end == MIDNIGHT + 18 * DAY
    studio.post(address, shown_by(page))
    assert not TimeOff.objects.exists()


def test_where_it_bans_the_page_says_of_nothing_that_it_stays(studio, provider, two):
    for hours in (1, 2):
        fair_use.note_late(provider.user, occasion=uuid4(), now=LATE - hours * HOUR)

    with time_machine.travel(LATE, tick=False):
        studio.force_login(provider.user)
        page = text_of(studio.post(CHECK, TUESDAY | ways((two[0], "cancel"), (two[1], "keep")) | {"do": "weigh"}))

    assert "Keeps" not in page and "Stays as it is" not in page
    assert "Emails everybody whose appointment ends, also by the suspension" in page


def test_a_new_time_that_can_be_answered_no_more_is_not_told_as_one(studio, provider, book, by_hand):
    one = book(TUESDAY_TEN + 9 * DAY, customer=UserFactory(name="Ann Doe")).appointment
    transitions.accept_request(appointment=one, actor=provider.user)
    proposals.propose_time(appointment=one, start=TUESDAY_TEN + 10 * DAY, actor=one.customer, role=Role.CUSTOMER)
    thursday = TUESDAY | {"start_on": "2026-03-12", "end_on": "2026-03-12"}

    before = text_of(studio.post(CHECK, thursday))
    with time_machine.travel(NOW + 3 * DAY, tick=False):
        studio.force_login(provider.user)
        after = text_of(studio.post(CHECK, thursday))

    assert "Ann Doe, new time proposed" in before and "new time proposed" not in after


def test_more_than_one_form_can_ask_about_is_refused_with_the_way_out(studio, two, monkeypatch):
    monkeypatch.setattr("appointments.views.clearing.MOST_ROWS", 1)

    page = studio.post(CHECK, TUESDAY)

    assert page.status_code == TimeOffRefused.status
    assert "More than 1 appointments and requests lie inside. Take it off in parts." in text_of(page)
    assert 'value="Ill"' in page.text and not TimeOff.objects.exists()
