"""Bases of the editors' forms: strict number fields, and a fingerprint that tells whether others saved meanwhile."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from core import money

WHOLE = re.compile(r"-?[0-9]{1,9}", re.ASCII)
AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", re.ASCII)


class WholeField(forms.IntegerField):
    """A field for a whole number in plain digits; other spellings that Python reads (4_5, 1e3, ４５) are refused.

    Where it `has_alternative`, it may stay empty if another field is filled in, and is not called optional.
    """

    def __init__(
        self, *, min_value: int, max_value: int, width: str = "s", has_alternative: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)
        self.has_alternative = has_alternative
        between = f"Enter a whole number from {min_value} to {max_value}."
        self.error_messages.update(invalid=between)
        for validator in self.validators:
            validator.message = between  # type: ignore[attr-defined]
        self.widget.attrs.update({"inputmode": "numeric", "data-width": width})

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        text = str(value).strip()
        if not WHOLE.fullmatch(text):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return int(text)


class AmountField(forms.Field):
    """A field for money in plain digits with a point; the currency decides how many digits may follow it."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs.update({"inputmode": "decimal", "data-width": "s", "maxlength": "20"})

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values:
            return None
        text = str(value).strip()
        if not AMOUNT.fullmatch(text):
            raise ValidationError("Enter an amount in figures, like 58 or 61.50.", code="invalid")
        return Decimal(text)

    def prepare_value(self, value: Any) -> Any:
        return plain_amount(value) if isinstance(value, Decimal) else value


class SeenForm(forms.Form):
    """A form that carries a fingerprint of the values it was filled from, `seen` (see `edit_stamps`)."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def values(self) -> dict[str, Any]:
        """The cleaned values that the service function takes: all but `seen`."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen"}

    def ask_again(self, saved: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Prepare the form, as typed, to win over `saved` (initial values that others saved meanwhile) when sent again.

        Returns the saved values that differ from the typed ones, as label and text.
        """
        data = cast(QueryDict, self.data).copy()
        data[self.add_prefix("seen")] = saved["seen"]
        self.data = data
        return [
            (str(field.label or name), shown(field, saved[name]))
            for name, field in self.fields.items()
            if name in saved and name != "seen" and saved[name] != self.cleaned_data.get(name)
        ]


def shown(field: forms.Field, value: Any) -> str:
    """A saved value as the form would show it."""
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
        labels = {str(key): str(label) for key, label in cast(Iterable[tuple[Any, Any]], field.choices)}
        values = value if isinstance(value, list) else [value]
        return ", ".join(labels.get(str(each), str(each)) for each in values) or "None"
    if isinstance(value, Decimal):
        return plain_amount(value)
    return str(value) if value not in ("", None) else "Empty"


def plain_amount(value: Decimal, currency: str = "") -> str:
    """An amount as one types it: 58 of 58.000 and 61.50 of 61.500."""
    if currency in money.CURRENCIES:
        value = money.round_money(value, currency)
    if value == value.to_integral_value():
        return f"{value:.0f}"
    text = f"{value.normalize():f}"
    return text + "0" if len(text.partition(".")[2]) == 1 else text
