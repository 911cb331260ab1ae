"""The figures as a file of comma-separated values: the tables of the page, one under the other."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from analytics.tables import Percent, Table
from core import clock
from core.csv_files import csv_file, text_cell
from core.money import Money, minor_units, round_money


def csv_of(tables: Iterable[Table], *, zone: str) -> bytes:
    """The tables as UTF-8 that spreadsheets read: each under its title, with a line between them. Amounts are plain
    numbers, lengths are minutes, moments are in the zone."""
    return csv_file(_lines(tables, zone))


def _lines(tables: Iterable[Table], zone: str) -> Iterator[Sequence[str | int]]:
    for table in tables:
        yield [table.title]
        yield _heads(table)
        for row in [*table.rows, *([table.foot] if table.foot else [])]:
            yield [_cell(value, zone) for value in row]
        yield []


def _heads(table: Table) -> list[str]:
    """The heads, with the unit of numbers that pages write with a sign."""
    first = table.rows[0] if table.rows else ()
    return [f"{head}{_unit(first[n]) if n < len(first) else ''}" for n, head in enumerate(table.heads)]


def _unit(value: Any) -> str:
    return {Percent: " (%)", timedelta: " (minutes)"}.get(type(value), "")


def _cell(value: Any, zone: str) -> str | int:
    match value:
        case Money(amount=amount, currency=currency):
            return f"{round_money(amount, currency):.{minor_units(currency)}f}"
        case Percent():
            return value.value
        case timedelta():
            return int(value.total_seconds()) // 60
        case datetime():
            return f"{clock.local(value, clock.zone(zone)):%Y-%m-%d %H:%M}"
        case int():
            return value
        case None:
            return ""
    return text_cell(str(value))
