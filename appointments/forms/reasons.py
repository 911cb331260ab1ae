"""The forms for declining, withdrawing, cancelling and blocking, each with a reason."""

import re
from typing import Any

from django import forms

from core.forms import TextField

REASON_LENGTH = 500


class ShownField(forms.CharField):
    """What the page showed of the appointment, as `Appointment.as_shown` has it; only compared."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False, max_length=60)


class ReasonForm(forms.Form):
    """An optional reason, shown to the other side."""

    reason = TextField(
        label="Reason", max_length=REASON_LENGTH, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class SeenField(forms.Field):
    """The number of the late cancellation that the page showed; 0, nothing seen, for all that is no such number."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def to_python(self, value: Any) -> int:
        return int(value) if re.fullmatch("[0-9]{1,3}", str(value)) else 0


class ShownForm(forms.Form):
    """What the page showed of the appointment."""

    shown = ShownField()


class CancelForm(ReasonForm, ShownForm):
    """The reason, what the page showed, and its number of the late cancellation, which the act may not exceed."""

    seen = SeenField()


class BlockForm(forms.Form):
    """An optional reason for blocking a customer, which the customer never reads."""

    reason = TextField(
        label="Reason",
        max_length=REASON_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Only you and our staff read it.",
    )
