"""The path converter of a report's month."""

from datetime import date

from django.urls import register_converter


class ReportMonthConverter:
    """A month as `2026-11`, given as its first day."""

    regex = r"20[0-9]{2}-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(f"{value}-01")

    def to_url(self, value: date) -> str:
        return f"{value:%Y-%m}"


register_converter(ReportMonthConverter, "report_month")
