"""A search for what a person could be known by, in every column of every table, every file, the cache and the logs.

What is packed up or encrypted is opened before: sessions, and the addresses in jobs.
"""

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import connection, models

from accounts import url_secrets
from accounts.sessions import SessionStore
from core.logging import logging_config

# Columns of these hold no words of anybody: numbers, moments, choices of ours, and numbers drawn by chance.
WORDLESS = (
    models.BooleanField,
    models.DateField,
    models.DecimalField,
    models.DurationField,
    models.FloatField,
    models.GeneratedField,
    models.IntegerField,
    models.TimeField,
    models.UUIDField,
    models.fields.related.RelatedField,
)


def found_in_tables(markers: dict[str, str]) -> list[str]:
    """The columns that hold a marker, like `accounts_user.email: email`, by plain SQL in the tables as they are."""
    return sorted(
        f"{table}.{column}: {name}"
        for table, column, text in texts()
        for name, marker in markers.items()
        if marker.lower() in text.lower()
    )


def columns_for_words() -> set[str]:
    """The columns that could hold words of a person, like `accounts_user.email`: all but those that hold none."""
    return {
        f"{model._meta.db_table}.{field.column}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if not isinstance(field, WORDLESS) and not field.choices
    }


def texts(*, opened: bool = True) -> Iterator[tuple[str, str, str]]:
    """What stands in each column of each row of all tables; sessions and addresses in jobs as they are, or opened."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    with connection.cursor() as cursor:
        for table in sorted(tables & set(connection.introspection.table_names(cursor))):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    if value is not None:
                        yield table, column, _as_text(column if opened else "", value)


def _as_text(column: str, value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("latin-1")
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    if column == "session_data":
        return json.dumps(SessionStore().decode(text), ensure_ascii=False)
    if column == "payload":
        return text + _opened(text)
    return text


def _opened(payload: str) -> str:
    with suppress(ValueError, TypeError, KeyError, url_secrets.CannotDecrypt):
        return url_secrets.unseal(json.loads(payload)["sealed"])
    return ""


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


def found_in_cache(markers: dict[str, str], *, at: datetime) -> list[str]:
    """The markers in the cache's entries that have not ended by then; the cache is the process's own in tests."""
    ends = cache._expire_info
    alive = [key for key in cache._cache if ends[key] is None or ends[key] > at.timestamp()]
    entries = [*alive, *(str(cache._cache[key]) for key in alive)]
    return sorted({name for entry in entries for name, marker in markers.items() if marker in entry})


@contextmanager
def logs(*, level: str = "INFO") -> Iterator[io.StringIO]:
    """What is logged meanwhile, as the running product writes it to its standard output."""
    written, root = io.StringIO(), logging.getLogger()
    before = root.handlers[:]
    config = logging_config(level=level, form="json")
    config["handlers"]["stdout"]["stream"] = written
    logging.config.dictConfig(config)
    try:
        yield written
    finally:
        logging.config.dictConfig(settings.LOGGING)
        root.handlers[:] = before


def found_in_text(markers: dict[str, str], text: str) -> list[str]:
    return sorted(f"{line}: {name}" for line in text.splitlines() for name, marker in markers.items() if marker in line)
