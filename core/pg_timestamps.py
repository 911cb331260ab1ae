"""How instants are read from PostgreSQL: as what they are, in UTC, by Python's own parser.

Django's way goes through two functions of Python for each value. A month's page reads a thousand of them.
"""

from datetime import UTC, datetime
from typing import Any

from django.db.backends.signals import connection_created
from django.dispatch import receiver
from psycopg.adapt import Buffer, Loader
from psycopg.types.datetime import TimestamptzLoader


class InstantLoader(Loader):
    timezone = UTC  # Django asks whose zone the connection's loader writes

    def load(self, data: Buffer) -> datetime:
        try:
            found = datetime.fromisoformat(bytes(data).decode())
        except ValueError:
            # Beyond what Python can name, or infinity: refused in psycopg's words.
            return TimestamptzLoader(self.oid, self.connection).load(data).replace(tzinfo=UTC)
        return found if found.tzinfo is UTC else found.astimezone(UTC)


@receiver(connection_created, dispatch_uid="core.read_instants")
def read_instants(sender: Any, connection: Any, **kwargs: Any) -> None:
    if connection.vendor == "postgresql" and connection.timezone == UTC:
        connection.connection.adapters.register_loader("timestamptz", InstantLoader)
