"""The pages of own events, in the studio and outside of it: nothing typed is lost, and nothing is saved unasked.

It is Monday 2 March 2026, 08:00 UTC, in London.
"""

import re
from datetime import datetime, timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from appointments.models import Appointment, Offer, OwnEvent
from appointments.pages.month_picker import to_value
from appointments.rules.own_events import Details
from appointments.rules.time_off import Way
from appointments.services import offers
from appointments.services.own_events import FORMS_SPENT_FOR, create_own_event, delete_own_event
from appointments.services.time_off import Absence, take_time_off, what_is_inside
from appointments.states import OfferState, Status
from core import clock
from providers.models import Provider
from tests.factories.accounts import UserFactory
from tests.factories.own_events import OwnEventFactory

from .conftest import NOW, TUESDAY_TEN
from .test_customer_pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_london")]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = TUESDAY_TEN - 10 * HOUR
LIST, NEW = reverse("studio_events"), reverse("studio_event_new")
TYPED = {
    "title": "School run",
    "start_on": "2026-03-03",
    "start_at": "10:00",
    "end_on": "2026-03-03",
    "end_at": "11:00",
    "place": "St Paul’s",
    "description": "Bring the bag",
    "zone_shown": "Europe/London",
}


@pytest.fixture
def studio(client, provider):
    client.force_login(provider.user)
    return client


@pytest.fixture
def school(provider):
    return OwnEventFactory(user=provider.user, place="St Paul’s", description="Bring the bag")


def page_of(event, name="studio_event"):
    return reverse(name, args=[event.uuid])


def values_in(page):
    """The values of the form's inputs, ticked boxes as "on"."""
    form = page.text.split('class="form"', 1)[1].split("</form>")[0]
    found = {}
    for tag in re.findall(r"<input [^>]*>", form):
        fields = dict(re.findall(r'([a-z]+)="([^"]*)"', tag))
        if fields.get("type") == "checkbox":
            found[fields["name"]] = "on" if " checked" in tag else ""
        elif "name" in fields:
            found[fields["name"]] = unescape(fields.get("value", ""))
    for name, value in re.findall(r'<textarea name="([a-z_]+)"[^>]*>([^<]*)</textarea>', form):
        found[name] = unescape(value).strip("\n")
    return {name: value for name, value in found.items() if name not in {"csrfmiddlewaretoken", "whose"} and value}


def all_events():
    return [(row.title, row.start, row.end, row.is_all_day, row.is_free) for row in OwnEvent.objects.order_by("pk")]


def move_to(provider, zone):
    Provider.objects.filter(pk=provider.pk).update(time_zone=zone)


# --- The list ---------------------------------------------------------------------------------------------------------


def test_the_list_has_what_is_ahead_and_what_was(studio, provider):
    OwnEventFactory(
        user=provider.user, start=MIDNIGHT, end=MIDNIGHT + 2 * DAY, is_all_day=True, title="Rent due", is_free=True
    )
    OwnEventFactory(user=provider.user, start=NOW - HOUR, end=NOW + HOUR, title="Swimming", place="The lido")
    OwnEventFactory(user=provider.user, start=NOW - DAY, title="Dentist")
    OwnEventFactory(title="Somebody else’s")

    text = text_of(studio.get(LIST))

    told = [
        "Swimming",
        "Mon 2 March, 07:00 to 09:00, The lido",
        "On now",
        "Rent due",
        "Tue 3 March to Wed 4 March",
        "Takes no time",
        "Over",
        "Dentist",
    ]
    places = [text.find(each) for each in told]
    assert -1 not in places and places == sorted(places), text
    assert "Somebody else’s" not in text


def test_an_empty_list_says_what_it_is_for(studio):
    assert "No events ahead" in text_of(studio.get(LIST))


