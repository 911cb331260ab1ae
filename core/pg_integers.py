"""A guard on PostgreSQL connections, which refuses an integer that would be cut on its way to the server.

Django binds a number as the type of its field, and a number without a field as an `integer` of 32 bits. psycopg writes
as many bytes as the type has and drops the rest in silence: 2**32 + 5 arrives as 5. SQLite has one size only.
"""

import struct
from typing import Any

from django.db.backends.signals import connection_created
from django.dispatch import receiver
from psycopg.adapt import Dumper
from psycopg.errors import NumericValueOutOfRange
from psycopg.pq import Format
from psycopg.types.numeric import Int2, Int2Dumper, Int4, Int4Dumper, Int8, Int8Dumper


class _WholeDumper(Dumper):
    """Writes a number in the bytes its type has, or raises NumericValueOutOfRange (Django's DataError)."""

    format = Format.BINARY
    layout: struct.Struct

    def dump(self, obj: int) -> bytes:
        try:
            return self.layout.pack(obj)
        except struct.error:
            bits = 8 * self.layout.size
            raise NumericValueOutOfRange(
                f"{obj} does not fit into {bits} bits: give it a wider output field."
            ) from None


class WholeInt2Dumper(_WholeDumper):
    oid, layout = Int2Dumper.oid, struct.Struct(">h")


class WholeInt4Dumper(_WholeDumper):
    oid, layout = Int4Dumper.oid, struct.Struct(">i")


class WholeInt8Dumper(_WholeDumper):
    oid, layout = Int8Dumper.oid, struct.Struct(">q")


@receiver(connection_created, dispatch_uid="core.refuse_cut_integers")
def refuse_cut_integers(sender: Any, connection: Any, **kwargs: Any) -> None:
    if connection.vendor == "postgresql":
        for kind, dumper in ((Int2, WholeInt2Dumper), (Int4, WholeInt4Dumper), (Int8, WholeInt8Dumper)):
            connection.connection.adapters.register_dumper(kind, dumper)
