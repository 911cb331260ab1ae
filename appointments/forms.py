"""What people may send about appointments. Prices and lengths that come back are only compared, never believed."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms

from core.forms import TextField

from . import picker
from .services.booking import Terms

NOTE_LENGTH = 1000
REASON_LENGTH = 500


class BookingForm(forms.Form):
    """A note, and hidden beside it what the person saw: who they were, which start, which terms, which one-time key."""

    start = forms.CharField(max_length=40, widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput)
    person = forms.UUIDField(widget=forms.HiddenInput)
    price = forms.DecimalField(widget=forms.HiddenInput)
    currency = forms.CharField(max_length=3, widget=forms.HiddenInput)
    minutes = forms.IntegerField(widget=forms.HiddenInput)
    at_once = forms.TypedChoiceField(
        choices=[("yes", "yes"), ("no", "no")], coerce=lambda value: value == "yes", widget=forms.HiddenInput
    )
    note = TextField(max_length=NOTE_LENGTH, required=False, widget=forms.Textarea(attrs={"rows": 4}))

    @classmethod
    def fresh(cls, *, start, terms: Terms, person, note: str = "") -> "BookingForm":
        """The form as first shown, with a new one-time key."""
        return cls(initial=cls.values(start=start, terms=terms, person=person) | {"key": uuid4(), "note": note})

    @staticmethod
    def values(*, start, terms: Terms, person) -> dict[str, Any]:
        return {
            "start": picker.to_value(start),
            "person": person.uuid,
            "price": terms.price,
            "currency": terms.currency,
            "minutes": terms.minutes,
            "at_once": "yes" if terms.confirms_at_once else "no",
        }

    def clean_start(self):
        start = picker.from_value(self.cleaned_data["start"])
        if start is None:
            raise forms.ValidationError("Choose a time from the provider's page.")
        return start

    @property
    def seen(self) -> Terms:
        """The terms the person saw."""
        data = self.cleaned_data
        return Terms(
            price=Decimal(data["price"]),
            currency=data["currency"],
            minutes=data["minutes"],
            confirms_at_once=data["at_once"],
        )


class ReasonForm(forms.Form):
    """Why, if somebody wants to say."""

    reason = TextField(
        label="Reason", max_length=REASON_LENGTH, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class CancelForm(ReasonForm):
    """The reason, and hidden beside it the consequence the person was shown; compared with what holds now."""

    shown = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput)
