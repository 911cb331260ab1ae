"""The form by which a customer takes one of the times offered to them."""

from collections.abc import Sequence
from typing import Any

from django import forms

from appointments.services.booking import Terms

from .booking import TermsForm


class TakeForm(TermsForm):
    """One of the offered times by its public id, with what the page showed of the terms."""

    offer = forms.ChoiceField(
        label="Choose one", widget=forms.RadioSelect, error_messages={"required": "Choose one of these times."}
    )

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["offer"].choices = choices  # type: ignore[attr-defined]

    @classmethod
    def fresh(cls, *, choices: Sequence[tuple[str, str]], terms: Terms) -> "TakeForm":
        return cls(choices=choices, initial=cls.terms_values(terms))
