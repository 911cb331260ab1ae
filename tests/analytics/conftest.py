"""A provider in Kathmandu (UTC+5:45) on Saturday 28 November 2026, with appointments made without the services."""

from datetime import UTC, datetime

import pytest
import time_machine

from tests.factories.providers import ProviderFactory, ServiceFactory

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _saturday_noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def provider(db):
    since = datetime(2025, 1, 1, tzinfo=UTC)
    return ProviderFactory(time_zone="Asia/Kathmandu", live_since=since)


@pytest.fixture
def service(provider):
    return ServiceFactory(provider=provider, name="First assessment", duration_minutes=60)


@pytest.fixture
def studio(client, provider):
    """The provider's browser."""
    client.force_login(provider.user)
    return client
