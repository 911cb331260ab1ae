"""The form that chooses the period of the figures."""

from datetime import date, timedelta
from typing import Any

from django import forms

from analytics.periods import EARLIEST, MOST_DAYS, Choice, Period, chosen
from core.wording import date_text

USUAL = Choice.WEEKS


class PeriodForm(forms.Form):
    """One of the usual periods, or two dates of one's own up to `today`. Without a choice it is `USUAL`."""

    period = forms.ChoiceField(choices=Choice, required=False)
    first = forms.DateField(label="First day", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label="Last day", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: Any, *, today: date, first_weekday: int) -> None:
        # The address says `from` and `to`, which are no names in Python.
        names = {"from": "first", "to": "last"}
        super().__init__({names.get(name, name): data[name] for name in data})
        self.today, self.first_weekday = today, first_weekday

    def add_prefix(self, field_name: str) -> str:
        return field_name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("period") != Choice.CUSTOM:
            return cleaned
        first, last = cleaned.get("first"), cleaned.get("last")
        for name, day in (("first", first), ("last", last)):
            if day is None:
                if name not in self.errors:
                    self.add_error(name, "Choose a day.")
            elif not EARLIEST <= day <= self.today:
                between = f"{date_text(EARLIEST, year=True)} to {date_text(self.today, year=True)}"
                self.add_error(name, f"Choose a day from {between}.")
        if first and last and last < first:
            self.add_error("last", "Choose a day that is not before the first one.")
        elif first and last and last - first >= timedelta(days=MOST_DAYS):
            self.add_error("last", "Choose at most two years.")
        return cleaned

    @property
    def choice(self) -> Choice:
        """The choice, also where its dates are wrong."""
        given = self.data.get("period", "")
        return Choice(given) if given in Choice.values else USUAL

    def as_period(self) -> Period:
        """The period chosen; the usual one where the form says none that can be."""
        if not self.is_valid():
            return chosen(USUAL, today=self.today, first_weekday=self.first_weekday)
        first, last = self.cleaned_data["first"], self.cleaned_data["last"]
        return chosen(self.choice, today=self.today, first_weekday=self.first_weekday, first=first, last=last)
