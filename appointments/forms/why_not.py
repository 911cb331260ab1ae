"""The form of 'Why is this time not offered?': a service and a wall time in the provider's zone."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict

from appointments.pages.month_picker import from_value
from core import clock
from core.forms import DateInput, TimeInput
from core.wording import duration_text
from providers.models import Service

EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)


class WhyNotForm(forms.Form):
    """The start asked about. `at`, an instant that links carry, tells the two occurrences of a repeated time apart."""

    service = forms.ChoiceField(label="Service")
    date = forms.DateField(
        label="Date", widget=DateInput, validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)]
    )
    time = forms.TimeField(label="Start", widget=TimeInput)
    at = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, query: QueryDict, *, services: Sequence[Service], zone: ZoneInfo) -> None:
        self.services, self.zone = {service.slug: service for service in services}, zone
        data = self._completed(query) if self._asks(query) else None
        super().__init__(data, initial={name: query.get(name) for name in self.base_fields})
        choices = [(slug, f"{one.name}, {duration_text(one.duration_minutes)}") for slug, one in self.services.items()]
        field = self.fields["service"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    @staticmethod
    def _asks(query: QueryDict) -> bool:
        return bool(query.get("date") or query.get("time") or query.get("at"))

    def _completed(self, query: QueryDict) -> dict[str, str]:
        """The query with the first service where it names none, and with the wall time of `at` where it has that."""
        data = {name: query.get(name, "") for name in self.base_fields if name != "at"}
        data["service"] = data["service"] or next(iter(self.services), "")
        if at := from_value(query.get("at", "")):
            there = clock.local(at, self.zone)
            data |= {"date": f"{there:%Y-%m-%d}", "time": f"{there:%H:%M}", "at": query.get("at", "")}
        return data

    @property
    def asked(self) -> tuple[Service, datetime]:
        """The service and the instant asked about, of a valid form."""
        values = self.cleaned_data
        start = from_value(values["at"]) or clock.to_instant(
            datetime.combine(values["date"], values["time"]), self.zone
        )
        return self.services[values["service"]], start
