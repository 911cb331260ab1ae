"""The form with which a person makes a key for a program."""

from datetime import timedelta
from uuid import uuid4

from django import forms

from api.keys import LASTS, LONGEST
from api.models import Scope
from core.forms import LineField

LENGTHS = {
    "30": ("30 days", timedelta(days=30)),
    "90": ("90 days", timedelta(days=90)),
    "365": ("A year", LASTS),
    "1825": ("Five years", LONGEST),
}


class KeyForm(forms.Form):
    """The form of a new key. `once` is sent along, so that a form sent twice makes one key."""

    name = LineField(
        label="Name",
        max_length=60,
        help_text="What the program is, like “Clinic website”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Name the program, so that you know the key again."},
    )
    scopes = forms.MultipleChoiceField(
        label="What may it do?",
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one thing that the program may do."},
    )
    lasts = forms.ChoiceField(
        label="It ends in", choices=[(name, words) for name, (words, _) in LENGTHS.items()], initial="365"
    )
    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    @property
    def length(self) -> timedelta:
        return LENGTHS[self.cleaned_data["lasts"]][1]