def test_the_list_costs_the_same_queries_for_one_event_and_for_many(studio, provider):
    numbers = []
    for count in (1, 30):
        for n in range(count):
            OwnEventFactory(user=provider.user, start=TUESDAY_TEN + n * HOUR)
        with CaptureQueriesContext(connection) as queries:
            page = studio.get(LIST)
        numbers.append(len(queries))

    assert numbers[0] == numbers[1]
    assert "Showing 1 to 20 of 31" in text_of(page)
    assert page.text.count('class="off"') == 20
    assert studio.get(f"{LIST}?page=2").text.count('class="off"') == 11


# --- A new event ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ("2026-03-02", "09:00", "2026-03-02", "10:00")),
        ("?date=2026-03-12&start=14:30", ("2026-03-12", "14:30", "2026-03-12", "15:30")),
        ("?date=2026-03-12&start=23:30", ("2026-03-12", "23:30", "2026-03-13", "00:30")),
        ("?date=2026-03-12&start=14:30&end=16:00", ("2026-03-12", "14:30", "2026-03-12", "16:00")),
        ("?date=2026-03-12&start=14:30&until=2026-03-13&end=09:00", ("2026-03-12", "14:30", "2026-03-13", "09:00")),
        ("?date=never&start=25:99", ("2026-03-02", "09:00", "2026-03-02", "10:00")),
    ],
)
def test_the_form_begins_at_what_the_address_asks_for(studio, query, expected):
    values = values_in(studio.get(NEW + query))

    assert tuple(values[name] for name in ("start_on", "start_at", "end_on", "end_at")) == expected


def test_an_event_is_saved_as_typed(studio, provider):
    page = studio.post(NEW, TYPED, follow=True)

    row = OwnEvent.objects.get()
    assert (row.user, row.place, row.description) == (provider.user, "St Paul’s", "Bring the bag")
    assert all_events() == [("School run", TUESDAY_TEN, TUESDAY_TEN + HOUR, False, False)]
    assert "Saved: School run, Tue 3 March, 10:00 to 11:00. Nobody can book you then." in text_of(page)
    assert page.redirect_chain == [(LIST, 302)]


def test_the_form_of_one_press_saves_once(studio):
    typed = TYPED | {"key": values_in(studio.get(NEW))["key"]}

    texts = [text_of(studio.post(NEW, typed, follow=True)) for _ in range(2)]

    assert OwnEvent.objects.count() == 1
    assert "That was already saved." in texts[1]


def test_whole_days_are_those_of_the_providers_zone(studio, provider):
    move_to(provider, "America/New_York")
    typed = TYPED | {"is_all_day": "on", "end_on": "2026-03-08", "zone_shown": "America/New_York"}

    studio.post(NEW, typed)

    # Clocks go forward there on 8 March.
    start, end = MIDNIGHT + 5 * HOUR, MIDNIGHT + 6 * DAY + 4 * HOUR
    assert all_events() == [("School run", start, end, True, False)]


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"title": ""}, "title", "Enter the title."),
        ({"start_at": ""}, "start_at", "Enter a time, or tick “All day”."),
        ({"end_at": ""}, "end_at", "Enter a time, or tick “All day”."),
        ({"end_at": "10:00"}, "end_at", "It ends before it begins."),
        ({"end_on": "2026-03-02"}, "end_on", "It ends before it begins."),
        ({"end_on": "2026-03-02", "is_all_day": "on"}, "end_on", "It ends before it begins."),
        ({"end_on": "2027-03-09"}, "end_on", "An event lasts at most a year."),
        ({"start_on": "2036-03-03", "end_on": "2036-03-03"}, "start_on", "within three years"),
        ({"zone_shown": "Asia/Tokyo"}, "__all__", "Your time zone has changed: it is London time now."),
    ],
)
def test_what_cannot_be_saved_is_said_and_nothing_typed_is_lost(studio, changes, field, message):
    page = studio.post(NEW, TYPED | changes)

    form = page.context["form"]
    assert (page.status_code, list(form.errors)) == (422, [field])
    assert message in form.errors[field][0]
    kept = values_in(page)
    assert {name: kept.get(name, "") for name in changes if name != "zone_shown"} == {
        name: value for name, value in changes.items() if name != "zone_shown"
    }
    assert (kept["place"], kept["description"]) == ("St Paul’s", "Bring the bag")
    assert OwnEvent.objects.count() == 0


