"""The form for a new calendar link."""

from typing import Any

from django import forms

from appointments.states import Shown


class CalendarFeedForm(forms.Form):
    """The choice of what a calendar link shows. Only a provider has it: others have one kind of appointments."""

    shows = forms.ChoiceField(
        label="What it shows", choices=Shown, initial=Shown.ALL, widget=forms.RadioSelect, required=False
    )

    def __init__(self, *args: Any, has_studio: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_studio:
            del self.fields["shows"]

    @property
    def shown(self) -> Shown:
        """What to show; all of the person's where nothing was chosen."""
        return Shown(self.cleaned_data.get("shows") or Shown.ALL)
