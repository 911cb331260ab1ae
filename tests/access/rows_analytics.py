"""Rows of a provider's figures, which are 404 for accounts without a provider."""

from tests.access.rows_studio_appointments import ACT_ONLY, has_page, studio
from tests.access.table import Row, refused


def last_month(world):
    """The last month that is over, in which there were pages already."""
    return {"month": world.report.month}


ROWS = [
    Row("studio_analytics", get=studio(), post=refused(), args=has_page),
    Row("studio_analytics_csv", get=studio(), post=refused(), args=has_page),
    Row("studio_reports", get=studio("go"), post=refused(), args=last_month),
    Row("studio_report", get=studio(), post=refused(), args=last_month),
    Row("studio_report_pdf", get=studio(), post=refused(), args=last_month),
    Row("studio_report_csv", get=studio(), post=refused(), args=last_month),
    Row("studio_report_mail", get=ACT_ONLY, post=studio("go"), args=last_month),
]