def test_a_skipped_hour_begins_after_the_gap_and_a_repeated_one_the_first_time(studio):
    studio.post(NEW, TYPED | {"start_on": "2026-03-29", "start_at": "01:30", "end_on": "2026-03-29", "end_at": "03:00"})
    studio.post(NEW, TYPED | {"start_on": "2026-10-25", "start_at": "01:30", "end_on": "2026-10-25", "end_at": "03:00"})

    utc = clock.UTC
    assert [row[1:3] for row in all_events()] == [
        (datetime(2026, 3, 29, 1, tzinfo=utc), datetime(2026, 3, 29, 2, tzinfo=utc)),
        (datetime(2026, 10, 25, 0, 30, tzinfo=utc), datetime(2026, 10, 25, 3, tzinfo=utc)),
    ]


@pytest.mark.parametrize("asked", ["date=9999-12-31&start=23:30", "date=0001-01-01&start=00:00&end=00:30"])
def test_an_address_that_names_a_day_too_far_gives_a_form_without_it(studio, school, asked):
    new, old = studio.get(f"{NEW}?{asked}"), studio.get(f"{page_of(school)}?{asked}")

    assert (new.status_code, values_in(new)["start_on"]) == (200, "2026-03-02")
    assert (old.status_code, values_in(old)["start_on"]) == (200, "2026-03-03")


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
@pytest.mark.parametrize("whole", [{}, {"is_all_day": "on"}])
def test_a_day_too_far_is_refused(studio, day, whole):
    page = studio.post(NEW, TYPED | whole | {"start_on": day, "end_on": day})

    assert (page.status_code, OwnEvent.objects.count()) == (422, 0)


# --- What it lies over ------------------------------------------------------------------------------------------------


def test_an_event_over_an_appointment_is_shown_first_and_saved_after_a_yes(studio, confirmed):
    check = studio.post(NEW, TYPED)
    assert (check.status_code, OwnEvent.objects.count()) == (200, 0)
    told = f"{confirmed.customer.name}Tue 3 March, 10:00 to 11:00{confirmed.service.name}Confirmed"
    assert told in text_of(check)

    page = studio.post(NEW, values_in(check), follow=True)

    assert all_events() == [("School run", TUESDAY_TEN, TUESDAY_TEN + HOUR, False, False)]
    assert f"{confirmed.service.name} with {confirmed.customer.name} stays as it is." in text_of(page)
    confirmed.refresh_from_db()
    assert confirmed.status == Status.CONFIRMED


def test_what_came_meanwhile_is_shown_before_it_is_saved(studio, confirmed, book):
    check = studio.post(NEW, TYPED | {"end_at": "13:00"})
    book(TUESDAY_TEN + 2 * HOUR, customer=UserFactory(name="Ben Doe"))

    again = studio.post(NEW, values_in(check))

    assert (again.status_code, OwnEvent.objects.count()) == (409, 0)
    assert "Nothing is saved yet." in text_of(again) and "Ben Doe" in text_of(again)
    studio.post(NEW, values_in(again))
    assert OwnEvent.objects.count() == 1


def test_change_brings_back_the_form_with_all_that_was_typed(studio, confirmed):
    check = studio.post(NEW, TYPED | {"is_free": ""})

    form = studio.post(NEW, values_in(check) | {"do": "change"})

    assert form.status_code == 200
    assert values_in(form) | TYPED == values_in(form)
    assert OwnEvent.objects.count() == 0


def test_the_check_keeps_boxes_as_they_were(studio, confirmed):
    check = studio.post(NEW, TYPED | {"is_all_day": "on"})

    studio.post(NEW, values_in(check))

    assert all_events() == [("School run", MIDNIGHT, MIDNIGHT + DAY, True, False)]


