"""What this app keeps about a person; see `accounts.personal_data`."""

from accounts.models import User
from accounts.personal_data import Facts, Rows, Section
from analytics.models import MonthlyReport


def kept(user: User) -> Rows:
    """The records of the monthly reports of the person's page."""
    return {"monthly reports": MonthlyReport.objects.filter(provider__user=user)}


def sections(user: User) -> list[Section]:
    """Which months were reported, and when that was mailed; what a report says is counted from the appointments."""
    rows = MonthlyReport.objects.filter(provider__user=user).order_by("month")
    return [Section("monthly_reports", "Monthly reports", rows, _report)]


def erase(user: User) -> None:
    """Delete the records of their reports."""
    MonthlyReport.objects.filter(provider__user=user).delete()


def _report(report: MonthlyReport) -> Facts:
    return {
        "month": f"{report.month:%Y-%m}",
        "made_at": report.made_at,
        "mailings": report.mailings,
        "mailed_at": report.mailed_at,
    }
