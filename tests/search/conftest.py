"""Fixtures of search tests: Monday 2 March 2026, 08:00 in London; providers work weekdays 9 to 5 by default."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.utils.text import slugify

from appointments.search.index import refresh_openings
from providers.models import Provider
from tests.factories.providers import ProviderFactory, ServiceFactory

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def offer(db):
    """A provider with one service: `offer("Maya", place="Leith", service={"price": 40}, hours={})`."""

    def make(name="Maya Okafor", *, service=None, **provider):
        slug = slugify(name)
        person = ProviderFactory(name=name, slug=slug, **provider)
        ServiceFactory(
            provider=person, slug="main", **{"name": "Assessment", "duration_minutes": 60, **(service or {})}
        )
        return person

    return make


@pytest.fixture
def index():
    """A function that brings the index up to date with the calendars, as the worker does."""

    def refresh():
        refresh_openings(provider_ids=Provider.objects.values_list("pk", flat=True))

    return refresh


@pytest.fixture
def names(client):
    """A function that returns the names on the cards of a search, in order."""

    def search(query=""):
        response = client.get(f"/providers/?{query}")
        assert response.status_code == 200, response.get("Location", response.status_code)
        return [card.provider.name for card in response.context["cards"]]

    return search
