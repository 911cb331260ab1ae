"""A search for what a person could be known by, in every column of every table, in every file, and in the cache."""

import json
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import connection


def found_in_tables(markers: dict[str, str]) -> list[str]:
    """The columns that hold a marker, like `accounts_user.email: email`, by plain SQL in the tables as they are."""
    return sorted(
        f"{table}.{column}: {name}"
        for table, column, text in _texts()
        for name, marker in markers.items()
        if marker.lower() in text.lower()
    )


def _texts() -> Iterator[tuple[str, str, str]]:
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    with connection.cursor() as cursor:
        for table in sorted(tables & set(connection.introspection.table_names(cursor))):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    if value is not None:
                        yield table, column, _as_text(value)


def _as_text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("latin-1")
    return value if isinstance(value, str) else json.dumps(value, default=str)


def found_in_files(markers: dict[str, str]) -> list[str]:
    """The files in the folders of pictures and of private files that hold a marker or are named by one."""
    folders = (Path(settings.MEDIA_ROOT), Path(settings.PRIVATE_ROOT))
    files = [path for folder in folders if folder.exists() for path in folder.rglob("*") if path.is_file()]
    return sorted(
        f"{path.name}: {name}"
        for path in files
        for name, marker in markers.items()
        if marker in path.name or marker.encode() in path.read_bytes()
    )


def found_in_cache(markers: dict[str, str]) -> list[str]:
    entries = [*cache._cache.keys(), *map(str, cache._cache.values())]  # the process's own, as the tests use it
    return sorted({name for entry in entries for name, marker in markers.items() if marker in entry})