def test_a_time_that_is_offered_is_shown_first_and_taken_back_after_a_yes(studio, provider, confirmed):
    offer = offer_instead(provider, confirmed)
    at = clock.local(offer.start, provider.zone)
    typed = TYPED | {"start_on": f"{at:%Y-%m-%d}", "end_on": f"{at:%Y-%m-%d}"}
    typed |= {"start_at": f"{at:%H:%M}", "end_at": f"{at + HOUR:%H:%M}"}

    check = studio.post(NEW, typed)
    assert (check.status_code, OwnEvent.objects.count()) == (200, 0)
    assert f"{confirmed.service.name}: held for them, as you offered it" in text_of(check)
    assert "The time that you offer is taken back, and its customer is told." in text_of(check)
    saved = studio.post(NEW, values_in(check), follow=True)

    offer.refresh_from_db()
    assert (OwnEvent.objects.count(), offer.state) == (1, OfferState.WITHDRAWN)
    assert "Nobody can book you then. 1 time no longer offered." in text_of(saved)


def test_an_event_that_takes_no_time_takes_back_no_offered_one(studio, provider, confirmed):
    offer = offer_instead(provider, confirmed)

    create_own_event(details=Details("Out", offer.start, offer.end, is_free=True), actor=provider.user)

    offer.refresh_from_db()
    assert offer.state == OfferState.OPEN


def offer_instead(provider, appointment):
    """The first of the times that are offered instead of the appointment, which is called off."""
    span = (appointment.start, appointment.end)
    claims = [claim.appointment for claim in what_is_inside(provider, span, now=NOW).claims]
    found = offers.times_to_offer(provider, claims, away=span, ending=claims, now=NOW)
    take_time_off(
        provider=provider,
        absence=Absence(*span),
        actor=provider.user,
        ways={appointment.reference: Way.OFFER},
        offered={reference: times.starts for reference, times in found.items()},
    )
    return Offer.objects.filter(instead_of=appointment).order_by("start")[0]


# --- Changing ---------------------------------------------------------------------------------------------------------


def test_the_form_shows_the_event_and_saved_untouched_changes_nothing(studio, school):
    values = values_in(studio.get(page_of(school)))

    page = studio.post(page_of(school), values, follow=True)

    assert values == TYPED | {"version": "1"}
    assert "That was already saved. Nothing changed." in text_of(page)
    assert OwnEvent.objects.get().version == 1


def test_a_whole_day_event_is_shown_by_its_dates(studio, provider):
    event = OwnEventFactory(user=provider.user, start=MIDNIGHT, end=MIDNIGHT + 2 * DAY, is_all_day=True, is_free=True)

    values = values_in(studio.get(page_of(event)))

    shown = {name: values.get(name) for name in ("is_all_day", "start_on", "start_at", "end_on", "end_at", "is_free")}
    assert shown == {
        "is_all_day": "on",
        "start_on": "2026-03-03",
        "start_at": None,
        "end_on": "2026-03-04",
        "end_at": None,
        "is_free": "on",
    }


def test_times_that_nobody_touched_stay_to_the_second(studio, provider):
    """The second run of a repeated hour, and seconds that no field shows."""
    start = datetime(2026, 10, 25, 1, 30, 17, tzinfo=clock.UTC)
    event = OwnEventFactory(user=provider.user, start=start, end=start + 2 * HOUR)
    values = values_in(studio.get(page_of(event)))

    studio.post(page_of(event), values | {"title": "Bus"})

    assert all_events() == [("Bus", start, start + 2 * HOUR, False, False)]


def test_the_address_may_ask_for_other_times(studio, school):
    values = values_in(studio.get(page_of(school) + "?date=2026-03-04&start=09:00&end=10:30"))

    assert values == TYPED | {
        "version": "1",
        "start_on": "2026-03-04",
        "start_at": "09:00",
        "end_on": "2026-03-04",
        "end_at": "10:30",
    }


