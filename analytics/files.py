"""The figures as a file of comma-separated values: the tables of the page, one under the other."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from analytics.tables import Percent, Table
from core import clock
from core.money import Money, minor_units, round_money

# A cell that begins with one of these is a formula to spreadsheets.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\ufeff"


def csv_of(tables: Iterable[Table], *, zone: str) -> bytes:
    """The tables as UTF-8 that spreadsheets read: each under its title, with a line between them. Amounts are plain
    numbers, lengths are minutes, moments are in the zone."""
    out = io.StringIO()
    writer = csv.writer(out)
    for table in tables:
        writer.writerow([table.title])
        writer.writerow([_text(head) for head in _heads(table)])
        writer.writerows([_cell(value, zone) for value in row] for row in table.rows)
        if table.foot:
            writer.writerow([_cell(value, zone) for value in table.foot])
        writer.writerow([])
    return (BYTE_ORDER_MARK + out.getvalue()).encode()


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
    return _text(str(value))


def _text(words: str) -> str:
    """The text, marked as such where a spreadsheet would reckon with it."""
    return f"'{words}" if words.startswith(FORMULAS) else words
