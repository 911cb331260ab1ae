"""Counts and the chart of openings: measured by a job, left out where nothing was measured."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.cache import cache

from appointments.search import figures
from appointments.search.index import measure_figures
from core import clock
from core.money import Money
from providers.models import Pricing
from tests.factories.providers import CategoryFactory

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
LONDON = clock.zone("Europe/London")


@pytest.fixture
def town(offer, index):
    health, music = CategoryFactory(name="Health"), CategoryFactory(name="Music")
    offer("Ada", category=health, hours={0: [("09:00", "13:00")]}, service={"price": 40, "duration_minutes": 30})
    offer("Ben", category=health, hours={0: [("10:00", "12:00")]}, policy__accepts_at_once=False, service={"price": 58})
    offer("Cleo", category=music, hours={}, service={"price": 100, "pricing": Pricing.HOURLY})
    index()
    measure_figures()


def test_the_figures_count_everybody_who_can_be_booked(town):
    found = figures.recent(NOW)

    assert (found.providers, found.instant, found.currency, found.zone) == (3, 2, "GBP", "Europe/London")
    assert [(each.name, each.count) for each in found.categories] == [("Health", 2), ("Music", 1)]
    assert found.prices == [Money(Decimal(40), "GBP"), Money(Decimal(60), "GBP"), Money(Decimal(100), "GBP")]


def test_the_chart_counts_todays_openings_by_half_hour(town):
    chart = figures.chart(figures.recent(NOW), zone=LONDON, now=NOW)

    # Ada from 10:00 (notice) to 12:30 every half hour, Ben at 10:00 and 11:00.
    assert chart.left == 6 + 2
    assert chart.day == "left today"
    assert chart.now.text == "Now, 08:00"
    assert [bar.height for bar in chart.bars if bar.height] == [104, 52, 104, 52, 52, 52]
    assert chart.title == "Openings today by half hour. Most are around 10:00 and 11:00."


def test_hours_that_are_over_keep_what_was_measured(town, index):
    with time_machine.travel(NOW.replace(hour=11), tick=False):
        index()
        measure_figures()
        chart = figures.chart(figures.recent(NOW.replace(hour=11)), zone=LONDON, now=NOW.replace(hour=11))

    assert [(bar.height, bar.is_over) for bar in chart.bars if bar.height][:2] == [(104, True), (52, True)]
    assert chart.left == 0 or chart.day == "left today"


def test_tomorrow_is_shown_when_today_has_none_left(offer, index):
    offer("Ada", hours={1: [("09:00", "11:00")]})
    index()
    measure_figures()
    chart = figures.chart(figures.recent(NOW), zone=LONDON, now=NOW)

    assert (chart.left, chart.day, chart.now) == (2, "tomorrow", None)


def test_the_same_openings_are_drawn_at_the_viewers_hours(town):
    chart = figures.chart(figures.recent(NOW), zone=clock.zone("America/New_York"), now=NOW)

    assert chart.title == "Openings today by half hour. Most are around 05:00 and 06:00."


def test_nothing_is_shown_where_nothing_was_measured_lately(town):
    cache.clear()
    assert figures.recent(NOW + timedelta(minutes=39)) is not None
    assert figures.recent(NOW + timedelta(minutes=41)) is None


def test_the_page_is_right_without_figures(offer, index, client):
    offer("Ada")
    index()
    page = client.get("/")

    assert page.status_code == 200
    assert "chart" not in page.context
    text = page.content.decode()
    assert "hero__open" not in text and "Real openings, and no surprises" in text
    assert ">Physiotherapy</label>" in text


def test_the_page_is_right_without_a_cache(town, client, settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

    page = client.get("/")

    assert page.context["chart"].left == 8
    assert "Real openings from 3 providers" in page.content.decode()
