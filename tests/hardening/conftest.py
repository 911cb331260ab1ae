"""The fixtures of tests/appointments with the provider moved to London; it is Monday 2 March 2026, 08:00."""

import pytest
from django.test import Client

from tests.appointments.conftest import (  # noqa: F401 - fixtures
    _monday_morning,
    book,
    by_hand,
    customer,
    move_to_london,
    service,
)
from tests.appointments.conftest import provider as far_provider  # noqa: F401


@pytest.fixture
def provider(far_provider):  # noqa: F811
    return move_to_london(far_provider)


@pytest.fixture
def calm(db):
    """A client that gets the error page, not the exception."""
    return Client(raise_request_exception=False)


@pytest.fixture
def me(calm, customer):  # noqa: F811
    calm.force_login(customer)
    return calm
