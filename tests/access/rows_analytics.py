"""Rows of a provider's figures, which are 404 for accounts without a provider."""

from tests.access.rows_studio_appointments import has_page, studio
from tests.access.table import Row, refused

ROWS = [
    Row("studio_analytics", get=studio(), post=refused(), args=has_page),
    Row("studio_analytics_csv", get=studio(), post=refused(), args=has_page),
]
