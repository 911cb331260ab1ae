"""The addresses for machines."""

from tests.access.table import Row, everyone

ROWS = [
    Row("health", get=everyone("200"), post=everyone("405")),
    Row("ready", get=everyone("200"), post=everyone("405")),
]
