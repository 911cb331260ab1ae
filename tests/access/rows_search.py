"""Rows of the home page and the search, which are open to everybody."""

from tests.access.table import Row, everyone

ROWS = [
    Row("home", get=everyone("200"), post=everyone("405")),
    Row("search", get=everyone("200"), post=everyone("405")),
]
