"""The studio's calendar, through the browser's door."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from appointments.models import Hold, OpenDay, OpeningIndex, OwnEvent
from appointments.pages.calendar.periods import View, is_shown
from appointments.queries.calendar import load_calendar
from appointments.search.open_parts import open_parts_of
from appointments.services import proposals
from appointments.states import HoldKind, Role, Status
from calendar_sync.models import BusyInterval, FreeEvent
from providers.models import CalendarState, TimeOff
from tests.factories.accounts import UserFactory
from tests.factories.calendars import connect, put
from tests.factories.providers import DateOverrideFactory, ProviderFactory

from .conftest import NOW, TUESDAY_TEN, move_to_london
from .test_studio_pages import made, texts

pytestmark = pytest.mark.django_db

TUESDAY = date(2026, 3, 3)
HOUR = timedelta(hours=1)
# Session with user, the provider, what the calendar holds in ten, what waits.
QUERIES = {View.LIST: 12, View.DAY: 13, View.WEEK: 12, View.MONTH: 13}


@pytest.fixture
def provider(provider):
    """In London: these tests read wall times."""
    return move_to_london(provider)


@pytest.fixture
def studio(client, provider):
    client.force_login(provider.user)
    session = client.session
    session["has_studio"] = True
    session.save()
    return client


def address(view=View.WEEK, day=TUESDAY):
    return reverse("studio_calendar_on", args=[view, day])


def busy(provider, start, minutes=60, title="Dentist", **facts):
    return BusyInterval.objects.create(
        provider=provider, start=start, end=start + timedelta(minutes=minutes), title=title, **facts
    )


def indexed(provider, day=None, **bits):
    """The provider's row of the search's index, and one with these bits where a date is named."""
    OpeningIndex.objects.create(provider=provider, refreshed_at=NOW, stale_at=NOW + HOUR)
    if day:
        OpenDay.objects.create(provider=provider, day=(day - date(2000, 1, 1)).days, **bits)


def off(provider, start, hours=2, reason="", **facts):
    return TimeOff.objects.create(provider=provider, start=start, end=start + hours * HOUR, reason=reason, **facts)


# --- What is shown --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", list(View))
def test_each_view_shows_what_stands_on_the_calendar(studio, provider, service, view):
    dana = made(provider, service, TUESDAY_TEN, customer=UserFactory(name="Dana Kowalski"))
    asked = made(
        provider,
        service,
        TUESDAY_TEN + 2 * HOUR,
        Status.REQUESTED,
        customer=UserFactory(name="Wren Ashby"),
        answer_by=TUESDAY_TEN,
    )

    page = studio.get(address(view))

    assert page.status_code == 200
    said = texts(page)
    assert "Dana Kowalski" in said
    assert "Wren Ashby" in said
    assert "Awaiting your answer" in said
    assert reverse("studio_appointment", args=[dana.reference]) in said
    assert reverse("studio_appointment", args=[asked.reference]) in said
    assert "London time, now <time" in said
    assert page.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")


def test_week_says_in_words_what_it_draws(studio, provider, service):
    one = made(provider, service, TUESDAY_TEN, customer=UserFactory(name="Dana Kowalski"))
    Hold.objects.create(provider=provider, appointment=one, start=TUESDAY_TEN, end=TUESDAY_TEN + timedelta(minutes=75))
    off(provider, TUESDAY_TEN + 3 * HOUR, reason="Accounts <b>")
    busy(provider, TUESDAY_TEN + 6 * HOUR)

    said = texts(studio.get(address()))

    assert "Tuesday 3 March</time>, 1 appointment, 1 h of 6 h booked" in said
    assert "Kept free after Dana Kowalski, <time" in said
    assert "Blocked" in said
    assert "Accounts &lt;b&gt;" in said
    assert "Dentist" in said
    assert "Busy in Google Calendar" in said
    assert "1 appointment, 1 h of 38 h booked." in said


def test_new_time_stands_beside_the_present_one(studio, provider, service, confirmed):
    proposals.propose_time(
        appointment=confirmed,
        actor=provider.user,
        start=TUESDAY_TEN + timedelta(days=1),
        role=Role.PROVIDER,
    )

    said = texts(studio.get(address()))

    assert said.count('data-state="proposed"') == 2
    assert 'data-state="proposed" data-new' in said
    assert "One proposal waits." in said


def test_time_kept_free_is_that_of_the_appointment_not_of_a_new_time_nearby(provider, service):
    one, some = made(provider, service, TUESDAY_TEN), timedelta(minutes=15)
    Hold.objects.create(provider=provider, appointment=one, start=one.start - some, end=one.end + some)
    later = {"start": one.start - some / 3, "end": one.end + 2 * some, "expires_at": NOW + HOUR}
    Hold.objects.create(provider=provider, appointment=one, kind=HoldKind.PROPOSAL, **later)

    assert load_calendar(provider, [TUESDAY], now=NOW).held == {one.pk: (one.start - some, one.end + some)}


def test_more_than_six_at_once_lead_to_the_list(studio, provider):
    for n in range(9):
        busy(provider, TUESDAY_TEN, title=f"Meeting {n}")

    said = texts(studio.get(address(View.DAY)))

    assert f'<a class="wday__more" href="{address(View.LIST)}" hx-boost="true">4 more' in said
    assert said.count('data-lanes="6" data-lane="6"') == 1


def test_time_that_somebody_keeps_is_shown_until_it_runs_out(studio, provider):
    kept = {"provider": provider, "kind": HoldKind.KEPT}
    Hold.objects.create(**kept, start=TUESDAY_TEN, end=TUESDAY_TEN + HOUR, browser="a", expires_at=NOW + HOUR)
    Hold.objects.create(
        **kept, start=TUESDAY_TEN + 2 * HOUR, end=TUESDAY_TEN + 3 * HOUR, browser="b", expires_at=NOW - HOUR
    )

    assert texts(studio.get(address())).count('data-state="kept"') == 1


def test_whole_days_off_stand_above_the_hours_and_shut_the_day(studio, provider):
    off(provider, datetime(2026, 3, 3, tzinfo=UTC), 24, all_day=True, reason="Away with family")

    page = studio.get(address())

    assert 'class="wday__all"' in texts(page)
    tuesday = page.context["grid"].columns[1]
    assert ([one.title for one in tuesday.whole], tuesday.shut) == (["Time off"], [(0, 108)])


def test_hours_of_a_date_replace_those_of_the_week(studio, provider):
    DateOverrideFactory(provider=provider, start_on=TUESDAY, end_on=TUESDAY, ranges=[(780, 900)])

    page = studio.get(address())

    assert page.context["grid"].columns[1].shut == [(0, 48), (72, 36)]


def test_day_leads_to_cancelling_all_of_it_while_it_is_not_over(studio, provider):
    assert reverse("studio_cancel_day", args=[TUESDAY]) in texts(studio.get(address(View.DAY)))
    assert "Cancel this whole day" not in texts(studio.get(address(View.DAY, date(2026, 2, 24))))


def test_month_shows_in_which_parts_time_is_open(studio, provider):
    # 10:00 and 18:00 on 3 March.
    indexed(provider, TUESDAY, early=1 << 40, late=1 << 24)

    page = studio.get(address(View.MONTH))

    cells = {cell.day: cell for week in page.context["month"].weeks for cell in week}
    assert cells[TUESDAY].open == (True, False, True)
    assert "Tuesday 3 March, no appointments, open in the morning and evening" in texts(page)


def test_open_parts_are_those_of_the_providers_own_days(provider):
    provider.time_zone = "Pacific/Auckland"
    # 20:00 UTC on 3 March is 09:00 on 4 March there.
    indexed(provider, TUESDAY, late=1 << 32)

    found = open_parts_of(provider, [TUESDAY, date(2026, 3, 4)], now=NOW)

    assert found == {TUESDAY: (False, False, False), date(2026, 3, 4): (True, False, False)}


def test_day_that_is_full_is_told_and_one_that_is_not_known_is_not(studio, provider):
    assert "Still open" not in texts(studio.get(address(View.DAY)))
    indexed(provider)

    assert ("Still open", "No start left") in studio.get(address(View.DAY)).context["beside"].facts
    assert "Tuesday 3 March, no appointments, full" in texts(studio.get(address(View.MONTH)))
    # Beyond the booking window nobody can book.
    provider.policy.window_days = 1
    provider.policy.save()
    assert "Tuesday 3 March, no appointments, full" in texts(studio.get(address(View.MONTH)))
    assert "Wednesday 4 March, no appointments, full" not in texts(studio.get(address(View.MONTH)))


def test_calendar_speaks_in_the_providers_zone_and_the_readers_clock(studio, provider, service):
    provider.user.uses_12h_clock, provider.user.time_zone = True, "Asia/Tokyo"
    provider.user.save()
    made(provider, service, TUESDAY_TEN + 4 * HOUR)

    said = texts(studio.get(address()))

    assert "2:00 pm" in said
    assert "Tokyo" not in said


def test_week_begins_on_the_day_the_person_chose(studio, provider):
    provider.user.first_weekday = 6
    provider.user.save()

    page = studio.get(address())

    assert page.context["period"].first == date(2026, 3, 1)


def test_empty_week_says_so(studio, provider):
    said = texts(studio.get(address()))

    assert "Nothing is booked in this week." in said
    assert "No appointments, 40 h open." in said


# --- Events of Google -----------------------------------------------------------------------------------------------


@pytest.fixture
def calendar(provider):
    return connect(provider)


@pytest.fixture
def connected(calendar, provider):
    provider.refresh_from_db()
    return provider


def test_event_over_an_appointment_is_marked_and_leads_to_deciding(studio, calendar, confirmed):
    put(calendar, TUESDAY_TEN, TUESDAY_TEN + HOUR)

    said = texts(studio.get(address()))

    assert "data-clash" in said
    assert reverse("studio_conflict", args=[confirmed.reference]) in said
    assert "Both stand until you decide." in said


def test_event_that_the_provider_treats_as_free_is_shown_quietly(studio, connected):
    busy(connected, TUESDAY_TEN, is_free_by_choice=True)

    page = studio.get(address())

    assert 'data-state="free"' in texts(page)
    assert "Treated as free by you" in texts(page)


def test_whole_day_of_a_calendar_elsewhere_stands_on_its_own_date(studio, calendar):
    calendar.time_zone = "Pacific/Auckland"
    calendar.save()
    # 3 March there is 2 March, 11:00, to 3 March, 11:00, in London.
    event = put(calendar, datetime(2026, 3, 2, 11, tzinfo=UTC), datetime(2026, 3, 3, 11, tzinfo=UTC), title="Holiday")
    event.is_all_day = True
    event.save()

    columns = studio.get(address()).context["grid"].columns

    assert [[one.title for one in column.entries] for column in columns[:3]] == [[], ["Holiday"], []]


def test_event_that_makes_nobody_busy_is_shown_and_closes_nothing(studio, calendar):
    FreeEvent.objects.create(
        calendar=calendar, event_id="f", start=TUESDAY_TEN, end=TUESDAY_TEN, title="Birthday", is_all_day=False
    )

    page = studio.get(address())

    assert [one.title for one in page.context["grid"].columns[1].entries] == ["Birthday"]
    assert 'data-state="free"' in texts(page)


def test_calendar_that_is_not_read_says_from_when_its_times_are(studio, connected):
    connected.calendar_state, connected.calendar_read_at = CalendarState.SIGN_IN_AGAIN, NOW - HOUR
    connected.save()

    said = texts(studio.get(address()))

    assert "Google busy times are from <time" in said
    assert "Sign in to Google" in said


def test_titles_of_events_are_shown_to_their_owner_alone(studio, provider):
    busy(ProviderFactory(), TUESDAY_TEN, title="Their secret")

    assert "Their secret" not in texts(studio.get(address()))


# --- Choices --------------------------------------------------------------------------------------------------------


def test_first_visit_leads_to_this_week_and_to_the_list_on_a_phone(studio, provider):
    monday = date(2026, 3, 2)

    assert studio.get(reverse("studio_calendar")).url == address(View.WEEK, monday)
    assert studio.get(reverse("studio_calendar") + "?on=phone").url == address(View.LIST, monday)
    assert studio.get(reverse("studio_calendar"), headers={"Sec-CH-UA-Mobile": "?1"}).url == address(View.LIST, monday)


def test_calendar_opens_as_it_was_seen_last(studio, provider):
    studio.get(address(View.MONTH))

    assert studio.get(reverse("studio_calendar") + "?on=phone").url == address(View.MONTH, date(2026, 3, 2))


def test_google_and_weekends_stay_as_they_were_chosen(studio, connected, service):
    busy(connected, TUESDAY_TEN)
    made(connected, service, datetime(2026, 3, 7, 10, tzinfo=UTC))

    assert studio.get(address(), {"shown": "1"}).url == address()
    page = studio.get(address())

    assert "Dentist" not in texts(page)
    assert len(page.context["grid"].columns) == 5
    assert "1 appointment on the weekend is not shown." in texts(page)
    assert studio.get(address(View.MONTH)).context["month"].weekdays[-1].weekday() == 4
    studio.get(address(), {"shown": "1", "outside": "on", "weekend": "on"})
    assert len(studio.get(address()).context["grid"].columns) == 7


def test_clash_is_told_even_where_events_are_not_shown(studio, calendar, confirmed):
    put(calendar, TUESDAY_TEN, TUESDAY_TEN + HOUR)
    studio.get(address(), {"shown": "1"})

    assert "Both stand until you decide." in texts(studio.get(address()))


@pytest.mark.parametrize(
    ("asked", "day"),
    [("2026-12-24", "2026-12-24"), ("", "2026-03-02"), ("soon", "2026-03-02"), ("0001-01-01", "2026-03-02")],
)
def test_jump_leads_to_the_date_or_says_that_it_is_none(studio, provider, asked, day):
    answer = studio.get(reverse("studio_calendar_jump", args=[View.DAY]), {"date": asked}, follow=True)

    assert answer.redirect_chain[-1][0] == address(View.DAY, date.fromisoformat(day))
    assert ("That is no date of the calendar" in texts(answer)) == (asked not in {"2026-12-24", ""})


@pytest.mark.parametrize(
    "path", ["week/1999-12-31", "week/2201-01-01", "week/2026-02-30", "year/2026-03-03", "week/9999-12-31"]
)
def test_what_is_no_date_of_the_calendar_is_missing(studio, provider, path):
    assert studio.get(f"/studio/calendar/{path}/").status_code == 404


@pytest.mark.every_case
@pytest.mark.parametrize("day", [date(2000, 1, 1), date(2200, 12, 31)])
@pytest.mark.parametrize("view", list(View))
def test_first_and_last_dates_are_shown(studio, provider, view, day):
    page = studio.get(address(view, day))

    assert page.status_code == 200
    days = {date.fromisoformat(found) for found in re.findall(r'href="/studio/calendar/\w+/([\d-]+)/', texts(page))}
    assert days
    assert all(is_shown(each) for each in days)


# --- What it costs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 60])
@pytest.mark.parametrize("view", list(View))
def test_calendar_costs_the_same_for_many_rows(studio, provider, service, django_assert_num_queries, rows, view):
    for n in range(rows):
        start = TUESDAY_TEN + n % 4 * timedelta(days=1) + n // 4 * timedelta(minutes=20)
        one = made(provider, service, start, minutes=15)
        Hold.objects.create(provider=provider, appointment=one, start=start, end=start + timedelta(minutes=20))
        busy(provider, start + timedelta(minutes=5), minutes=20)
        off(provider, start + timedelta(days=60), 0.1)
    studio.get(address(view))

    with django_assert_num_queries(QUERIES[view]):
        page = studio.get(address(view))

    assert texts(page).count("Dentist") > 0


# --- Own events, and the day beside its column ---------------------------------------------------------------------


def own(provider, start, minutes=60, title="School run", **facts):
    return OwnEvent.objects.create(
        user=provider.user, start=start, end=start + timedelta(minutes=minutes), title=title, **facts
    )


def test_own_events_are_shown_with_their_texts(studio, provider):
    own(provider, TUESDAY_TEN, place="Hartley <Practice>")
    own(provider, TUESDAY_TEN + 2 * HOUR, title="Reading", is_free=True)
    own(provider, datetime(2026, 3, 4, tzinfo=UTC), 1440, title="Rent due", is_all_day=True)
    own(ProviderFactory(), TUESDAY_TEN, title="Their secret")

    page = studio.get(address())

    said = texts(page)
    assert said.count('data-state="own"') == 3
    assert "Hartley &lt;Practice&gt;" in said
    assert "Your event, takes no time" in said
    assert [one.title for one in page.context["grid"].columns[2].whole] == ["Rent due"]
    assert "Their secret" not in said


def test_day_has_its_line_figures_and_what_waits_beside_it(studio, provider, service):
    made(provider, service, TUESDAY_TEN)
    made(
        provider,
        service,
        TUESDAY_TEN + 2 * HOUR,
        Status.REQUESTED,
        customer=UserFactory(name="Wren Ashby"),
        answer_by=TUESDAY_TEN,
    )
    own(provider, TUESDAY_TEN + 5 * HOUR)
    indexed(provider, TUESDAY, late=1 << 8)

    page = studio.get(address(View.DAY))

    beside = page.context["beside"]
    assert beside.facts == [
        ("Booked", "1 h of 8 h"),
        ("Still open", "Afternoon"),
        ("Worth", "£58, and £58 if you accept"),
    ]
    assert [one.customer.name for one in beside.waiting] == ["Wren Ashby"]
    assert "busy 15:00 to 16:00" in beside.line.words()
    assert "£116" not in texts(page)


def test_request_about_to_end_is_told_above_the_calendar(studio, provider, service):
    one = made(provider, service, TUESDAY_TEN, Status.REQUESTED, answer_by=NOW + timedelta(minutes=50))

    said = texts(studio.get(address()))

    assert "request expires in 50 min." in said
    assert reverse("studio_request", args=[one.reference]) in said


def test_online_appointment_says_the_customers_time_beside_it(studio, provider, service):
    pune = UserFactory(name="Priya Nair", time_zone="Asia/Kolkata")
    made(provider, service, TUESDAY_TEN, customer=pune, venue="online")

    assert "online, 15:30 for Priya in Kolkata" in texts(studio.get(address(View.LIST)))


@pytest.mark.parametrize(
    ("view", "day", "is_told"),
    [
        (View.WEEK, date(2026, 3, 29), True),
        (View.MONTH, date(2026, 3, 29), True),
        (View.DAY, date(2026, 3, 29), True),
        (View.DAY, date(2026, 3, 30), False),
        (View.WEEK, date(2026, 3, 30), False),
        (View.WEEK, date(2027, 6, 1), False),
        (View.WEEK, date(2025, 10, 26), False),
    ],
)
def test_clock_change_is_told_where_it_is_shown_and_ahead(studio, provider, view, day, is_told):
    assert ("Clocks change on" in texts(studio.get(address(view, day)))) == is_told


def test_clock_change_within_the_week_is_told(client, provider):
    with time_machine.travel(datetime(2026, 3, 26, 9, tzinfo=UTC), tick=False):
        client.force_login(provider.user)
        assert "Clocks change on" in texts(client.get(address(View.WEEK, date(2026, 3, 29))))
        assert "Clocks change on" not in texts(client.get(address(View.DAY, date(2026, 3, 28))))


def test_own_events_close_the_day_on_today_too(studio, provider):
    own(provider, NOW + 4 * HOUR)
    own(provider, NOW + 6 * HOUR, is_free=True)

    page = studio.get(reverse("studio_today"))

    assert [(piece.at, piece.rows) for piece in page.context["week"].columns[0].pieces] == [(36, 12)]


# --- Adding ---------------------------------------------------------------------------------------------------------


def add_page(studio, **asked):
    return studio.get(reverse("studio_calendar_add"), {"date": "2026-03-03", "start": "14:30"} | asked)


def sent(page, **typed):
    """What the form on the page sends."""
    form = page.context["form"]
    shown = {name: form[name].value() for name in ("start_on", "start_at", "end_at")}
    return dict(page.context["hidden"]) | shown | typed


def test_columns_lead_to_adding_from_today_on(studio, provider):
    said = texts(studio.get(address()))

    assert 'href="/studio/calendar/add/?date=2026-03-03" aria-label="Add on Tuesday 3 March"' in said
    assert "Add on Monday 2 March" in said
    assert "wday__add" not in texts(studio.get(address(View.WEEK, date(2026, 2, 24))))


def test_event_is_added_in_few_words(studio, provider):
    page = add_page(studio)

    answer = studio.post(reverse("studio_event_new"), sent(page, title="School run"))

    assert answer.url == address()
    event = OwnEvent.objects.get()
    start = datetime(2026, 3, 3, 14, 30, tzinfo=UTC)
    assert (event.title, event.start, event.end, event.user) == ("School run", start, start + HOUR, provider.user)


def test_time_is_blocked_in_few_words(studio, provider):
    page = add_page(studio, kind="block")

    answer = studio.post(reverse("studio_time_off_check"), sent(page, reason="Accounts"))

    assert answer.url == address()
    row = TimeOff.objects.get()
    start = datetime(2026, 3, 3, 14, 30, tzinfo=UTC)
    assert (row.reason, row.start, row.end) == ("Accounts", start, start + HOUR)


@pytest.mark.parametrize(
    ("kind", "name", "field"), [("event", "studio_event_new", "title"), ("block", "studio_time_off_check", "reason")]
)
def test_more_options_keep_what_was_typed(studio, provider, kind, name, field):
    page = add_page(studio, kind=kind)

    answer = studio.post(reverse(name), sent(page, do="change", **{field: "Something typed"}))

    assert answer.status_code == 200
    assert (answer.context["form"][field].value(), answer.context["form"]["start_at"].value()) == (
        "Something typed",
        "14:30:00",
    )
    assert not (OwnEvent.objects.exists() or TimeOff.objects.exists())


@pytest.mark.parametrize(
    ("asked", "kind", "start"),
    [
        ({"start": "14:30"}, "appointment", "14:30"),
        ({}, "appointment", "09:00"),
        ({"kind": "event", "start_at": "15:15"}, "event", "15:15"),
        ({"kind": "block", "time": "16:00"}, "block", "16:00"),
        ({"kind": "appointment", "start_at": "15:15"}, "appointment", "15:15"),
    ],
)
def test_short_form_in_the_day_itself_keeps_the_time_that_was_typed(studio, provider, service, asked, kind, start):
    page = studio.get(reverse("studio_calendar_add"), {"date": "2026-03-04"} | asked, headers={"HX-Request": "true"})

    said = texts(page)
    assert said.lstrip().startswith('<form class="quick"')
    assert f'id="quick-{kind}"' in said
    assert 'aria-current="true"' in said.partition(f'id="quick-{kind}"')[2].partition("</a>")[0]
    assert f'value="{start}"' in said
    assert "Add on Wednesday 4 March" in said


def test_short_form_is_for_an_event_where_no_service_can_be_booked(studio, provider):
    said = texts(studio.get(reverse("studio_calendar_add"), headers={"HX-Request": "true"}))

    assert "Save event" in said


def test_without_scripts_an_appointment_has_a_page_of_its_own(studio, provider, service):
    answer = add_page(studio, kind="appointment")

    assert answer.url == f"{reverse('studio_appointment_new')}?date=2026-03-03&time=14%3A30"


@pytest.mark.parametrize("asked", ["soon", "2026-02-30", "9999-12-31"])
def test_adding_on_what_is_no_date_begins_with_today(studio, provider, asked):
    page = add_page(studio, date=asked, start="nine", kind="party")

    assert (page.status_code, page.context["day"], page.context["kind"]) == (200, date(2026, 3, 2), "event")


@pytest.mark.parametrize(
    ("start", "end", "last"),
    [("10:00", "11:00", "4T11:00"), ("23:00", "01:00", "5T01:00"), ("23:00", "00:00", "5T00:00")],
)
@pytest.mark.parametrize("kind", ["event", "block"])
def test_last_day_follows_from_the_times_whenever_the_form_was_opened(studio, provider, kind, start, end, last):
    page = add_page(studio, date="2026-03-04", start="23:15", kind=kind)
    name = "studio_event_new" if kind == "event" else "studio_time_off_check"

    studio.post(reverse(name), sent(page, title="Train", start_at=start, end_at=end))

    row = OwnEvent.objects.get() if kind == "event" else TimeOff.objects.get()
    assert row.start == datetime.fromisoformat(f"2026-03-04T{start}Z")
    assert row.end == datetime.fromisoformat(f"2026-03-0{last}Z")


def test_block_without_times_takes_the_whole_day(studio, provider):
    studio.post(reverse("studio_time_off_check"), sent(add_page(studio, kind="block"), start_at="", end_at=""))

    row = TimeOff.objects.get()
    assert (row.start, row.end, row.all_day) == (
        datetime(2026, 3, 3, tzinfo=UTC),
        datetime(2026, 3, 4, tzinfo=UTC),
        True,
    )


@pytest.mark.parametrize("start", ["10:00", "nine", ""])
def test_event_that_can_not_be_saved_keeps_its_day_and_its_way_back(studio, provider, start):
    page = studio.post(reverse("studio_event_new"), sent(add_page(studio), title="X", start_at=start, end_at="10:00"))

    assert page.status_code == 422
    form = page.context["form"]
    assert (form["end_on"].value(), form["origin"].value()) == ("2026-03-03", "calendar")
    assert 'name="origin" value="calendar"' in texts(page)


def test_way_back_to_the_calendar_outlives_the_page_that_checks(studio, provider, service):
    made(provider, service, TUESDAY_TEN)
    page = studio.post(reverse("studio_event_new"), sent(add_page(studio), title="X", start_at="10:00", end_at="11:00"))
    assert "own_events/check.html" in {each.name.removeprefix("appointments/") for each in page.templates}
    again = {name: page.context["form"][name].value() for name in page.context["form"].fields}

    answer = studio.post(reverse("studio_event_new"), {name: value for name, value in again.items() if value})

    assert answer.url == address()
    assert OwnEvent.objects.get().end == TUESDAY_TEN + HOUR


@pytest.mark.parametrize(
    ("name", "kind", "errors"), [("studio_event_new", "event", True), ("studio_time_off_check", "block", False)]
)
def test_way_back_to_the_calendar_outlives_more_options(studio, provider, name, kind, errors):
    page = studio.post(reverse(name), sent(add_page(studio, kind=kind), title="X", do="change"))

    assert 'name="origin" value="calendar"' in texts(page)


@pytest.mark.parametrize("kind", ["event", "block"])
@pytest.mark.parametrize(
    ("now", "day", "start"),
    [
        ("2026-03-03T23:10", "2026-03-03", "2026-03-04T00:00"),
        ("2026-03-03T14:10", "2026-03-03", "2026-03-03T15:00"),
        ("2026-03-03T23:10", "2026-03-05", "2026-03-05T09:00"),
        ("2026-03-03T23:10", "2026-03-06", "2026-03-06T13:00"),
        ("2026-03-03T23:10", "2026-03-08", "2026-03-08T09:00"),
    ],
)
def test_adding_proposes_the_next_hour_or_the_first_of_another_day(client, provider, kind, now, day, start):
    friday = date(2026, 3, 6)
    DateOverrideFactory(provider=provider, start_on=friday, end_on=friday, ranges=[(900, 960), (780, 840)])
    with time_machine.travel(datetime.fromisoformat(f"{now}Z"), tick=False):
        client.force_login(provider.user)
        page = client.get(reverse("studio_calendar_add"), {"kind": kind, "date": day})

    initial = page.context["form"].initial
    assert f"{initial['start_on']}T{initial['start_at']:%H:%M}" == start
    assert page.context["day"] == date.fromisoformat(start[:10])


# --- Across midnight, weekends, clock changes -----------------------------------------------------------------------


def test_event_over_the_night_is_not_said_to_last_all_day(studio, provider):
    busy(provider, TUESDAY_TEN + 12 * HOUR, 7 * 60, title="Night train")

    page = studio.get(address())

    said = texts(page)
    assert said.count("Night train") == 2
    assert "all day Tuesday 3 March" not in said
    assert "until <time" in said
    assert [len(column.above) for column in page.context["grid"].columns[:4]] == [0, 1, 1, 0]


def test_month_says_until_when_what_began_the_evening_before_lasts(studio, provider, service):
    made(provider, service, TUESDAY_TEN + timedelta(hours=13, minutes=30), customer=UserFactory(name="Late Lee"))

    said = texts(studio.get(address(View.MONTH)))

    assert 'All day <span dir="auto">Late Lee' not in said
    assert '00:30</time> <span dir="auto">Late Lee' in said


def test_weekend_is_shown_where_the_date_lies_on_it(studio, provider):
    saturday = date(2026, 3, 7)

    # Leaving it out there leads to the nearest working day.
    assert studio.get(address(day=saturday), {"shown": "1"}).url == address(day=date(2026, 3, 6))
    page = studio.get(address(day=saturday))

    assert "data-shown" in texts(page)
    assert len(page.context["grid"].columns) == 7
    assert len(studio.get(address()).context["grid"].columns) == 5