def test_the_second_tab_is_shown_what_stands_and_may_replace_it(studio, school):
    values = values_in(studio.get(page_of(school)))
    studio.post(page_of(school), values | {"title": "Bus"})

    page = studio.post(page_of(school), values | {"title": "Train", "place": "Platform 2"})

    text, kept = text_of(page), values_in(page)
    assert page.status_code == 409
    assert "This was changed in another tab" in text and "Bus" in text
    assert (kept["title"], kept["place"], kept["version"]) == ("Train", "Platform 2", "2")
    assert OwnEvent.objects.get().title == "Bus"
    studio.post(page_of(school), kept)
    assert OwnEvent.objects.get().title == "Train"


def test_what_was_typed_about_a_deleted_event_may_become_a_new_one(studio, school):
    values = values_in(studio.get(page_of(school)))
    delete_own_event(event=school, actor=school.user, version=1)

    page = studio.post(page_of(school), values | {"title": "Bus"})

    assert page.status_code == 409
    assert "This event was deleted meanwhile" in text_of(page)
    assert f'action="{NEW}"' in page.text
    studio.post(NEW, values_in(page))
    assert [row[0] for row in all_events()] == ["Bus"]
    assert OwnEvent.objects.get().uuid != school.uuid


def test_a_form_sent_again_after_its_event_was_deleted_says_so_and_may_add_it_by_choice(studio):
    values = values_in(studio.get(NEW)) | TYPED
    studio.post(NEW, values)
    event = OwnEvent.objects.get()
    studio.post(page_of(event, "studio_event_delete"), {"version": "1"})

    page = studio.post(NEW, values)

    assert (page.status_code, all_events()) == (409, [])
    assert "This form was saved already, and its event was deleted since." in text_of(page)
    again = values_in(page)
    assert {name: again[name] for name in TYPED} == TYPED
    studio.post(NEW, again)
    studio.post(NEW, again)
    assert [row[0] for row in all_events()] == ["School run"]


def test_the_privacy_page_says_for_how_long_a_deletion_is_known(client):
    assert f"is known for {FORMS_SPENT_FOR.days} days" in client.get(reverse("help_privacy")).text


def test_going_back_and_typing_something_else_loses_nothing(studio):
    values = values_in(studio.get(NEW)) | TYPED
    studio.post(NEW, values)

    page = studio.post(NEW, values | {"title": "Bus"})

    assert (page.status_code, [row[0] for row in all_events()]) == (409, ["School run"])
    assert "This form was saved already, as an event that says something else now." in text_of(page)
    studio.post(NEW, values_in(page))
    assert sorted(row[0] for row in all_events()) == ["Bus", "School run"]


# --- Deleting ---------------------------------------------------------------------------------------------------------


def test_deleting_asks_first_and_a_second_press_is_told(studio, school):
    address = page_of(school, "studio_event_delete")
    asked = studio.get(address)
    assert "Delete this event?" in text_of(asked)

    pages = [studio.post(address, {"version": "1"}, follow=True) for _ in range(2)]

    assert OwnEvent.objects.count() == 0
    assert "Deleted: School run, Tue 3 March, 10:00 to 11:00. The time can be booked again." in text_of(pages[0])
    assert "The event Tue 3 March, 10:00 to 11:00 was already deleted." in text_of(pages[1])
    assert "School" not in str(dict(studio.session))


def test_what_was_changed_meanwhile_is_not_deleted(studio, school):
    OwnEvent.objects.update(version=2)

    page = studio.post(page_of(school, "studio_event_delete"), {"version": "1"}, follow=True)

    assert "Nothing is deleted yet." in text_of(page)
    assert OwnEvent.objects.count() == 1


# --- Outside the studio -----------------------------------------------------------------------------------------------


