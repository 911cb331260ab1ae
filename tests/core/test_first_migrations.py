"""A database that was made before the migrations were folded into one for each app."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

pytestmark = pytest.mark.django_db
FIRST = "0001_first_release"
APPS = ["accounts", "api", "appointments", "calendar_sync", "notifications", "outbox", "providers"]
SINCE = ["analytics"]  # apps that came later


@pytest.fixture
def noted():
    """The rows about applied migrations, as such a database has them."""
    rows = MigrationRecorder(connection).migration_qs
    folded = {key: step for key, step in MigrationLoader(None).disk_migrations.items() if key[1] == FIRST}
    assert sorted(app for app, _ in folded) == APPS
    rows.filter(app__in=[*APPS, *SINCE]).delete()
    for step in folded.values():
        rows.bulk_create(rows.model(app=app, name=name) for app, name in step.replaces)
    return rows


def test_where_all_of_them_were_applied_it_is_taken_over_as_it_stands(noted):
    executor = MigrationExecutor(connection)

    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    assert [step for step, _ in plan if step.name == FIRST] == []


def test_one_that_stopped_half_way_is_refused_by_name(noted):
    """Django alone would find nothing to apply, and leave the tables as they are."""
    for app in ("accounts", "providers"):
        noted.filter(app=app).last().delete()

    with pytest.raises(SystemCheckError) as refused:
        call_command("migrate", skip_checks=False)

    assert [app for app in APPS if f"became {app}.{FIRST}." in str(refused.value)] == ["accounts", "providers"]
    assert not noted.filter(name=FIRST).exists()


def test_an_empty_database_is_not_refused(noted):
    noted.filter(app__in=[*APPS, *SINCE]).delete()

    call_command("check", databases=["default"])
