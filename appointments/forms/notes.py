"""The forms of a private note about a customer."""

from django import forms

from core.forms import TextField
from providers.models import CustomerNote


class NoteForm(forms.Form):
    """A new note, with its one-time key, so that a form sent twice writes one."""

    text = TextField(label="New note", max_length=CustomerNote.LONGEST, widget=forms.Textarea(attrs={"rows": 3}))
    key = forms.UUIDField(widget=forms.HiddenInput)


class ChangedNoteForm(forms.Form):
    """A note that is changed, with the version that the form showed."""

    text = TextField(label="Note", max_length=CustomerNote.LONGEST, widget=forms.Textarea(attrs={"rows": 6}))
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
