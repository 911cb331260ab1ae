"""A memory for PostgreSQL's plans: what the tests' own connection prepared stays prepared after a rollback.

psycopg forgets what it prepared at each rollback, since tables may have been made inside. Every test ends with one, and
so PostgreSQL parses and plans each statement anew in the next. Here only a table that is dropped or altered makes it
forget. PostgreSQL itself plans anew whatever is about a table that changed, and refuses what no longer fits it.

Processes that tests start, such as those of races, keep to the product's way.
"""

import re
from collections.abc import Sequence
from typing import Any

from django.db.backends.signals import connection_created
from psycopg._preparing import Prepare, PrepareManager
from psycopg.pq.abc import PGresult

KEPT = 1000  # statements on each connection
OUTDATES = re.compile(rb"DROP|ALTER|DISCARD ALL|DEALLOCATE ALL")


class LastingPlans(PrepareManager):
    """psycopg's memory of prepared statements, which a rollback leaves alone."""

    prepared_max = KEPT

    def clear(self) -> bool:
        """Nothing is forgotten: psycopg calls this at a rollback."""
        return False

    def _should_discard(self, prep: Prepare, results: Sequence[PGresult]) -> bool:
        return any(OUTDATES.match(result.command_status or b"") for result in results) and super().clear()


def keep(sender: Any, connection: Any, **_: Any) -> None:
    """Give a new connection to PostgreSQL the memory that lasts."""
    if connection.vendor == "postgresql":
        lasting = LastingPlans()
        lasting.prepare_threshold = connection.connection.prepare_threshold
        connection.connection._prepared = lasting


def install() -> None:
    connection_created.connect(keep)
