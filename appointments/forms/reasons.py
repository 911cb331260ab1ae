"""The forms for declining, withdrawing and cancelling, with a reason for the other side."""

from django import forms

from core.forms import TextField

REASON_LENGTH = 500


class ReasonForm(forms.Form):
    """An optional reason, shown to the other side."""

    reason = TextField(
        label="Reason", max_length=REASON_LENGTH, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class CancelForm(ReasonForm):
    """The reason, and hidden the consequence that the page showed, to be compared with the present one."""

    shown = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput)
