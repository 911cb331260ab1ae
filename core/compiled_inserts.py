"""Inserts whose SQL is compiled once for a model and a number of rows, and that then run with other values each time.

Django compiles the SQL anew for every insert, which costs more than the database needs to write the row.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from django.db import connections, router
from django.db.models import Field, Model

Row = TypeVar("Row", bound=Model)


def insert_all(rows: Iterable[Row]) -> list[Row]:
    """Insert the rows, all of one model, in one statement, and return them with the keys that the database gave them.

    As with `bulk_create`, no signal is sent and `save()` is not called; unlike there, no value may be an SQL
    expression. Raises IntegrityError as the database does.
    """
    rows = list(rows)
    if not rows:
        return []
    model, connection = type(rows[0]), connections[router.db_for_write(type(rows[0]))]
    fields = _fields(model)
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for row in rows for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(_insert_sql(model, len(rows), connection.alias), values)
        keys = cursor.fetchall()
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding, row._state.db = False, connection.alias
    return rows


@lru_cache
def _fields(model: type[Model]) -> list[Field]:
    return [field for field in model._meta.local_concrete_fields if not field.primary_key]


@lru_cache
def _insert_sql(model: type[Model], rows: int, using: str) -> str:
    quote = connections[using].ops.quote_name
    columns = [str(field.column) for field in _fields(model)]
    one = f"({', '.join(['%s'] * len(columns))})"
    return (
        f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(map(quote, columns))}) "
        f"VALUES {', '.join([one] * rows)} RETURNING {quote(str(model._meta.pk.column))}"
    )
