"""The component sheet: every component in every state, for building and reviewing pages. Only while DEBUG is on."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from core import errors
from core.forms import DateInput, TimeInput

DAY = date(2026, 3, 12)
NOW = datetime(2026, 3, 10, 11, 2, tzinfo=UTC)
STATES = [
    {"family": "brass", "icon": "wait", "label": "Awaiting confirmation", "dashed": True},
    {"family": "brand", "icon": "check", "label": "Confirmed"},
    {"family": "iris", "icon": "swap", "label": "New time proposed"},
    {"family": "slate", "icon": "check", "label": "Completed"},
    {"family": "slate", "icon": "x", "label": "Declined"},
    {"family": "slate", "icon": "x", "label": "Cancelled by you"},
    {"family": "slate", "icon": "clock", "label": "Expired, not answered in time"},
    {"family": "ruby", "icon": "warn", "label": "Late cancellation"},
    {"family": "ruby", "icon": "warn", "label": "No-show"},
]
TONES = ["good", "wait", "news", "stop", "plain"]
MONTH_OPEN = {10: "011", 11: "110", 12: "111", 13: "100", 16: "110", 17: "111", 18: "101", 19: "110", 20: "100"}


class SampleForm(forms.Form):
    email = forms.EmailField(help_text="We send the confirmation and reminders here.")
    password = forms.CharField(widget=forms.PasswordInput, required=False)
    place = forms.ChoiceField(choices=[("", "Choose"), ("london", "London"), ("online", "Online")])
    day = forms.DateField(widget=DateInput, required=False)
    opens = forms.TimeField(widget=TimeInput, required=False, label="Opens at")
    photo = forms.FileField(required=False)
    answer = forms.ChoiceField(
        choices=[("once", "Straight away"), ("ask", "I answer each request")],
        widget=forms.RadioSelect,
        label="How are requests answered?",
    )
    parts = forms.MultipleChoiceField(
        choices=[("am", "Morning"), ("pm", "Afternoon"), ("eve", "Evening")],
        widget=forms.CheckboxSelectMultiple,
        label="Parts of the day",
        required=False,
    )
    note = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
        required=False,
        label="Anything Maya should know",
        help_text="Only Maya sees this.",
    )
    agree = forms.BooleanField(label="I have read the terms")


def sheet(request: HttpRequest) -> HttpResponse:
    return render(request, "styleguide.html", samples())


def error_page(request: HttpRequest, code: int) -> HttpResponse:
    """The page for an error status, to look at: while DEBUG is on, Django shows its own pages for real errors."""
    if code in {500, 503}:
        return HttpResponse(render_to_string(f"{code}.html"))
    return render(request, f"{code}.html" if code in errors.PAGES else "403_csrf.html", {"minutes": 5})


def samples() -> dict[str, object]:
    start = datetime(2026, 3, 10, 8, tzinfo=UTC)

    def at(hours: float) -> datetime:
        return start + timedelta(hours=hours)

    return {
        "zone": "Europe/London",
        "now": NOW,
        "day": DAY,
        "starts_at": datetime(2026, 3, 12, 14, 20, tzinfo=UTC),
        "ends_at": datetime(2026, 3, 12, 15, 5, tzinfo=UTC),
        "late_start": datetime(2026, 3, 12, 23, 30, tzinfo=UTC),
        "late_end": datetime(2026, 3, 13, 0, 15, tzinfo=UTC),
        "states": STATES,
        "tones": TONES,
        "tokens": _named(r"--c-([\w-]+): .*#", settings.BASE_DIR / "static/css/tokens.css"),
        "icons": _named(r'id="i-([\w-]+)"', settings.BASE_DIR / "templates/components/sprite.html"),
        "people": ["Maya Okafor", "Jonas Lindqvist", "Priya Raman", "Tomás Herrera", "Łucja Żak", "Amara"],
        "segments": [
            ("open", at(0), at(4.5)),
            ("open", at(5.5), at(10)),
            ("busy", at(0.33), at(1.1)),
            ("busy", at(1.5), at(2)),
            ("confirmed", at(3.66), at(4.4)),
            ("requested", at(6.33), at(7.1)),
            ("proposed", at(7.25), at(7.75)),
            ("confirmed", at(9), at(10)),
        ],
        "line_start": start,
        "line_end": at(10),
        "weeks": _weeks(),
        "times": [
            ("Morning", ["08:20", "09:50"]),
            ("Afternoon", ["12:40", "14:20", "15:10", "16:00"]),
            ("Evening", ["17:50"]),
        ],
        "page": Paginator(range(214), 20).page(2),
        "plain_form": SampleForm(auto_id="plain_%s"),
        "form": SampleForm({"email": "amara@", "note": "Left knee, since a half marathon in January."}),
        "weekdays": ["Monday", "Tuesday", "Wednesday"],
        "facts": [
            ("Service", "First assessment"),
            ("Where", "18 Arlington Road, Camden"),
            ("Price", "£58, pay on the day"),
            ("Reference", "K7QFMR2W"),
        ],
    }


def _named(pattern: str, path: Path) -> list[str]:
    return re.findall(pattern, path.read_text())


def _weeks() -> list[list[dict[str, object]]]:
    first = date(2026, 2, 23)
    days = [first + timedelta(days=n) for n in range(42)]
    cells = [
        {"date": each, "out": each.month != 3, "ticks": MONTH_OPEN.get(each.day, "") if each.month == 3 else ""}
        for each in days
    ]
    return [cells[n : n + 7] for n in range(0, 42, 7)]
