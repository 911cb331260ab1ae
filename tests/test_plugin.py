"""The run uses the database it was asked to use: a suite that silently ran on another one would prove nothing."""

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

pytestmark = pytest.mark.django_db


def test_the_run_is_on_the_vendor_that_was_asked_for():
    asked = (
        os.environ.get("TEST_DATABASE_URL", "").partition(":")[0] or os.environ.get("DAYLINE_TEST_DB", "") or "sqlite"
    )

    vendor = {"sqlite": "sqlite", "postgres": "postgresql", "postgresql": "postgresql"}[asked]

    assert connection.vendor == vendor


def test_the_database_is_one_that_other_threads_and_processes_can_open():
    name = str(connection.settings_dict["NAME"])

    if connection.vendor == "sqlite":
        assert Path(name).is_file()
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode")
            assert cursor.fetchone() == ("wal",)
    else:
        assert name.startswith("test_")


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="a single process makes its own tables")
def test_the_tables_of_several_processes_are_made_once(request):
    assert Path(os.environ["DAYLINE_TEST_FOLDER"], "tables").exists() or request.config.option.reuse_db


def test_a_developers_own_env_file_does_not_reach_the_tests():
    assert settings.DEBUG is False
    assert settings.SITE_URL == "http://testserver"
    assert Path(settings.MEDIA_ROOT).is_relative_to(os.environ["DAYLINE_TEST_FOLDER"])
