"""Cells of files for spreadsheets: people's words are never reckoned with."""

import csv
import io

from core.csv_files import csv_file, text_cell

FORMULAS = [
    "=1+1",
    "+44 20",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "＋1",
    "－1",
    "＠A",
    " =1",
    '"=1',
    "'=1",
    "=cmd|' /C calc'!A0",
]
HARMLESS = ["", "Amara", "a=b", "1-2", "O’Neill", "“=”", "田中"]


def test_words_that_a_spreadsheet_would_reckon_with_are_marked_as_text_and_others_stay():
    assert [text_cell(words) for words in FORMULAS] == [f"'{words}" for words in FORMULAS]
    assert [text_cell(words) for words in HARMLESS] == HARMLESS


def test_a_file_is_read_back_as_it_was_written():
    rows = [["Name", "Net"], ['Ana, "the second"', "-1.50"], ["two\nlines", 7], []]

    body = csv_file(rows)

    assert body.startswith(b"\xef\xbb\xbf")
    found = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    assert found == [[str(cell) for cell in row] for row in rows]
