"""The studio's page 'Why is this time not offered?'."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from appointments.models import Hold
from appointments.services import holds, proposals
from appointments.states import Role
from calendar_sync.models import BusyInterval
from calendar_sync.services.free_by_choice import treat_as_free
from providers.models import DateOverride, Listing
from tests.factories.accounts import UserFactory
from tests.factories.calendars import connect, put
from tests.factories.own_events import OwnEventFactory
from tests.factories.providers import ServiceFactory, TimeOffFactory, give_hours

from .conftest import NOW, TUESDAY_TEN
from .test_availability import HOUR, MINUTE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_london")]

ADDRESS = "/studio/why-not/"


@pytest.fixture
def service(service):
    service.name, service.slug = "First assessment", "first-assessment"
    service.save()
    return service


@pytest.fixture
def customer(customer):
    customer.name = "Omar Aziz"
    customer.save()
    return customer


@pytest.fixture
def ask(client, service):
    """A function that asks as the provider; without arguments about Tuesday 3 March, 10:00."""
    client.force_login(service.provider.user)

    def ask(time="10:00", day="2026-03-03", **more):
        return client.get(ADDRESS, {"service": service.slug, "date": day, "time": time, **more})

    return ask


def standing(page):
    return [(row.title, row.detail) for row in page.context["answer"].standing]


def fine(page):
    return {row.title: row.detail for row in page.context["answer"].fine}


def test_an_open_time_says_that_it_is_offered_and_what_each_rule_says_of_it(ask):
    page = ask()

    assert page.context["answer"].headline == "It is offered."
    assert standing(page) == []
    assert fine(page) == {
        "Working hours": "Tuesday 09:00 to 17:00",
        "Date overrides": "None on this day",
        "Time off": "None at that time",
        "Starts of First assessment": "Every 1 h from 09:00: 10:00 is one of them",
        "Notice": "2 h ahead; it is 26 h away",
        "How far ahead": "Within 60 days",
        "Most appointments a day": "0 of 7 taken",
        "Most appointments ahead": "0 of 40 taken",
        "Calendar": "Nothing else at that time",
        "Public page": "Live, First assessment is live",
    }
    assert "not offered?</h1>" not in page.text


def test_the_page_names_all_that_stands_in_the_way_and_where_to_change_it(ask, service, book):
    service.buffer_after_minutes = 20
    service.slot_interval_minutes = 30
    service.save()
    one = book(TUESDAY_TEN - HOUR).appointment
    BusyInterval.objects.create(provider=service.provider, start=TUESDAY_TEN + HOUR, end=TUESDAY_TEN + 2 * HOUR)

    page = ask("10:10")

    assert "Why is " in page.text and " not offered?</h1>" in page.text
    assert page.context["answer"].headline == "Three things stand in the way."
    assert [(row.title, row.detail, row.change, row.address) for row in page.context["answer"].standing] == [
        (
            "Starts of First assessment",
            "Every 30 min from 09:00. Nearest: 10:00 and 10:30.",
            "Change starts",
            "/studio/services/first-assessment/",
        ),
        (
            "Free time after Omar Aziz",
            "First assessment ends at 10:00 and keeps 20 min free, until 10:20.",
            "See the appointment",
            f"/studio/appointments/{one.reference}/",
        ),
        (
            "Busy in a connected calendar",
            "11:00 to 12:00, and 10:10 would last until 11:10. Customers never see this.",
            "See the connection",
            "/studio/google/",
        ),
    ]
    assert "Dentist" not in page.text


@pytest.mark.parametrize(
    ("policy", "time", "day", "row"),
    [
        ({}, "07:30", "2026-03-02", ("Over", "It began before now, 08:00.")),
        ({}, "09:00", "2026-03-02", ("Notice", "2 h ahead: from 10:00 on.")),
        ({"window_days": 3}, "09:00", "2026-03-06", ("How far ahead", "3 days ahead: up to Thu 5 March.")),
        ({"window_days": 1}, "09:00", "2026-03-06", ("How far ahead", "1 day ahead: up to Tue 3 March.")),
    ],
)
def test_a_rule_of_the_policies_says_what_it_allows(ask, service, policy, time, day, row):
    give_hours(service.provider, {weekday: [("07:30", "17:30")] for weekday in range(5)})
    service.slot_interval_minutes = 30
    service.save()
    for name, value in policy.items():
        setattr(service.provider.policy, name, value)
    service.provider.policy.save()

    assert standing(ask(time, day)) == [row]


@pytest.mark.parametrize(
    ("time", "day", "row"),
    [
        ("07:00", "2026-03-03", ("Working hours", "Tuesday: 09:00 to 17:00.")),
        ("10:00", "2026-03-07", ("Working hours", "Saturday: Closed.")),
    ],
)
def test_working_hours_say_which_they_are(ask, time, day, row):
    assert standing(ask(time, day)) == [row]


def test_a_time_that_lasts_too_long_says_until_when(ask, service):
    service.slot_interval_minutes = 30
    service.save()

    expected = "Tuesday: 09:00 to 17:00, and 16:30 would last until 17:30."
    assert standing(ask("16:30")) == [("Working hours", expected)]


def test_a_date_override_is_named_with_its_dates_and_leads_there(ask, service):
    DateOverride.objects.create(
        provider=service.provider, start_on=date(2026, 3, 3), end_on=date(2026, 3, 5), ranges=[[720, 900]]
    )

    page = ask(day="2026-03-04")

    [row] = page.context["answer"].standing
    assert (row.title, row.detail) == ("Date override", "Tue 3 March to Thu 5 March: 12:00 to 15:00.")
    assert row.address == "/studio/hours/dates/2026-03-03/"
    assert fine(page)["Working hours"] == "Those of Wednesday are replaced on this date"
    assert fine(ask("12:00"))["Date overrides"] == "12:00 to 15:00"


def test_caps_say_how_many_they_count(ask, service, book):
    book()
    service.provider.policy.max_per_day = service.provider.policy.max_open = 1
    service.provider.policy.save()

    assert standing(ask("12:00")) == [
        ("Most appointments ahead", "1 of 1 taken."),
        ("Most appointments a day", "1 of 1 taken on Tue 3 March."),
    ]


def test_a_request_and_a_kept_time_are_told_apart_from_appointments(ask, service, requested):
    hold = holds.keep_time(service=service, start=TUESDAY_TEN + HOUR, browser="b" * 64)

    assert standing(ask()) == [("Request of Omar Aziz", "First assessment, 10:00 to 11:00.")]
    assert standing(ask("11:00")) == [
        ("Kept while somebody books", "11:00 to 12:00. Open again at Mon 2 March, 08:10, unless it is booked.")
    ]
    assert hold.expires_at == NOW + 10 * MINUTE


def test_a_proposed_time_says_for_whom_it_is_held_and_how_long(ask, service, confirmed):
    owner, later = confirmed.provider.user, TUESDAY_TEN + 2 * HOUR
    proposals.propose_time(appointment=confirmed, start=later, actor=owner, role=Role.PROVIDER)
    service.buffer_before_minutes = 30
    service.save()

    assert standing(ask("12:00")) == [
        (
            "New time proposed for Omar Aziz",
            "First assessment, 12:00 to 13:00. Held until it is answered, or until Mon 2 March, 15:23.",
        )
    ]
    assert standing(ask("13:00"))[0][1].endswith("the new time proposed for Omar Aziz lasts until 13:00.")


def test_an_own_event_is_named_with_the_way_to_change_it(ask, service):
    event = OwnEventFactory(user=service.provider.user, start=TUESDAY_TEN - HOUR, end=TUESDAY_TEN + HOUR / 2)

    page = ask()

    assert standing(page) == [("Own event “School run”", "09:00 to 10:30. Customers never see this.")]
    row = page.context["answer"].standing[0]
    assert (row.change, row.address) == ("Change the event", f"/studio/events/{event.uuid}/")
    assert "Calendar" not in fine(page)


def test_time_off_says_until_when_it_lasts(ask, service):
    TimeOffFactory(provider=service.provider, start=TUESDAY_TEN - HOUR, end=TUESDAY_TEN + 24 * HOUR)

    page = ask()

    assert standing(page) == [("Time off", "09:00 to Wed 4 March, 10:00.")]
    assert '<a class="link" href="/studio/time-off/">See time off</a>' in page.content.decode()
    assert "Time off" not in fine(page) and "Calendar" in fine(page)


def test_a_connected_calendar_is_named_and_what_is_free_by_choice_stands_in_no_way(ask, service):
    event = put(connect(service.provider, "Personal"), TUESDAY_TEN - 20 * MINUTE, TUESDAY_TEN + 20 * MINUTE)
    page = ask()
    assert standing(page) == [("Busy in “Personal” (Google)", "09:40 to 10:20. Customers never see this.")]
    assert "School play" not in page.text

    service.buffer_after_minutes = 20
    service.save()
    assert "busy time in “Personal” (Google) begins at 11:00" in standing(_moved(ask, event, HOUR))[0][1]

    event.refresh_from_db()
    treat_as_free(busy=event, actor=service.provider.user)
    assert standing(ask()) == []


def _moved(ask, event, later):
    start = TUESDAY_TEN + later
    BusyInterval.objects.filter(pk=event.pk).update(start=start, end=start + HOUR)
    return ask()


def test_free_time_of_the_service_itself_says_what_it_would_meet(ask, service, book):
    other = ServiceFactory(provider=service.provider, name="Follow-up", duration_minutes=60, buffer_before_minutes=15)
    book(TUESDAY_TEN + 2 * HOUR, service=other)
    busy_from = TUESDAY_TEN - 70 * MINUTE
    BusyInterval.objects.create(provider=service.provider, start=busy_from, end=busy_from + HOUR)
    service.buffer_before_minutes, service.buffer_after_minutes = 30, 50
    service.save()

    assert standing(ask()) == [
        (
            "Free time before First assessment",
            "It would keep 30 min free before it, from 09:30, and busy time in a connected calendar lasts until 09:50.",
        ),
        (
            "Free time after First assessment",
            "It would keep 50 min free after it, until 11:50, and the free time before Follow-up of Omar Aziz begins "
            "at 11:45.",
        ),
    ]


@pytest.mark.parametrize(
    ("listing", "is_active", "rows"),
    [
        (Listing.PAUSED, True, [("Public page", "Paused, so that nobody can book.", "/studio/profile/")]),
        (Listing.HIDDEN, True, [("Public page", "Hidden by staff, so that nobody can book.", "")]),
        (
            Listing.LIVE,
            False,
            [("First assessment", "Paused, so that nobody can book it.", "/studio/services/first-assessment/")],
        ),
    ],
)
def test_a_paused_page_or_service_is_a_reason(ask, service, listing, is_active, rows):
    service.provider.listing, service.is_active = listing, is_active
    service.provider.save()
    service.save()

    page = ask()

    assert [(row.title, row.detail, row.address) for row in page.context["answer"].standing] == rows
    assert "Public page" not in fine(page)
    assert page.context["answer"].nearest == []


def test_the_nearest_open_starts_are_named_with_their_date_where_it_is_another(ask, service, book):
    book()
    assert ask().context["answer"].nearest == ["09:00", "11:00", "12:00"]

    DateOverride.objects.create(
        provider=service.provider, start_on=date(2026, 3, 3), end_on=date(2026, 3, 3), ranges=[[600, 660]]
    )
    assert ask().context["answer"].nearest == ["Mon 2 March, 14:00", "Mon 2 March, 15:00", "Mon 2 March, 16:00"]


def test_the_twelve_hour_clock_is_kept(ask, service, book):
    service.provider.user.uses_12h_clock = True
    service.provider.user.save()
    book(TUESDAY_TEN + 4 * HOUR)

    page = ask("14:00")

    assert standing(page) == [("Appointment of Omar Aziz", "First assessment, 2:00 pm to 3:00 pm.")]
    assert fine(page)["Working hours"] == "Tuesday 9:00 am to 5:00 pm"


def test_the_day_is_drawn_and_said_with_what_is_kept_free_and_the_time_asked_about(ask, service, book):
    service.buffer_after_minutes = 20
    service.save()
    book()

    day = ask("14:00").context["day"]

    assert [segment for segment in day.segments if segment[0] in {"soft", "ask"}] == [
        ("soft", TUESDAY_TEN + HOUR, TUESDAY_TEN + HOUR + 20 * MINUTE),
        ("ask", TUESDAY_TEN + 4 * HOUR, TUESDAY_TEN + 5 * HOUR),
    ]
    assert day.words.endswith("booked 10:00 to 11:00; the time asked about is 14:00 to 15:00.")


def test_the_line_reaches_to_a_time_outside_the_hours(ask):
    day = ask("19:00").context["day"]

    assert (day.opens, day.closes) == (TUESDAY_TEN - HOUR, TUESDAY_TEN + 10 * HOUR)


def test_a_repeated_time_means_the_first_and_leads_to_the_second(ask, client, service):
    give_hours(service.provider, {6: [("00:00", "05:00")]})
    service.provider.policy.window_days = 365
    service.provider.policy.save()

    first = ask("01:00", "2026-10-25")
    second = client.get(ADDRESS, {"service": service.slug, "at": first.context["other"]["value"]})

    assert f"{first.context['start']:%H:%M}" == "00:00"
    assert f"{second.context['start']:%H:%M}" == "01:00"
    assert "Clocks in London go back that day" in first.text
    assert [page.context["form"]["time"].value() for page in (first, second)] == ["01:00", "01:00"]
    assert second.context["other"]["start"] == first.context["start"]


def test_without_a_time_the_page_asks_for_one_about_the_service_it_came_from(client, service):
    ServiceFactory(provider=service.provider, name="Follow-up", slug="follow-up", position=9)
    client.force_login(service.provider.user)

    page = client.get(ADDRESS, {"service": "follow-up"})

    assert page.status_code == 200
    assert "answer" not in page.context
    assert '<option value="follow-up" selected>' in page.text


def test_a_click_into_the_week_names_no_service_and_gets_the_first(ask, client, service):
    page = client.get(ADDRESS, {"date": "2026-03-03", "time": "10:00"})

    assert page.context["service"] == service


@pytest.mark.parametrize(
    "query",
    [
        {"time": ""},
        {"day": "2026-02-30"},
        {"day": "1999-12-31"},
        {"day": "2200-01-01"},
        {"day": "9999-12-31", "time": "23:59"},
        {"time": "25:00"},
        {"service": "somebody-elses"},
    ],
)
def test_what_is_no_time_is_asked_for_again(ask, query):
    page = ask(**query)

    assert page.status_code == 422
    assert "answer" not in page.context
    assert "There is a problem" in page.text or "error-summary" in page.text


@pytest.mark.parametrize("at", ["2026-03-03T10:00", "nonsense", "9999-12-31T23:00:00Z", "0001-01-01T00:00:00Z"])
def test_a_malformed_instant_is_not_read(ask, at):
    page = ask(at=at)

    assert page.context["start"] == TUESDAY_TEN


def test_a_provider_without_services_is_led_to_add_one(client, provider):
    client.force_login(provider.user)

    assert "No services yet" in client.get(ADDRESS).text
    assert client.get(ADDRESS, {"date": "2026-03-03", "time": "10:00"}).status_code == 422


def test_another_providers_service_is_not_answered_and_customers_have_no_such_page(ask, client):
    theirs = ServiceFactory(slug="theirs")

    assert ask(service=theirs.slug).status_code == 422
    client.force_login(UserFactory())
    assert client.get(ADDRESS).status_code == 404


def test_the_studio_leads_to_it_from_the_week_and_from_a_service(ask, client, service):
    today, form = client.get(reverse("studio_today")).text, client.get(f"/studio/services/{service.slug}/").text

    assert f'data-ask="{ADDRESS}"' in today and f'href="{ADDRESS}"' in today
    assert 'data-from="9"' in today
    assert f'href="{ADDRESS}?service={service.slug}"' in form


def test_the_page_costs_the_same_queries_on_an_empty_day_and_on_a_full_one(
    ask, service, book, django_assert_num_queries
):
    ask()
    with django_assert_num_queries(22):
        ask()

    for hour in range(5):
        book(TUESDAY_TEN + hour * HOUR)
    for hour in range(5):
        BusyInterval.objects.create(
            provider=service.provider, start=TUESDAY_TEN + hour * HOUR, end=TUESDAY_TEN + (hour + 2) * HOUR
        )
    Hold.objects.create(
        provider=service.provider,
        kind="kept",
        browser="c" * 64,
        start=TUESDAY_TEN - HOUR,
        end=TUESDAY_TEN,
        expires_at=NOW + timedelta(hours=1),
    )
    with django_assert_num_queries(22):
        ask()
