"""A customer's calendar, through the browser's door. It is Monday 2 March 2026, 08:00 UTC."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from appointments.models import OwnEvent, Proposal
from appointments.pages.calendar.periods import View
from appointments.services import proposals
from appointments.states import Role, Status
from tests.factories.accounts import UserFactory
from tests.factories.own_events import OwnEventFactory
from tests.factories.providers import ProviderFactory, ServiceFactory

from .conftest import NOW, TUESDAY_TEN
from .test_studio_pages import made, texts

pytestmark = pytest.mark.django_db

TUESDAY = date(2026, 3, 3)
HOUR = timedelta(hours=1)
# Session with user in one, offers, appointments, new times, events.
QUERIES = 5


@pytest.fixture
def customer(customer):
    customer.time_zone = "Europe/London"
    customer.save()
    return customer


def address(view=View.WEEK, day=TUESDAY):
    return reverse("my_calendar_on", args=[view, day])


@pytest.mark.parametrize("view", list(View))
def test_each_view_shows_what_is_the_customers_own(signed_in, customer, provider, service, view):
    mine = made(provider, service, TUESDAY_TEN, customer=customer)
    asked = made(provider, service, TUESDAY_TEN + 2 * HOUR, Status.REQUESTED, customer=customer, answer_by=TUESDAY_TEN)
    theirs = made(provider, service, TUESDAY_TEN + 5 * HOUR, customer=UserFactory(name="Dana Kowalski"))
    off = made(
        provider, service, TUESDAY_TEN + 7 * HOUR, Status.CANCELLED, customer=customer, closed_at=NOW, ended_by="x"
    )
    event = OwnEventFactory(user=customer, title="Dentist <b>", start=TUESDAY_TEN + timedelta(days=1))
    OwnEventFactory(title="Their secret")

    page = signed_in.get(address(view))

    said = texts(page)
    for one in (mine, asked):
        assert reverse("my_appointment", args=[one.reference]) in said
    assert "Awaiting confirmation" in said
    for other in (theirs, off):
        assert other.reference not in said
    assert (reverse("my_event", args=[event.uuid]) in said) == (view is not View.DAY)
    assert ("Dentist &lt;b&gt;" in said) == (view is not View.DAY)
    assert "Their secret" not in said
    assert "London time, now <time" in said
    assert page.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")


def test_nothing_of_the_studio_is_shown(signed_in, customer, provider, service):
    made(provider, service, TUESDAY_TEN, customer=customer)

    said = texts(signed_in.get(address()))

    assert "1 appointment, 1 h booked." in said
    for words in ("Closed", "Kept free", "Block time", "Google", "not offered", 'class="load"', "/studio/calendar/"):
        assert words not in said


def test_new_time_stands_beside_the_present_one_with_who_answers(signed_in, customer, provider, service, confirmed):
    proposals.propose_time(
        appointment=confirmed, actor=provider.user, start=TUESDAY_TEN + timedelta(days=1), role=Role.PROVIDER
    )

    said = texts(signed_in.get(address()))
    lines = texts(signed_in.get(address(View.LIST)))

    assert said.count('data-state="proposed"') == 2
    assert "One proposal waits." in said
    until = Proposal.objects.get().answer_by
    assert f"You have until {until:%a} {until.day} March" in lines
    assert "New time for" in lines


def test_appointment_elsewhere_says_the_time_of_its_place(signed_in, customer):
    far = ProviderFactory(time_zone="Asia/Kolkata")
    made(far, ServiceFactory(provider=far), TUESDAY_TEN, customer=customer)

    assert "15:30 in Kolkata" in texts(signed_in.get(address(View.LIST)))


@pytest.mark.parametrize("rows", [1, 60])
@pytest.mark.parametrize("view", list(View))
def test_calendar_costs_the_same_for_many_rows(
    signed_in, customer, provider, service, django_assert_num_queries, rows, view
):
    for n in range(rows):
        start = TUESDAY_TEN + n % 4 * timedelta(days=1) + n // 4 * timedelta(minutes=20)
        made(provider, service, start, customer=customer, minutes=15)
        OwnEventFactory(user=customer, title="Dentist", start=start + timedelta(minutes=5))
    signed_in.get(address(view))

    with django_assert_num_queries(QUERIES):
        page = signed_in.get(address(view))

    assert texts(page).count("Dentist") > 0


def test_days_are_those_of_the_customers_zone(client):
    person = UserFactory(time_zone="Asia/Kathmandu")
    client.force_login(person)
    # 23:30 on 3 March UTC is 05:15 on the fourth in Kathmandu.
    OwnEventFactory(user=person, title="Early bus", start=datetime(2026, 3, 3, 23, 30, tzinfo=UTC))

    with time_machine.travel(datetime(2026, 3, 3, 18, 30, tzinfo=UTC), tick=False):
        fourth = client.get(reverse("my_calendar")).url
        on_it, before = client.get(address(View.DAY, date(2026, 3, 4))), client.get(address(View.DAY, TUESDAY))

    assert fourth.endswith("/2026-03-04/")
    assert ("Early bus" in texts(on_it), "Early bus" in texts(before)) == (True, False)


def test_calendar_opens_as_it_was_seen_last_on_each_side(signed_in, customer):
    monday = date(2026, 3, 2)
    assert signed_in.get(reverse("my_calendar")).url == address(View.WEEK, monday)
    assert signed_in.get(reverse("my_calendar") + "?on=phone").url == address(View.LIST, monday)
    signed_in.get(address(View.MONTH))

    assert signed_in.get(reverse("my_calendar")).url == address(View.MONTH, monday)
    assert "calendar" not in signed_in.session


def test_weekends_stay_as_they_were_chosen(signed_in, customer):
    assert signed_in.get(address(), {"shown": "1"}).url == address()

    assert len(signed_in.get(address()).context["grid"].columns) == 5


def test_jump_leads_to_the_date(signed_in):
    answer = signed_in.get(reverse("my_calendar_jump", args=[View.DAY]), {"date": "2026-12-24"})

    assert answer.url == address(View.DAY, date(2026, 12, 24))


def test_event_is_added_in_few_words_and_leads_back(signed_in, customer):
    page = signed_in.get(reverse("my_calendar_add"), {"date": "2026-03-03", "start": "14:30"})
    form = page.context["form"]
    shown = {name: form[name].value() for name in ("start_on", "start_at", "end_at")}

    answer = signed_in.post(reverse("my_event_new"), dict(page.context["hidden"]) | shown | {"title": "Choir"})

    assert answer.url == address()
    event, start = OwnEvent.objects.get(), datetime(2026, 3, 3, 14, 30, tzinfo=UTC)
    assert (event.title, event.start, event.end, event.user) == ("Choir", start, start + HOUR, customer)


@pytest.mark.parametrize(("zone", "query"), [("Europe/London", "&start=14%3A30"), ("Asia/Kolkata", "")])
def test_provider_adds_events_in_the_studio(client, provider, zone, query):
    provider.time_zone = "Europe/London"
    provider.save()
    provider.user.time_zone = zone
    provider.user.save()
    client.force_login(provider.user)

    answer = client.get(reverse("my_calendar_add"), {"date": "2026-03-03", "start": "14:30"})

    assert answer.url == f"{reverse('studio_calendar_add')}?kind=event&date=2026-03-03{query}"


def test_list_and_calendar_lead_to_each_other(signed_in, customer, provider, service):
    made(provider, service, TUESDAY_TEN, customer=customer)

    assert reverse("my_calendar") in texts(signed_in.get(reverse("my_appointments")))
    assert f'href="{reverse("my_appointments")}"' in texts(signed_in.get(address()))
