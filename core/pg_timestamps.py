"""A loader that reads instants from PostgreSQL as UTC datetimes, with Python's own parser.

Django's loader calls two Python functions for each value, and a month's page reads a thousand values.
"""

from datetime import UTC, datetime
from typing import Any

from django.db.backends.signals import connection_created
from django.dispatch import receiver
from psycopg.adapt import Buffer, Loader
from psycopg.types.datetime import TimestamptzLoader


class InstantLoader(Loader):
    timezone = UTC  # Django compares it with the connection's zone

    def load(self, data: Buffer) -> datetime:
        try:
            found = datetime.fromisoformat(bytes(data).decode())
        except ValueError:
            # Beyond Python's range, or infinity: psycopg's own loader raises its error.
            return TimestamptzLoader(self.oid, self.connection).load(data).replace(tzinfo=UTC)
        return found if found.tzinfo is UTC else found.astimezone(UTC)


@receiver(connection_created, dispatch_uid="core.read_instants")
def read_instants(sender: Any, connection: Any, **kwargs: Any) -> None:
    if connection.vendor == "postgresql" and connection.timezone == UTC:
        connection.connection.adapters.register_loader("timestamptz", InstantLoader)