def test_a_customer_keeps_events_in_their_own_zone(signed_in, customer):
    User.objects.filter(pk=customer.pk).update(time_zone="Asia/Tokyo")
    form = signed_in.get(reverse("my_event_new"))

    page = signed_in.post(reverse("my_event_new"), TYPED | {"zone_shown": "Asia/Tokyo"}, follow=True)

    assert "Nobody can book you" not in text_of(form)
    assert page.redirect_chain == [(reverse("my_events"), 302)]
    assert all_events() == [("School run", TUESDAY_TEN - 9 * HOUR, TUESDAY_TEN - 8 * HOUR, False, False)]


def test_a_customer_is_told_of_their_own_appointment_inside(signed_in, confirmed):
    check = signed_in.post(reverse("my_event_new"), TYPED)

    assert confirmed.provider.name in text_of(check)
    assert reverse("my_appointment", args=[confirmed.reference]) in check.text


def test_a_provider_is_led_from_there_to_the_studio(studio, school):
    addresses = {
        reverse("my_events"): LIST,
        reverse("my_event_new"): NEW,
        page_of(school, "my_event"): page_of(school),
        page_of(school, "my_event_delete"): page_of(school, "studio_event_delete"),
    }

    assert {each: studio.get(each).url for each in addresses} == addresses
    assert studio.post(reverse("my_event_new"), TYPED | {"title": "Bus"}).url == LIST
    assert [row[0] for row in all_events()] == ["School run"]


def test_a_customer_is_warned_of_their_own_event_and_may_book(signed_in, customer, service):
    OwnEventFactory(user=customer)
    OwnEventFactory(user=customer, title="Rent due", is_free=True)
    address = reverse("book", args=[service.provider.slug, service.slug])

    page = signed_in.get(address, {"start": to_value(TUESDAY_TEN)})

    text = text_of(page)
    assert "You have an event of your own" in text and "School run" in text
    assert "Rent due" not in text and "in Google" not in text


def test_somebody_elses_event_is_nowhere(signed_in, school):
    address = reverse("my_event", args=[school.uuid])

    assert signed_in.get(address).status_code == 404
    assert signed_in.get(reverse("my_event", args=[uuid4()])).status_code == 404
    page = signed_in.post(address, TYPED)
    assert page.status_code == 409
    assert OwnEvent.objects.get().title == "School run"
    assert signed_in.post(reverse("my_event_delete", args=[school.uuid]), {"version": "1"}).status_code == 404


def test_staff_see_when_and_not_what(admin_client, school):
    for page in (
        admin_client.get(reverse("admin:appointments_ownevent_changelist")),
        admin_client.get(reverse("admin:appointments_ownevent_change", args=[school.pk])),
    ):
        assert page.status_code == 200
        assert all(text not in page.text for text in (school.title, school.place, school.description))


def test_an_appointment_is_left_as_it_is_by_all_of_this(studio, confirmed):
    studio.post(NEW, values_in(studio.post(NEW, TYPED)))

    assert Appointment.objects.get().status == Status.CONFIRMED


# --- Repeating ------------------------------------------------------------------------------------------------------


def weekly(studio, **typed):
    return studio.post(NEW, TYPED | {"repeat": "weekly", "count": "3"} | typed, follow=True)


def all_starts():
    return list(OwnEvent.objects.order_by("start").values_list("start", flat=True))


def test_an_event_is_saved_on_each_of_its_dates(studio):
    page = weekly(studio)

    assert "Saved: School run, Tue 3 March, 10:00 to 11:00. Every Tuesday, 3 dates." in text_of(page)
    assert all_starts() == [TUESDAY_TEN + n * 7 * DAY for n in range(3)]


