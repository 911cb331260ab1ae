"""Fixtures and marks of every test; the database is chosen in `plugin.py`."""

import shutil

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client

from tests import emptying, plans, rendered, tables

emptying.install()
plans.install()
rendered.install()

# No deadline, because a busy machine is slow. The same code gets the same examples, so that no change fails by chance;
# `--hypothesis-profile=random` looks for new ones.
hypothesis.settings.register_profile(
    "random",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.register_profile("same", hypothesis.settings.get_profile("random"), derandomize=True)
hypothesis.settings.load_profile("same")

KINDS = {"e2e": pytest.mark.e2e, "race": pytest.mark.race}


def pytest_collection_modifyitems(items):
    """Mark tests by their folder, so that `-m "not e2e"` works without a mark in each test."""
    for item in items:
        for folder, mark in KINDS.items():
            if folder in item.path.parts:
                item.add_marker(mark)


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb, django_db_modify_db_settings):
    """Whether pytest-django finds the database there: also where its tables were copied."""
    return django_db_keepdb or tables.copy_for_this_process()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """pytest-django's fixture; at its end other sessions are closed, as a killed worker's would keep the database."""
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            # A new connection, because a test may have broken the last one.
            connection.close()
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )


@pytest.fixture
def client():
    """A test client that sends the Origin of our own pages with each form, as a browser does."""
    return Client(headers={"origin": "http://testserver"})


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """Clear the cache, so that rate limits and figures of one test don't affect another."""
    cache.clear()
    yield
    for folder in (settings.MEDIA_ROOT, settings.PRIVATE_ROOT):
        shutil.rmtree(folder, ignore_errors=True)
