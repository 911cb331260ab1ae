"""The recurring job of monthly reports."""

from analytics import mail, services  # noqa: F401 - `mail` registers what is told
from core import clock
from outbox import services as outbox


@outbox.every(seconds=600, name="analytics.make_reports")
def make_reports() -> None:
    """Make and mail the reports of the last month where the first of the month has come."""
    services.make_due(now=clock.now())
