"""The form that books a time. Prices and lengths it sends back are only compared with the present ones."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.text import capfirst

from appointments.pages import month_picker
from appointments.rules.recurrence import Rule
from appointments.services.booking import Terms
from appointments.states import Frequency
from core.forms import TextField
from providers.models import Service, Venue
from providers.wording import place_text

from .repeating import NAMES, ONCE, repeat_choices, repeat_fields, repeat_values, rule_of

NOTE_LENGTH = 1000


class TermsForm(forms.Form):
    """Hidden fields for the terms that the page showed."""

    price = forms.DecimalField(widget=forms.HiddenInput)
    currency = forms.CharField(max_length=3, widget=forms.HiddenInput)
    minutes = forms.IntegerField(widget=forms.HiddenInput)
    cutoff = forms.IntegerField(widget=forms.HiddenInput)
    at_once = forms.TypedChoiceField(
        choices=[("yes", "yes"), ("no", "no")], coerce=lambda value: value == "yes", widget=forms.HiddenInput
    )

    @staticmethod
    def terms_values(terms: Terms) -> dict[str, Any]:
        return {
            "price": terms.price,
            "currency": terms.currency,
            "minutes": terms.minutes,
            "cutoff": terms.cutoff_minutes,
            "at_once": "yes" if terms.confirms_at_once else "no",
        }

    @property
    def seen(self) -> Terms:
        """The terms the person saw."""
        data = self.cleaned_data
        return Terms(
            price=Decimal(data["price"]),
            currency=data["currency"],
            minutes=data["minutes"],
            confirms_at_once=data["at_once"],
            cutoff_minutes=data["cutoff"],
        )


class BookingForm(TermsForm):
    """Venue and note, with hidden fields for what the page showed: person, start, terms and one-time key.

    The venue is asked for where the service has two, and hidden where it has one. Where a service may be booked as a
    series that begins `at` the chosen start, the form asks how often; `rule` is the answer, None for a single one.
    """

    start = forms.CharField(max_length=40, widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput)
    person = forms.UUIDField(widget=forms.HiddenInput)
    venue = forms.ChoiceField(choices=Venue.choices, required=False, widget=forms.HiddenInput)
    note = TextField(max_length=NOTE_LENGTH, required=False, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, service: Service, at: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.service, self.at = service, at
        self.rule: Rule | None = None
        if service.repeats and at:
            self.fields.update(repeat_fields(service, at))
        if len(service.venues) > 1:
            provider, venues = service.provider, service.venues
            self.fields["venue"] = forms.ChoiceField(
                label="Where",
                choices=[(venue.value, capfirst(place_text(provider, [venue]))) for venue in venues],
                widget=forms.RadioSelect,
                error_messages={"required": f"Choose where to meet: {place_text(provider, venues)}."},
            )

    @classmethod
    def fresh(cls, *, service: Service, start, terms: Terms, person, typed: Mapping[str, str]) -> "BookingForm":
        """An unbound form with a new one-time key; a venue in `typed` that is no longer offered is left out."""
        venues = service.venues
        venue = typed.get("venue") if typed.get("venue") in venues else None
        values = cls.values(start=start, terms=terms, person=person) | {"key": uuid4(), "note": typed.get("note", "")}
        values |= {"venue": venues[0] if len(venues) == 1 else venue, **repeat_values(typed, service)}
        return cls(service=service, at=start, initial=values)

    @staticmethod
    def values(*, start, terms: Terms, person) -> dict[str, Any]:
        return {
            "start": month_picker.to_value(start),
            "person": person.uuid,
            **TermsForm.terms_values(terms),
        }

    def repeat_at_least(self) -> None:
        """Take the choice away to book the time alone."""
        field = self.fields["repeat"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [choice for choice in repeat_choices(self.service, self.at) if choice[0] != ONCE]
        if self.initial.get("repeat", ONCE) == ONCE:
            self.initial["repeat"] = Frequency.WEEKLY

    def clean_start(self):
        start = month_picker.from_value(self.cleaned_data["start"])
        if start is None:
            raise forms.ValidationError("Choose a time from the provider's page.")
        return start

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "repeat" in self.fields:
            self.rule = rule_of(self, self.service, self.at)
        return cleaned

    @property
    def typed(self) -> dict[str, str]:
        """What the person typed and chose, for a fresh form to show again."""
        names = [name for name in ("venue", "note", *NAMES) if name in self.fields]
        return {name: str(self.cleaned_data.get(name) or "") for name in names}
