"""The form by which several dates of a series move: which, to which day and time, and what the page showed."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any

from django import forms

from appointments.models import REFERENCE_LENGTH
from appointments.rules.stopping import Scope
from core.forms import DateInput, TextField, TimeInput
from core.wording import date_text

from .changing import MESSAGE_LENGTH
from .stopping import shown_of

# However far dates may move at once.
FURTHEST = timedelta(days=366)


class MoveForm(forms.Form):
    """Which dates move, and the new day and time of the first of them on the wall clock of the series."""

    which = forms.ChoiceField(
        choices=[(scope.value, scope.value) for scope in Scope],
        error_messages={"required": "Choose which dates to move."},
    )
    day = forms.DateField(label="New day", widget=DateInput, input_formats=["%Y-%m-%d"])
    at = forms.TimeField(label="New start", widget=TimeInput, input_formats=["%H:%M"])
    message = TextField(max_length=MESSAGE_LENGTH, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    at_once = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, to: str, since_day: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.since_day = since_day
        self.fields["from"] = forms.CharField(required=False, max_length=REFERENCE_LENGTH, widget=forms.HiddenInput)
        self.fields["message"].label = f"Note to {to}"

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        first, last = self.since_day - FURTHEST, self.since_day + FURTHEST
        if not first <= day <= last:
            span = f"{date_text(first, year=True)} and {date_text(last, year=True)}"
            raise forms.ValidationError(f"Choose a day between {span}.")
        return day

    @property
    def shown(self) -> Mapping[str, str]:
        """What the page showed of each appointment that may move, by reference; empty before it showed any."""
        return shown_of(str(self.data.get("shown", "")))

    @property
    def new_time(self) -> tuple[date, time]:
        return self.cleaned_data["day"], self.cleaned_data["at"]
