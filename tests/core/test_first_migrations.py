"""A database that was made before the migrations were folded into one for each app."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

pytestmark = pytest.mark.django_db
FIRST = "0001_first_release"


@pytest.fixture
def noted():
    """The rows about applied migrations, as such a database has them."""
    rows = MigrationRecorder(connection).migration_qs
    folded = {key: step for key, step in MigrationLoader(None).disk_migrations.items() if key[1] == FIRST}
    assert len(folded) == 7
    rows.filter(name=FIRST).delete()
    for step in folded.values():
        rows.bulk_create(rows.model(app=app, name=name) for app, name in step.replaces)
    return rows


def test_where_all_of_them_were_applied_it_is_taken_over_as_it_stands(noted):
    executor = MigrationExecutor(connection)

    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
