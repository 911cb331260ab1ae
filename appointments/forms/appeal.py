"""The form by which a suspended person writes to staff."""

from django import forms

from core.forms import TextField

APPEAL_LENGTH = 2000


class AppealForm(forms.Form):
    text = TextField(label="What should we know?", max_length=APPEAL_LENGTH, widget=forms.Textarea(attrs={"rows": 4}))
