"""What every test gets without asking; the database is chosen in `plugin.py`."""

import shutil
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client

# A busy machine is slow, which is no fault, and the same code meets the same examples, so that nobody's change fails by
# somebody else's luck. `--hypothesis-profile=random` looks for new ones.
hypothesis.settings.register_profile(
    "random",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.register_profile("same", hypothesis.settings.get_profile("random"), derandomize=True)
hypothesis.settings.load_profile("same")

KINDS = {"e2e": pytest.mark.e2e, "race": pytest.mark.race}


def pytest_collection_modifyitems(items):
    """Tests are marked by the folder they stand in, so that `-m "not e2e"` needs no discipline."""
    for item in items:
        for folder, mark in KINDS.items():
            if folder in Path(item.path).parts:
                item.add_marker(mark)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """pytest-django's, and at the end nobody else is connected: a killed worker's session would keep the database."""
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            # On a connection of its own: what a test did to the last one must not matter here.
            connection.close()
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )


@pytest.fixture
def client():
    """A browser: it says with each form that a page of ours sent it."""
    return Client(headers={"origin": "http://testserver"})


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """Rate limits and cached figures of one test must not decide another."""
    cache.clear()
    yield
    shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)
