"""The forms by which a new time is chosen, proposed and answered. What they send back of a page is only compared."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from appointments.models import Proposal
from appointments.pages import month_picker
from core import clock
from core.forms import DateInput, TextField, TimeInput

from .reasons import ShownField

MESSAGE_LENGTH = 500
ACCEPT, KEEP = "accept", "keep"


class InstantField(forms.Field):
    """A hidden start, as `month_picker.to_value` writes it."""

    widget = forms.HiddenInput
    default_error_messages = {"invalid": "Choose a time first.", "required": "Choose a time first."}

    def prepare_value(self, value: Any) -> Any:
        return month_picker.to_value(value) if isinstance(value, datetime) else value

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        if (start := month_picker.from_value(str(value))) is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return start


class NewTimeForm(forms.Form):
    """The chosen start with a message, and what the page showed: the appointment, and whether it changes at once.

    With `needs_reason` the message is not optional: the other side reads there why the time is unusual.
    """

    start = InstantField()
    shown = ShownField()
    at_once = forms.BooleanField(required=False, widget=forms.HiddenInput)
    message = TextField(max_length=MESSAGE_LENGTH, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, to: str, needs_reason: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["message"]
        field.label = f"Note to {to}"
        field.required = needs_reason
        field.error_messages["required"] = f"Say why: {to} reads it beside the new time."


class OwnTimeForm(forms.Form):
    """A date and a time of day on the wall, for a provider who proposes a time that is not among the openings."""

    on = forms.DateField(label="Date", widget=DateInput, input_formats=["%Y-%m-%d"])
    at = forms.TimeField(label="Start", widget=TimeInput, input_formats=["%H:%M"])

    def clean_on(self) -> date:
        day: date = self.cleaned_data["on"]
        if not 2000 <= day.year < 2200:
            raise forms.ValidationError("Enter a date of this century.")
        return day

    def start(self, zone: ZoneInfo) -> datetime:
        """The instant in `zone`; of a time that occurs twice the first."""
        day, at = self.cleaned_data["on"], self.cleaned_data["at"]
        return clock.wall_minute_to_instant(day, at.hour * 60 + at.minute, zone)


class AnswerForm(forms.Form):
    """The answer to the proposal that the page showed, by its public id."""

    proposal = forms.UUIDField(widget=forms.HiddenInput)
    answer = forms.ChoiceField(choices=[(ACCEPT, "Accept new time"), (KEEP, "Keep original time")])

    @property
    def accepts(self) -> bool:
        return self.cleaned_data["answer"] == ACCEPT

    def is_about(self, proposal: Proposal) -> bool:
        return self.cleaned_data["proposal"] == proposal.uuid
