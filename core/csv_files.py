"""Files of comma-separated values that spreadsheets open as what they are: text as text, numbers as numbers."""

import csv
import io
from collections.abc import Iterable, Sequence

# What a spreadsheet reckons with when a cell begins with it, after spaces and quotes.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads UTF-8 as something else


def csv_file(rows: Iterable[Sequence[str | int]]) -> bytes:
    """The rows as UTF-8. People's words must come through `text_cell`; a number is written by its digits."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return (BYTE_ORDER_MARK + out.getvalue()).encode()


def text_cell(words: str) -> str:
    """The words, with an apostrophe before them where a spreadsheet would take them for a formula."""
    return f"'{words}" if words.lstrip(" \"'").startswith(FORMULAS) else words
