"""The front door and the search: everybody's."""

from tests.access.table import Row, everyone

ROWS = [
    Row("home", get=everyone("200"), post=everyone("405")),
    Row("search", get=everyone("200"), post=everyone("405")),
]
