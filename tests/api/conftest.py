"""Fixtures of the API's tests: those of appointments, and programs that call it for their people."""

import pytest

from tests.api.program import Program, signed_in
from tests.appointments.conftest import (  # noqa: F401
    _monday_morning,
    book,
    by_hand,
    confirmed,
    customer,
    in_london,
    provider,
    requested,
    service,
)


@pytest.fixture
def visitor(db):
    return Program()


@pytest.fixture
def program(customer):  # noqa: F811
    """A program of the customer."""
    return signed_in(customer)


@pytest.fixture
def studio(provider):  # noqa: F811
    """A program of the provider."""
    return signed_in(provider.user)


@pytest.fixture
def meanwhile(monkeypatch):
    """A function that lets `change` happen before the service `act` of a module begins: after If-Match was compared."""

    def let(module, act, change):
        real = getattr(module, act)

        def late(**given):
            change()
            return real(**given)

        monkeypatch.setattr(module, act, late)

    return let
