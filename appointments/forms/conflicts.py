"""The form of a conflict: what should happen, and what the page showed."""

from collections.abc import Sequence

from django import forms

from appointments.pages.conflicts import Way


class ConflictForm(forms.Form):
    """One of the ways out that the page offers. `shown` is what lay over the appointment; only compared."""

    do = forms.ChoiceField(label="What should happen?", error_messages={"required": "Choose what should happen."})
    shown = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args, ways: Sequence[Way], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["do"]
        field.choices = [(each.value, each.name) for each in ways]  # type: ignore[attr-defined]
        field.error_messages["invalid_choice"] = "That is not possible any more. Choose again."
