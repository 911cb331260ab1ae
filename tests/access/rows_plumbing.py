"""Rows of the addresses for machines, such as crawlers and health checks."""

from tests.access.table import Row, everyone

ROWS = [
    Row("health", get=everyone("200", B="200"), post=everyone("405", B="405")),
    Row("ready", get=everyone("200", B="200"), post=everyone("405", B="405")),
    Row("robots", get=everyone("200", B="200"), post=everyone("405", B="405")),
    Row("favicon", get=everyone("go"), post=everyone("405", B="405")),
]
