"""Inserts whose SQL is compiled once for a model and a number of rows, and that then run with other values each time.

Django compiles the SQL anew for every insert, which costs more than the database needs to write the row.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connections, router
from django.db.models import AutoField, CharField, Field, Model, TextField
from django.db.models.expressions import DatabaseDefault
from django.db.models.sql import Query

TEXT = frozenset({CharField, TextField})
Row = TypeVar("Row", bound=Model)


def insert_all(rows: Iterable[Row], *, ignore_conflicts: bool = False) -> list[Row]:
    """Insert the rows, all of one model, in one statement, and return them with the keys that the database gave them.

    As with `bulk_create`, no signal is sent and `save()` is not called; unlike there, no value may be an SQL expression
    but for a field's `db_default`. Raises IntegrityError as the database does. With `ignore_conflicts`, for a model
    whose keys the program chooses, a row is left out whose key or other unique value is there already.
    """
    rows = list(rows)
    if not rows:
        return []
    model, connection = type(rows[0]), connections[router.db_for_write(type(rows[0]))]
    fields = _fields(model)
    values: list[Any] = []
    left_to_database: list[int] = []  # the places, counted over all rows, of values that are a `db_default`
    for row in rows:
        for field in fields:
            value = field.pre_save(row, add=True)
            if isinstance(value, DatabaseDefault):
                left_to_database.append(len(values) + len(left_to_database))
            elif value is None or (type(value) is str and type(field) in TEXT):
                values.append(value)  # as the field would pass it on, and most values are such
            else:
                values.append(field.get_db_prep_save(value, connection))
    sql = _insert_sql(model, len(rows), tuple(left_to_database), ignore_conflicts, connection.alias)
    with getattr(connection, "kept_cursor", connection.cursor)() as cursor:
        cursor.execute(sql, values)
        keys = [] if ignore_conflicts else cursor.fetchall()
    for row, (key,) in zip(rows, keys, strict=not ignore_conflicts):
        row.pk = key
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
    return rows


@lru_cache
def _fields(model: type[Model]) -> list[Field]:
    return [field for field in model._meta.local_concrete_fields if not isinstance(field, AutoField)]


@lru_cache
def _insert_sql(
    model: type[Model], rows: int, left_to_database: tuple[int, ...], ignore_conflicts: bool, using: str
) -> str:
    quote, fields = connections[using].ops.quote_name, _fields(model)
    values = ["%s"] * len(fields) * rows
    for place in left_to_database:
        values[place] = _default_sql(fields[place % len(fields)], using)
    tuples = [f"({', '.join(values[at : at + len(fields)])})" for at in range(0, len(values), len(fields))]
    columns = ", ".join(quote(str(field.column)) for field in fields)
    ending = "ON CONFLICT DO NOTHING" if ignore_conflicts else f"RETURNING {quote(str(model._meta.pk.column))}"
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES {', '.join(tuples)} {ending}"


def _default_sql(field: Field, using: str) -> str:
    """The expression of the field's `db_default`, which must be without values of its own."""
    sql, params = Query(None).get_compiler(using).compile(field.db_default)
    assert not params
    return sql
