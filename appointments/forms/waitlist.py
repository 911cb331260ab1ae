"""The forms of waitlists: what somebody waits for, the terms of an offer, and why somebody is removed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils.text import capfirst

from appointments.models import WaitlistPlace
from appointments.pages import month_picker
from appointments.rules.wishes import bits, numbers
from appointments.services.waitlist import Wish
from appointments.states import ALL_PARTS, ALL_WEEKDAYS
from core.forms import DateInput, LineField
from core.wording import weekday_name
from providers.models import Service
from providers.wording import place_text

from .booking import TermsForm
from .reasons import ShownField

PARTS = [("0", "Morning"), ("1", "Afternoon"), ("2", "Evening")]
NAMES = ("first_on", "last_on", "weekdays", "parts", "venue")


class JoinForm(forms.Form):
    """Dates, weekdays, parts of the day and, where the service has two venues, the venue of the place."""

    first_on = forms.DateField(
        label="From", widget=DateInput, error_messages={"required": "Choose the first date that suits you."}
    )
    last_on = forms.DateField(
        label="Until", widget=DateInput, error_messages={"required": "Choose the last date that suits you."}
    )
    weekdays = forms.TypedMultipleChoiceField(
        label="Which days?",
        choices=[(str(day), weekday_name(day)[:3]) for day in range(7)],
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one day of the week."},
    )
    parts = forms.TypedMultipleChoiceField(
        label="Which part of the day?",
        choices=PARTS,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one part of the day."},
    )

    def __init__(self, *args: Any, service: Service, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.service = service
        if len(service.venues) > 1:
            places = [(venue.value, capfirst(place_text(service.provider, [venue]))) for venue in service.venues]
            self.fields["venue"] = forms.ChoiceField(
                label="Where?", choices=[("", "Either"), *places], required=False, widget=forms.RadioSelect
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first_on"), cleaned.get("last_on")
        if first and last and last < first:
            self.add_error("last_on", "The last date is before the first one.")
        return cleaned

    def wish(self, zone: ZoneInfo) -> Wish:
        """What was typed, with its dates and parts of the day in `zone`."""
        data = self.cleaned_data
        return Wish(
            first_on=data["first_on"],
            last_on=data["last_on"],
            weekdays=bits(data["weekdays"]),
            parts=bits(data["parts"]),
            time_zone=zone.key,
            venue=data.get("venue") or "",
        )

    @staticmethod
    def values_of(place: WaitlistPlace) -> dict[str, Any]:
        """The initial values for a place that is to be changed."""
        return {
            "first_on": place.first_on,
            "last_on": place.last_on,
            "weekdays": numbers(place.weekdays),
            "parts": numbers(place.parts),
            "venue": place.venue,
        }

    @staticmethod
    def typed_in(asked: QueryDict) -> dict[str, Any]:
        """The initial values in an address, to which somebody returns from signing in."""
        found: Mapping[str, Any] = {
            **{name: asked[name] for name in ("first_on", "last_on", "venue") if asked.get(name)},
            **{name: asked.getlist(name) for name in ("weekdays", "parts") if asked.getlist(name)},
        }
        return {"weekdays": numbers(ALL_WEEKDAYS), "parts": numbers(ALL_PARTS), "venue": "", **found}


class ClaimForm(TermsForm):
    """The terms that the page of an offer showed, and the appointment that is to move, as `Appointment.as_shown`."""

    shown = ShownField()


class OfferForm(forms.Form):
    """One of the provider's open times, as an instant."""

    start = forms.CharField(max_length=40, error_messages={"required": "Choose one of these times."})

    def clean_start(self) -> datetime:
        start = month_picker.from_value(self.cleaned_data["start"])
        if start is None:
            raise forms.ValidationError("Choose one of these times.")
        return start


class OtherDayForm(forms.Form):
    """The day of which a provider wants to see the open times."""

    day = forms.DateField(
        label="Another day", widget=DateInput, error_messages={"required": "Choose a day.", "invalid": "Choose a day."}
    )


class RemoveForm(forms.Form):
    reason = LineField(
        label="Why?",
        max_length=200,
        required=False,
        help_text="Sent to them by mail. Leave it empty to say nothing.",
        widget=forms.TextInput,
    )
