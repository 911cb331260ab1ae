"""The hours around a clock change, as the pages show them: in London clocks go back on Sunday 25 October 2026."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from appointments.models import Appointment
from appointments.pages import month_picker
from appointments.search.index import refresh_stale
from tests.appointments.test_booking_pages import hidden_values
from tests.factories.providers import ProviderFactory, ServiceFactory

pytestmark = pytest.mark.django_db
WORDS = "Clocks change on Sunday 25 October"


@pytest.fixture
def night(db):
    """A provider who works at night and takes half an hour."""
    provider = ProviderFactory(slug="nadia", hours={day: [("00:00", "04:00")] for day in range(7)})
    return ServiceFactory(provider=provider, slug="night-call", duration_minutes=30, slot_interval_minutes=30)


@pytest.fixture
def at_time():
    travellers = []

    def go(*moment):
        travellers.append(time_machine.travel(datetime(*moment, tzinfo=UTC), tick=False))
        travellers[-1].start()

    yield go
    for traveller in reversed(travellers):
        traveller.stop()


PAGE = "/providers/nadia/night-call/"


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def times_of(response):
    return [(time.text, time.value) for _, times in response.context["picker"].groups for time in times]


def test_the_hour_that_comes_twice_says_which_it_is(client, night, at_time):
    at_time(2026, 10, 20, 8)

    response = client.get(PAGE, {"day": "2026-10-25", "tz": "Europe/London"})

    assert times_of(response) == [
        ("00:00", "2026-10-24T23:00:00Z"),
        ("00:30", "2026-10-24T23:30:00Z"),
        ("01:00, first", "2026-10-25T00:00:00Z"),
        ("01:30, first", "2026-10-25T00:30:00Z"),
        ("01:00, second", "2026-10-25T01:00:00Z"),
        ("01:30, second", "2026-10-25T01:30:00Z"),
        ("02:00", "2026-10-25T02:00:00Z"),
        ("02:30", "2026-10-25T02:30:00Z"),
        ("03:00", "2026-10-25T03:00:00Z"),
        ("03:30", "2026-10-25T03:30:00Z"),
    ]
    assert "01:30, first" in text_of(response)
    assert "01:30, second to 02:00" in response.content.decode()


def test_the_hour_that_does_not_exist_is_not_offered(client, night, at_time):
    at_time(2026, 3, 24, 8)

    times = [text for text, _ in times_of(client.get(PAGE, {"day": "2026-03-29", "tz": "Europe/London"}))]

    assert times == ["00:00", "00:30", "02:00", "02:30", "03:00", "03:30"]


def test_the_second_of_two_equal_times_is_the_one_that_is_booked(client, night, customer, at_time):
    at_time(2026, 10, 20, 8)
    client.force_login(customer)
    form_page = reverse("book", args=["nadia", "night-call"])
    form = client.get(form_page, {"start": "2026-10-25T01:30:00Z", "tz": "Europe/London"})
    client.post(form_page, hidden_values(form))

    assert "01:30, second" in text_of(form)
    assert month_picker.to_value(Appointment.objects.get().start) == "2026-10-25T01:30:00Z"


@pytest.mark.parametrize(
    ("now", "query", "said"),
    [
        ((2026, 10, 17, 8), {"month": "2026-10"}, False),
        ((2026, 10, 18, 8), {"month": "2026-10"}, True),
        ((2026, 10, 20, 8), {"month": "2026-11"}, True),
        ((2026, 10, 20, 8), {"month": "2026-10", "tz": "Asia/Tokyo"}, False),
        ((2026, 10, 25, 0), {"month": "2026-10"}, True),
        ((2026, 10, 25, 2), {"month": "2026-10"}, False),
    ],
)
def test_the_week_before_the_picker_says_that_clocks_change(client, night, at_time, now, query, said):
    at_time(*now)

    assert (WORDS in text_of(client.get(PAGE, query))) == said


@pytest.mark.parametrize(("now", "said"), [((2026, 10, 20, 8), False), ((2026, 10, 22, 8), True)])
def test_the_search_says_it_when_its_five_days_reach_beyond(client, night, at_time, now, said):
    at_time(*now)
    refresh_stale()

    assert (WORDS in text_of(client.get("/providers/", {"tz": "Europe/London"}))) == said


@pytest.mark.parametrize(("day", "said"), [(-1, False), (0, True), (1, True)])
def test_the_form_says_it_of_a_time_beyond(client, night, customer, at_time, day, said):
    at_time(2026, 10, 20, 8)
    client.force_login(customer)
    start = datetime(2026, 10, 25, 3, tzinfo=UTC) + timedelta(days=day)
    address = reverse("book", args=["nadia", "night-call"])

    response = client.get(address, {"start": month_picker.to_value(start), "tz": "Europe/London"})

    assert (WORDS in text_of(response)) == said