def test_months_without_its_day_are_told(studio):
    page = weekly(studio, repeat="month_date", start_on="2026-03-31", end_on="2026-03-31")

    assert "April 2026 and June 2026 have no 31st, so nothing stands there." in text_of(page)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"count": ""}, "Enter how many dates, or the last one."),
        ({"count": "1"}, "2"),
        ({"count": "", "until": "2026-03-05"}, "What repeats has at least two dates."),
        ({"count": "", "until": "2036-03-05"}, "An event repeats on 366 dates at most."),
        ({"repeat": "month_last"}, "It does not begin on the last such weekday of its month."),
        ({"count": "", "until": "soon"}, "Enter a"),
    ],
)
def test_a_rule_that_can_not_be_kept_is_said_and_nothing_typed_is_lost(studio, typed, said):
    page = weekly(studio, **typed)

    assert page.status_code == 422
    assert said in text_of(page)
    form = page.context["form"]
    assert (form["repeat"].value(), form["title"].value()) == (typed.get("repeat", "weekly"), "School run")
    assert all_events() == []


def test_an_end_without_a_rule_is_nobodys_meaning(studio):
    assert weekly(studio, repeat="", count="x", until="soon").status_code == 200

    assert all_starts() == [TUESDAY_TEN]


def test_what_lies_inside_any_date_is_shown_before(studio, confirmed):
    before = {"start_on": "2026-02-24", "end_on": "2026-02-24"}

    page = weekly(studio, **before)

    assert "own_events/check.html" in page.templates[0].name
    assert "Every Tuesday, 3 dates." in text_of(page)
    sent = {name: page.context["form"][name].value() for name in page.context["form"].fields}
    studio.post(NEW, {name: value for name, value in sent.items() if value})
    assert len(all_starts()) == 3


def test_the_list_tells_the_next_date_of_each(studio):
    weekly(studio)
    page = studio.get(LIST)

    assert text_of(page).count("Tue 3 March, 10:00 to 11:00. Every Tuesday until Tue 17 March 2026") == 1
    assert len(page.context["rows"]) == 1


@pytest.mark.parametrize(
    ("which", "title", "starts"),
    [
        ("one", ["School run", "Bus", "School run"], [0, 8, 14]),
        ("following", ["School run", "Bus", "Bus"], [0, 8, 15]),
        ("all", ["Bus", "Bus", "Bus"], [1, 8, 15]),
    ],
)
def test_a_date_alone_the_following_or_all_are_changed(studio, which, title, starts):
    weekly(studio)
    second = OwnEvent.objects.order_by("start")[1]
    page = studio.get(page_of(second))
    assert "Every Tuesday until Tue 17 March 2026." in text_of(page)
    form = page.context["form"]
    sent = {name: form[name].value() for name in form.fields if form[name].value()}

    typed = {"title": "Bus", "start_on": "2026-03-11", "end_on": "2026-03-11", "which": which}
    # Nobody means the end where one date alone is changed.
    typed |= {"until": "soon"} if which == "one" else {}
    studio.post(page_of(second), sent | typed)

    rows = OwnEvent.objects.order_by("start")
    assert [row.title for row in rows] == title
    assert [(row.start - TUESDAY_TEN).days for row in rows] == starts


@pytest.mark.parametrize(("which", "left"), [("one", 2), ("following", 1), ("all", 0), ("", 2)])
def test_a_date_alone_the_following_or_all_are_deleted(studio, which, left):
    weekly(studio)
    second = OwnEvent.objects.order_by("start")[1]
    assert "What you delete" in text_of(studio.get(page_of(second, "studio_event_delete")))

    page = studio.post(page_of(second, "studio_event_delete"), {"version": "1", "which": which}, follow=True)

    more = {1: " and 1 more date", 0: " and 2 more dates"}.get(left, "")
    assert f"Deleted: School run, Tue 10 March, 10:00 to 11:00{more}. The time can be booked again." in text_of(page)
    assert len(all_starts()) == left


def test_the_page_of_a_date_costs_the_same_for_many(studio):
    weekly(studio)
    few = OwnEvent.objects.first()
    studio.post(NEW, TYPED | {"repeat": "daily", "count": "100", "title": "Walk"})
    many = OwnEvent.objects.order_by("-start").first()
    found = []
    for event in (few, many):
        with CaptureQueriesContext(connection) as queries:
            studio.get(page_of(event))
        found.append(len(queries))

    assert found[0] == found[1]
