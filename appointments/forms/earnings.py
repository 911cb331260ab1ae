"""The choices on a provider's page of earnings: a month or a year, and words to look for."""

from django import forms

from appointments.rules.ledger_periods import Period, period_named
from core.forms import LineField


class EarningsForm(forms.Form):
    """A period, and words of a name or a reference. What is no period is shown as an error, and the present month
    instead."""

    period = forms.CharField(required=False)
    q = LineField(label="Name or reference", max_length=100, required=False)

    def __init__(self, data, *, now_in: Period) -> None:
        super().__init__(data)
        self.now_in = now_in
        self.is_valid()

    def clean_period(self) -> Period:
        """The chosen period; the present month where none is."""
        text = self.cleaned_data["period"]
        period = period_named(text) if text else self.now_in
        if period is None:
            raise forms.ValidationError("Choose a month or a year from the list.")
        return period

    @property
    def chosen(self) -> Period:
        return self.cleaned_data.get("period") or self.now_in

    @property
    def words(self) -> str:
        return self.cleaned_data.get("q", "")
